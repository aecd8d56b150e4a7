"""`python -m tests.benchmarks.tracking [--jobs N] [--rounds N]`: what tracking costs a run.

A default run, and a sweep of short runs, each with no tracker and with each of them, everything
kept on this machine: the median of the rounds, processes begun anew, one kind after the other.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from runner.exporting.trackers import KINDS
from tests.benchmarks.timing import keep_bytecode

ROOT = Path(__file__).resolve().parents[2]


def seconds(arguments: list[str], place: Path) -> float:
    """Of a command, from its start to its end."""
    offline = {"WANDB_MODE": "offline", "TRACKIO_DIR": str(place / "trackio")}
    of_wandb = {f"WANDB_{name}_DIR": str(place / "of_wandb") for name in ("DATA", "CACHE")}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "runner", *arguments],
        cwd=place,
        env={**os.environ, **offline, **of_wandb, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def main() -> None:
    """Prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sweep = ["-m", f"seed=range(1,{arguments.jobs + 1})", "stopping.max_steps=1000"]
    cases = {
        "default run": ([], 2 * arguments.rounds + 1),
        f"{arguments.jobs} jobs": (sweep, arguments.rounds),
        f"{arguments.jobs} jobs, rows": ([*sweep, "sweep.record=rows"], arguments.rounds),
    }
    with tempfile.TemporaryDirectory() as place:
        keep_bytecode(Path(place))
        tell(cases)


def tell(cases: Mapping[str, tuple[list[str], int]]) -> None:
    """Prints what each of them takes with each tracker. cases: what is run, and how many times."""
    there = [name for name, kind in KINDS.items() if find_spec(kind.package)]
    for title, (case, rounds) in cases.items():
        taken: dict[str, list[float]] = {name: [] for name in ("", *there)}
        for _ in range(rounds):
            for name, found in taken.items():
                with tempfile.TemporaryDirectory() as place:
                    asked = [f"+logger={name}"] if name else []
                    found.append(seconds([*case, *asked], Path(place)))
        for name, found in taken.items():
            load = f"load {os.getloadavg()[0]:.1f}"
            print(f"{title:18} {name or 'none':12} {statistics.median(found):8.2f} s  {load}")


if __name__ == "__main__":
    main()

"""What it costs that a power cut loses nothing: runs that wait for the disk, and runs that do not.

    python -m tests.benchmarks.durability

Both write the same bytes; `recording.durable` is all that differs. The whole command's time is its
time without that wait, started as a process, plus the wait; taken apart, for a process's start
varies by more than what is looked for.
"""

import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path

from rich.console import Console

from runner.configuration.composing import compose
from runner.experiment import run_experiment
from tests.benchmarks.runs import python
from tests.benchmarks.timing import Claim, alternate, print_timings, seconds_of

ROUNDS = 15
MOST = 1.02
CASES = {
    "the default run": [],
    "20 million steps": ["stopping.target=null", "stopping.max_steps=20000000"],
}


def main() -> None:
    """Prints the cost for two lengths of a run, and how much a long one leaves on the disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        folders = (Path(place) / str(number) for number in count())
        for title, overrides in CASES.items():
            configs = {
                name: compose([*overrides, f"recording.durable={durable}", "recording.plots=false"])
                for name, durable in (("durable", True), ("not durable", False))
            }

            def one(name: str) -> float:
                config = configs[name]  # noqa: B023 - called in this round of the loop
                return seconds_of(lambda: run_experiment(config, next(folders), {}, quiet=True))

            one("durable")
            rounds = ROUNDS if not overrides else 5
            timings = alternate({name: partial(one, name) for name in configs}, rounds)
            wait = timings["durable"].median - timings["not durable"].median
            print_timings(
                title, timings, [Claim("durable", "not durable", MOST, at_most=True)], "ms"
            )
            if not overrides:
                started = time.perf_counter()
                arguments = ("hydra.run.dir=" + str(next(folders)), "recording.durable=false")
                python("-m", "runner", *arguments, cwd=place)
                whole = time.perf_counter() - started
                Console().print(
                    f"of the whole command, {whole:.2f} s: {100 * wait / whole:.1f} %, "
                    "goal below 2 %\n"
                )
        sizes(next(folders))


def sizes(run: Path) -> None:
    """Prints what a run of a million steps leaves, goal below 10 MB."""
    run_experiment(
        compose(["stopping.target=null", "stopping.max_steps=1000000", "recording.plots=false"]),
        run,
        {},
        quiet=True,
    )
    history = (run / "history.csv").stat().st_size
    snapshots = sum(path.stat().st_size for path in (run / "snapshots").iterdir())
    Console().print(
        f"a million steps: history {history / 1e3:.1f} kB, snapshots {snapshots / 1e3:.1f} kB; "
        "goal below 10 MB"
    )


if __name__ == "__main__":
    main()

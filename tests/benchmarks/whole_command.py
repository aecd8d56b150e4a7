"""`python -m runner topology=3-4-1 seed=1`, process start to exit, and where the time goes.

    python -m tests.benchmarks.whole_command [--rounds 5]

First with no kernels on disk, then with those of the first run. The script of 2018 is timed for
some steps beside it and counted for all 1,187,471, without its start.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.runs import problem_of, python
from tests.benchmarks.script_2018 import Script
from tests.benchmarks.timing import Claim, Timing, alternate, print_timings, seconds_of

DEFAULT = ("topology=3-4-1", "seed=1")
STEPS = 1_187_471


def command(folder: str, cache: str) -> None:
    """The runner, as a user types it; its output goes to `folder`, its kernels to `cache`."""
    python("-m", "runner", *DEFAULT, cwd=folder, XDG_CACHE_HOME=cache)


def script_seconds() -> float:
    """The script of 2018, all steps at the speed of some."""
    problem = problem_of(*DEFAULT)
    script = Script(problem.inputs, problem.targets)
    return seconds_of(lambda: script.train(10_000, 10, 0.1, 2)) / 10_000 * STEPS


def print_stages(cache: str, rounds: int) -> None:
    """The parts, each the smallest of some processes'."""
    module = "tests.benchmarks.stages"
    found = [json.loads(python("-m", module, XDG_CACHE_HOME=cache)) for _ in range(rounds)]
    table = Table("part, kernels on disk", "minimum, s")
    for stage in found[0]:
        table.add_row(stage, f"{min(seconds[stage] for seconds in found):.3f}")
    Console().print(table)


def main() -> None:
    """The commands' table, then the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm = str(Path(folder, "warm"))
        contestants: dict[str, Callable[[], float]] = {
            "nothing but Python and NumPy": lambda: seconds_of(
                lambda: python("-c", "import numpy")
            ),
            "with kernels on disk": lambda: seconds_of(lambda: command(folder, warm)),
            "script of 2018": script_seconds,
        }
        cold = alternate(
            {
                "first run ever": lambda: seconds_of(
                    lambda: command(folder, tempfile.mkdtemp(dir=folder))
                )
            },
            max(1, options.rounds // 2),
        )
        command(folder, warm)
        timings = alternate(contestants, options.rounds) | cold
        timings |= {"ten seconds": Timing((10.0,)), "three seconds": Timing((3.0,))}
        claims = [
            Claim("first run ever", "ten seconds", 1, at_most=True),
            Claim("with kernels on disk", "three seconds", 1, at_most=True),
            Claim("script of 2018", "with kernels on disk", 52 / 3),
        ]
        print_timings("The default run, process start to exit", timings, claims, unit="s")
        print_stages(warm, options.rounds)


if __name__ == "__main__":
    main()

"""Whole commands, process start to exit, and where the default run's time goes.

    python -m tests.benchmarks.whole_command [--rounds 5] [--before CHECKOUT]

First without kernels on disk, then with those of the first run. --before: another checkout, whose
commands run in turn with this one's. The script of 2018 is timed for some steps beside them and
counted for all 1,187,471, without its start.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.runs import CHECKOUT, problem_of, python, python_ending
from tests.benchmarks.script_2018 import Script
from tests.benchmarks.timing import Claim, Timing, alternate, print_timings, seconds_of

DEFAULT = ("topology=3-4-1", "seed=1")
STEPS = 1_187_471
RUN, UNDRAWN = "default run", "default run, no pictures"
COMMANDS = {
    RUN: (DEFAULT, 0),
    UNDRAWN: ((*DEFAULT, "recording.plots=false"), 0),
    "--help": (("--help",), 0),
    "no such option": (("--topology",), 2),
    "no such choice": (("optimizer=adma",), 2),
    "no such key": (("optimizer.learning_rat=3",), 2),
}
"""What is typed, and its exit code."""
STARTS = [name for name in COMMANDS if name not in (RUN, UNDRAWN)]


def command(name: str, folder: str, cache: str, checkout: str = str(CHECKOUT)) -> float:
    """Seconds of one of `COMMANDS`; a run's goes to `folder`, its kernels to `cache`."""
    arguments, code = COMMANDS[name]
    # As of an installed package: what Python compiles is kept.
    where: Any = {"XDG_CACHE_HOME": cache, "PYTHONPATH": checkout, "PYTHONDONTWRITEBYTECODE": ""}
    return seconds_of(lambda: python_ending(code, "-m", "runner", *arguments, cwd=folder, **where))


def script_seconds() -> float:
    """The script of 2018, all steps at the speed of some."""
    problem = problem_of(*DEFAULT)
    script = Script(problem.inputs, problem.targets)
    return seconds_of(lambda: script.train(10_000, 10, 0.1, 2)) / 10_000 * STEPS


def stages(cache: str, rounds: int) -> dict[str, float]:
    """The parts, each the smallest of some processes'."""
    module = "tests.benchmarks.stages"
    found = [json.loads(python("-m", module, XDG_CACHE_HOME=cache)) for _ in range(rounds)]
    return {stage: min(seconds[stage] for seconds in found) for stage in found[0]}


def contestants(folder: str, cache: str, before: str | None) -> dict[str, Callable[[], float]]:
    """The commands, each followed by the same one of the other checkout, and what they are held to.

    All have been run once.
    """
    checkouts = {"": str(CHECKOUT)} | ({" before": before} if before else {})
    found: dict[str, Callable[[], float]] = {}
    for name in COMMANDS:
        for suffix, checkout in checkouts.items():
            each = (name, folder, f"{cache}{suffix}", checkout)
            command(*each)
            found[name + suffix] = lambda each=each: command(*each)  # type: ignore[misc]
    found["nothing but Python and NumPy"] = lambda: seconds_of(lambda: python("-c", "import numpy"))
    return found | {"script of 2018": script_seconds}


def claims() -> list[Claim]:
    """Of the commands, and of each beside the other checkout's."""
    return [
        Claim("first run ever", "ten seconds", 1, at_most=True),
        Claim(RUN, "1.3 times training and .8 s", 1, at_most=True),
        Claim("pictures", ".3 s", 1, at_most=True),
        Claim("script of 2018", RUN, 52 / 3),
        *(Claim(name, f"{name} before") for name in (RUN, UNDRAWN)),
        *(Claim(name, f"{name} before", 0.5, at_most=True) for name in STARTS),
    ]


def main() -> None:
    """The commands' table, then the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", metavar="CHECKOUT")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm = str(Path(folder, "warm"))
        first = {"first run ever": lambda: command(RUN, folder, tempfile.mkdtemp(dir=folder))}
        timings = alternate(first, max(1, options.rounds // 2))
        timings |= alternate(contestants(folder, warm, options.before), options.rounds)
        parts = stages(warm, options.rounds)
        drawn, undrawn = timings[RUN].seconds, timings[UNDRAWN].seconds
        pictures = tuple(a - b for a, b in zip(drawn, undrawn, strict=True))
        timings |= {"pictures": Timing(pictures), ".3 s": Timing((0.3,))}
        allowed = 1.3 * parts["training"] + 0.8
        timings |= {"1.3 times training and .8 s": Timing((allowed,)), "ten seconds": Timing((10,))}
        print_timings("Whole commands, process start to exit", timings, claims(), unit="s")
    table = Table("part, kernels on disk", "minimum, s")
    for stage, seconds in parts.items():
        table.add_row(stage, f"{seconds:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""Two runs at once on one machine: do they fight over cores?

    python -m tests.benchmarks.threads [--seconds 5] [--topology 784-256-10] [--batch 128]

Steps a second of one run alone and of two at once, for both engines and with BLAS limited to one
thread a run or not. The compiled engine uses no BLAS and one thread.
"""

import argparse
import os
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.benchmarks.runs import CHECKOUT
from tests.benchmarks.scaling import prepared
from tests.benchmarks.timing import conditions
from tests.problems import make_problem, random_data

LIMITS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")

PROGRAM = """
import sys
from tests.benchmarks.threads import steps_a_second
engine, batch, seconds, *sizes = sys.argv[1:]
print(steps_a_second(engine, tuple(map(int, sizes)), int(batch), float(seconds)))
"""


def steps_a_second(engine: str, sizes: tuple[int, ...], batch: int, seconds: float) -> float:
    """Steps of a run that trains for so long."""
    problem = make_problem(
        sizes,
        bias=True,
        mean_loss=True,
        batch_size=batch,
        dtype="float32",
        data=random_data(10 * batch, sizes[0], sizes[-1]),
    )
    run = prepared("rows" if engine == "compiled" else "numpy", problem)
    steps, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        run.engine.advance(run.state, 20, None)
        steps += 20
    return steps / (time.perf_counter() - started)


def at_once(count: int, *arguments: str, limited: bool) -> float:
    """Steps a second of `count` such processes, all together."""
    free = {name: value for name, value in os.environ.items() if name not in LIMITS}
    limits = dict.fromkeys(LIMITS, "1") if limited else {}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=CHECKOUT,
            env=free | limits,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    return sum(float(process.communicate()[0]) for process in processes)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--topology", default="784-256-10")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = Table("engine", "BLAS threads", "one run, steps/s", "two at once, together", "ratio")
    sizes = options.topology.split("-")
    for engine, limited in (("compiled", False), ("numpy", False), ("numpy", True)):
        arguments = (engine, str(options.batch), str(options.seconds), *sizes)
        counts = [1, 2] * options.rounds
        found = [at_once(count, *arguments, limited=limited) for count in counts]
        one, two = max(found[::2]), max(found[1::2])
        blas = "none used" if engine == "compiled" else "one a run" if limited else "its default"
        table.add_row(engine, blas, f"{one:.0f}", f"{two:.0f}", f"{two / one:.2f}")
    Console().print(table, conditions(), sep="\n")


if __name__ == "__main__":
    main()

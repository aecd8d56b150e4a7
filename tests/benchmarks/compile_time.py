"""How long the first run of each kind waits for its kernels, with none on disk.

python -m tests.benchmarks.compile_time [--rounds 3]
"""

import argparse
import json
import tempfile

from rich.console import Console
from rich.table import Table

from tests.benchmarks.runs import python
from tests.benchmarks.timing import conditions

KINDS = {
    "columns, float64": ("topology=3-4-1",),
    "columns, float32": ("topology=3-4-1", "dtype=float32"),
    "rows, float64": ("topology=3-40-1",),
    "rows, float32": ("topology=3-40-1", "dtype=float32"),
    "rows, bytes and float32": ("dataset=digits", "topology=64-40-10", "dtype=float32"),
}
GOAL = 10.0

PROGRAM = """
import json, sys, time
from tests.benchmarks.runs import contestant
wall, cpu = time.perf_counter(), time.process_time()
contestant("compiled", *sys.argv[1:])
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def main() -> None:
    """A row for each kind: compiled, then loaded by a second process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = Table("kind", "compile, s", "of a core, s", "load, s", "goal, s", "")
    for kind, overrides in KINDS.items():
        compiling: list[list[float]] = []
        loading: list[list[float]] = []
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as cache:
                for figures in (compiling, loading):
                    printed = python("-c", PROGRAM, *overrides, XDG_CACHE_HOME=cache)
                    figures.append(json.loads(printed))
        (wall, cpu), (load, _) = min(compiling), min(loading)
        verdict = "met" if wall < GOAL else "missed"
        cells = (f"{wall:.1f}", f"{cpu:.1f}", f"{load:.2f}", f"< {GOAL:g}", verdict)
        table.add_row(kind, *cells)
    Console().print(table, conditions(), sep="\n")


if __name__ == "__main__":
    main()

"""Large sweeps that keep rows: made, launched again and read, at several sizes.

    python -m tests.benchmarks.many_rows [--jobs 10000,30000,100000] [--keep FOLDER]

Half a minute for each 100,000 jobs, of 3-4-1 and 3-5-1 to 99 % without dropout. Each command is
measured whole, its start included, with the memory of its largest process. The last lines hold the
largest size against the line through the two smallest: 1 is straight, more grows faster than that.
"""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.run_folder.job_rows import FILE
from tests.benchmarks.sweeps import measured_command
from tests.benchmarks.timing import conditions, keep_bytecode

GOALS = {
    "launched again, s": 5.0,
    "load_runs, s": 2.0,
    "compare --by topology, s": 5.0,
    "bytes a job beside history and weights": 600.0,
}
"""At 100,000 jobs."""
AT = 100_000
LOAD = "import sys, time; from runner import load_runs; t = time.perf_counter(); "
LOADED = "load_runs(sys.argv[1]); print(time.perf_counter() - t)"


class Figure(NamedTuple):
    what: str
    value: float


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", default="10000,30000,100000", help="sizes, the smallest first")
    parser.add_argument("--keep", type=Path, help="where sweeps stay, and are taken from")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.jobs.split(",")]
    found: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".rows-") as place:
        keep_bytecode(Path(place))
        list(figures(Path(place) / "first", 100))  # compiles modules and kernels
        for size in sizes:
            print(f"{size:,} jobs")
            for what, value in figures((arguments.keep or Path(place)) / str(size), size):
                found.setdefault(what, {})[size] = value
                goal = GOALS.get(what) if size == AT else None
                verdict = (
                    "" if goal is None else f"<= {goal:g} {'met' if value <= goal else 'missed'}"
                )
                print(f"  {what:45} {value:10.4g} {verdict}", flush=True)
    if len(sizes) > 2:
        print(f"at {sizes[-1]:,} jobs, over the line through {sizes[0]:,} and {sizes[1]:,}")
        for what, values in found.items():
            if what.endswith(("processor s", ", MB")):
                print(f"  {what:45} {values[sizes[-1]] / on_line(values, sizes):10.3g}")
    print(conditions())


def on_line(values: dict[int, float], sizes: list[int]) -> float:
    """What the line through the first two sizes comes to at the last."""
    (a, b), last = sizes[:2], sizes[-1]
    return values[a] + (values[b] - values[a]) * (last - a) / (b - a)


def figures(sweep: Path, jobs: int) -> Iterator[Figure]:
    """What a sweep of so many jobs takes; one that is there already is not made again."""
    command = ["-m", "runner", *overrides(jobs), f"hydra.sweep.dir={sweep}"]
    if not sweep.exists():
        yield from told("made", command)
    own = sum((sweep / name).stat().st_size for name in (FILE, "results.csv"))
    yield Figure("bytes a job beside history and weights", (own - blobs(sweep)) / jobs)
    yield from told("launched again", command)
    started = subprocess.run(
        [sys.executable, "-c", LOAD + LOADED, sweep], check=True, capture_output=True, text=True
    )
    yield Figure("load_runs, s", float(started.stdout))
    yield from told("load_runs and its imports", ["-c", LOAD + LOADED, str(sweep)])
    yield from told(
        "compare --by topology", ["-m", "runner.compare", str(sweep), "--by", "topology"]
    )
    page = sweep.with_suffix(".html")
    yield from told("report", ["-m", "runner.report", str(sweep), "-o", str(page)])
    yield Figure("its page, millions of bytes", page.stat().st_size / 1e6)


def overrides(jobs: int) -> list[str]:
    """Of two topologies half as many seeds."""
    return [
        "-m",
        f"seed=range(1,{jobs // 2 + 1})",
        "topology=3-4-1,3-5-1",
        "network.dropout.rate=0",
        "stopping.target=0.99",
        "sweep.record=rows",
        f"sweep.max_jobs={jobs}",
    ]


def told(what: str, command: list[str]) -> Iterator[Figure]:
    """Seconds, processor seconds and memory of a command."""
    seconds, cpu, megabytes = measured_command(command)
    yield Figure(f"{what}, s", seconds)
    yield Figure(f"{what}, processor s", cpu)
    yield Figure(f"{what}, MB", megabytes)


def blobs(sweep: Path) -> int:
    """Bytes of all histories and weights."""
    with sqlite3.connect(f"file:{sweep / FILE}?mode=ro", uri=True) as connection:
        query = "SELECT sum(length(history) + length(weights)) FROM jobs"
        (found,) = connection.execute(query).fetchone()
    return int(found)


if __name__ == "__main__":
    main()

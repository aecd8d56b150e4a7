"""Twenty new topologies of short runs: what a sweep over them loses to compiling.

    python -m tests.benchmarks.new_topologies [--rounds 3]

Twenty topologies against twenty runs of one, as sweeps of the command; and in one process the
functions that were compiled.
"""

import argparse
import tempfile

from rich.console import Console

from tests.benchmarks.runs import contestant, python
from tests.benchmarks.timing import Claim, Timing, alternate, print_timings, seconds_of

TOPOLOGIES = [f"3-{a}{b}-1" for a in (2, 3, 5, 7, 11) for b in ("", "-2", "-9", "-4-6")]
SHORT = ("stopping=steps", "stopping.max_steps=1000")


def sweep(folder: str, *overrides: str) -> float:
    """Seconds of a sweep, process start to exit."""
    return seconds_of(lambda: python("-m", "runner", "-m", *SHORT, *overrides, cwd=folder))


def compiled_kernels() -> int:
    """Functions compiled, neither in memory nor on disk before, for all the topologies."""
    from runner.compiled import machine_code

    contestant("compiled", "topology=3-4-1")
    before = len(machine_code.compiled)
    for topology in TOPOLOGIES:
        for batch in (2, 3, 8):
            contestant("compiled", f"topology={topology}", f"batch_size={batch}")
    return len(machine_code.compiled) - before


def main() -> None:
    """Count, then time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count = compiled_kernels()
    Console().print(f"{len(TOPOLOGIES)} topologies, 3 batch sizes each: {count} kernels compiled")
    jobs = len(TOPOLOGIES)
    with tempfile.TemporaryDirectory() as folder:
        timings = alternate(
            {
                "20 topologies": lambda: sweep(folder, f"topology={','.join(TOPOLOGIES)}"),
                "one topology 20 times": lambda: sweep(
                    folder, "topology=3-5-4-6-1", f"seed=range(1,{jobs + 1})"
                ),
            },
            options.rounds,
        )
    new, same = timings["20 topologies"], timings["one topology 20 times"]
    pairs = zip(new.seconds, same.seconds, strict=True)
    timings["lost to new topologies"] = Timing(tuple(max(n - s, 1e-3) for n, s in pairs))
    timings["one second"] = Timing((1.0,))
    claims = [Claim("lost to new topologies", "one second", 1, at_most=True)]
    print_timings("A sweep of 20 short runs", timings, claims, unit="s")


if __name__ == "__main__":
    main()

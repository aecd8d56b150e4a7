"""Epochs of wide sigmoid nets on dense inputs, SGD, float32: seconds an epoch against three peers.

    python -m tests.benchmarks.dense_epochs [--rounds 5] [--only 0 1] [--threads 1]

Nothing can be skipped in the inputs: what counts is the rate of the products, told beside that of
NumPy's own product of two square matrices. One thread is one processor core for everybody.
"""

import argparse
import os
from itertools import pairwise

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from tests.benchmarks.timing import seconds_of

NETS = [
    ("784-100-10", 100, 12_000),
    ("784-800-10", 128, 12_800),
    ("512-512-512-10", 128, 12_800),
    ("100-2000-2000-10", 256, 2_560),
]
"""Topology, batch size and samples."""
SQUARE = 1536


def square_rate() -> float:
    """GFLOP/s of NumPy's product of two square matrices."""
    a = np.random.default_rng(1).random((SQUARE, SQUARE), np.float32)
    return 2e-9 * SQUARE**3 / min(seconds_of(lambda: a @ a) for _ in range(5))


def compare(topology: str, batch: int, samples: int, threads: int, rounds: int) -> None:
    """One net's table, and how much of the square product's rate each reaches."""
    from tests.benchmarks.mnist_epochs import compare_epochs
    from tests.benchmarks.scaling import prepared
    from tests.problems import make_problem, random_data

    sizes = tuple(int(size) for size in topology.split("-"))
    problem = make_problem(
        sizes,
        bias=True,
        mean_loss=True,
        batch_size=batch,
        dtype="float32",
        learning_rate=0.1,
        data=random_data(samples, sizes[0], sizes[-1]),
    )
    ours = prepared("rows", problem, threads)
    timings = compare_epochs(topology, ours, 1.0, rounds)
    products = 6 * sum(a * b for a, b in pairwise(sizes)) - 2 * sizes[0] * sizes[1]
    flops = samples * products
    best = square_rate()
    rates = {name: flops * 1e-9 / each.minimum for name, each in timings.items()}
    shares = ", ".join(f"{name} {rate:.0f} ({rate / best:.0%})" for name, rate in rates.items())
    Console().print(f"GFLOP/s of {best:.0f} in a square product: {shares}\n", highlight=False)


def main() -> None:
    """A table for each net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=int, nargs="*", default=range(len(NETS)))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # before peers count the cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    with threadpool_limits(options.threads):
        for index in options.only:
            topology, batch, samples = NETS[index]
            compare(topology, batch, samples, options.threads, options.rounds)


if __name__ == "__main__":
    main()

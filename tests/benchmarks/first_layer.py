"""The first layer of a wide net: dense, or skipping zero inputs by sample or by input.

    python -m tests.benchmarks.first_layer [--densities 0.1 0.3] [--rounds 3]

Microseconds a step in float32 for each share of non-zero inputs; `chosen` is what the layout takes.
Its constants MOST_NONZERO and LARGE_WEIGHTS come from here.
"""

import argparse
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from runner.compiled import array_layouts as compiled_layouts
from runner.compiled.array_layouts import RowLayout
from runner.compiled.structures import BY_INPUT, BY_SAMPLE, DENSE
from runner.compiled.thread_team import Team
from runner.training.engine import Problem
from tests.benchmarks.scaling import figure, prepared
from tests.benchmarks.timing import alternate, conditions
from tests.problems import make_problem

NETS = [
    ((784, 16, 16, 10), 10),
    ((784, 30, 10), 10),
    ((784, 100, 10), 100),
    ((784, 800, 10), 10),
    ((784, 800, 10), 128),
]
WAYS = {"dense": (-1.0, 0), "by sample": (2.0, 1 << 60), "by input": (2.0, -1)}
"""MOST_NONZERO and LARGE_WEIGHTS that lead to each."""
NAMES = {DENSE: "dense", BY_SAMPLE: "by sample", BY_INPUT: "by input"}


def net(sizes: tuple[int, ...], batch: int, density: float) -> Problem:
    """Ten batches, that share of the inputs not zero."""
    generator = np.random.default_rng(1)
    inputs = generator.random((10 * batch, sizes[0]))
    inputs[generator.random(inputs.shape) >= density] = 0
    return make_problem(
        sizes,
        bias=True,
        mean_loss=True,
        batch_size=batch,
        dtype="float32",
        data=(inputs, generator.random((10 * batch, sizes[-1]))),
    )


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--densities", type=float, nargs="+", default=(0.05, 0.1, 0.2, 0.3, 0.4, 0.6)
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.02, help="a figure")
    options = parser.parse_args()
    table = Table("net", "batch", "non-zero", *WAYS, "chosen", "chosen / fastest")
    for sizes, batch in NETS:
        for density in options.densities:
            problem = net(sizes, batch, density)
            figures = {}
            for way, (share, size) in WAYS.items():
                if way == "by input" and batch < 64:
                    continue  # never chosen there
                with patch.multiple(compiled_layouts, MOST_NONZERO=share, LARGE_WEIGHTS=size):
                    figures[way] = figure(prepared("rows", problem), options.seconds)
            timings = alternate(figures, options.rounds)
            best = min(timings, key=lambda way: timings[way].minimum)
            cells = [f"{timings[w].minimum * 1e6:.4g}" if w in timings else "" for w in WAYS]
            cells = [f"[bold]{c}[/]" if w == best else c for w, c in zip(WAYS, cells, strict=True)]
            chosen = NAMES[RowLayout(problem, Team(1), fused=True)._way]
            loss = timings[chosen].minimum / timings[best].minimum
            name = "-".join(map(str, sizes))
            table.add_row(name, str(batch), f"{density:g}", *cells, chosen, f"{loss:.2f}")
    Console().print(table, conditions(), sep="\n")


if __name__ == "__main__":
    main()

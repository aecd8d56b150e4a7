"""Microseconds a step over widths, depths and batches: both compiled layouts and NumPy.

    python -m tests.benchmarks.scaling [--widths 2 8 32] [--depths 1 4] [--batches 1 32 1024]
        [--dtype float32] [--full]

Every layer has the width; depth counts hidden layers. Each problem is trained in mini-batches of
the batch size, or full-batch with --full. The fastest of the three is marked; `chosen` is what
`layout_for` takes. The rule's constants come from here.
"""

import argparse
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from runner.compiled import compiled_engine, layout_choice
from runner.compiled.array_layouts import ColumnLayout, RowLayout
from runner.compiled.compiled_engine import CompiledEngine
from runner.compiled.thread_team import Team
from runner.experiment.building import build_engine
from runner.network.initializers import Start, initial_parameters
from runner.training.engine import Engine, Problem
from runner.training.state import new_state, seeded_generator
from tests.benchmarks.runs import Contestant
from tests.benchmarks.timing import alternate, conditions, seconds_of
from tests.problems import make_problem

WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
DEPTHS = (1, 2, 4, 8)
BATCHES = (1, 8, 32, 128, 1024)
BATCHES_AN_EPOCH = 4

LAYOUTS: dict[str, Callable[[Problem, Team], ColumnLayout | RowLayout]] = {
    "columns": lambda problem, _: ColumnLayout(problem),
    "rows": lambda problem, team: RowLayout(problem, team, fused=True),
}


def net(width: int, depth: int, batch: int, dtype: str, *, full: bool) -> Problem:
    """Sigmoid layers with biases on random dense data."""
    generator = np.random.default_rng(1)
    samples = batch if full else BATCHES_AN_EPOCH * batch
    return make_problem(
        (width,) * (depth + 2),
        bias=True,
        mean_loss=True,
        batch_size=batch,
        dtype=dtype,
        data=(generator.random((samples, width)), generator.random((samples, width))),
    )


def prepared(name: str, problem: Problem, threads: int = 1) -> Contestant:
    """An engine on the problem, one step made: "numpy", or the compiled one in that layout."""
    generator = seeded_generator(1)
    starts = [Start("glorot_uniform")]
    parameters = initial_parameters(problem.network.topology, starts, generator).astype(
        problem.targets.dtype
    )
    state = new_state(parameters, 0, problem.samples, generator)
    engine: Engine
    if name == "numpy":
        engine = build_engine("numpy", problem)
    else:
        with patch.object(compiled_engine, "layout_for", LAYOUTS[name]):
            engine = CompiledEngine(problem, threads)
    engine.advance(state, 1, None)
    return Contestant(engine, state)


def figure(run: Contestant, seconds: float) -> Callable[[], float]:
    """Seconds a step, over as many steps as take about so long."""
    once = min(seconds_of(lambda: run.engine.advance(run.state, 1, None)) for _ in range(3))
    first = max(1, int(0.1 * seconds / once))
    steps = max(1, int(seconds / run.seconds_a_step(first, until=None)))
    return lambda: run.seconds_a_step(steps, until=None)


def main() -> None:
    """The table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--full", action="store_true", help="full-batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.03, help="a figure")
    options = parser.parse_args()
    names = [*LAYOUTS, "numpy"]
    table = Table("width", "hidden", "batch", *names, "chosen", "chosen / fastest")
    for width in options.widths:
        for depth in options.depths:
            for batch in options.batches:
                problem = net(width, depth, batch, options.dtype, full=options.full)
                runs = {name: figure(prepared(name, problem), options.seconds) for name in names}
                timings = alternate(runs, options.rounds)
                best = min(timings, key=lambda name: timings[name].minimum)
                layout = type(layout_choice.layout_for(problem, Team(1)))
                chosen = "columns" if layout is ColumnLayout else "rows"
                cells = [
                    f"[bold]{timing.minimum * 1e6:.4g}[/]"
                    if name == best
                    else f"{timing.minimum * 1e6:.4g}"
                    for name, timing in timings.items()
                ]
                loss = timings[chosen].minimum / timings[best].minimum
                table.add_row(str(width), str(depth), str(batch), *cells, chosen, f"{loss:.2f}")
    kind = "full-batch" if options.full else "mini-batches"
    Console().print(f"microseconds a step, {options.dtype}, {kind}", table, conditions(), sep="\n")


if __name__ == "__main__":
    main()

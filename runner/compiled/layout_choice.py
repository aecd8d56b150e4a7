"""Which layout the compiled engine takes for a problem, and how many threads."""

from runner.compiled.array_layouts import ColumnLayout, RowLayout
from runner.compiled.map_layout import MapLayout
from runner.compiled.thread_team import Team
from runner.processors import processors
from runner.training.engine import Penalty, Problem

AnyLayout = ColumnLayout | RowLayout | MapLayout
WIDEST_COLUMNS = 16
"""Units a layer up to which columns beat rows; measured, and of `ARITHMETIC` (`array_layouts`)."""
WORTH_A_THREAD = 2_000_000
"""Multiply-adds of a step's way forward that occupy one; measured, see tests/benchmarks."""


def name_of_layout(problem: Problem, *, scaled: bool) -> str:
    """The layout that is faster for this net.

    scaled: whether inputs are scaled as they are read, which columns cannot.
    """
    topology = problem.network.topology
    if not topology.is_dense:
        return "maps"
    return "columns" if max(topology.sizes) <= WIDEST_COLUMNS and not scaled else "rows"


def layout_for(problem: Problem, team: Team) -> AnyLayout:
    """The layout that is faster for this net, batch and data."""
    name = name_of_layout(problem, scaled=problem.scaling is not None)
    if name != "rows":
        return MapLayout(problem) if name == "maps" else ColumnLayout(problem)
    fused = problem.optimizer == "sgd" and problem.penalty == Penalty()
    return RowLayout(problem, team, fused=fused)


def threads_for(problem: Problem, asked: int | None) -> int:
    """As many as are asked for, or are worthwhile; one where a layout's work is not divided."""
    if name_of_layout(problem, scaled=problem.scaling is not None) != "rows":
        return 1
    return threads_worthwhile(problem) if asked is None else asked


def threads_worthwhile(problem: Problem) -> int:
    """As many as this machine has and a step of this net can occupy."""
    products = problem.batch_size * problem.network.topology.products
    return max(1, min(processors(), products // WORTH_A_THREAD))

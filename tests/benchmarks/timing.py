"""Contestants run in turn, and the table of their ratios."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from operator import ge, le
from pathlib import Path

from rich.console import Console
from rich.table import Table

SECONDS_OF_REST = 0.3
"""Before each contestant: threads of the one before may go on looking for work."""


@dataclass(frozen=True)
class Timing:
    """One contestant's figures, a round each."""

    seconds: tuple[float, ...]

    @property
    def minimum(self) -> float:
        """The quietest round's."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle round's."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Claim:
    """What a ratio should be: `upper` over `lower`, at least or at most `goal`."""

    upper: str
    lower: str
    goal: float | None = None
    at_most: bool = False

    def row(self, timings: Mapping[str, Timing]) -> list[str]:
        """Cells: what over what, the ratio of the minima and of the medians, goal, verdict."""
        upper, lower = timings[self.upper], timings[self.lower]
        best, middle = upper.minimum / lower.minimum, upper.median / lower.median
        cells = [f"{self.upper} / {self.lower}", f"{best:.2f}", f"{middle:.2f}"]
        if self.goal is None:
            return [*cells, "", ""]
        holds = le if self.at_most else ge
        verdicts = {holds(best, self.goal), holds(middle, self.goal)}
        verdict = "met" if verdicts == {True} else "missed" if verdicts == {False} else "in part"
        return [*cells, f"{'≤' if self.at_most else '≥'} {self.goal:g}", verdict]


def alternate(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Timing]:
    """Each contestant's figures, taken in turn: a busy moment of the machine falls on all."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, figure in contestants.items():
            time.sleep(SECONDS_OF_REST)
            figures[name].append(figure())
    return {name: Timing(tuple(values)) for name, values in figures.items()}


def keep_bytecode(place: Path) -> None:
    """Has modules compiled to byte code once, as of what is installed, whatever is said around.

    place: where that is kept. It holds for the processes that this one starts.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")


def seconds_of(function: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def installed(package: str) -> bool:
    """Whether a peer can take part; says so when it cannot."""
    if find_spec(package) is None:
        Console().print(f"{package} is not installed and left out")
        return False
    return True


def print_timings(
    title: str, timings: Mapping[str, Timing], claims: list[Claim], unit: str = "µs"
) -> None:
    """A table of the contestants and one of the claims about them."""
    scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    who = Table("who", f"minimum, {unit}", f"median, {unit}")
    for name, timing in timings.items():
        who.add_row(name, f"{timing.minimum * scale:.4g}", f"{timing.median * scale:.4g}")
    ratios = Table("ratio", "of minima", "of medians", "goal", "")
    for claim in claims:
        if {claim.upper, claim.lower} <= set(timings):
            ratios.add_row(*claim.row(timings))
    console = Console()
    console.print(title, style="bold", highlight=False)
    console.print(who)
    console.print(ratios)
    console.print(conditions(), "\n", highlight=False)


def conditions() -> str:
    """The machine, and how busy it is: figures of a busy one are worth less than their ratios."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    return (
        f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}"
    )

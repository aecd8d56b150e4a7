"""Presets with published numbers: run, and held against what was published.

A preset is a file in `conf/experiment/` whose `published` section names its source and cases. A
case is exact, with numbers to so many digits, or statistical: the mean, the median or the best
over seeds of a metric, against what was `published` or a `goal` of ours. An exact one's tolerance
may be one for all numbers or one for each kind of them: {mae: digits, final_weights: 1e-6}.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from runner.checking.conf_files import conf_folder
from runner.configuration.composing import compose
from runner.data.image_sets import IMAGE_SETS
from runner.errors import counted
from runner.experiment.published_numbers import NUMBERS, by_place, run_case
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.history import history_column
from runner.run_folder.tables import read_row
from runner.training.metrics import higher_is_better

OF_CASES = (
    *("overrides", "tolerance", "seeds", "statistic", "best", "final", "published", "goal"),
)
"""What a case has besides exact numbers."""
Statistic = Callable[[list[float]], float]
"""What a case makes of the values of its seeds."""


@dataclass(frozen=True)
class PublishedNumber:
    """One published number and ours."""

    what: str
    published: str
    ours: float
    tolerance: str | float
    """`digits`: every printed digit; `cut`: the same, where the rest was not rounded but cut off;

    `at least`: as good or better; or a relative difference.
    """
    spread: float | None = None
    """Standard deviation over seeds."""

    @property
    def agrees(self) -> bool:
        """Whether ours is the published number, within the tolerance; never for NaN."""
        if self.ours != self.ours:
            return False
        published, ours = Decimal(self.published), Decimal(self.ours)
        if self.tolerance == "at least":
            return ours >= published
        last = Decimal(1).scaleb(int(published.as_tuple().exponent))
        if self.tolerance == "cut":
            return 0 <= ours - published < last
        if self.tolerance == "digits":
            allowed = last / 2
        else:
            allowed = abs(published) * Decimal(self.tolerance)
        return abs(ours - published) <= allowed


class ComparedCase(NamedTuple):
    """A case that has been run."""

    overrides: Sequence[str]
    """Its own."""
    numbers: list[PublishedNumber]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every number does."""
        return all(number.agrees for number in self.numbers)


def preset_names(*, fetched: bool | None = None) -> list[str]:
    """The presets with published numbers: all, or those whose data are, or are not, fetched."""
    files = sorted((Path(conf_folder()) / "experiment").glob("*.yaml"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    sets = [f"override /dataset: {name}\n" for name in IMAGE_SETS]
    found = {
        name: any(line in text for line in sets)
        for name, text in texts.items()
        if "published:" in text
    }
    return [name for name, real in found.items() if fetched in (None, real)]


def compare_preset(
    name: str, workplace: Path, overrides: Sequence[str] = ()
) -> Iterator[ComparedCase]:
    """Runs every case of a preset below `workplace`.

    Cases of seeds that have the same overrides are numbers of the same runs; an exact case has
    overrides of its own. Raises ValueError for a key that a case cannot have.
    """
    cases = compose([f"experiment={name}"])["published"]["cases"]
    settings = [case.get("overrides", []) for case in cases]
    for case, own in zip(cases, settings, strict=True):
        if unknown := set(case) - {*NUMBERS, *OF_CASES}:
            raise ValueError(f"{name}: a case has no {', '.join(sorted(unknown))}")
        compare = compare_seeds if "seeds" in case else compare_exactly
        folder, began = workplace / str(settings.index(own)), time.perf_counter()
        numbers = compare([f"experiment={name}", *own, *overrides], case, folder)
        yield ComparedCase(own, numbers, time.perf_counter() - began)


def compare_seeds(
    overrides: Sequence[str], case: Mapping[str, Any], folder: Path
) -> list[PublishedNumber]:
    """A metric over seeds, their mean unless said: at the end (`final`) or of its `best` epoch."""
    seeds, when = case["seeds"], "final" if "final" in case else "best"
    metric, statistic = case[when], case.get("statistic", "mean")
    better: Statistic = max if higher_is_better(metric) else min
    summaries: dict[str, Statistic] = {
        "mean": statistics.fmean,
        "median": statistics.median,
        "best": better,
    }
    values = []
    for seed in range(1, seeds + 1):
        run = folder / str(seed)
        if not run.exists():
            run_experiment(compose([*overrides, f"seed={seed}"]), run, {}, QUIETLY)
        if when == "final":
            values.append(float(read_row(run / "results.csv")[metric]))
        else:
            values.append(better(list(history_column(run, metric).values())))
    kind = "published" if "published" in case else "goal"
    what = f"{statistic} of {seeds} seeds, {when} {metric}" + (", goal" if kind == "goal" else "")
    ours = summaries[statistic](values)
    spread = statistics.stdev(values) if seeds > 1 else None
    return [PublishedNumber(what, str(case[kind]), ours, case["tolerance"], spread)]


def compare_exactly(
    overrides: Sequence[str], case: Mapping[str, Any], folder: Path
) -> list[PublishedNumber]:
    """Every published number of a case."""
    ran, tolerance = run_case(overrides, case, folder), case["tolerance"]
    compared = []
    for key, kind in NUMBERS.items():
        published = by_place(key, case.get(key, ()))
        ours = kind(ran, published) if published else {}
        allowed = tolerance[key] if published and isinstance(tolerance, Mapping) else tolerance
        compared += [
            PublishedNumber(f"{key} {place}", str(value), ours[place], allowed)
            for place, value in published.items()
        ]
    return compared


def table_row(name: str, case: ComparedCase) -> list[str]:
    """A preset's case in words: published, ours, tolerance, verdict, time."""
    comparisons = case.numbers
    wrong = [comparison for comparison in comparisons if not comparison.agrees]
    verdict = f"FAIL: {wrong[0].what}" if wrong else "PASS"
    first = comparisons[0]
    if len(comparisons) > 1 or first.tolerance == "digits":
        worst = max(abs(c.ours - float(c.published)) for c in comparisons)
        shown = [counted(len(comparisons), "number"), f"differ by {worst:.1g} at most"]
    else:
        spread = "" if first.spread is None else f" ± {first.spread:.4f}"
        shown = [f"{first.what} {first.published}", f"{first.ours:.5g}{spread}"]
    tolerances = ", ".join(dict.fromkeys(str(c.tolerance) for c in comparisons))
    return [name, " ".join(case.overrides), *shown, tolerances, verdict, f"{case.seconds:.1f} s"]

"""Presets with published numbers: run, and held against what was published.

A preset is a file in `conf/experiment/` whose `published` section names its source and cases. A
case is exact, with numbers to so many digits, or statistical: the mean, the median or the best
over seeds of a metric, against what was `published` or a `goal` of ours.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.configuration.composing import compose, conf_folder
from runner.errors import counted
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.history import history_column
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from runner.training.metrics import higher_is_better

CURVES = ("mae", "mean_accuracy")
"""Metrics whose published values are given by step."""

Statistic = Callable[[list[float]], float]
"""What a case makes of the values of its seeds."""


@dataclass(frozen=True)
class PublishedNumber:
    """One published number and ours."""

    what: str
    published: str
    ours: float
    tolerance: str | float
    """`digits`: every printed digit; `at least`: as good or better; or a relative difference."""
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
        if self.tolerance == "digits":
            allowed = Decimal(1).scaleb(int(published.as_tuple().exponent)) / 2
        else:
            allowed = abs(published) * Decimal(self.tolerance)
        return abs(ours - published) <= allowed


def preset_names(*, exact: bool | None = None) -> list[str]:
    """The presets that carry published numbers: all, the exact ones, or the statistical ones."""
    files = sorted((Path(conf_folder()) / "experiment").glob("*.yaml"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    names = [name for name, text in texts.items() if "published:" in text]
    return [name for name in names if exact is None or exact == ("seeds:" not in texts[name])]


def compare_preset(
    name: str, workplace: Path, overrides: Sequence[str] = ()
) -> Iterator[tuple[str, list[PublishedNumber]]]:
    """Runs every case of a preset below `workplace`; yields its overrides and comparisons.

    Cases of the same overrides are numbers of the same runs.
    """
    cases = compose([f"experiment={name}"])["published"]["cases"]
    settings = [case.get("overrides", []) for case in cases]
    for case, own in zip(cases, settings, strict=True):
        compare = compare_seeds if "seeds" in case else compare_exactly
        folder = workplace / str(settings.index(own))
        yield " ".join(own), compare([f"experiment={name}", *own, *overrides], case, folder)


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
    """Every published number of a case, its history recorded at the published steps."""
    curves = {metric: case[metric] for metric in CURVES if metric in case}
    steps = sorted({int(step) for curve in curves.values() for step in curve})
    recorded = [f"recording.history={steps}"] if steps else []
    outcome = run_experiment(compose([*overrides, *recorded]), folder, {}, QUIETLY)
    vectors = {
        "starting_weights": load_snapshot(RunFolder(folder).snapshot(0)).parameters,
        "final_weights": load_snapshot(RunFolder(folder).snapshot()).parameters,
        "outputs": outcome.report.outputs.ravel(),
    }
    pairs = [
        (f"{key} {place + 1}", value, float(vectors[key][place]))
        for key in vectors
        for place, value in enumerate(case.get(key, []))
    ]
    results = read_row(folder / "results.csv")
    pairs += [(key, value, float(results[key])) for key, value in case.get("results", {}).items()]
    for metric, curve in curves.items():
        found = history_column(folder, metric)
        pairs += [(f"{metric} at {step}", value, found[int(step)]) for step, value in curve.items()]
    return [
        PublishedNumber(what, str(value), ours, case["tolerance"]) for what, value, ours in pairs
    ]


def table_row(
    name: str, case: str, comparisons: list[PublishedNumber], seconds: float
) -> list[str]:
    """A preset's case in words: published, ours, tolerance, verdict, time."""
    wrong = [comparison for comparison in comparisons if not comparison.agrees]
    verdict = f"FAIL: {wrong[0].what}" if wrong else "PASS"
    first = comparisons[0]
    if len(comparisons) > 1 or first.tolerance == "digits":
        worst = max(abs(c.ours - float(c.published)) for c in comparisons)
        shown = [counted(len(comparisons), "number"), f"differ by {worst:.1g} at most"]
    else:
        spread = "" if first.spread is None else f" ± {first.spread:.4f}"
        shown = [f"{first.what} {first.published}", f"{first.ours:.5g}{spread}"]
    return [name, case, *shown, str(first.tolerance), verdict, f"{seconds:.1f} s"]

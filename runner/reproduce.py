"""`python -m runner.reproduce [NAME …]`: runs presets and holds them against what was published.

A preset is a file in `conf/experiment/` whose `published` section names its source and cases. A
case is exact, with numbers to so many digits, or statistical: the mean, the median or the best
over seeds of a metric, against what was `published` or a `goal` of ours.
Arguments with `=` override the configuration: dataset.root=FOLDER says where data lies.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.checking.suggestions import suggestion
from runner.commands import CommandParser, run_command
from runner.configuration.composing import compose, conf_folder
from runner.errors import SettingsError, counted, printable
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.history import history_column
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot, newest_snapshot, snapshot_path
from runner.run_folder.tables import read_column, read_row
from runner.standard_output import table_console
from runner.training.metrics import higher_is_better

CURVES = ("mae", "mean_accuracy")
"""Metrics whose published values are given by step."""

Better = Callable[[Sequence[float]], float]
"""The best of some values: `max`, or `min` of a metric that is better when lower."""

STATISTICS: Mapping[str, Callable[[Sequence[float], Better], float]] = {
    "mean": lambda values, _: statistics.fmean(values),
    "median": lambda values, _: statistics.median(values),
    "best": lambda values, better: better(values),
}
"""What a case makes of the values of its seeds."""


@dataclass(frozen=True)
class Comparison:
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


def published_cases(name: str) -> list[Mapping[str, Any]]:
    """The cases of a preset."""
    cases: list[Mapping[str, Any]] = compose([f"experiment={name}"])["published"]["cases"]
    return cases


def preset_names(*, exact: bool | None = None) -> list[str]:
    """The presets that carry published numbers: all, the exact ones, or the statistical ones."""
    files = sorted((Path(conf_folder()) / "experiment").glob("*.yaml"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    names = [name for name, text in texts.items() if "published:" in text]
    return [name for name in names if exact is None or exact == ("seeds:" not in texts[name])]


def compare_preset(
    name: str, workplace: Path, overrides: Sequence[str] = ()
) -> Iterator[tuple[str, list[Comparison]]]:
    """Runs every case of a preset below `workplace`; yields its overrides and comparisons.

    Cases of the same overrides are numbers of the same runs.
    """
    cases = published_cases(name)
    settings = [case.get("overrides", []) for case in cases]
    for case, own in zip(cases, settings, strict=True):
        compare = compare_seeds if "seeds" in case else compare_exactly
        folder = workplace / str(settings.index(own))
        yield " ".join(own), compare([f"experiment={name}", *own, *overrides], case, folder)


def compare_seeds(
    overrides: Sequence[str], case: Mapping[str, Any], folder: Path
) -> list[Comparison]:
    """A metric over seeds, their mean unless said: at the end (`final`) or of its `best` epoch."""
    seeds, when = case["seeds"], "final" if "final" in case else "best"
    metric, statistic = case[when], case.get("statistic", "mean")
    better: Better = max if higher_is_better(metric) else min
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
    ours = STATISTICS[statistic](values, better)
    spread = statistics.stdev(values) if seeds > 1 else None
    return [Comparison(what, str(case[kind]), ours, case["tolerance"], spread)]


def compare_exactly(
    overrides: Sequence[str], case: Mapping[str, Any], folder: Path
) -> list[Comparison]:
    """Every published number of a case, its history recorded at the published steps."""
    curves = {metric: case[metric] for metric in CURVES if metric in case}
    steps = sorted({int(step) for curve in curves.values() for step in curve})
    recorded = [f"recording.history={steps}"] if steps else []
    outcome = run_experiment(compose([*overrides, *recorded]), folder, {}, QUIETLY)
    run = RunFolder(folder)
    vectors = {
        "starting_weights": load_snapshot(run.snapshot(0)).parameters,
        "final_weights": load_snapshot(run.snapshot()).parameters,
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
    return [Comparison(what, str(value), ours, case["tolerance"]) for what, value, ours in pairs]


def table_row(name: str, case: str, comparisons: list[Comparison], seconds: float) -> list[str]:
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


def main(arguments: Sequence[str]) -> int:
    """Runs the named presets, or all exact ones, and prints a table; 1 when a number is off."""
    from rich.table import Table  # noqa: PLC0415 - slow to import

    parser = CommandParser(
        "reproduce",
        "Runs presets and holds them against the numbers that were published.",
        "  python -m runner.reproduce\n"
        "  python -m runner.reproduce nielsen_depth dataset.root=FOLDER",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets; else all exact ones")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a run")
    given = parser.parse_args(arguments).names
    overrides = [argument for argument in given if "=" in argument]
    names = [argument for argument in given if "=" not in argument]
    known = preset_names()
    for name in names:
        if name not in known:
            choices = f"{suggestion(name, known)}choose from {', '.join(known)}"
            raise SettingsError(f"preset '{printable(name)}' is unknown; {choices}")
    table = Table("preset", "case", "published", "ours", "tolerance", "", "time")
    failed = False
    with tempfile.TemporaryDirectory() as workplace:
        for name in names or preset_names(exact=True):
            started = time.perf_counter()
            for case, comparisons in compare_preset(name, Path(workplace) / name, overrides):
                now = time.perf_counter()
                table.add_row(*table_row(name, case, comparisons, now - started))
                failed |= not all(comparison.agrees for comparison in comparisons)
                started = now
    table_console().print(table)
    if not names:
        rest = ", ".join(preset_names(exact=False))
        print(f"On real data, when named (with dataset.root=FOLDER): {rest}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

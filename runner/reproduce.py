"""`python -m runner.reproduce [NAME …]`: runs presets and holds them against what was published.

A preset is a file in `conf/experiment/` whose `published` section names its source and cases.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.composing import compose, conf_folder
from runner.errors import RunnerError, SettingsError, printable
from runner.experiment import run_experiment
from runner.recording.snapshots import load_snapshot, newest_snapshot, snapshot_path
from runner.recording.tables import read_column, read_row
from runner.rules import suggestion


@dataclass(frozen=True)
class Comparison:
    """One published number and ours."""

    what: str
    published: str
    ours: float
    tolerance: str | float
    """`digits`: every printed digit; or a relative difference."""

    @property
    def agrees(self) -> bool:
        """Whether ours is the published number, within the tolerance."""
        published = Decimal(self.published)
        if self.tolerance == "digits":
            unit = Decimal(1).scaleb(int(published.as_tuple().exponent))
            allowed = unit * Decimal("0.5")
        else:
            allowed = abs(published) * Decimal(self.tolerance)
        return abs(Decimal(self.ours) - published) <= allowed


def preset_names() -> list[str]:
    """The presets that carry published numbers."""
    folder = Path(conf_folder()) / "experiment"
    return sorted(file.stem for file in folder.glob("*.yaml") if "published:" in file.read_text())


def compare_preset(name: str, workplace: Path) -> Iterator[tuple[str, list[Comparison]]]:
    """Runs every case of a preset below `workplace`; yields its overrides and comparisons."""
    published = compose([f"experiment={name}"])["published"]
    for number, case in enumerate(published["cases"]):
        overrides = case.get("overrides", [])
        yield " ".join(overrides), compare_case(name, case, overrides, workplace / str(number))


def compare_case(
    name: str, case: Mapping[str, Any], overrides: Sequence[str], folder: Path
) -> list[Comparison]:
    """Runs one case, recording its history at the published steps, and compares."""
    curves = {metric: case[metric] for metric in ("mae", "mean_accuracy") if metric in case}
    steps = sorted({int(step) for curve in curves.values() for step in curve})
    recorded = [f"recording.history={steps}"] if steps else []
    config = compose([f"experiment={name}", *overrides, *recorded])
    outcome = run_experiment(config, folder, {}, quiet=True)
    ours: dict[str, list[float]] = {
        "starting weight": load_snapshot(snapshot_path(folder, 0)).parameters.tolist(),
        "final weight": load_snapshot(newest_snapshot(folder)).parameters.tolist(),
        "output": outcome.report.outputs.ravel().tolist(),
    }
    pairs = [
        (f"{what} {place + 1}", value, ours[what][place])
        for key, what in (
            ("starting_weights", "starting weight"),
            ("final_weights", "final weight"),
            ("outputs", "output"),
        )
        for place, value in enumerate(case.get(key, []))
    ]
    results = read_row(folder / "results.csv")
    pairs += [(key, value, float(results[key])) for key, value in case.get("results", {}).items()]
    for metric, curve in curves.items():
        found = read_column(folder / "history.csv", metric)
        pairs += [
            (f"{metric} at step {step}", value, found[int(step)]) for step, value in curve.items()
        ]
    return [
        Comparison(what, str(value), our_value, case["tolerance"])
        for what, value, our_value in pairs
    ]


def main(arguments: Sequence[str]) -> int:
    """Runs the named presets, or all, and prints a table; 1 when a number does not agree."""
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.table import Table  # noqa: PLC0415

    names = list(arguments) or preset_names()
    for name in names:
        if name not in preset_names():
            known = ", ".join(preset_names())
            hint = suggestion(name, preset_names())
            raise SettingsError(f"preset '{printable(name)}' is unknown; {hint}choose from {known}")
    table = Table("preset", "case", "numbers", "tolerance", "largest difference", "")
    failed = False
    with tempfile.TemporaryDirectory() as workplace:
        for name in names:
            for case, comparisons in compare_preset(name, Path(workplace) / name):
                wrong = [comparison for comparison in comparisons if not comparison.agrees]
                failed |= bool(wrong)
                worst = max(abs(c.ours - float(c.published)) for c in comparisons)
                verdict = f"FAIL: {wrong[0].what}" if wrong else "PASS"
                tolerance = str(comparisons[0].tolerance)
                table.add_row(name, case, str(len(comparisons)), tolerance, f"{worst:.2g}", verdict)
    Console().print(table)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RunnerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)

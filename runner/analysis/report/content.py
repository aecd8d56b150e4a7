"""What a report tells: runs, learning curves, commands and pictures, as plain values for JSON."""

import math
import os
import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runner.analysis.comparing import default_metric
from runner.analysis.report.conclusion import ANY_GROUPS, Groups, conclusion, sentence_of
from runner.analysis.report.embedded_pictures import Drawing, chosen_places, pictures
from runner.analysis.report.selection import sentence, shown_places, statuses
from runner.analysis.report.shown_numbers import decimals_in_table
from runner.analysis.run_table import short_names
from runner.analysis.runs import without_results
from runner.analysis.telling_apart import differs, settings_of, telling, worth_showing
from runner.analysis.tidy_tables import kept_jobs, load_history
from runner.errors import printable
from runner.run_folder.run import RunFolder
from runner.training.metrics import higher_is_better

CURVE_NUMBERS = 450_000
"""Numbers of all learning curves together: 3 MB."""
CURVE_AXES = ("step", "epoch", "seconds")
"""What a curve can be drawn against."""
CURVE_POINTS = (8, 100)
"""Fewest and most points of a curve."""
NOT_VARYING = ("path", "started", "finished")
"""Columns that differ from run to run and are no settings or results to compare by."""


def report_content(
    runs: pd.DataFrame, groups: Groups = ANY_GROUPS, drawing: Drawing | None = None
) -> dict[str, Any]:
    """Everything that the page shows.

    runs: what `load_runs` gave. drawing: which runs get pictures that have none in their folders.
    Raises SettingsError for groups that there are not.
    """
    concluded, found = conclusion(runs, groups)
    missing = without_results(runs)  # told with the groups, where there are any
    names = [str(name) for name in runs if name not in NOT_VARYING]
    settings = settings_of(runs)
    varying = [name for name in names if differs(runs, name)]
    completed = runs[runs["status"] == "completed"]
    metric = found.measure.name if found else default_metric(runs if completed.empty else completed)
    of_all = {
        "summary": " ".join([statuses(runs), *([] if found else map(sentence_of, missing))]),
        "sampled": sentence(runs, metric),
        "conclusion": concluded,
        "telling": telling(runs),
        "metric": metric,
        "results": worth_showing(runs, metric),
    }
    runs = runs.iloc[shown_places(runs, metric)]
    paths = [Path(path) for path in runs["path"]]
    root = os.path.commonpath([path.parent for path in paths])
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        history = load_history(runs)
    wanted: Sequence[int] = ()
    if drawing is not None:
        by, measure = (found.by, found.measure) if found else ((), None)
        wanted = chosen_places(runs, by, measure, drawing)
    shown, without = pictures(paths, drawing, wanted)
    return {
        **of_all,
        "names": list(map(printable, short_names(runs["path"]))),
        "paths": [brief(str(path), root) for path in paths],
        "columns": [
            {
                "name": name,
                "setting": name in settings,
                "higher": name not in settings and higher_is_better(name),
                **column_values(runs[name], root),
            }
            for name in varying
        ],
        "constants": [
            {"name": name, "setting": name in settings, "value": brief(text(cells.iloc[0]), root)}
            for name, cells in runs[names].items()
            if name not in varying
        ],
        "started": [
            "" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M:%S} UTC"
            for value in runs.get("started", ())
        ],
        "curves": curves(runs, history),
        "commands": commands(paths),
        "pictures": shown,
        "without_pictures": without,
        "unreadable": {**runs.attrs.get("unreadable", {}), **history.attrs["unreadable"]},
    }


def column_values(column: "pd.Series[Any]", root: str) -> dict[str, Any]:
    """A column's numbers; or of texts the distinct ones, and each run's place among them.

    root: the folder above all runs, which paths are told from. decimals: all that are shown, None
    for as many as each number has.
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = [number(value) for value in column.to_numpy(float, na_value=np.nan)]
        return {"numbers": numbers, "decimals": decimals_in_table(column)}
    texts = column.astype(object).map(lambda value: brief(text(value), root))
    codes, levels = pd.factorize(texts, sort=True)
    return {"codes": codes.tolist(), "levels": levels.tolist()}


def number(value: float, digits: int = 10) -> float | int | None:
    """A number for JSON, which knows no NaN and no infinity."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def text(value: Any) -> str:
    """A cell in words; empty where there is nothing."""
    if pd.isna(value):
        return ""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def brief(name: str, root: str) -> str:
    """A path below `root` from there on, of another absolute path its end; others as they are."""
    if root not in ("", "/") and name.startswith(f"{root}/"):
        return name[len(root) + 1 :]
    parts = name.split("/")
    return "…/" + "/".join(parts[-2:]) if name.startswith("/") and len(parts) > 3 else name


def curves(runs: pd.DataFrame, history: pd.DataFrame) -> dict[str, Any]:
    """Learning curves: of each run, in the order of `runs`, its columns of a few points each."""
    metrics = [
        name
        for name in map(str, history)
        if name not in ("run", *CURVE_AXES) and history[name].notna().any()
    ]
    names = [*(name for name in CURVE_AXES if name in history), *metrics]
    fewest, most = CURVE_POINTS
    budget = CURVE_NUMBERS // max(1, len(runs) * len(names))
    points = max(fewest, min(most, budget))
    found: dict[str, Any] = {}
    values = history[names].to_numpy(float)
    for run, rows in history.groupby("run", observed=True, sort=False).indices.items():
        chosen = values[rows[subsample(len(rows), points)]]
        found[str(run)] = [[number(value, 5) for value in column] for column in chosen.T]
    return {
        "axes": names[: len(names) - len(metrics)],
        "names": names,
        "runs": [found.get(path) for path in runs["path"]],
    }


def subsample(rows: int, points: int) -> "np.ndarray[Any, Any]":
    """At most `points` places among `rows`, first and last among them, evenly spaced."""
    return np.unique(np.linspace(0, rows - 1, min(rows, points)).round().astype(int))


def commands(runs: Sequence[Path]) -> list[str | None]:
    """The command that repeats each run, or None where its overrides cannot be read."""
    rows = {path: job.overrides for path, job in kept_jobs([*map(str, runs)], {})}
    return [command(run, rows.get(str(run))) for run in runs]


def command(run: Path, known: Sequence[str] | None = None) -> str | None:
    """The same of one. known: its overrides, where they are."""
    overrides = known or RunFolder(run).overrides
    if overrides is None or not all(override.isprintable() for override in overrides):
        return None
    return shlex.join(["python", "-m", "runner", *overrides])

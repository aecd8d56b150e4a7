"""What many runs recorded, as tidy tables: histories, predictions, and how classes were told."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from runner.analysis.csv_tables import NOT_READABLE, Rows, number, parse, read_rows, typed
from runner.analysis.runs import load_runs, reason, warn_left_out
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, SnapshotError, printable, warn_caller
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob, history_lines
from runner.run_folder.layout import is_job_number
from runner.run_folder.sweep_folder import SweepFolder

Place = str | os.PathLike[str]
WhichRuns: TypeAlias = "pd.DataFrame | pd.Series[Any] | Iterable[Place] | Place"
"""What `load_runs` gave, some of its rows, one row, its column `path`, paths, or a folder."""
ONE_BY_ONE = 10_000
"""So many rows at most are looked for by themselves, not by going through all."""


def load_history(runs: WhichRuns, settings: str | Sequence[str] = ()) -> pd.DataFrame:
    """The learning curves of runs, tidy: `run`, `step`, `epoch`, `seconds` and the metrics.

    runs: what `load_runs` gave, some of its rows or one, paths of runs, or a folder. settings: the
    one or those of `load_runs`' columns to have beside them, for groups and colours. `run` is the
    run's `path`, so that the two can be merged. Rows are those of history.csv, by default
    log-spaced; `recording.history=1` writes one an epoch. Histories that cannot be read are left
    out and named as by `load_runs`; a run that goes on has those rows that are whole.

    Raises SettingsError where runs have no such setting.

    >>> history = load_history("outputs", settings=["topology"])
    >>> history.groupby("topology")["loss"].min().round(3)
    topology
    3-2-1    0.028
    3-4-1    0.024
    Name: loss, dtype: float64
    """
    history = tidy(runs, "history.csv", growing=True)
    names = [settings] if isinstance(settings, str) else list(settings)
    return beside(history, runs, names) if names else history


def beside(table: pd.DataFrame, runs: WhichRuns, settings: Sequence[str]) -> pd.DataFrame:
    """A tidy table with settings of each row's run after the column `run`."""
    if not isinstance(runs, pd.DataFrame):
        runs = load_runs(*paths_of(runs))
    for name in settings:
        if name not in runs or name in table:
            near = suggestion(name, [str(column) for column in runs if column not in table])
            raise SettingsError(
                f"settings: '{printable(name)}' is not a setting of these runs; {near}"
                "expected columns of load_runs such as topology"
            )
    known = runs.drop_duplicates("path").set_index("path")[list(settings)]
    own = known.reindex(pd.Index(table["run"].astype(str))).set_axis(table.index)
    whole = pd.concat([table[["run"]], own, table.drop(columns="run")], axis=1)
    whole.attrs = table.attrs
    return whole


def load_predictions(runs: WhichRuns) -> pd.DataFrame:
    """What runs predicted, tidy: `run`, `part`, `sample` and `input_…`, `target_…`, `output_…`.

    runs: as for `load_history`. `part` is train, validation or test; `sample` counts from 1 in
    each. Runs of more samples than recording.predictions have none; a warning when all are such.

    >>> predictions = load_predictions("outputs")
    >>> predictions["error"] = (predictions["output_1"] - predictions["target_1"]).abs()
    >>> predictions.groupby("run", observed=True)["error"].max().round(3)
    run
    outputs/sweep/0    0.087
    outputs/sweep/1    0.110
    outputs/sweep/2    0.089
    outputs/sweep/3    0.086
    Name: error, dtype: float64
    """
    predictions = tidy(runs, "predictions.csv", growing=False, texts=("part",))
    if predictions.empty:
        warn_caller(
            "none of these runs has predictions: recording.predictions=100000 keeps them for as "
            "many samples; rows of sweep.record=rows have them once python -m runner.expand has "
            "given them folders"
        )
        return predictions.reindex(columns=["run", "part", "sample"])
    if "part" not in predictions:
        predictions.insert(1, "part", "train")  # the only one there was
    predictions["part"] = predictions["part"].fillna("train").astype("category")
    predictions.insert(1, "part", predictions.pop("part"))
    sample = predictions.groupby(["run", "part"], observed=True).cumcount() + 1
    predictions.insert(2, "sample", sample)
    return predictions


def load_classes(runs: WhichRuns) -> pd.DataFrame:
    """Of each class, tidy: `run`, `part`, `class`, `samples`, `precision`, `recall` and `f1`.

    runs: as for `load_history`; those that predict numbers have no classes.

    >>> classes = load_classes("outputs/digits")
    >>> worst = classes.groupby("class")["recall"].mean().nsmallest(3)
    >>> len(worst)
    3
    """
    return tidy(runs, "classes.csv", growing=False, texts=("part", "class"))


def load_confusion(runs: WhichRuns) -> pd.DataFrame:
    """Confusion matrices, tidy: `run`, `part`, `class`, `taken_for` and the `count` of samples.

    runs: as for `load_history`. A table of all runs together:

    >>> confusion = load_confusion("outputs/digits")
    >>> together = confusion.pivot_table("count", "class", "taken_for", aggfunc="sum")
    >>> together.shape
    (10, 10)
    """
    wide = tidy(runs, "confusion.csv", growing=False, texts=("part", "class"))
    if wide.empty:
        return wide.reindex(columns=["run", "part", "class", "taken_for", "count"])
    long = wide.melt(["run", "part", "class"], var_name="taken_for", value_name="count")
    found = long.dropna(subset="count").reset_index(drop=True)
    found["taken_for"] = found["taken_for"].astype("string")
    found.attrs["unreadable"] = wide.attrs["unreadable"]
    return found


def paths_of(runs: WhichRuns) -> list[str]:
    """The folders of some runs, each once."""
    if isinstance(runs, str | os.PathLike):
        runs = load_runs(runs)
    if isinstance(runs, pd.DataFrame) or (isinstance(runs, pd.Series) and "path" in runs.index):
        runs = runs["path"]
    paths = [runs] if isinstance(runs, str) else runs
    return list(dict.fromkeys(os.fspath(path) for path in paths))


def tidy(runs: WhichRuns, file: str, *, growing: bool, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows of a CSV file of each run, one below the other; all columns but `texts` numbers."""
    paths = paths_of(runs)
    unreadable: dict[str, str] = {}
    tables: list[Rows] = []
    kept = kept_histories(paths, unreadable) if file == "history.csv" else {}
    for place, path in enumerate(paths):
        try:
            names, lines = kept.get(path) or read_rows(f"{path}/{file}", growing=growing)
        except FileNotFoundError:
            continue  # a run that failed early, or one of many samples
        except NOT_READABLE as error:
            unreadable[path] = f"{file}: {reason(error)}"
            continue
        tables.append(Rows(("run", *names), [f"{place},{line}" for line in lines]))
    table = parse(tables, texts) if tables else pd.DataFrame({"run": pd.array([], "Int64")})
    sound = np.ones(len(table), bool)
    for name in table.columns.difference(["run", *texts]):
        table[name], wrong = typed(table[name], number)
        for place in table.loc[wrong, "run"].unique():
            unreadable[paths[place]] = f"{file}: its '{name}' is not a number everywhere"
            sound &= (table["run"] != place).to_numpy()
    table = table if sound.all() else table[sound].reset_index(drop=True)
    runs_of_rows = pd.Categorical.from_codes(table["run"].to_numpy(int), pd.Index(paths))
    table["run"] = runs_of_rows.remove_unused_categories()
    warn_left_out(unreadable)
    table.attrs["unreadable"] = unreadable
    return table


def kept_histories(paths: Sequence[str], unreadable: dict[str, str]) -> dict[str, Rows]:
    """By path the histories of runs that are rows of their sweep.

    unreadable: takes in what cannot be read, with the reason.
    """
    found = {}
    for path, job in kept_jobs(paths, unreadable):
        if job.row.history:
            header, *lines = (line.rstrip("\n") for line in history_lines(*job.history))
            found[path] = Rows(tuple(header.split(",")), lines)
    return found


def kept_jobs(paths: Sequence[str], unreadable: dict[str, str]) -> Iterator[tuple[str, KeptJob]]:
    """Those runs that are rows of their sweep, each with its path.

    unreadable: takes in what cannot be read, with the reason.
    """
    by_sweep: dict[str, dict[int, str]] = defaultdict(dict)
    for path in paths:
        run = Path(path)
        if is_job_number(run.name):
            by_sweep[str(run.parent)][int(run.name)] = path
    for sweep, there in by_sweep.items():
        if not JobRows(Path(sweep)).is_there:
            continue
        with_folders = SweepFolder(Path(sweep)).folders
        wanted = {number: path for number, path in there.items() if number not in with_folders}
        rows = JobRows(Path(sweep), wanted if len(wanted) < ONE_BY_ONE else None)
        try:
            for row in rows:
                if row.number in wanted:
                    yield wanted[row.number], KeptJob(row)
        except SnapshotError as error:
            unreadable[sweep] = str(error)
        unreadable |= {f"{sweep}/{each}": "its row is damaged" for each in rows.damaged}

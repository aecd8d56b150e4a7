"""Runs into pandas: one row a run."""

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from runner.analysis.csv_tables import (
    NOT_READABLE,
    TYPES,
    Rows,
    number,
    parse,
    read_rows,
    typed,
)
from runner.errors import (
    ConflictError,
    SettingsError,
    SnapshotError,
    counted,
    listed,
    printable,
    warn_caller,
)
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.layout import is_job_number, read_run
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import ENDED
from runner.run_folder.sweep_log import last_launch
from runner.run_folder.tables import FORMULA, split
from runner.storage.locks import locked

TEXTS = ("topology", "status", "stop_reason", "started", "finished")
"""Columns that are texts, whatever they look like."""
RUN_FILES = frozenset({"history.csv", "snapshots", "run.log"})
"""What only a run's folder holds."""
MOST_SWEEPS = 3
"""That are told of by themselves."""
MOST_LEVELS = 6
"""Of folders above runs, counted from a given one: `outputs/day/sweep` are two or three."""
MOST_FOLDERS = 10_000
"""Without a run in them that are looked into, for no one keeps runs so."""


def load_runs(*paths: str | os.PathLike[str]) -> pd.DataFrame:
    """Every run below the given folders, one row each: its configuration and its results.

    paths: run folders, sweep folders, or folders of those such as `outputs` (the default); a job
    that is a row of its sweep is named as its folder would be, SWEEP/17, here and in `path`.
    Columns are named as on the command line (`optimizer.learning_rate`), then the results
    (`steps`, `accuracy`, …), then `path`, the run's folder. Whole numbers are Int64, other numbers
    float64, `topology` string, `status` and `stop_reason` category, `started` and `finished`
    timestamps. Folders that cannot be read are left out: a warning names the first of them, and
    `.attrs["unreadable"]` each with the reason. So are runs that have not ended: they have no
    results; `.attrs["without_results"]` has such jobs of each sweep that was cut short or still
    runs: how many, of how many.

    Links are not followed, hidden folders not looked into, nor any more than six levels down.

    Raises SettingsError for what is no path, and SnapshotError when one is not a folder, or holds
    10,000 folders without runs.

    >>> runs = load_runs("outputs")
    >>> runs.groupby("topology")["steps"].mean()
    topology
    3-2-1    24.0
    3-4-1     8.5
    Name: steps, dtype: Float64
    """
    found = Found()
    for root in paths or ("outputs",):
        if not isinstance(root, str | os.PathLike):
            raise SettingsError(
                f"load_runs is given a {type(root).__name__}; expected folders, each by itself: "
                "load_runs(*folders)"
            )
        if (kept := RunFolder(Path(root)).kept) is not None:
            found.add(str(Path(root)), kept.end)
        elif Path(root).is_dir():
            found.look_into(str(Path(root)), MOST_LEVELS)
        else:
            raise SnapshotError(f"{printable(root)} is not a folder; expected one with runs")
    runs = found.table()
    if len(paths) > 1:  # a run may lie below several of them, and counts once
        again = runs["path"].map(os.path.realpath).duplicated()
        runs = runs[~again].reset_index(drop=True)
    warn_left_out(found.unreadable)
    runs.attrs["unreadable"] = dict(found.unreadable)
    runs.attrs["without_results"] = dict(found.without_results)
    return runs


def read_runs(paths: Sequence[str]) -> pd.DataFrame:
    """The same for a command: what cannot be read is told on stderr, a line each."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        runs = load_runs(*paths)
    tell_left_out(runs.attrs["unreadable"])
    return runs


def without_results(runs: pd.DataFrame) -> list[str]:
    """The jobs of these runs' sweeps that have no results, in words; of many sweeps together."""
    sweeps: Mapping[str, tuple[int, int]] = runs.attrs.get("without_results", {})
    told = [(n, f"the {counted(jobs, 'job')} of {printable(s)}") for s, (n, jobs) in sweeps.items()]
    if len(told) > MOST_SWEEPS:
        missing, jobs = (sum(numbers) for numbers in zip(*sweeps.values(), strict=True))
        told = [(missing, f"{jobs:,} jobs of {len(told):,} sweeps")]
    way = "where that was cut short, the command that began it, in the same folder, goes on"
    return [f"{n:,} of {of} {'has' if n == 1 else 'have'} no results yet; {way}" for n, of in told]


def warn_left_out(unreadable: Mapping[str, str]) -> None:
    """Warns of what is left out, and says why; of much, of the first."""
    if unreadable:
        each = listed(f"{path}: {why}" for path, why in unreadable.items())
        warn_caller(f"left out {len(unreadable)}: {each}; .attrs['unreadable'] has them all")


def tell_left_out(unreadable: Mapping[str, str]) -> None:
    """Says on stderr what is left out, and why."""
    for name, why in unreadable.items():
        print(printable(f"left out: {name}: {why}"), file=sys.stderr)


class Found:
    """The runs found so far, as text, and the folders that could not be read."""

    def __init__(self) -> None:
        self.unreadable: dict[str, str] = {}
        self.without_results: dict[str, tuple[int, int]] = {}
        """Of each sweep the jobs that have none, and all."""
        self._tables: list[Rows] = []
        self._paths: list[str] = []
        self._without = 0

    def add(self, path: str, end: JobEnd) -> None:
        """Adds the run that a path names, which is a row of its sweep."""
        self._tables.append(Rows(tuple(split(end.header)), [end.row]))
        self._paths.append(path)

    def look_into(self, folder: str, levels: int) -> None:
        """Adds the run in a folder, or the runs at most so many levels below it."""
        try:
            rows = read_rows(f"{folder}/results.csv")
            check_results(rows)
        except FileNotFoundError:
            self._look_without_table(folder, levels)
        except NOT_READABLE as error:
            self.unreadable[folder] = f"results.csv: {reason(error)}"
            self._look_without_table(folder, levels)
        else:
            if rows.names[0] == "job":
                self._add_sweep(folder, rows)
            else:
                self._tables.append(rows)
                self._paths.append(folder)

    def _look_without_table(self, folder: str, levels: int) -> None:
        """Adds what lies below a folder, such as jobs of a sweep whose table is damaged."""
        before = len(self._paths)
        self._look_below(folder, levels)
        names = (path.rpartition("/") for path in self._paths[before:])
        own = [name for place, _, name in names if place == folder and is_job_number(name)]
        self._look_for_others(Path(folder), {*map(int, own)})

    def _add_sweep(self, folder: str, rows: Rows) -> None:
        """The rows of a sweep's table; jobs that have ended since are read from their folders."""
        jobs = [line.partition(",")[0] for line in rows.lines]
        written = os.stat(f"{folder}/results.csv").st_mtime_ns
        later, links = ended_later(folder, jobs, written)
        self.unreadable |= {f"{folder}/{job}": "it is a link elsewhere" for job in links}
        out = later | links
        kept = zip(jobs, rows.lines, strict=True)
        lines = [line[len(job) + 1 :] for job, line in kept if job not in out]
        self._tables.append(Rows(rows.names[1:], lines))
        before = len(self._paths)
        self._paths += [f"{folder}/{job}" for job in jobs if job not in out]
        for job in sorted(later, key=in_order):
            self.look_into(f"{folder}/{job}", 0)
        there = {*map(int, links), *(int(path.rpartition("/")[2]) for path in self._paths[before:])}
        self._look_for_others(Path(folder), there)

    def _look_for_others(self, sweep: Path, there: set[int]) -> None:
        """Adds rows of a sweep that are not in its table; counts its jobs without results.

        Of one that runs, the file of rows is its own: who reads it may keep it waiting.
        """
        launch = last_launch(sweep)
        missing = [] if launch is None else launch.missing(there)
        rows = JobRows(sweep)
        with suppress(SnapshotError, ConflictError):  # its jobs are missing, then
            if missing and rows.is_there and not has_writer(sweep):
                kept = {*missing}.intersection(rows.numbers)
                for row in JobRows(sweep, kept) if kept else ():
                    self.add(f"{sweep}/{row.number}", KeptJob(row).end)
                    there.add(row.number)
        if left := sum(number not in there for number in missing):
            self.without_results[str(sweep)] = left, len(there) + left

    def _look_below(self, folder: str, levels: int) -> None:
        """Runs in the folders of a folder that holds no results itself."""
        try:
            with os.scandir(folder) as entries:
                inside = {entry.name: entry for entry in entries}
            if "run.json" in inside or RUN_FILES & set(inside):
                check_unfinished(folder)
                return
        except NOT_READABLE as error:
            self.unreadable.setdefault(folder, reason(error))
            return
        self._without += 1
        if self._without > MOST_FOLDERS:
            raise SnapshotError(
                f"{MOST_FOLDERS:,} folders without a run in them, the last {printable(folder)}; "
                "name the folder of the runs, such as outputs"
            )
        for name in sorted(inside, key=in_order) if levels else ():
            if inside[name].is_dir(follow_symlinks=False) and not name.startswith("."):
                self.look_into(inside[name].path, levels - 1)

    def table(self) -> pd.DataFrame:
        """All rows with their types; rows of damaged values are left out and named."""
        if not self._tables:
            return pd.DataFrame({"path": pd.array([], "string")})
        runs = parse(self._tables, TEXTS)
        runs["path"] = pd.array(self._paths, "string")
        sound = pd.Series(True, runs.index)
        results = [str(name) for name in runs.loc[:, "status":"path"]][:-1]
        for name in [*(["seed"] if "seed" in runs else []), *results]:
            runs[name], wrong = typed(runs[name], TYPES.get(name, number))
            if name == "status":
                wrong = runs[name].isna()
            for path in runs.loc[wrong, "path"]:
                self.unreadable[path] = f"results.csv: its '{name}' is not what that can be"
            sound &= ~wrong
        return unescaped(runs if sound.all() else runs[sound].reset_index(drop=True))


def has_writer(folder: Path) -> bool:
    """Whether a process holds a folder now, as who writes it does."""
    try:
        with locked(folder):
            return False
    except ConflictError:
        return True


def check_results(rows: Rows) -> None:
    """Raises ValueError for a table that does not hold the results of a run or of a sweep."""
    if "status" not in rows.names or not rows.lines:
        raise ValueError("it holds no results")
    if rows.names[0] == "job":
        jobs = [line.partition(",")[0] for line in rows.lines]
        if not all(map(is_job_number, jobs)):
            raise ValueError("its jobs are not numbered")
        if len(set(jobs)) < len(jobs):
            raise ValueError("it holds a job twice")
    elif len(rows.lines) > 1:
        raise ValueError(f"it holds {len(rows.lines)} rows, expected 1")


def ended_later(sweep: str, jobs: list[str], written: int) -> tuple[set[str], set[str]]:
    """The jobs of a sweep whose results are not in its table: ended, or resumed, after it.

    And those whose folders are links, which are not followed.
    """
    known = set(jobs)
    later, links = set(), set()
    with os.scandir(sweep) as entries:
        for entry in entries:
            if not is_job_number(entry.name):
                continue
            if entry.is_symlink():
                links.add(entry.name)
            elif entry.is_dir() and (entry.name not in known or changed(entry.path) > written):
                later.add(entry.name)
    return later, links


def changed(run: str) -> int:
    """When a run's results were written last, in nanoseconds; 0 when there are none."""
    try:
        return os.stat(f"{run}/results.csv").st_mtime_ns
    except OSError:
        return 0


def check_unfinished(folder: str) -> None:
    """Raises OSError or ValueError for a run without results that has not just not ended."""
    try:
        about = read_run(Path(folder))
    except ValueError as error:
        raise ValueError(f"run.json: {error}") from error
    if about["status"] in ENDED:
        raise ValueError(f"it has {about['status']}, and no results.csv")


def reason(error: BaseException) -> str:
    """Why a file cannot be read, without its name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{Path(error.filename or '').name}: {error.strerror}"
    return str(error)


def in_order(name: str) -> tuple[bool, int, str]:
    """Sorts numbered jobs by number."""
    return (is_job_number(name), int(name) if is_job_number(name) else 0, name)


def unescaped(runs: pd.DataFrame) -> pd.DataFrame:
    """Texts without the mark that keeps them from being a spreadsheet's formulas."""
    for name in map(str, runs.select_dtypes("string")):
        escaped = runs[name].str.match(f"'[{''.join(FORMULA)}]", na=False)
        if escaped.any():
            runs[name] = runs[name].mask(escaped, runs[name].str[1:])
    return runs

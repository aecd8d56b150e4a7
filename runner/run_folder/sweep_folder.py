"""The one reader of what a sweep left behind: which folders are its jobs, how they ended."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from runner.errors import ConflictError, SnapshotError, printable
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.job_rows import DamagedRowsError, JobRows, sound_rows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.layout import is_job_number
from runner.run_folder.ownership import check_empty, names_in
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import FAILED
from runner.run_folder.sweep_log import last_launch
from runner.run_folder.tables import columns_of, merge_rows, split
from runner.storage.files import storage_errors, write_atomically
from runner.storage.locks import locked
from runner.storage.reading import read_text

HALVING = "halving.csv"
"""Of a sweep that halves its jobs: how each did at each rung."""
BEGINNINGS = ("multirun.yaml", "sweep.log", HALVING)
"""What a sweep writes before its first job has begun."""
HALVED = re.compile(r"^  halving:\n    first: \d", re.MULTILINE)
"""In a sweep's multirun.yaml: its jobs wait at rungs."""
HYDRAS = re.compile(r"\.hydra|.*\.log")
"""What Hydra writes in a job's folder before the job begins."""
GUARDS = ("runner.application.folder_guard.FolderGuard", "runner.sweeping.results.SweepFolder")
"""What a sweep's multirun.yaml names, in this version and in those before."""


class Ended(NamedTuple):
    """What has become of a sweep's jobs."""

    jobs: int
    """How many have ended."""
    failed: list[JobEnd]
    """Those that did not do what they were asked to."""


class SweepFolder:
    """A sweep's folder, read anew whenever it is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def folders(self) -> dict[int, Path]:
        """The folders that are jobs', and links to such, in the order of their numbers.

        Nothing where there is no folder. Raises OSError where it cannot be read.
        """
        try:
            with os.scandir(self.path) as entries:
                names = [e.name for e in entries if is_job_number(e.name) and e.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return {number: self.path / str(number) for number in sorted(map(int, names))}

    @property
    def begun(self) -> dict[int, Path]:
        """Those whose job has begun: there is something named run.json."""
        folders = self.folders
        return {n: path for n, path in folders.items() if os.path.lexists(path / "run.json")}

    @property
    def rows(self) -> list[int]:
        """The numbers of jobs that are rows; none where nothing can be read of their file.

        Raises SnapshotError where it is none of the runner's, ConflictError where another holds it.
        """
        try:
            return JobRows(self.path).numbers
        except DamagedRowsError:
            return []

    @property
    def numbers(self) -> set[int]:
        """The numbers that jobs have, begun or ended."""
        return {*self.begun, *self.rows}

    @property
    def is_empty(self) -> bool:
        """Whether there is no job."""
        return not (self.folders or JobRows(self.path).is_there)

    def take_away_beginnings(self) -> None:
        """Removes what a sweep without a job has left, so that its folder may be taken again.

        Where there is more, such as half a file of one that was killed, all stays: by these the
        folder is known as a sweep's, which goes on there.
        """
        if names_in(self.path) <= {*BEGINNINGS}:
            for name in BEGINNINGS:
                (self.path / name).unlink(missing_ok=True)

    @property
    def jobs(self) -> list[Path]:
        """Its own that have begun; none where it is a run's folder itself."""
        if (self.path / "run.json").exists():
            return []
        begun = self.begun
        folders = [job for job in begun.values() if not job.is_symlink()]
        return [*folders, *(self.path / str(n) for n in self.rows if n not in begun)]

    @property
    def is_halved(self) -> bool:
        """Whether its jobs wait for each other at rungs, as its last launch was told."""
        return HALVED.search(self._config) is not None

    @property
    def statuses(self) -> dict[Path, str]:
        """Each of these and how it stands, by its run.json, or its row where it has no folder."""
        kept = {row.number: KeptJob(row).status for row in sound_rows(self.path)}
        told = {number: kept[number] for number in kept.keys() - self.begun.keys()}
        return {job: told.get(int(job.name)) or RunFolder(job).status for job in self.jobs}

    @property
    def never_started(self) -> int:
        """How many jobs of its last launch have neither folder nor row; 0 without a sweep.log."""
        launch = last_launch(self.path)
        return 0 if launch is None else len(launch.missing(self.numbers))

    @property
    def ended(self) -> Ended:
        """The jobs that have ended; results.csv then has a row for each.

        Where it has them already, as the pool leaves it, only the folders of failed jobs are read.
        Raises ConflictError where it has not, and another process holds the folder.
        """
        found: list[int] = []
        failed: list[int] = []
        try:
            for number, status in columns_of(self.path / "results.csv", ("job", "status")):
                found.append(int(number))
                if status in FAILED:
                    failed.append(found[-1])
        except (OSError, ValueError):
            found = []
        if sorted(found) != sorted({*self.folders, *self.rows}):
            with locked(self.path):
                jobs = self.collect()
            return Ended(len(jobs), [job for job in jobs if job.failed])
        ends = [self.end_of(number) for number in failed]
        return Ended(len(found), [end for end in ends if end is not None])

    def end_of(self, number: int) -> JobEnd | None:
        """How a job ended; None where it has not or cannot be read."""
        folder = self.path / str(number)
        try:
            kept = RunFolder(folder).kept
        except SnapshotError:
            return None
        return ended_job(folder, number) if kept is None else kept.end

    def collect(self) -> list[JobEnd]:
        """Writes results.csv from its jobs' own; how those that have ended did.

        For who holds the folder: a sweep that runs appends to that file.
        """
        folders = {number: path for number, path in self.folders.items() if number in self.begun}
        kept = {row.number: KeptJob(row).end for row in sound_rows(self.path)}
        found = [
            ended_job(folders[number], number) if number in folders else kept[number]
            for number in sorted({*folders, *kept})
        ]
        jobs = [end for end in found if end is not None]
        if jobs:
            with storage_errors(self.path):
                write_atomically(self.path / "results.csv", merge_rows(JobResults(jobs)))
        return jobs

    def named(self, end: JobEnd) -> str:
        """A job for people: its number, overrides, and what is said of its end."""
        overrides = " ".join(RunFolder(self.path / str(end.number)).overrides or ())
        return f"#{end.number} {overrides}: {end.text}"

    def check_place(self, *, again: bool) -> None:
        """Raises ConflictError for a folder that is neither empty nor a sweep's, to go on `again`.

        Beside a sweep's jobs there may lie what one likes, but not in the place of a job.
        """
        with storage_errors(self.path):
            folders, begun = self.folders, self.begun
        if "run.json" in names_in(self.path) or not (begun or self._has_config()):
            check_empty(self.path, "hydra.sweep.dir")
            return
        if not again:
            raise ConflictError(
                f"{printable(self.path)} already holds a sweep; give another hydra.sweep.dir"
            )
        for place in (folders[number] for number in folders if number not in begun):
            strange = [name for name in names_in(place) if not HYDRAS.fullmatch(name)]
            if strange:
                raise ConflictError(
                    f"{printable(place / min(strange))} is in the place of one of the sweep's "
                    "jobs; move it away or give another hydra.sweep.dir"
                )

    def _has_config(self) -> bool:
        """Whether its multirun.yaml is that of a sweep of the runner's."""
        return any(f"_target_: {name}" in self._config for name in GUARDS)

    @property
    def _config(self) -> str:
        """Its multirun.yaml; empty where that cannot be read."""
        try:
            return read_text(self.path / "multirun.yaml")
        except (OSError, ValueError):
            return ""


class JobResults(Collection[Mapping[str, str]]):
    """The results of jobs by column, made when they are asked for."""

    def __init__(self, ends: Sequence[JobEnd]) -> None:
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        for end in self._ends:
            cells = zip(split(end.header), split(end.row), strict=True)
            yield {"job": str(end.number), **dict(cells)}

    def __contains__(self, row: object) -> bool:
        return any(row == each for each in self)

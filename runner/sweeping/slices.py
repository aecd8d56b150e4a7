"""Slices of a sweep: jobs that a process runs one after the other, wherever that is.

A slice comes back with its ends. On a disk that it shares with the sweep it also keeps its rows as
they come, so that of one that is lost, or whose launcher gives up, what has ended is known.
"""

import shutil
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Self
from uuid import uuid4

from runner.errors import ConflictError, RunnerError, Stop, StorageError, printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRows, sound_rows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.writing_rows import JobRowsWriter
from runner.storage.files import storage_errors
from runner.storage.locks import locked
from runner.sweeping.job import Job, ended_at
from runner.sweeping.progress import See
from runner.sweeping.sweep import Sweep
from runner.training.stopping import Rung
from runner.training.threads import limited

FOLDER = ".slices"
CLOSED = "closed"
"""Tells slices that have not begun that nobody waits for them any more."""
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_REPORTS = 2.0


class Slices:
    """What the slices that are handed out together have on the sweep's disk: a folder each.

    A slice holds its folder while it runs.
    """

    def __init__(self, sweep: Path, name: str = "") -> None:
        self._name = name or uuid4().hex
        self.path = sweep / FOLDER / self._name

    @property
    def name(self) -> str:
        """Which no others have."""
        return self._name

    @contextmanager
    def made(self, count: int) -> Iterator[Self]:
        """Makes so many; takes away what they have left."""
        with storage_errors(self.path):
            for number in range(count):
                (self.path / str(number)).mkdir(parents=True)
        try:
            yield self
        finally:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    @contextmanager
    def taken(self, number: int) -> Iterator[Path | None]:
        """Holds a slice's folder; None where its disk is not the sweep's.

        Raises ConflictError where nobody waits for it, or another process runs it.
        """
        folder = self.path / str(number)
        if not folder.is_dir():
            yield None
            return
        with locked(folder):
            if (self.path / CLOSED).exists():
                raise ConflictError(f"{printable(folder)} is given to others")
            yield folder

    def close(self) -> None:
        """Waits for those that run; others will not begin."""
        with storage_errors(self.path):
            (self.path / CLOSED).touch()
        for folder in self.folders:
            while True:
                with suppress(ConflictError), locked(folder):
                    break
                time.sleep(SECONDS_BETWEEN_LOOKS)

    @property
    def rows(self) -> list[JobEnd]:
        """The ends of those of their jobs that are rows."""
        return [end for folder in self.folders for end in ends_in(folder)]

    @property
    def folders(self) -> list[Path]:
        """One each."""
        return [path for path in self.path.iterdir() if path.is_dir()]


def take_in(sweep: Path) -> None:
    """Puts among a sweep's rows those of slices whose sweep was killed before they came back.

    Raises ConflictError where the sweep is being run.
    """
    if not (sweep / FOLDER).is_dir():
        return
    with locked(sweep):
        # None where a job stands at no rung.
        known: dict[int, Rung | None] = dict.fromkeys(SweepFolder(sweep).numbers)
        known |= {row.number: KeptJob(row).rung for row in sound_rows(sweep)}
        writer = JobRowsWriter(sweep, durable=True)
        for folder in (sweep / FOLDER).glob("*/*/"):
            for row in sound_rows(folder):
                rung, before = KeptJob(row).rung, known.get(row.number)
                went_on = before is not None and (rung is None or rung.epochs > before.epochs)
                if row.number not in known or went_on:
                    writer.add(row)
                    known[row.number] = rung
        writer.flush()
        shutil.rmtree(sweep / FOLDER, ignore_errors=True)


def ends_in(folder: Path) -> list[JobEnd]:
    """What a slice has kept of its jobs."""
    return [KeptJob(row).ended(kept=row) for row in sound_rows(folder)]


def run_slice(sweep: Sweep, jobs: Sequence[Job], slices: Slices, number: int) -> Iterator[JobEnd]:
    """Runs a slice's jobs in this process; how each of them ended.

    Those that it has run before, in a process that was lost or put into a queue again, are told.
    Raises RunnerError where they would leave folders on another disk than the sweep's, and Stop
    where one was interrupted or cannot be recorded.
    """
    rows = sweep.options.rows
    with slices.taken(number) as folder, limited(1):
        if folder is None and not rows:
            raise RunnerError(
                f"{printable(slices.path)} is not there: jobs run on another disk than the "
                "sweep's; give a hydra.sweep.dir that all share, or sweep.record=rows"
            )
        ended = {end.number: end for end in ends_in(folder)} if folder and rows else {}
        yield from ended.values()
        left = [job for job in jobs if job.number not in ended]
        writer = JobRowsWriter(folder, durable=False) if folder and rows else None
        while left:
            found = sweep.run_some(left[: sweep.most_together])
            told = [end for end in found.values() if not is_cut_short(end)]
            if writer is not None:
                for end in told:
                    if end.kept is not None:
                        writer.add(end.kept)
                writer.flush()
            yield from told
            for end in filter(is_cut_short, found.values()):
                raise Stop(StorageError(end.refused) if end.refused else None, end.exit_code)
            left = [job for place, job in enumerate(left) if place not in found]


def is_cut_short(end: JobEnd) -> bool:
    """Whether a job is to be run again: it was interrupted, or could not be recorded."""
    return end.status == "interrupted" or bool(end.refused)


def found_in(sweep: Sweep, jobs: Sequence[Job], slices: Slices) -> list[JobEnd]:
    """The ends that slices have left on the sweep's disk of these jobs."""
    if sweep.options.rows:
        return slices.rows
    found = (ended_at(sweep.folder / str(job.number), job) for job in jobs)
    return [end for end in found if end is not None]


@contextmanager
def followed(sweep: Sweep, jobs: Sequence[Job], slices: Slices, see: See) -> Iterator[None]:
    """Tells meanwhile which jobs have ended, as far as the sweep's disk says.

    In a thread, for whoever hands slices out waits for all of them.
    """
    over = Event()

    def follow() -> None:
        told: set[int] = set()
        while not over.wait(SECONDS_BETWEEN_REPORTS):
            with suppress(RunnerError, OSError):  # a folder may vanish, a file be half there
                for end in ended_since(sweep, jobs, slices, told):
                    told.add(end.number)
                    see(end)
            see(None)

    thread = Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def ended_since(
    sweep: Sweep, jobs: Sequence[Job], slices: Slices, told: Container[int]
) -> Iterator[JobEnd]:
    """As `found_in`, of those jobs that nobody was told of."""
    if not sweep.options.rows:
        yield from found_in(sweep, [job for job in jobs if job.number not in told], slices)
        return
    for folder in slices.folders:
        new = [number for number in JobRows(folder).numbers if number not in told]
        yield from (KeptJob(row).end for row in JobRows(folder, new))


def divided(jobs: Sequence[Job], count: int) -> list[Sequence[Job]]:
    """So many slices of about as many jobs; where there are fewer jobs, one each."""
    count = min(count, len(jobs))
    bounds = [len(jobs) * place // count for place in range(count + 1)]
    return [jobs[first:last] for first, last in pairwise(bounds)]

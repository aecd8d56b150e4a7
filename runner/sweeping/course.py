"""The course of a sweep that halves its jobs: what is handed out, and how each job ended."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from runner.errors import SettingsError, printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.statuses import PRUNED
from runner.run_folder.tables import columns_of
from runner.standard_output import tell
from runner.sweeping.halving import END, Halving, Standing, rung_after
from runner.sweeping.job import Job
from runner.sweeping.progress import See
from runner.sweeping.rungs_file import AtRung, RungsFile
from runner.sweeping.sweep import Sweep
from runner.sweeping.tally import GOES_ON
from runner.training.metrics import TEST, VALIDATION, higher_is_better
from runner.training.stopping import RUNG


class Course:
    """A sweep's jobs on their way from rung to rung.

    jobs: those that have not come to their ends; of the others an earlier launch has told.
    see: is told of each that stands or goes on.
    """

    def __init__(self, sweep: Sweep, jobs: Sequence[Job], see: See) -> None:
        first, factor = sweep.options.halving.first, sweep.options.halving.factor
        assert first is not None
        self._sweep, self._see = sweep, see
        self._jobs = {job.number: job for job in jobs}
        self._file = RungsFile(sweep.folder, sweep.ranked_by)
        self._sign = 1 if higher_is_better(sweep.ranked_by) else -1
        pruned = sweep.earlier.pruned
        self._standing = {number: pruned[number] for number in self._jobs if number in pruned}
        """How jobs stand that wait at a rung."""
        self._out = 0
        """So many jobs have been handed out and have not come back."""
        for end in self._standing.values():
            see(end)
        for end in sweep.earlier.finished(self._file.ended):  # such as by runner.resume SWEEP/N
            self._file.add(end, rung_after(epochs_of(end), first, factor))
        self._halving = Halving({*self._jobs, *self._file.ended}, first, factor)
        self._places = {number: place for place, number in enumerate(self._halving.order)}
        self.first = self._to_hand_out((number, 0) for number in self._places)
        """The jobs that are to be handed out first."""

    def ends(
        self, coming: Iterable[tuple[Job, JobEnd]], hand_out: Callable[[Job], object]
    ) -> Iterator[JobEnd]:
        """How each job ended; at last of those that were pruned.

        coming: jobs as they come to where they were to go. hand_out: has another one run.
        """
        with self._file:
            for job, end in coming:
                self._out -= 1
                if end.status == "interrupted" or end.refused:
                    yield end
                    continue
                going_on = self._come(job, end)  # told of before others know that it has ended
                if end.status == PRUNED:
                    self._standing[job.number] = self._sweep.keep(end)
                else:
                    yield end
                for other in self._to_hand_out(going_on):
                    hand_out(other)
            yield from self._standing.values()

    def _come(self, job: Job, end: JobEnd) -> Iterable[tuple[int, int]]:
        """Tells that a job has come to its rung, or its end; who goes on by that, and to which."""
        if job.rung is None:  # on the way to its end: told of as of a last rung
            at, place = self._file.add(end, self._halving.top + 1), END
        else:
            at, place = self._file.add(end, job.rung.number), job.rung.number
        return self._halving.come(job.number, place, self._ranked(at))

    def place(self, job: Job) -> int:
        """A number for a job on its way to a rung, which no other has."""
        slot = 0 if job.rung is None else job.rung.number + 1
        return slot * len(self._places) + self._places[job.number]

    def job_at(self, place: int) -> Job:
        """The job that has this number."""
        slot, place = divmod(place, len(self._places))
        job = self._jobs[self._halving.order[place]]
        return replace(job, rung=self._halving.rung(slot - 1))

    def _to_hand_out(self, sent: Iterable[tuple[int, int]]) -> list[Job]:
        """The jobs of those sent to rungs that are to be run; where there is none left, the last.

        Of the others an earlier launch has told how they stand there.
        """
        found, queue = [], deque(sent)
        while queue:
            number, rung = queue.popleft()
            if (at := self._told(number, rung)) is None:
                found.append(self._going(number, rung))
            else:
                queue.extend(self._halving.come(number, rung, self._ranked(at)))
        self._out += len(found)
        last = self._halving.last
        if not self._out and last in self._jobs:
            found, self._out = [self._going(last, END)], 1
        return found

    def _told(self, number: int, rung: int) -> AtRung | None:
        """How a job stood at a rung, where it has come there or further."""
        if number not in self._jobs:
            return self._file.at(number, rung)
        at, end = self._halving.rung(rung), self._standing.get(number)
        assert at is not None
        if end is None:  # it has not begun, or was interrupted, be it on the way to a later rung
            known = self._file.at(number, rung)
            went_on = was_trained_beyond(self._sweep.folder / str(number), at.epochs)
            return known if known is not None and known.status == PRUNED and went_on else None
        if epochs_of(end) < at.epochs:
            return None
        # Where its line is lost, as good as it is by now.
        return self._file.at(number, rung) or self._file.add(end, rung)

    def _going(self, number: int, rung: int) -> Job:
        """A job that goes on to a rung."""
        if self._standing.pop(number, None) is not None:
            self._see(JobEnd(number, GOES_ON, ""))
        return replace(self._jobs[number], rung=self._halving.rung(rung))

    def _ranked(self, at: AtRung) -> Standing:
        rank = -math.inf if math.isnan(at.value) else self._sign * at.value
        return Standing(rank, at.status != PRUNED)


def epochs_of(end: JobEnd) -> int:
    """How many epochs a job has been trained."""
    return int(end.cell("epochs") or 0)


def was_trained_beyond(run: Path, epochs: int) -> bool:
    """Whether a run's history goes on after so many epochs."""
    try:
        return any(int(epoch) > epochs for (epoch,) in columns_of(run / "history.csv", ["epoch"]))
    except (OSError, ValueError):
        return False


def check_rungs(sweep: Sweep) -> None:
    """Raises SettingsError where jobs of an earlier launch wait at rungs that are no more."""
    first, factor = sweep.options.halving.first, sweep.options.halving.factor
    for end in sweep.earlier.pruned.values():
        number = end.cell("stop_reason").removeprefix(RUNG)
        if first is None or not number.isdecimal():
            continue
        if first * factor ** int(number) != epochs_of(end):
            raise SettingsError(
                f"sweep.halving.first={first}, factor={factor}: #{end.number} of "
                f"{printable(sweep.folder)} was pruned after {epochs_of(end)} epochs, where these "
                "have no rung; expected the first and factor that it was begun with, another "
                "hydra.sweep.dir, or no halving, which runs all to their ends"
            )


def tell_ranking(column: str) -> None:
    """Says what is to be kept in mind of the column by which jobs are ranked."""
    if column.startswith(VALIDATION):
        return
    held_out = f"dataset.validation=0.1 stopping.metric={VALIDATION}{column.removeprefix(TEST)}"
    of = "test data, which then say too much good of who wins"
    if not column.startswith(TEST):
        of = "training data"
    tell(f"Halving ranks jobs by {column}, on {of}; {held_out} ranks them by data held out")

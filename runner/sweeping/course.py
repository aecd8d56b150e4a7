"""The course of a sweep that halves its jobs: what is handed out, and how each job ended.

Who goes on is a function of the jobs that a launch has and of their numbers: how one does at a rung
follows from its configuration. So what earlier launches have left, halved or not and ranked by
whatever, only spares work: what it does not tell is computed again.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from runner.errors import SnapshotError, counted
from runner.run_folder.job_end import JobEnd
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.statuses import PRUNED
from runner.standard_output import tell
from runner.sweeping.halving import END, Halving, Standing
from runner.sweeping.job import Job
from runner.sweeping.progress import See
from runner.sweeping.rungs_file import AtRung, RungsFile
from runner.sweeping.sweep import Sweep
from runner.sweeping.tally import GOES_ON
from runner.training.metrics import TEST, VALIDATION, higher_is_better
from runner.training.stopping import Rung

Asked = tuple[int, int]
"""A job and the rung at which it is asked how it does."""
ANYWHERE = ("max_steps", "max_seconds", "diverged")
"""Why a run may end in the middle of an epoch, where its batches are smaller."""


class Course:
    """A sweep's jobs on their way from rung to rung.

    known: the jobs of this launch, with the ends of those that have come to them before.
    see: is told of each that waits or goes on.
    """

    def __init__(self, sweep: Sweep, known: Sequence[tuple[Job, JobEnd | None]], see: See) -> None:
        self._sweep, self._see = sweep, see
        self._column = sweep.ranked_by
        self._sign = 1 if higher_is_better(self._column) else -1
        self._jobs = {job.number: job for job, _ in known}
        left = {job.number for job, end in known if end is None}
        self._ended = {end.number: end for end in sweep.earlier.finished(self._jobs.keys() - left)}
        self._waiting = {n: end for n, end in sweep.earlier.pruned.items() if n in left}
        """Jobs that wait at a rung, and how they came there."""
        halving = sweep.options.halving
        assert halving.first is not None
        self._halving = Halving(self._jobs, halving.first, halving.factor)
        self._places = {number: place for place, number in enumerate(self._halving.order)}
        begun = {n: epochs_begun(sweep.folder / str(n)) for n in left - self._waiting.keys()}
        trained = {n: end.epochs for n, end in (self._ended | self._waiting).items()} | begun
        configurations = {number: sweep.fingerprint(job) for number, job in self._jobs.items()}
        self._file = RungsFile(sweep.folder, self._column, configurations)
        self._values = self._file.values(self._halving, trained)
        """How jobs did at rungs, where that is known; NaN is worst."""
        self._ended_by = set[Asked]()
        """Jobs that are known to have come no further than a rung's very epoch."""
        for end in self._waiting.values():
            see(end)
            self._note(end)
        self._resting: dict[int, list[Asked]] = {n: [] for n, epochs in begun.items() if epochs}
        """Jobs that were ended on their way, to be brought to a rung first; and what is then asked
        of them."""
        self._out = len(self._resting)
        """So many jobs have been handed out and have not come to where they were to go."""
        resting = [
            replace(self._jobs[n], rung=self._halving.rung(self._halving.rung_after(begun[n])))
            for n in self._resting
        ]
        self.handed_out = [*resting, *self._to_hand_out((n, 0) for n in self._places)]
        """The jobs that are to be run first."""
        if again := sum(job.recomputed for job in self.handed_out):
            tell(f"how {counted(again, 'job')} did at an earlier rung is computed again")

    @property
    def is_over(self) -> bool:
        """Whether all that were handed out have come to where they were to go."""
        return not self._out

    def ends(
        self, coming: Iterable[tuple[Job, JobEnd]], hand_out: Callable[[Job], object]
    ) -> Iterator[JobEnd]:
        """How each job ended; at last of those that were pruned.

        coming: jobs as they come to where they were to go. hand_out: has another one run. One that
        is interrupted comes nowhere: those that are ranked after it wait, for another launch.
        """
        with self._file:
            for job, end in coming:
                if end.status == "interrupted" or end.refused:
                    if not job.recomputed:
                        yield end
                    continue
                asked = self._take_in(job, end)
                if not job.recomputed and end.status == PRUNED:
                    self._waiting[job.number] = self._sweep.keep(end)
                elif not job.recomputed:
                    yield end
                for other in self._to_hand_out(asked):
                    hand_out(other)
            yield from self._waiting.values()

    def place(self, job: Job) -> int:
        """A number for a job on its way to a rung, which no other has."""
        slot = 2 * (1 + (END if job.rung is None else job.rung.number)) + job.recomputed
        return slot * len(self._places) + self._places[job.number]

    def job_at(self, place: int) -> Job:
        """The job that has this number."""
        slot, place = divmod(place, len(self._places))
        rung, recomputed = divmod(slot, 2)
        job = self._jobs[self._halving.order[place]]
        return replace(job, rung=self._halving.rung(rung - 1), recomputed=bool(recomputed))

    def _take_in(self, job: Job, end: JobEnd) -> list[Asked]:
        """Takes in how a job did at its rung, or ended; what is asked by that."""
        self._out -= 1
        number, rung = job.number, END if job.rung is None else job.rung.number
        if end.status == PRUNED:
            self._note(end)
            return self._resting.pop(number, [(number, rung)])
        if not job.recomputed:
            self._ended[number] = end
        elif not is_same(end, self._ended.get(number)):  # such as of its process: for this launch
            standing = Standing(self._rank(self._value(end)), ended=False)
            return list(self._halving.come(number, rung, standing))
        self._ended_by.add((number, rung))
        return self._resting.pop(number, [(number, rung)])

    def _to_hand_out(self, asked: Iterable[Asked]) -> list[Job]:
        """The jobs that are to be run for what is asked; where there is none left, the last."""
        found, queue = [], deque(asked)
        while True:
            while queue:
                number, rung = queue.popleft()
                if number in self._resting:
                    self._resting[number].append((number, rung))
                elif (standing := self._standing(number, rung)) is not None:
                    queue.extend(self._halving.come(number, rung, standing))
                else:
                    found.append(self._on_its_way(number, rung))
            last = self._halving.last
            if found or self._out or last is None:
                break
            queue.append((last, END))
        self._out += len(found)
        return found

    def _standing(self, number: int, rung: int) -> Standing | None:
        """How a job does at a rung, which is written down; None where that is not known."""
        place, value = self._halving.rung(rung), self._values.get((number, rung))
        if place is not None and value is not None:
            self._file.add(number, rung, AtRung(place.epochs, PRUNED, value))
            return Standing(self._rank(value), ended=False)
        end = self._ended.get(number)
        if end is None or (place is not None and self._may_have_passed(end, place)):
            return None
        if place is None:
            rung = max(self._halving.top + 1, self._halving.rung_after(end.epochs))
        value = self._value(end)
        self._file.add(number, rung, AtRung(end.epochs, end.status, value))
        return Standing(self._rank(value), ended=True)

    def _may_have_passed(self, end: JobEnd, rung: Rung) -> bool:
        """Whether a job may have ended after a rung, such as in the middle of the next epoch."""
        if end.epochs != rung.epochs:
            return end.epochs > rung.epochs
        midway = end.cell("stop_reason") in ANYWHERE and end.steps != end.epochs
        return midway and (end.number, rung.number) not in self._ended_by

    def _on_its_way(self, number: int, rung: int) -> Job:
        """A job that is to come to a rung, or to be asked how it did there."""
        place, waiting = self._halving.rung(rung), self._waiting.get(number)
        further = waiting is not None and place is not None and waiting.epochs > place.epochs
        if further or number in self._ended:
            return replace(self._jobs[number], rung=place, recomputed=True)
        if self._waiting.pop(number, None) is not None:
            self._see(JobEnd(number, GOES_ON, ""))
        return replace(self._jobs[number], rung=place)

    def _note(self, end: JobEnd) -> None:
        """Takes in how a job did at the rung where it waits, if it is one of this launch's."""
        rung = self._halving.rung_after(end.epochs)
        if self._halving.rung(rung) == (rung, end.epochs):
            self._values[end.number, rung] = self._value(end)

    def _value(self, end: JobEnd) -> float:
        """By which a job is ranked; NaN where it has none."""
        return float(("" if end.failed else end.cell(self._column)) or math.nan)

    def _rank(self, value: float) -> float:
        return -math.inf if math.isnan(value) else self._sign * value


def is_same(end: JobEnd, before: JobEnd | None) -> bool:
    """Whether a job that is computed again has come to the end that it had before."""
    return before is not None and (end.status, end.steps) == (before.status, before.steps)


def epochs_begun(run: Path) -> int:
    """How many epochs a run has begun that was ended on its way, as far as it can go on from there.

    0 where it begins anew.
    """
    for path in reversed(RunFolder(run).snapshots.values()):
        try:
            state = load_snapshot(path)
        except SnapshotError:
            continue
        return state.epoch + (state.position > 0)
    return 0


def tell_ranking(sweep: Sweep) -> None:
    """Says what is to be kept in mind of how jobs are ranked."""
    column, data = sweep.ranked_by, len(sweep.data_checks.data)
    if unknown := sweep.data_checks.unknown:
        tell(
            f"Halving ranks jobs by {column}; whether all have it, and of the same loss, is not "
            f"known: the data of {counted(unknown, 'kind')} of jobs could not be looked at"
        )
    if data > 1:
        tell(
            f"Halving ranks jobs of {data} data sets with each other, so that those of the easiest "
            "go on; a sweep for each prunes within it"
        )
    if column.startswith(VALIDATION):
        return
    key = "stopping.metric" if sweep.options.objective is None else "sweep.objective"
    held_out = f"dataset.validation=0.1 {key}={VALIDATION}{column.removeprefix(TEST)}"
    of = "test data, which then say too much good of who wins"
    if not column.startswith(TEST):
        of = "training data"
    tell(f"Halving ranks jobs by {column}, on {of}; {held_out} ranks them by data held out")

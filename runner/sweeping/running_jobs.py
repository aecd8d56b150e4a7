"""Jobs run in processes, their ends in order, whatever signals come."""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import NamedTuple

from runner.errors import INTERRUPTED, ConflictError, Stop, StorageError, are, printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.writing import machine
from runner.signals import WARNINGS, end_at_once, ended_by, handled
from runner.standard_output import forget_terminal, tell
from runner.storage.locks import locked
from runner.sweeping.earlier_jobs import Earlier, numbers_for
from runner.sweeping.job import Job
from runner.sweeping.pool import Lost, Pool
from runner.sweeping.sweep import Sweep
from runner.sweeping.tally import SweepLog, Tally
from runner.training.threads import limited

SECONDS_TOGETHER = 0.25
"""A process tells of its jobs when they have taken so long together."""
MOST_TOGETHER = 1024
"""Jobs in a slice."""


def run_jobs(sweep: Sweep, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobEnd]:
    """Runs jobs numbered from `first` on; how each of them ended, in the order given."""
    if not job_overrides:
        return []
    known = taken_up(sweep, job_overrides, first)
    jobs = [job for job, end in known if end is None]
    ends = {job.number: end for job, end in known if end is not None}
    names = names_of(known) if sweep.is_search else short_names(known)
    tally = Tally(len(jobs), sweep.workers, sweep.options.objective, names)
    for end in ends.values():
        tally.compare(end)
    by_number = {job.number: job for job in jobs}
    if jobs:
        sweep.load_kernels()
        machine()  # known here, a process that is forked asks no lock that another thread holds
    with alone(sweep, jobs):
        try:
            with (
                limited(1),
                SweepLog(sweep.folder) as log,
                sweep.watched(tally) as see,
                running(sweep, jobs, see) as coming,
            ):
                log.begin(len(jobs), len(ends))
                for end in coming:
                    if end.refused:
                        raise StorageError(end.refused)
                    if end.failed or not sweep.options.rows:
                        log.add(end, " ".join(by_number[end.number].overrides))
                    ends[end.number] = sweep.add(end)
        except Stop:
            tell(going_on(sweep, len(known), ends.values()))
            raise
        finally:
            sweep.table.finish()
    if sweep.options.fail_fast and any(
        ends[number].failed for number in by_number if number in ends
    ):
        raise Stop(None, 1)
    if any(end.status == "interrupted" for end in ends.values()):  # by a signal to its process
        raise Stop(None, INTERRUPTED["SIGTERM"])
    return [ends[job.number] for job, _ in known]


def going_on(sweep: Sweep, jobs: int, ends: Iterable[JobEnd]) -> str:
    """What is left of a sweep that was interrupted, and how to have it done."""
    left = jobs - sum(end.status != "interrupted" for end in ends)
    folder = printable(sweep.folder)
    if not left:
        return f"all jobs have ended; their results are in {folder}/results.csv"
    them = "it" if left == 1 else "them"
    command = f"the same command with hydra.sweep.dir={folder}"
    return f"{are(left, 'job')} left; {command} runs {them}"


@contextmanager
def alone(sweep: Sweep, jobs: Sequence[Job]) -> Iterator[None]:
    """Holds the sweep's folder while these jobs run; it then says what sweep it is.

    Raises ConflictError where another sweep holds it, or has begun one of them since.
    """
    with locked(sweep.folder):
        begun = SweepFolder(sweep.folder).numbers - sweep.numbers
        if taken := [job for job in jobs if job.number in begun]:
            raise ConflictError(
                f"{printable(sweep.folder)} has been used by another sweep in the meantime, for "
                f"#{taken[0].number} too; the same command goes on with what is missing"
            )
        sweep.save_config()
        yield


def names_of(known: Sequence[tuple[Job, JobEnd | None]]) -> dict[int, str]:
    """Of each job its number and all its overrides: a search's launches differ in any of them."""
    return {job.number: job.name for job, _ in known}


def short_names(known: Sequence[tuple[Job, JobEnd | None]]) -> dict[int, str]:
    """Of each job its number, and the overrides that not all have."""
    common = set(known[0][0].overrides).intersection(*(job.overrides for job, _ in known))
    return {
        job.number: " ".join([f"#{job.number}", *(t for t in job.overrides if t not in common)])
        for job, _ in known
    }


def taken_up(
    sweep: Sweep, job_overrides: Sequence[Sequence[str]], first: int
) -> list[tuple[Job, JobEnd | None]]:
    """Jobs numbered from `first` on, as `picked_up` gives them, in the sweep's folder."""
    jobs = [Job(first + index, list(texts)) for index, texts in enumerate(job_overrides)]
    known = picked_up(sweep, jobs, first)
    if finished := sum(end is not None for _, end in known):
        tell(f"{are(finished, 'job')} finished, {len(known) - finished:,} to run")
    return known


def picked_up(sweep: Sweep, jobs: Sequence[Job], first: int) -> list[tuple[Job, JobEnd | None]]:
    """The jobs, under the numbers of those that an earlier launch began, with its finished ends.

    Raises RunnerError, before any starts, for a job that cannot be run.
    """
    if not sweep.earlier:
        for job in jobs:
            sweep.checked(job)
        sweep.check_data()
        return [(job, None) for job in jobs]
    known: list[Earlier | None] = []
    for job in jobs:
        before = sweep.like(job)
        known.append(sweep.earlier.same(sweep.checked(job)) if before is None else before)
    if any(before is None or before.end is None for before in known):
        sweep.check_data()
    numbers = numbers_for(known, first, sweep.earlier.numbers)
    return [
        (Job(number, job.overrides), None if before is None else before.end)
        for job, before, number in zip(jobs, known, numbers, strict=True)
    ]


@contextmanager
def running(
    sweep: Sweep, jobs: Sequence[Job], see: Callable[[JobEnd | None], None]
) -> Iterator[Iterator[JobEnd]]:
    """The jobs' ends, in their order, while processes work on them.

    see: called with each end as it comes, and with None while none comes.
    Raises Stop after a signal, when the running jobs have been interrupted.
    """
    workers = max(1, min(sweep.workers, len(jobs)))
    pool = Pool(
        lambda task: run_slice(sweep, jobs, slice_of(task)),
        list(map(task_of, slices(len(jobs), workers, sweep.most_together))),
        workers,
        last=lambda done: any(end.status == "interrupted" for end in done.ends),
    )
    received: list[str] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if received:
            pool.kill()
            end_at_once(received[0])
        received.append(signal.Signals(number).name)
        forget_terminal(received[0])
        pool.stop(number)

    def warn(number: int, _frame: FrameType | None) -> None:
        pool.signal(number)
        if sweep.stop_on_warning and not received:
            handle(signal.SIGTERM, None)

    handlers = dict.fromkeys(ended_by(), handle) | dict.fromkeys(WARNINGS, warn)
    try:
        with handled(handlers):
            yield in_order(ends_of(pool, sweep, jobs, see))
    finally:
        pool.close()
    if received:
        raise Stop(None, INTERRUPTED[received[0]])


def ends_of(
    pool: Pool, sweep: Sweep, jobs: Sequence[Job], see: Callable[[JobEnd | None], None]
) -> Iterator[tuple[int, JobEnd]]:
    """Each job's place and end, as it comes; one whose process dies early is tried twice.

    Where the first failure is to end the sweep, or one cannot be recorded, the jobs that run are
    then interrupted.
    """
    retried: set[int] = set()
    stopped = False
    for event in pool.results(lambda: see(None)):
        if not isinstance(event, Lost):
            task, done = event
            found = list(zip(slice_of(task), done.ends, strict=False))
            if left := slice_of(task)[len(found) :]:
                pool.again(task_of(left))
        elif event.task is not None:
            found = []
            for place in slice_of(event.task):
                again = len(slice_of(event.task)) > 1 or place not in retried
                lost = sweep.lost(jobs[place], ending(event.exit_code), again=again)
                if lost is None:
                    retried.add(place)
                    pool.again(task_of(range(place, place + 1)))
                else:
                    found.append((place, lost))
        else:
            continue
        for place, told in found:
            end = replace(told, header=sys.intern(told.header))  # one text for all with its columns
            see(end)
            yield place, end
            if not stopped and (end.refused or (sweep.options.fail_fast and end.failed)):
                stopped = True
                pool.stop(signal.SIGTERM)


def in_order(ends: Iterator[tuple[int, JobEnd]]) -> Iterator[JobEnd]:
    """Each end once those before it have come; at the end what is left."""
    early: dict[int, JobEnd] = {}
    following = 0
    for task, end in ends:
        early[task] = end
        while following in early:
            yield early.pop(following)
            following += 1
    yield from (early[task] for task in sorted(early))


class Done(NamedTuple):
    """What a process has come to with a slice."""

    ends: list[JobEnd]
    """Of its first jobs; the others are to be handed out again."""


def run_slice(sweep: Sweep, jobs: Sequence[Job], places: range) -> Done:
    """Runs some jobs, one after the other, for about as long as a person waits for news."""
    ends: list[JobEnd] = []
    began = time.monotonic()
    for place in places:
        ends.append(sweep.run(jobs[place]))
        if ends[-1].status == "interrupted" or time.monotonic() > began + SECONDS_TOGETHER:
            break
    return Done(ends)


def slices(jobs: int, workers: int, most: int) -> Iterator[range]:
    """The places of jobs that a process takes together: fewer the fewer are left."""
    first = 0
    while first < jobs:
        count = min(max(1, (jobs - first) // (4 * workers)), most)
        yield range(first, first + count)
        first += count


def task_of(places: range) -> int:
    """A slice as a pool's task, whose number is all that its processes are told."""
    return places.start * MOST_TOGETHER + len(places) - 1


def slice_of(task: int) -> range:
    """The places of the jobs that a task is."""
    first, more = divmod(task, MOST_TOGETHER)
    return range(first, first + more + 1)


def ending(exit_code: int) -> str:
    """Why a process ended, in words."""
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"

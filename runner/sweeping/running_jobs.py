"""Jobs run in processes, and their ends taken in, whatever signals come."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from runner.errors import INTERRUPTED, ConflictError, Stop, StorageError, are, printable
from runner.run_folder.job_end import JobEnd
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.sweep_log import Launch, stretches
from runner.run_folder.writing import machine
from runner.signals import WARNINGS, end_at_once, ended_by, handled, unheeded
from runner.standard_output import forget_terminal, tell
from runner.storage.locks import locked
from runner.sweeping.course import Course, tell_ranking
from runner.sweeping.earlier_jobs import Earlier, numbers_for
from runner.sweeping.job import Job
from runner.sweeping.pool import MOST_WAITING, Lost, Pool
from runner.sweeping.pool_kinds import start_pool
from runner.sweeping.progress import See
from runner.sweeping.sweep import Sweep
from runner.sweeping.tally import SweepLog, Tally
from runner.training.threads import limited

MOST_TOGETHER = 1024
"""Jobs in a slice."""


Running = Callable[
    [Sweep, Sequence[Job], See, Course | None], AbstractContextManager[Iterator[JobEnd]]
]
"""Gives the ends of jobs while it has them run, in the course that they have, if there is one."""


def run_jobs(
    sweep: Sweep,
    job_overrides: Sequence[Sequence[str]],
    first: int,
    runs: Running | None = None,
    watched: Callable[[Tally], AbstractContextManager[See]] | None = None,
) -> list[JobEnd]:
    """Runs jobs numbered from `first` on; how each of them ended, in the order given.

    runs: has them run; by default processes of this machine. watched: shows how they stand.
    """
    if not job_overrides:
        return []
    sweep.rank_as(Job(first, list(job_overrides[0])))
    known = taken_up(sweep, job_overrides, first)
    if sweep.halves:
        tell_ranking(sweep)
    jobs = [job for job, end in known if end is None]
    ends = {job.number: end for job, end in known if end is not None}
    course: Course | None = None
    tally = Tally(len(jobs), sweep.workers, sweep.best_by, Names(sweep, known))
    for end in ends.values():
        tally.compare(end)
    by_number = {job.number: job for job in jobs}
    refused = ""

    def left() -> int:
        return len(known) - sum(end.status != "interrupted" for end in ends.values())

    with alone(sweep, jobs), SweepLog(sweep.folder, left) as log:
        try:
            with limited(1), (watched or sweep.watched)(tally) as see:
                course = Course(sweep, known, see) if sweep.halves else None
                numbers = stretches(sorted(job.number for job, _ in known))
                log.begin(Launch(numbers, len(ends), sweep.best_by))
                with (runs or running)(sweep, jobs, see, course) as coming:
                    for end in coming:
                        refused = refused or end.refused
                        if end.refused:  # those that run are interrupted, and come yet
                            continue
                        if end.failed or not sweep.options.rows:
                            log.add(end, " ".join(by_number[end.number].overrides))
                        ends[end.number] = sweep.add(end)
        except Stop:
            tell(going_on(sweep, left(), course))
            raise
        finally:
            sweep.finish()
        if refused:
            raise StorageError(refused)
        if sweep.options.fail_fast and any(
            ends[number].failed for number in by_number if number in ends
        ):
            raise Stop(None, 1)
        interrupted = any(end.status == "interrupted" for end in ends.values())
        if interrupted or not (course is None or course.is_over):  # by a signal to its process
            tell(f"a job's process was interrupted; {going_on(sweep, left(), course)}")
            raise Stop(None, INTERRUPTED["SIGTERM"])
    return [ends[job.number] for job, _ in known]


def going_on(sweep: Sweep, left: int, course: Course | None = None) -> str:
    """What is left of a sweep that was interrupted, and how to have it done."""
    folder = printable(sweep.folder)
    command = f"the same command with hydra.sweep.dir={folder}"
    if not left and course is not None and not course.is_over:
        return f"who goes on is not decided yet; {command} goes on with that"
    if not left:
        return f"all jobs have ended; their results are in {folder}/results.csv"
    them = "it" if left == 1 else "them"
    return f"{are(left, 'job')} left; {command} runs {them}"


@contextmanager
def alone(sweep: Sweep, jobs: Sequence[Job]) -> Iterator[None]:
    """Holds the sweep's folder while these jobs run; it then says what sweep it is.

    Raises ConflictError where another sweep holds it, or has begun one of them since.
    """
    with locked(sweep.folder):
        begun = SweepFolder(sweep.folder).numbers - sweep.earlier.there if jobs else set()
        if taken := [job for job in jobs if job.number in begun]:
            raise ConflictError(
                f"{printable(sweep.folder)} has been used by another sweep in the meantime, for "
                f"#{taken[0].number} too; the same command goes on with what is missing"
            )
        sweep.save_config()
        sweep.begin()
        yield


class Names(Mapping[int, str]):
    """Of each job its number and the overrides that not all have, put together when asked for.

    Of a search's all, for its launches differ in any of them.
    """

    def __init__(self, sweep: Sweep, known: Sequence[tuple[Job, JobEnd | None]]) -> None:
        self._jobs = {job.number: job for job, _ in known}
        first = () if sweep.is_search else known[0][0].overrides
        self._common = set(first).intersection(*(job.overrides for job, _ in known))

    def __getitem__(self, number: int) -> str:
        own = (text for text in self._jobs[number].overrides if text not in self._common)
        return " ".join([f"#{number}", *own])

    def __iter__(self) -> Iterator[int]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)


def taken_up(
    sweep: Sweep, job_overrides: Sequence[Sequence[str]], first: int
) -> list[tuple[Job, JobEnd | None]]:
    """Jobs numbered from `first` on, as `picked_up` gives them, in the sweep's folder."""
    jobs = [Job(first + index, list(texts)) for index, texts in enumerate(job_overrides)]
    known = picked_up(sweep, jobs, first)
    pruned = sum(job.number in sweep.earlier.pruned for job, end in known if end is None)
    finished = sum(end is not None for _, end in known)
    if finished or pruned:
        left = len(known) - finished
        waiting = f", {pruned:,} of them pruned until now" if pruned else ""
        if sweep.halves and pruned:
            left -= pruned
            waiting = f", {pruned:,} pruned, of which those go on that the ranking sends on"
        tell(f"{are(finished, 'job')} finished, {left:,} to run{waiting}")
    return known


def picked_up(sweep: Sweep, jobs: Sequence[Job], first: int) -> list[tuple[Job, JobEnd | None]]:
    """The jobs, under the numbers of those that an earlier launch began, with its finished ends.

    Raises RunnerError, before any starts, for a job that cannot be run.
    """
    if not sweep.earlier:
        for job in jobs:
            sweep.check(job)
        sweep.check_data()
        return [(job, None) for job in jobs]
    known: list[Earlier | None] = []
    for job in jobs:
        before = sweep.like(job)
        if before is None:
            sweep.check(job)
            before = sweep.earlier.same(sweep.values(job))
        known.append(before)
    if sweep.halves or any(before is None or before.end is None for before in known):
        sweep.check_data()
    numbers = numbers_for(known, first, sweep.earlier.numbers)
    return [
        (Job(number, job.overrides), None if before is None else before.end)
        for job, before, number in zip(jobs, known, numbers, strict=True)
    ]


@contextmanager
def running(
    sweep: Sweep, jobs: Sequence[Job], see: See, course: Course | None
) -> Iterator[Iterator[JobEnd]]:
    """The jobs' ends, of rows in the jobs' order, while processes work on them.

    Raises Stop after a signal, when the running jobs have been interrupted.
    """
    handed_out = [] if course is None else course.handed_out
    if jobs or handed_out:
        sweep.load_kernels()
        machine()  # known here, a process that is forked asks no lock that another thread holds
    workers = max(1, min(sweep.workers, max(len(jobs), len(handed_out))))
    job_at = jobs.__getitem__ if course is None else course.job_at
    first = [range(len(jobs))] if course is None else stretches(map(course.place, handed_out))
    pool = start_pool(
        sweep.run_some,
        [task_of(part) for each in first for part in slices(each, workers, sweep.most_together)],
        workers,
        given=lambda task: [job_at(place) for place in slice_of(task)],
        last=lambda ends: any(end.status == "interrupted" for end in ends.values()),
        # What is left of a slice comes soon again, for all behind it wait to be written.
        most_waiting=max(2 * workers, MOST_WAITING // sweep.most_together),
    )
    received: list[str] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if received:
            pool.kill()
            end_at_once(received[0], frame)
            return
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
            for number in unheeded():
                handle(number, None)
            ends = ends_of(pool, sweep, job_at, see)
            if course is None:  # of folders, whose jobs may take long, each is told as it ends
                yield in_order(ends) if sweep.options.rows else (end for _, end in ends)
            else:
                coming = ((job_at(place), end) for place, end in ends)
                yield course.ends(coming, lambda job: pool.again(alone_at(course.place(job))))
    finally:
        pool.close()
    if received:
        raise Stop(None, INTERRUPTED[received[0]])


def ends_of(
    pool: Pool, sweep: Sweep, job_at: Callable[[int], Job], see: See
) -> Iterator[tuple[int, JobEnd]]:
    """Each job's place and end, as it comes; one whose process dies early is tried twice.

    Its row is kept at once, so that none is lost behind one that takes long. Where the first
    failure is to end the sweep, or one cannot be recorded, the jobs that run are then interrupted.
    """

    def waiting() -> None:
        see(None)
        sweep.write_due()

    retried: set[int] = set()
    stopped = False
    for event in pool.results(waiting):
        if not isinstance(event, Lost):
            places = slice_of(event[0])
            found = [(places[place], end) for place, end in event[1].items()]
            for left in stretches(place for place in range(len(places)) if place not in event[1]):
                pool.again(task_of(places[left.start : left.stop]))
        elif event.task is not None:
            found = []
            for place in slice_of(event.task):
                again = len(slice_of(event.task)) > 1 or place not in retried
                lost = sweep.lost(job_at(place), ending(event.exit_code), again=again)
                if lost is None:
                    retried.add(place)
                    pool.again(alone_at(place))
                else:
                    found.append((place, lost))
        else:
            continue
        for place, end in found:
            again = job_at(place).recomputed  # how it ended is known
            failed = sweep.options.fail_fast and end.failed and not again
            if not stopped and (end.refused or failed):
                stopped = True
                pool.stop(signal.SIGTERM)  # before it is told, which may take long
            see(None if again else end)
            yield place, end if again else sweep.keep(end)


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


def slices(places: range, workers: int, most: int) -> Iterator[range]:
    """The places of jobs that a process takes together: fewer the fewer are left."""
    while places:
        count = min(max(1, len(places) // (4 * workers)), most)
        yield places[:count]
        places = places[count:]


def task_of(places: range) -> int:
    """A slice as a pool's task, whose number is all that its processes are told."""
    assert len(places) <= MOST_TOGETHER
    return places.start * MOST_TOGETHER + len(places) - 1


def alone_at(place: int) -> int:
    """A job alone as a task."""
    return task_of(range(place, place + 1))


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

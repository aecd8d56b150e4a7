"""A sweep on this machine: its jobs composed, checked, run in processes, their rows collected."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.core.utils import run_job as run_job_by_hydra
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from runner.configuration.composing import COMPOSING_ERRORS, explained, plain
from runner.errors import INTERRUPTED, SettingsError, Stop, printable
from runner.recording.branching import inherited
from runner.recording.files import BySweep
from runner.settings import parse_settings
from runner.signals import WARNINGS
from runner.sweeping.composition import Composer, job_config, plain_values
from runner.sweeping.job import JobEnd, ended_job, failed_job, run_composed_job, run_job
from runner.sweeping.pickup import earlier_jobs, numbers_for, numbers_in, recognised
from runner.sweeping.pool import Lost, Pool
from runner.sweeping.progress import job_lines, progress
from runner.sweeping.standing import Standing, SweepLog
from runner.sweeping.table import ResultsTable
from runner.threads import limited


@dataclass(frozen=True)
class Job:
    """A job to run."""

    number: int
    overrides: list[str]

    @property
    def name(self) -> str:
        """Its number and overrides, for people."""
        return f"#{self.number} {' '.join(self.overrides)}"


class Sweep:
    """What the jobs of a sweep have in common, and what an earlier launch has left of it.

    Raises ConflictError where one of its jobs is being run.
    """

    def __init__(self, context: HydraContext, config: DictConfig) -> None:
        self.folder = Path(config.hydra.sweep.dir).absolute()
        self._context, self._config = context, config
        self._composer = Composer(context.config_loader, config)
        self._by_hydra = needs_hydra(config)
        self.watched = job_lines if is_search(config) else progress
        self.workers = config.sweep.workers or os.cpu_count() or 1
        self.fail_fast: bool = config.sweep.fail_fast
        self.stop_on_warning: bool = config.recording.on_sigusr1 == "stop"
        self.objective: str | None = config.sweep.objective
        self.earlier = earlier_jobs(self.folder)
        finished = [job.end for jobs in self.earlier.values() for job in jobs if job.end]
        self._finished = sorted(finished, key=lambda end: end.number)

    @cached_property
    def table(self) -> ResultsTable:
        """The sweep's results.csv, which jobs that are finished begin."""
        return ResultsTable(self.folder, self._finished)

    def checked(self, job: Job) -> dict[str, Any]:
        """A job's configuration.

        Raises SettingsError for one that cannot be composed or whose settings are unsound.
        """
        try:
            known = None if self._by_hydra else self._composer.checked(job.overrides)
            values, settings = (self._values_by_hydra(job), None) if known is None else known
            values = inherited(values, job.overrides)
            if settings is None:
                parse_settings(values)
        except COMPOSING_ERRORS as error:
            raise SettingsError(f"{printable(job.name)}: {explained(error)}") from error
        except SettingsError as error:
            raise SettingsError(f"{printable(job.name)}: {error}") from error
        return values

    def run(self, job: Job) -> JobEnd:
        """Runs a job in this process."""
        folder = self.folder / str(job.number)
        composed = None
        if not self._by_hydra:
            composed = self._composer.compose(job.overrides, job.number, str(folder))
        if composed is None:
            return self._run_by_hydra(job)
        values = inherited(composed.values, job.overrides)
        return run_job(values, composed.documents, folder, job.number, composed.settings(), BySweep)

    def lost(self, job: Job, reason: str, *, again: bool) -> JobEnd | None:
        """How a job ended whose process died, or None where it had not begun and may `again`."""
        folder = self.folder / str(job.number)
        ended = ended_job(folder, job.number)
        if ended is not None or (again and not (folder / "run.json").exists()):
            return ended
        composed = self._composer.compose(job.overrides, job.number, str(folder))
        values = self._values_by_hydra(job) if composed is None else composed.values
        documents = {} if composed is None else composed.documents
        return failed_job(values, documents, folder, job.number, LostProcessError(reason))

    def load_kernels(self) -> None:
        """Loads Numba in this process, for those that are forked from it, where jobs may want it.

        No job's data and no job's net: what may go wrong with those is to happen to the job alone.
        """
        if self._config.engine != "numpy" and find_spec("numba") is not None:
            from runner.training.compiled_engine import load_kernels  # noqa: PLC0415 - loads Numba

            load_kernels()

    def returned(self, job: Job, end: JobEnd) -> JobReturn:
        """What Hydra's sweepers want to know of a job."""
        result = JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED)
        result.return_value = end.value(self.objective)
        return result

    def _values_by_hydra(self, job: Job) -> dict[str, Any]:
        config = job_config(
            self._context.config_loader, self._config, job.overrides, job.number, ""
        )
        return plain(OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]))

    def _run_by_hydra(self, job: Job) -> JobEnd:
        """Composed and surrounded by Hydra itself."""
        config = job_config(
            self._context.config_loader, self._config, job.overrides, job.number, ""
        )
        folder = self.folder / str(job.number)
        returned = run_job_by_hydra(
            lambda task: run_composed_job(task, folder),
            config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self._context,
        )
        ended: JobEnd = returned.return_value
        return ended


ALL_AT_ONCE = (
    "runner.sweeping.plugins.GridSweeper",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
)
"""The sweepers that launch all their jobs together."""


class LostProcessError(Exception):
    """A job's process was ended from outside."""


def needs_hydra(config: DictConfig) -> bool:
    """Whether jobs are to be surrounded by what only Hydra's own `run_job` does."""
    job = config.hydra.job
    callbacks = set(config.hydra.callbacks or {})
    subdir = plain_values(config.hydra.sweep)["subdir"]
    return bool(
        job.chdir
        or job.env_set
        or config.hydra.output_subdir
        or config.hydra.verbose
        or callbacks != {"sweep_folder"}
        or subdir != "${hydra.job.num}"
    )


def is_search(config: DictConfig) -> bool:
    """Whether the sweeper learns from some jobs which others to launch."""
    return bool(config.hydra.sweeper._target_ not in ALL_AT_ONCE)


def run_jobs(sweep: Sweep, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobReturn]:
    """Runs jobs numbered from `first` on; what each of them returned."""
    if not job_overrides:
        return []
    known = taken_up(sweep, job_overrides, first)
    jobs = [job for job, end in known if end is None]
    ends = {job.number: end for job, end in known if end is not None}
    standing = Standing(len(jobs), sweep.workers, sweep.objective, short_names(known))
    for end in ends.values():
        standing.compare(end)
    by_number = {job.number: job for job in jobs}
    if jobs:
        sweep.load_kernels()
    try:
        with (
            limited(1),
            SweepLog(sweep.folder) as log,
            sweep.watched(standing) as see,
            running(sweep, jobs, see) as coming,
        ):
            log.begin(len(jobs), len(ends))
            for end in coming:
                sweep.table.add(end)
                log.add(end, " ".join(by_number[end.number].overrides))
                ends[end.number] = end
    finally:
        sweep.table.finish()
    if sweep.fail_fast and any(ends[number].failed for number in by_number if number in ends):
        raise Stop(None, 1)
    if any(end.status == "interrupted" for end in ends.values()):  # by a signal to its process
        raise Stop(None, INTERRUPTED["SIGTERM"])
    return [sweep.returned(job, ends[job.number]) for job, _ in known]


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
        print(f"{finished:,} jobs are finished, {len(known) - finished:,} to run", flush=True)
    sweep.folder.mkdir(parents=True, exist_ok=True)
    return known


def picked_up(sweep: Sweep, jobs: Sequence[Job], first: int) -> list[tuple[Job, JobEnd | None]]:
    """The jobs, under the numbers of those that an earlier launch began, with its finished ends.

    Raises RunnerError, before any starts, for a job that cannot be run.
    """
    if not sweep.earlier:
        for job in jobs:
            sweep.checked(job)
        return [(job, None) for job in jobs]
    known = recognised((sweep.checked(job) for job in jobs), sweep.earlier)
    numbers = numbers_for(known, first, numbers_in(sweep.folder))
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
    pool = Pool(
        lambda task: sweep.run(jobs[task]),
        range(len(jobs)),
        max(1, min(sweep.workers, len(jobs))),
        last=lambda end: end.status == "interrupted",
    )
    received: list[str] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if received:
            pool.kill()
            os._exit(INTERRUPTED[received[0]])
        received.append(signal.Signals(number).name)
        pool.stop(number)

    def warn(number: int, _frame: FrameType | None) -> None:
        pool.signal(number)
        if sweep.stop_on_warning and not received:
            handle(signal.SIGTERM, None)

    handlers = dict.fromkeys(INTERRUPTED, handle) | dict.fromkeys(WARNINGS, warn)
    previous = {name: signal.signal(signal.Signals[name], do) for name, do in handlers.items()}
    try:
        yield in_order(ends_of(pool, sweep, jobs, see))
    finally:
        pool.close()
        for name, handler in previous.items():
            signal.signal(signal.Signals[name], handler)
    if received:
        raise Stop(None, INTERRUPTED[received[0]])


def ends_of(
    pool: Pool, sweep: Sweep, jobs: Sequence[Job], see: Callable[[JobEnd | None], None]
) -> Iterator[tuple[int, JobEnd]]:
    """Each job's place and end, as it comes; one whose process dies early is tried twice.

    Where the first failure is to end the sweep, the jobs that run are then interrupted.
    """
    retried: set[int] = set()
    stopped = False
    for event in pool.results(lambda: see(None)):
        if not isinstance(event, Lost):
            task, end = event
            end = replace(end, header=sys.intern(end.header))  # one text for all with its columns
        elif event.task is not None:
            task, again = event.task, event.task not in retried
            lost = sweep.lost(jobs[task], ending(event.exit_code), again=again)
            if lost is None:
                retried.add(task)
                pool.again(task)
                continue
            end = lost
        else:
            continue
        see(end)
        yield task, end
        if sweep.fail_fast and end.failed and not stopped:
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


def ending(exit_code: int) -> str:
    """Why a process ended, in words."""
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"

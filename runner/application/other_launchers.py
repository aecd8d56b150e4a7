"""Sweeps on other packages' launchers: their tasks are slices, which run the sweep's own loop."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from hydra.core.utils import JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from runner.application.folder_guard import FolderGuard
from runner.application.plugins import SweepLauncher, composer_of
from runner.configuration.composing import prepared_hydra
from runner.configuration.hydra_errors import first_line
from runner.configuration.hydra_inside import NO_CALLBACKS
from runner.errors import RunnerError, counted, printable
from runner.plugins.loading import NAMED, Named, load
from runner.processors import processors
from runner.run_folder.job_end import JobEnd
from runner.signals import follow_parent, handing_on, note_warnings
from runner.standard_output import outlive_readers, tell
from runner.sweeping.course import Course
from runner.sweeping.job import Job
from runner.sweeping.progress import See, summarized
from runner.sweeping.running_jobs import run_jobs
from runner.sweeping.slices import Slices, divided, followed, found_in, run_slice, take_in
from runner.sweeping.sweep import Sweep
from runner.system import sync_all
from runner.training.stopping import Rung

FEW = 4
"""Slices for each process."""
MANY = {"rows": 16, "folders": 64}
"""Slices where nobody knows how many processes there are; what leaves rows does not take long."""
SLICES: dict[str, Callable[[Any], int | None]] = {
    "BasicLauncher": lambda _: 1,
    "JoblibLauncher": lambda its: FEW * joblibs_processes(its.n_jobs or 1),
    "LocalLauncher": lambda _: processors(),  # which starts all at once
    "SlurmLauncher": lambda its: int(its.array_parallelism),
    "RayLauncher": lambda its: (
        None if its.ray.init.address else FEW * (its.ray.init.get("num_cpus") or processors())
    ),
}
"""How many by default, from a launcher's configuration."""
SLICE = "hydra.slice="
"""Begins what a task is given, of which launchers print nothing, as of all below `hydra`."""


class LaunchError(RunnerError):
    """A launcher gave up before its jobs had ended."""


class OtherLauncher(SweepLauncher):
    """A launcher whose jobs are checked before the first starts, and picked up where they were."""

    def __init__(self, launcher: Launcher) -> None:
        """launcher: of another package, set up."""
        self._launcher = launcher

    def ends(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobEnd]:
        """How each job ended.

        Raises LaunchError when the launcher gives up, such as when it loses a process twice.
        """
        take_in(self.sweep.folder)
        watched = self.sweep.watched if self.sweep.is_search else summarized
        return run_jobs(self.sweep, job_overrides, first, self._running, watched)

    @contextmanager
    def _running(
        self, sweep: Sweep, jobs: Sequence[Job], see: See, course: Course | None
    ) -> Iterator[Iterator[JobEnd]]:
        if course is None:
            yield self._ends(sweep, jobs, see)
            return
        queue = course.handed_out
        yield course.ends(self._rounds(sweep, queue, see), queue.append)

    def _rounds(self, sweep: Sweep, queue: list[Job], see: See) -> Iterator[tuple[Job, JobEnd]]:
        """Jobs of a queue, which may grow meanwhile, and their ends: all that wait at a time."""
        while queue:
            due = {job.number: job for job in queue}
            queue.clear()
            for end in self._ends(sweep, list(due.values()), see):
                yield due[end.number], end

    def _ends(self, sweep: Sweep, jobs: Sequence[Job], see: See) -> Iterator[JobEnd]:
        """Each job's end; those whose slices are lost are handed out twice."""
        left = {job.number: job for job in jobs}
        seen = {job.number for job in jobs if job.recomputed}  # how they ended is known

        def see_once(end: JobEnd | None) -> None:
            if end is None or end.number not in seen:
                seen.update([] if end is None else [end.number])
                see(end)

        for last in (False, True):
            if not left:
                return
            found, problem = self._handed_out(sweep, list(left.values()), see_once)
            if last and problem is not None and is_loss(problem):
                text = "its process was ended from outside"
                lost = [sweep.lost(job, text, again=True) for job in left.values()]
                found = {end.number: end for end in lost if end is not None} | found
            for number in sorted(found):
                del left[number]
                see_once(found[number])
                yield found[number]
            if problem is not None and not is_loss(problem):
                raise problem
            if any(end.status == "interrupted" for end in found.values()):
                return
            what = "has not run all jobs" if problem is None else f"gave up: {told(problem)}"
            if left and not last:
                tell(f"{self._choice} {what}; {counted(len(left), 'job')} handed out again")
        if left:
            raise LaunchError(
                f"{self._choice} {what}; {len(left):,} of {counted(len(jobs), 'job')} have not "
                f"ended: the same command with hydra.sweep.dir={printable(sweep.folder)} goes on "
                "with them"
            )

    def _handed_out(
        self, sweep: Sweep, jobs: Sequence[Job], see: See
    ) -> tuple[dict[int, JobEnd], BaseException | None]:
        """The ends of jobs that are handed out once, by number, and what went wrong meanwhile."""
        slices = divided(jobs, self._count(sweep))
        ends: list[JobEnd] = []
        with Slices(sweep.folder).made(len(slices)) as record:
            task = SliceTask(self._context, self.config, sweep.folder, record.name, tuple(NAMED))
            texts = [texts_of(number, each) for number, each in enumerate(slices)]
            loader: Any = SliceLoader()
            context = replace(self._context, config_loader=loader, callbacks=NO_CALLBACKS)
            self._launcher.setup(hydra_context=context, task_function=task, config=self.config)
            problem: BaseException | None = None
            try:
                with followed(sweep, jobs, record, see):
                    returns = self._launcher.launch(texts, initial_job_idx=0)
                for one in sorted(returns, key=lambda one: one.status is JobStatus.FAILED):
                    ends += one.return_value  # raises what went wrong
            except BaseException as error:
                problem = error
                if is_loss(problem):
                    record.close()
                ends = [*found_in(sweep, jobs, record), *ends]
        numbers = {job.number for job in jobs}
        return {end.number: end for end in ends if end.number in numbers}, problem

    def _count(self, sweep: Sweep) -> int:
        """How many slices jobs are divided into."""
        its = self.config.hydra.launcher
        known = SLICES.get(its._target_.rpartition(".")[2], lambda _: None)(its)
        return sweep.options.slices or known or MANY[sweep.options.record]

    @property
    def _choice(self) -> str:
        return f"hydra/launcher={self.config.hydra.runtime.choices['hydra/launcher']}"


def is_loss(problem: BaseException) -> bool:
    """Whether a launcher's error may be that of a process or machine that was lost."""
    return isinstance(problem, Exception) and not isinstance(problem, RunnerError | OSError)


def told(problem: BaseException) -> str:
    """An error in a line."""
    return f"{type(problem).__name__}: {first_line(problem)}"  # type: ignore[arg-type]


def joblibs_processes(n_jobs: int) -> int:
    """How many joblib starts."""
    return n_jobs if n_jobs > 0 else max(1, processors() + 1 + n_jobs)


def texts_of(number: int, jobs: Sequence[Job]) -> list[str]:
    """A slice as the overrides of a task: what is printed of it, and what it holds."""
    name = f"jobs {jobs[0].number} to {jobs[-1].number}"
    return [name, SLICE + json.dumps([number, list(map(astuple, jobs))])]


class SliceLoader:
    """What launchers take for Hydra's loader: gives a task the slice that its override says.

    Nothing is composed or parsed; what Hydra does around a job the slice does around each.
    """

    def load_sweep_config(self, master: DictConfig, overrides: Sequence[str]) -> DictConfig:
        """A task's configuration."""
        config = OmegaConf.masked_copy(master, ["hydra"])
        OmegaConf.set_readonly(config.hydra, False)  # as Hydra's own: launchers number it
        with open_dict(config):
            config.slice = overrides[1].removeprefix(SLICE)
            config.hydra.sweep.dir = config.hydra.sweep.subdir = "."  # makes no folder
            config.hydra.output_subdir = None
            config.hydra.verbose = config.hydra.job.chdir = False
            config.hydra.job.env_set = {}
        return config


@dataclass(frozen=True)
class SliceTask:
    """What a launcher's task does: runs the slice that its configuration holds."""

    context: HydraContext
    config: DictConfig
    """The sweep's own."""
    folder: Path
    name: str
    """Of the slices that are handed out together."""
    plugins: tuple[Named, ...] = ()
    """The modules that the person has named."""

    def __call__(self, config: DictConfig) -> list[JobEnd]:
        """How each of its jobs ended; of those that leave a folder, and those that fail, a line."""
        note_warnings()  # a task begins here
        outlive_readers()
        if FolderGuard.path is None:  # a process of a launcher's, not the sweep's own
            follow_parent(os.getppid())
        for named in self.plugins:
            load(named)
        number, found = json.loads(config.slice)
        jobs = [Job(job, texts, rung and Rung(*rung), again) for job, texts, rung, again in found]
        names = {job.number: job.name for job in jobs}
        ends = []
        with prepared_hydra(), handing_on():
            sweep = Sweep(composer_of(self.context, self.config), self.folder)
            for end in run_slice(sweep, jobs, Slices(self.folder, self.name), number):
                ends.append(end)
                if (end.failed or not sweep.options.rows) and not sweep.is_search:
                    print(printable(f"{names[end.number]}: {end.text}"), flush=True)
        if not sweep.options.rows:
            sync_all()  # the sweep may be on another machine
        return ends

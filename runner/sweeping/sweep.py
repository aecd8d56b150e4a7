"""A sweep on this machine: what its jobs have in common, and how one of them is checked and run."""

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.core.utils import run_job as run_job_by_hydra
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from runner.configuration.composing import COMPOSING_ERRORS, explained, plain
from runner.configuration.jobs import Composer, job_config
from runner.errors import RunnerError, SettingsError, printable
from runner.experiment.branching import inherited
from runner.experiment.contradictions import check_target
from runner.experiment.ignored import check_ignored
from runner.run_folder.sweep_folder import begun_jobs
from runner.settings import parse_settings
from runner.storage.files import BySweep, storage_errors
from runner.sweeping.data_checks import DataChecks
from runner.sweeping.earlier_jobs import earlier_jobs
from runner.sweeping.job import JobEnd, ended_job, failed_job, run_composed_job, run_job
from runner.sweeping.objective import check_objective
from runner.sweeping.progress import job_lines, progress
from runner.sweeping.results_table import ResultsTable


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
        self.is_search = is_search(config)
        self.watched = job_lines if self.is_search else progress
        self.workers = config.sweep.workers or os.cpu_count() or 1
        self.fail_fast: bool = config.sweep.fail_fast
        self.stop_on_warning: bool = config.recording.on_sigusr1 == "stop"
        self.objective: str | None = config.sweep.objective
        self._objective_checked = False
        self._data_checks = DataChecks()
        self.numbers = set(begun_jobs(self.folder))
        self.earlier, self.trained_on = earlier_jobs(self.folder)
        finished = [job.end for jobs in self.earlier.values() for job in jobs if job.end]
        self._finished = sorted(finished, key=lambda end: end.number)

    @cached_property
    def table(self) -> ResultsTable:
        """The sweep's results.csv, which jobs that are finished begin."""
        return ResultsTable(self.folder, self._finished)

    def save_config(self) -> None:
        """multirun.yaml, as Hydra's own sweepers write it."""
        if not self.is_search:  # which has done so itself
            path = self.folder / "multirun.yaml"
            with storage_errors(path):
                OmegaConf.save(self._config, path)

    def checked(self, job: Job) -> dict[str, Any]:
        """A job's configuration.

        Raises SettingsError for one that cannot be composed or whose settings are unsound, of the
        first one where it will not have what `sweep.objective` names, and DataError where its data
        are not those that jobs of before were trained on.
        """
        try:
            known = None if self._by_hydra else self._composer.checked(job.overrides)
            values, settings = (self._values_by_hydra(job), None) if known is None else known
            values = inherited(values, job.overrides)
            settings = settings or parse_settings(values)
            check_target(settings)
            check_ignored(settings)
        except COMPOSING_ERRORS as error:
            raise SettingsError(f"{printable(job.name)}: {explained(error)}") from error
        except SettingsError as error:
            raise SettingsError(f"{printable(job.name)}: {error}") from error
        if self.objective is not None and not self._objective_checked:
            check_objective(self.objective, settings)
            self._objective_checked = True
        self.trained_on.check(self.folder, values)
        self._data_checks.add(job.name, settings)
        return values

    def check_data(self) -> None:
        """Raises SettingsError for a job checked before whose settings do not go with its data."""
        if (problem := self._data_checks.problem()) is not None:
            name, text = problem
            raise SettingsError(f"{printable(name)}: {text}")

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
        values, documents = self.composed(job)
        return failed_job(values, documents, folder, job.number, LostProcessError(reason))

    def composed(self, job: Job) -> tuple[dict[str, Any], dict[str, str]]:
        """A job's configuration, and the texts that are kept of it."""
        folder = self.folder / str(job.number)
        composed = self._composer.compose(job.overrides, job.number, str(folder))
        if composed is None:
            return self._values_by_hydra(job), {}
        return composed.values, composed.documents

    def load_kernels(self) -> None:
        """Loads kernels in this process, for those that are forked from it and may want them.

        No job's data and no job's net: what may go wrong with those is to happen to the job alone.
        """
        if self._config.engine != "numpy" and find_spec("numba") is not None:
            from runner.training.compiled_engine import load_kernels  # noqa: PLC0415 - loads LLVM

            load_kernels()

    def returned(self, job: Job, end: JobEnd | None) -> JobReturn:
        """What Hydra's sweepers want to know of a job, which may have left no end.

        A search is told of failures as Hydra does it, for it may be counting them.
        """
        result = JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED)
        if self.is_search and (end is None or end.failed):
            result.status = JobStatus.FAILED
            result.return_value = RunnerError("it has left no end" if end is None else end.text)
        else:
            result.return_value = end and end.value(self.objective)
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
    "runner.application.plugins.GridSweeper",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
)
"""The sweepers that launch all their jobs together."""


class LostProcessError(Exception):
    """A job's process was ended from outside."""


def needs_hydra(config: DictConfig) -> bool:
    """Whether jobs are to be surrounded by what only Hydra's own `run_job` does."""
    job = config.hydra.job
    callbacks = set(config.hydra.callbacks or {})
    return bool(
        job.chdir
        or job.env_set
        or config.hydra.output_subdir
        or config.hydra.verbose
        or callbacks != {"sweep_folder"}
    )


def is_search(config: DictConfig) -> bool:
    """Whether the sweeper learns from some jobs which others to launch."""
    return bool(config.hydra.sweeper._target_ not in ALL_AT_ONCE)

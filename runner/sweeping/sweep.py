"""A sweep on this machine: what its jobs have in common, and how one of them is checked and run."""

from functools import cached_property
from typing import Any

from runner import compiled
from runner.checking.parsing import parse
from runner.configuration.hydra_errors import explaining
from runner.configuration.jobs import JobComposer
from runner.errors import SettingsError, printable
from runner.experiment.contradictions import check_settings
from runner.processors import processors
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.sweep_folder import SweepFolder
from runner.settings import SweepSettings, parse_settings
from runner.storage.files import storage_errors
from runner.sweeping.data_checks import DataChecks
from runner.sweeping.earlier_jobs import earlier_jobs
from runner.sweeping.job import OF_SWEEP, Job, failed_job, run_composed_job, run_job
from runner.sweeping.objective import check_objective
from runner.sweeping.progress import job_lines, progress
from runner.sweeping.results_table import ResultsTable


class Sweep:
    """What the jobs of a sweep have in common, and what an earlier launch has left of it.

    jobs: composes them. Raises ConflictError where one of them is being run.
    """

    def __init__(self, jobs: JobComposer) -> None:
        self.folder, self._jobs = jobs.folder, jobs
        self.is_search = jobs.is_search
        self.watched = job_lines if self.is_search else progress
        self.options: SweepSettings = parse(SweepSettings, jobs.section("sweep"), "sweep.")
        self.workers = self.options.workers or processors()
        self.stop_on_warning: bool = jobs.value("recording.on_sigusr1") == "stop"
        self._objective_checked = False
        self._data_checks = DataChecks()
        self.numbers = set(SweepFolder(self.folder).begun)
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
                path.write_text(self._jobs.document, encoding="utf-8")

    def checked(self, job: Job) -> dict[str, Any]:
        """A job's configuration.

        Raises SettingsError for one that cannot be composed or whose settings are unsound, of the
        first one where it will not have what `sweep.objective` names, and DataError where its data
        are not those that jobs of before were trained on.
        """
        try:
            with explaining():
                values = self.values(job)
            settings = parse_settings(values)
            check_settings(settings)
        except SettingsError as error:
            raise SettingsError(f"{printable(job.name)}: {error}") from error.__cause__
        if self.options.objective is not None and not self._objective_checked:
            check_objective(self.options.objective, settings)
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
        if self._jobs.needs_hydra(job.overrides):
            return self._jobs.surrounded(
                job.overrides,
                job.number,
                folder,
                lambda config, documents: run_composed_job(config, documents, folder, job.number),
            )
        return run_job(self.values(job), self.documents(job), folder, job.number, OF_SWEEP)

    def lost(self, job: Job, reason: str, *, again: bool) -> JobEnd | None:
        """How a job ended whose process died, or None where it had not begun and may `again`."""
        folder = self.folder / str(job.number)
        ended = ended_job(folder, job.number)
        if ended is not None or (again and not (folder / "run.json").exists()):
            return ended
        error = LostProcessError(reason)
        return failed_job(self.values(job), self.documents(job), folder, job.number, error)

    def values(self, job: Job) -> dict[str, Any]:
        """A job's configuration."""
        return self._jobs.values(job.overrides)

    def documents(self, job: Job) -> dict[str, str]:
        """What is kept of a job beside its run."""
        return self._jobs.documents(job.overrides, job.number, self.folder / str(job.number))

    def load_kernels(self) -> None:
        """Loads kernels in this process, for those that are forked from it and may want them.

        No job's data and no job's net: what may go wrong with those is to happen to the job alone.
        """
        if self._jobs.value("engine") != "numpy":
            compiled.load_kernels()


class LostProcessError(Exception):
    """A job's process was ended from outside."""

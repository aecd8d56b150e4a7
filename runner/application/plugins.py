"""The runner's launcher and sweeper, as Hydra's plugin interface wants them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from runner.errors import RunnerError, Stop

if TYPE_CHECKING:
    from runner.run_folder.job_end import JobEnd
    from runner.sweeping.sweep import Sweep


class SweepLauncher(Launcher):
    """What the launchers of the runner's have in common: the sweep whose jobs they launch."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra once, before the first launch."""
        self.config = config
        self._context = hydra_context
        self._sweep: Sweep | None = None

    @property
    def sweep(self) -> "Sweep":
        """The sweep; of a sweeper that learns from jobs, the same for all its launches."""
        from runner.sweeping.sweep import Sweep  # noqa: PLC0415 - heavy, only for sweeps

        if self._sweep is None:
            self._sweep = Sweep(composer_of(self._context, self.config))
        return self._sweep

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Runs these jobs, numbered from `initial_job_idx` on; what each of them returned.

        What goes wrong passes by Hydra, whose errors are taken for mistakes in a configuration.
        """
        try:
            return self.launched(job_overrides, initial_job_idx)
        except Exception as error:
            raise Stop(error, 1) from error

    def launched(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[JobReturn]:
        """The same, raising what goes wrong."""
        pairs = zip(job_overrides, self.ends(job_overrides, first), strict=True)
        return [returned(self.sweep, overrides, end) for overrides, end in pairs]

    @abstractmethod
    def ends(self, job_overrides: Sequence[Sequence[str]], first: int) -> "list[JobEnd]":
        """How each job ended."""


class PoolLauncher(SweepLauncher):
    """Runs jobs in processes of this machine."""

    def ends(self, job_overrides: Sequence[Sequence[str]], first: int) -> "list[JobEnd]":
        """How each job ended."""
        from runner.sweeping.running_jobs import run_jobs  # noqa: PLC0415 - heavy, only for sweeps

        return run_jobs(self.sweep, job_overrides, first)


class GridSweeper(Sweeper):
    """All combinations of the values that are swept."""

    def __init__(self, params: dict[str, str] | None) -> None:
        """params: a preset's own sweep, values by key, which its configuration tells as well."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra once, before `sweep`."""
        self._context, self._config = hydra_context, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Launches the jobs that the command line and `params` ask for."""
        from runner.sweeping.grid import swept  # noqa: PLC0415 - only for sweeps

        jobs = swept(composer_of(self._context, self._config))
        return jobs and self._launcher.launch(jobs, initial_job_idx=0)


def composer_of(context: HydraContext, config: DictConfig) -> Any:
    """What composes the jobs of the sweep that Hydra has begun."""
    from runner.configuration.jobs import JobComposer  # noqa: PLC0415 - only for sweeps

    return JobComposer(context.config_loader, config, context)  # type: ignore[arg-type]


def returned(sweep: "Sweep", overrides: Sequence[str], end: "JobEnd") -> JobReturn:
    """What Hydra's sweepers want to know of a job.

    A search is told of failures as Hydra does it, for it may be counting them.
    """
    result = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    if not sweep.is_search:  # nobody asks for more
        return result
    if end.failed:
        result.status = JobStatus.FAILED
        result.return_value = RunnerError(end.text)
    else:
        result.return_value = end.value(sweep.options.objective)
    return result

"""The runner's launcher and sweeper, as Hydra's plugin interface wants them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from runner.sweeping.sweep import Sweep


class PoolLauncher(Launcher):
    """Runs jobs in processes of this machine."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra once, before the first launch."""
        self._context, self._config = hydra_context, config
        self._sweep: Sweep | None = None

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Runs these jobs, numbered from `initial_job_idx` on; what each of them returned."""
        from runner.sweeping.launching import run_jobs  # noqa: PLC0415 - heavy, only for sweeps
        from runner.sweeping.sweep import Sweep  # noqa: PLC0415

        if self._sweep is None:  # a sweeper that learns from jobs launches many times
            self._sweep = Sweep(self._context, self._config)
        return run_jobs(self._sweep, job_overrides, initial_job_idx)


class GridSweeper(Sweeper):
    """All combinations of the values that are swept."""

    def __init__(self, params: dict[str, str] | None) -> None:
        """params: a preset's own sweep, values by key."""
        self._params = params or {}

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
        from runner.sweeping.grid import sweep_grid  # noqa: PLC0415 - only for sweeps

        texts = [f"{key}={values}" for key, values in self._params.items()] + arguments
        return sweep_grid(self._context, self._config, self._launcher, texts)


def register_plugins() -> None:
    """Makes both known to Hydra, which by itself takes plugins from `hydra_plugins` only.

    Whatever sweeper asks for another package's launcher gets it in what the runner's own has.
    """
    for plugin in (PoolLauncher, GridSweeper):
        Plugins.instance().register(plugin)
    setattr(Plugins, "is_in_toplevel_plugins_module", staticmethod(is_plugin))  # noqa: B010
    setattr(Plugins, "instantiate_launcher", instantiate_launcher)  # noqa: B010


hydras_own = Plugins.instantiate_launcher


def instantiate_launcher(
    plugins: Plugins, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
) -> Launcher:
    """As Hydra does it; jobs are then checked at the door, picked up and listed on any launcher."""
    launcher = hydras_own(plugins, hydra_context, task_function, config)
    if not isinstance(launcher, PoolLauncher):
        from runner.application.other_launchers import Elsewhere  # noqa: PLC0415 - only where needed

        launcher = Elsewhere(launcher)
        launcher.setup(hydra_context=hydra_context, task_function=task_function, config=config)
    return launcher


def is_plugin(name: str) -> bool:
    """Whether Hydra may make a plugin of this class."""
    return name.startswith((f"{__name__}.", "hydra_plugins.", "hydra._internal.core_plugins."))

"""Whose the folder is that a run or a sweep is to have, seen to before Hydra writes there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.application.installed_plugins import check_installed
from runner.application.sweep_options import check_in_single_run, check_in_sweep
from runner.checking.rules import folder
from runner.errors import RunnerError, Stop
from runner.run_folder.ownership import check_empty
from runner.run_folder.sweep_folder import SweepFolder
from runner.storage.files import make_folders, storage_errors
from runner.storage.reading import check_own_files


class FolderGuard(Callback):
    """Sees whose the folder is that a run or a sweep is to have, before Hydra writes there.

    path: of the sweep that Hydra starts, for when it ends.
    asked: of the run or the sweep, in whatever it ends.
    made: folders that were not there, which go again where the command is refused.
    """

    path: Path | None = None
    asked: Path | None = None
    made: Sequence[Path] = ()

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before a single run."""
        try:
            FolderGuard.asked = Path(config.hydra.run.dir).absolute()
            FolderGuard.made = made_folders(run_place(config))
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before the first job."""
        try:
            FolderGuard.asked = Path(config.hydra.sweep.dir).absolute()
            path = sweep_place(config)
            if not config.sweep.plan:
                FolderGuard.path, FolderGuard.made = path, made_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error


def run_place(config: DictConfig) -> Path:
    """Where a single run is to be recorded.

    Raises RunnerError where it cannot begin there, or is told how to sweep.
    """
    path = Path(folder("hydra.run.dir", config.hydra.run.dir)).absolute()
    check_in_single_run(config)
    check_empty(path, "hydra.run.dir")
    return path


def sweep_place(config: DictConfig) -> Path:
    """Where a sweep is to be recorded. Raises RunnerError where it cannot begin or go on there."""
    path = Path(folder("hydra.sweep.dir", config.hydra.sweep.dir)).absolute()
    check_installed(config)
    check_in_sweep(config)
    check_own_files(path)
    SweepFolder(path).check_place(again=config.sweep.skip_finished)
    return path


def made_folders(path: Path) -> Sequence[Path]:
    """Makes a folder; those that were not there, outermost first."""
    with storage_errors(path):
        return make_folders(path)

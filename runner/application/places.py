"""Where a run or a sweep is to be recorded, seen to before anything is written there."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from runner.application.installed_plugins import check_installed
from runner.application.sweep_options import check_in_single_run, check_in_sweep
from runner.checking.rules import folder
from runner.run_folder.ownership import check_empty
from runner.run_folder.sweep_folder import SweepFolder
from runner.storage.files import make_folders, storage_errors
from runner.storage.reading import check_own_files


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

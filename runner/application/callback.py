"""Whose the folder is that a run or a sweep is to have, seen to before Hydra writes there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.application.extras import check_installed
from runner.application.sweep_options import check_in_single_run, check_in_sweep
from runner.checking.rules import folder
from runner.errors import RunnerError, Stop
from runner.run_folder.ownership import check_empty
from runner.storage.files import make_folders, storage_errors
from runner.storage.reading import check_own_files
from runner.sweeping.results import check_sweep_folder


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
            path = Path(folder("hydra.run.dir", config.hydra.run.dir)).absolute()
            FolderGuard.asked = path
            check_in_single_run(config)
            check_empty(path, "hydra.run.dir")
            with storage_errors(path):
                FolderGuard.made = make_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before the first job."""
        try:
            path = Path(folder("hydra.sweep.dir", config.hydra.sweep.dir)).absolute()
            FolderGuard.asked = path
            check_installed(config)
            check_in_sweep(config)
            check_own_files(path)
            check_sweep_folder(path, again=config.sweep.skip_finished)
            if not config.sweep.plan:
                with storage_errors(path):
                    FolderGuard.made = make_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error
        FolderGuard.path = None if config.sweep.plan else path

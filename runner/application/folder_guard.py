"""What Hydra calls before it writes: whose the folder is that a run or a sweep is to have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.errors import RunnerError, Stop


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
        from runner.application.places import made_folders, run_place  # noqa: PLC0415 - heavy

        try:
            FolderGuard.asked = Path(config.hydra.run.dir).absolute()
            FolderGuard.made = made_folders(run_place(config))
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra before the first job."""
        from runner.application.places import made_folders, sweep_place  # noqa: PLC0415 - heavy

        try:
            FolderGuard.asked = Path(config.hydra.sweep.dir).absolute()
            path = sweep_place(config)
            if not config.sweep.plan:
                FolderGuard.path, FolderGuard.made = path, made_folders(path)
        except RunnerError as error:
            raise Stop(error, error.exit_code) from error

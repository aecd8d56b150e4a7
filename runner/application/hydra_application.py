"""The Hydra application: composes a configuration, and runs it or its sweep.

What only a run or the end of a sweep needs is imported there: help and refusals do without NumPy.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from runner.answers.answer import answer_error
from runner.application.folder_guard import FolderGuard
from runner.application.options import options_parser
from runner.application.plugins import GridSweeper, PoolLauncher
from runner.checking.conf_files import conf_folder
from runner.configuration.checked_loader import CheckedLoader
from runner.configuration.composing import (
    documents,
    plain,
    prepared_hydra,
    unresolved,
)
from runner.configuration.hydra_errors import explaining
from runner.configuration.hydra_inside import prepare_plugins, run_application
from runner.configuration.trust import allowed
from runner.errors import (
    INTERRUPTED,
    ConflictError,
    DivergedError,
    RunnerError,
    SettingsError,
    SnapshotError,
    Stop,
    StorageError,
    counted,
    printable,
    report_error,
)
from runner.run_folder.ownership import take_away


def application(config: DictConfig) -> float | None:
    """One run; the metric that `stopping.metric` names."""
    from runner.experiment.expanding import start_run  # noqa: PLC0415

    try:
        outcome = start_run(plain(config), output_folder(), documents(config))
    except Exception as error:
        raise Stop(error, 1) from error
    if outcome.status == "diverged":
        raise Stop(DivergedError(outcome.text), outcome.exit_code)
    if outcome.exit_code:
        raise Stop(None, outcome.exit_code)
    return outcome.report.metrics.get(config.stopping.metric)


def output_folder() -> Path:
    """The run's folder, whose name is its own where it looks like an interpolation."""
    runtime: Any = HydraConfig.get().runtime
    return Path(unresolved(runtime)["output_dir"])


def run_or_sweep(*, to_script: bool = False) -> int:
    """The application; what it has made in vain goes again. The exit code.

    to_script: whether a script is told what is wrong, too.
    """
    prepare_plugins((GridSweeper, PoolLauncher), surrounded)
    try:
        with prepared_hydra():
            return code_of_sweep(exit_code_of(composed_application, to_script=to_script))
    finally:
        take_away(FolderGuard.made)


def surrounded(launcher: Launcher) -> Launcher:
    """A launcher whose jobs are checked at the door, picked up and listed, whosever it is."""
    if isinstance(launcher, PoolLauncher):
        return launcher
    from runner.application.other_launchers import OtherLauncher  # noqa: PLC0415 - where needed

    return OtherLauncher(launcher)


def code_of_sweep(code: int) -> int:
    """What a command comes to whose jobs have come to `code`; says what there is of a sweep."""
    sweep = FolderGuard.path
    # The folder is another sweep's to finish, or nothing can be read or written there.
    left = code in (error.exit_code for error in (ConflictError, SnapshotError, StorageError))
    if left or sweep is None or not sweep.is_dir():
        return code
    from runner.run_folder.sweep_folder import SweepFolder  # noqa: PLC0415

    if SweepFolder(sweep).is_empty:
        SweepFolder(sweep).take_away_beginnings()
        from runner.sweeping.grid import EMPTY  # noqa: PLC0415 - Hydra's own sweeper may find none

        return code or report_error(SettingsError(EMPTY))
    finished = exit_code_of(lambda: finish_sweep(sweep))
    return code or finished


def composed_application() -> None:
    """The application; what Hydra itself raises before or around it becomes a SettingsError."""
    with explaining():
        names = allowed(sys.argv[1:])
        run_application(options_parser(), application, conf_folder(), CheckedLoader, names)


def exit_code_of(action: Callable[[], object], *, to_script: bool = False) -> int:
    """Does `action` and says how it ended; shows tracebacks of the runner's own faults."""
    asked = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands errors on instead of printing them
    failure: Exception | None = None
    code = 0
    try:
        action()
    except KeyboardInterrupt:
        return INTERRUPTED["SIGINT"]
    except Stop as stop:
        failure, code = stop.error, stop.code
    except Exception as error:
        failure, code = error, 1
    finally:
        os.environ["HYDRA_FULL_ERROR"] = asked or "0"
    if failure is None:
        return code
    if to_script:
        answer_error(failure, FolderGuard.asked)
    return report_error(failure, FolderGuard.asked)


def finish_sweep(sweep: Path) -> None:
    """Collects the sweep's results. Raises RunnerError when jobs failed, naming each."""
    from runner.run_folder.sweep_folder import SweepFolder  # noqa: PLC0415

    folder = SweepFolder(sweep)
    ended, failed = folder.ended
    print(f"Folder      {printable(sweep)}")
    if failed:
        error = RunnerError(f"{len(failed)} of the sweep's {counted(ended, 'job')} failed:")
        error.details = [folder.named(end) for end in failed]
        raise error

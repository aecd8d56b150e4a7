"""A run into Weights & Biases, or into Trackio, which has taken over its interface.

Where the two differ it is said below. What a person sets by WANDB_… and TRACKIO_… holds.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from runner.exporting.tracker import NOTHING_YET, Point, TrackedEnd, TrackedRun
from runner.settings import TrackerSettings

QUIET: Mapping[str, Any] = {"silent": True, "console": "off"}
SECONDS_TO_REACH = 30.0
"""So long a server may take to answer, where WANDB_INIT_TIMEOUT says nothing else."""


class WandbTracker:
    """A run of either package."""

    def __init__(self, name: str, settings: TrackerSettings) -> None:
        self._settings, self._is_wandb = settings, name == "wandb"
        if not self._is_wandb and settings.folder is not None:
            os.environ["TRACKIO_DIR"] = str(Path(settings.folder).absolute())
        self._module: Any = import_module(name)
        if not self._is_wandb:
            check_folder(self._module.utils.TRACKIO_DIR)
        self._run: Any = None
        self._place = Path()
        self._complaints: list[str] = []

    def begin(self, run: TrackedRun) -> int:
        """Begins the run, or goes on with it."""
        common = {
            "project": self._settings.experiment,
            "group": run.group,
            "config": {**run.settings, **run.tags},
        }
        if self._is_wandb:
            own = quiet_wandb(self._module)
            self._place = Path(self._settings.folder or own.root_dir)
            check_place(self._place)
            offline = own.mode in ("offline", "dryrun")
            if offline:  # nobody tells what it has: it is told anew, as a whole
                for old in self._place.glob(f"*wandb/offline-run-*-{run.id}"):
                    shutil.rmtree(old)
            self._run = self._module.init(
                **common,
                id=run.id,
                name=run.name,
                dir=str(self._place),
                resume=None if offline else "allow",  # without, it takes the place of what one has
                reinit="create_new",
                settings=unwatched(self._module),
            )
            return NOTHING_YET if offline else int(self._run.starting_step) - 1
        self._complaints = silence(self._module)
        monitors = dict.fromkeys(("auto_log_gpu", "auto_log_cpu"), False)
        # It knows runs by their names alone.
        named = f"{run.name}-{run.id[:6]}"
        self._run = self._module.init(**common, name=named, resume="allow", embed=False, **monitors)
        return int(self._run._next_step) - 1  # public nowhere; seen with 0.43

    def record(self, points: Sequence[Point]) -> None:
        """A dictionary for each step."""
        for step, epoch, seconds, metrics in points:
            self._run.log({"epoch": epoch, "seconds": seconds, **metrics}, step=step)

    def end(self, end: TrackedEnd) -> None:
        """The results, and the run's files as an artifact."""
        if self._is_wandb:
            texts = {"status": end.status, "stop_reason": end.results.get("stop_reason")}
            self._run.summary.update({**end.numbers, **texts})
        else:  # it has no summary
            self._run.log(end.numbers, step=end.step)
        if end.folder is not None:
            artifact = self._module.Artifact(f"run-{self._run.id}", type="run")
            for path in sorted(path for path in end.folder.rglob("*") if path.is_file()):
                artifact.add_file(str(path), name=str(path.relative_to(end.folder)))
            self._run.log_artifact(artifact)
        code = 0 if end.went_well else 255 if end.status == "interrupted" else 1
        self._run.finish(**({"exit_code": code} if self._is_wandb else {}))
        if self._is_wandb:
            check_place(self._place)
        if self._complaints:
            raise OSError(self._complaints[0])


def quiet_wandb(module: Any) -> Any:
    """Its settings for the process; from then on it asks nothing on the terminal."""
    return module.setup(module.Settings(**QUIET)).settings


def unwatched(module: Any) -> Any:
    """A run's settings: machine, code and output are not watched."""
    keys: dict[str, Any] = {**QUIET}
    if "WANDB_INIT_TIMEOUT" not in os.environ:
        keys["init_timeout"] = SECONDS_TO_REACH
    watching = dict.fromkeys(("disable_git", "x_disable_stats", "x_disable_meta"), True)
    return module.Settings(**keys, **watching, save_code=False, x_save_requirements=False)


def check_place(place: Path) -> None:
    """Raises OSError where W&B cannot write: it would do so elsewhere, or say nothing."""
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(bytes(4096))


def check_folder(folder: Path) -> None:
    """Raises ValueError where Trackio, which reads that once, writes elsewhere than it is to."""
    wanted = os.environ.get("TRACKIO_DIR")
    if wanted and folder != Path(wanted):
        raise ValueError(f"this process has begun to write into {folder}; take a new one")


def silence(module: ModuleType) -> list[str]:
    """Keeps Trackio from printing on the standard output, which is the run's; what it warns of.

    It has no option for that (seen with 0.43), so its modules are given functions of their own.
    """
    complaints: list[str] = []
    parts: Mapping[str, Any] = vars(module)
    for part in (module, parts.get("utils"), import_module(f"{module.__name__}.run")):
        if part is not None:
            vars(part)["print"] = lambda *_values, **_options: None
            vars(part)["_emit_nonfatal_warning"] = lambda told, *_, **__: complaints.append(told)
    return complaints

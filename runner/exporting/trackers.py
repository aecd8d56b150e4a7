"""The trackers that there are."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

from runner.checking.extras import installing
from runner.errors import SettingsError
from runner.exporting.tracker import Tracker
from runner.settings import LoggerSettings, TrackerSettings


class Kind(NamedTuple):
    """What is known of a tracker before it is imported."""

    title: str
    package: str
    """The module that is to be there."""


KINDS: Mapping[str, Kind] = {
    "mlflow": Kind("MLflow", "mlflow"),
    "tensorboard": Kind("TensorBoard", "tensorboardX"),
    "trackio": Kind("Trackio", "trackio"),
    "wandb": Kind("Weights & Biases", "wandb"),
}
"""By name, which is that of the extra that brings the package too."""


def chosen(settings: LoggerSettings | None) -> dict[str, TrackerSettings]:
    """The trackers that a run is given, by name."""
    every = {name: getattr(settings, name, None) for name in KINDS}
    return {name: each for name, each in every.items() if each is not None}


def check_trackers(settings: LoggerSettings | None) -> None:
    """Raises SettingsError for a tracker without its package or folder, before all training."""
    for name, each in chosen(settings).items():
        if "://" in (each.folder or ""):
            raise SettingsError(
                f"logger.{name}.folder={each.folder} is a server's address; give a folder on this "
                f"machine, where {KINDS[name].title} keeps its files"
            )
        if find_spec(KINDS[name].package) is None:
            raise SettingsError(
                f"logger={name} needs {KINDS[name].package}, which is not installed; "
                f"{installing(name)}"
            )


def opened(name: str, settings: TrackerSettings) -> Tracker:
    """A tracker for one run. Its package is imported, which may take seconds."""
    if name == "mlflow":
        from runner.exporting.mlflow_tracker import MlflowTracker  # noqa: PLC0415 - who asks for it

        return MlflowTracker(settings)
    if name == "tensorboard":
        from runner.exporting.tensorboard_tracker import EventFile  # noqa: PLC0415 - the same

        return EventFile(settings)
    from runner.exporting.wandb_tracker import WandbTracker  # noqa: PLC0415 - the same

    return WandbTracker(name, settings)

"""Settings that other settings would leave without effect, refused rather than ignored.

Left alone is what a group's file always carries beside the switch that turns it on, such as
`network.dropout.stage` where the rate is 0; and what only a longer run would come to, such as
`stopping.patience` beyond `stopping.max_epochs`, for a run can be resumed with a later limit.
"""

from collections.abc import Callable

from runner.errors import SettingsError, printable
from runner.settings import Settings
from runner.training.schedules import RANGE

DEFAULT_SPLIT_SEED = 1
"""What conf/config.yaml says where nobody does."""

Check = Callable[[Settings], str | None]
"""From the settings to what is wrong, if it is."""


def check_ignored(settings: Settings) -> None:
    """Raises SettingsError for the first setting that would do nothing, with a way out."""
    for check in CHECKS:
        if (problem := check(settings)) is not None:
            raise SettingsError(problem)


def min_delta(settings: Settings) -> str | None:
    """It measures improvement, which something must ask for."""
    stopping = settings.stopping
    asked = stopping.patience or stopping.plateau or stopping.restore_best
    if not stopping.min_delta or asked or settings.schedule.name == "plateau":
        return None
    return (
        f"stopping.min_delta={stopping.min_delta:g} would change nothing: it needs "
        "stopping.patience, .plateau, .restore_best or schedule=plateau"
    )


def slow_schedule(settings: Settings) -> str | None:
    """A learning rate that is to fall on a plateau, where training stops on it before."""
    schedule, patience = settings.schedule, settings.stopping.patience
    if schedule.name == "plateau" and patience is not None and schedule.settings[1] >= patience:
        return (
            f"schedule.patience={schedule.settings[1]:g} would never slow down training, which "
            f"stopping.patience={patience} ends first; expected fewer epochs than that"
        )
    return None


def rprop(settings: Settings) -> str | None:
    """It reads the gradient's signs alone, and the learning rate as the first step size only."""
    optimizer, limits = settings.optimizer, settings.regularization
    if optimizer.name != "rprop":
        return None
    if settings.schedule.name != "constant":
        return (
            f"schedule.name='{settings.schedule.name}' would change nothing: optimizer.name="
            "'rprop' adapts its own step sizes; set schedule=constant"
        )
    for name in ("clip_value", "clip_norm"):
        if getattr(limits, name) is not None:
            return (
                f"regularization.{name}={getattr(limits, name):g} would change nothing: "
                "optimizer.name='rprop' takes the gradient's signs; set it to null"
            )
    least, most = optimizer.settings[2:]
    if not least <= optimizer.learning_rate <= most:
        return (
            f"optimizer.learning_rate={optimizer.learning_rate:g} is rprop's first step size; "
            f"expected one from optimizer.least_step={least:g} to .most_step={most:g}"
        )
    return None


def initializer(settings: Settings) -> str | None:
    """A scale of zeros, and starting biases of a net without any."""
    network, start = settings.network, settings.network.initializer
    if start.name == "zeros" and start.scale != 1:
        return (
            f"network.initializer.scale={start.scale:g} would change nothing of "
            "network.initializer.name='zeros'; choose e.g. uniform, or scale 1"
        )
    if start.bias != "zeros" and not network.bias:
        return (
            f"network.initializer.bias='{start.bias}' would change nothing: there are no biases; "
            "set network.bias=true, or network.initializer.bias=zeros"
        )
    return None


def fold(settings: Settings) -> str | None:
    """Which fold validates, where there are none."""
    split = settings.dataset.split
    if split.fold and split.folds is None:
        return (
            f"dataset.fold={split.fold} would change nothing: there are no folds; "
            "set dataset.folds=5, or dataset.fold=0"
        )
    return None


def split_seed(settings: Settings) -> str | None:
    """How samples are shuffled before they are divided, where all of them train."""
    split = settings.dataset.split
    sizes = (split.validation, split.test, split.folds)
    divided = any(size is not None and not isinstance(size, str) for size in sizes)
    if divided or split.split_seed in (None, DEFAULT_SPLIT_SEED):
        return None
    return (
        f"dataset.split_seed={split.split_seed} would change nothing: no samples are divided; "
        f"set dataset.validation=0.2, or dataset.split_seed={DEFAULT_SPLIT_SEED}"
    )


def range_test(settings: Settings) -> str | None:
    """What a range test does not look at, and a range from high to low."""
    start, stopping, schedule = settings.from_, settings.stopping, settings.schedule
    history = settings.recording.history
    if schedule.name != RANGE:
        return None
    least, most = schedule.settings
    if least >= most:
        return (
            f"schedule.least={least:g} is not lower than schedule.most={most:g}; "
            "expected e.g. 0.0001 and 1000"
        )
    unseen = {
        "from": start and f"{printable(start.run)}@{start.step}",
        "stopping.target": stopping.target,
        "stopping.patience": stopping.patience,
        "stopping.plateau": stopping.plateau,
        "stopping.restore_best": stopping.restore_best or None,
        "recording.history": None if history == "log" else history,
    }
    for name, value in unseen.items():
        if value is not None:
            return (
                f"{name}={value} does not go with schedule.name='range', which tests learning "
                "rates from fresh weights until the loss explodes; leave it out, "
                "or choose another schedule"
            )
    return None


CHECKS: tuple[Check, ...] = (
    min_delta,
    slow_schedule,
    rprop,
    initializer,
    fold,
    split_seed,
    range_test,
)

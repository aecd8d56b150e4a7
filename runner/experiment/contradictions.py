"""Settings that contradict each other, or leave others without effect: refused, with a way out.

What takes the data to see is in `misfits`. Left alone is what a group's file always carries beside
the switch that turns it on, such as `network.dropout.stage` where the rate is 0; and what only a
longer run would come to, such as `stopping.patience` beyond `stopping.max_epochs`, for a run can be
resumed with a later limit.
"""

from collections.abc import Iterable, Iterator

from runner.errors import SettingsError, printable
from runner.settings import Settings
from runner.training.metrics import VALIDATION, higher_is_better
from runner.training.schedules import RANGE, SCHEDULES

DEFAULT_SPLIT_SEED = 1
"""What conf/config.yaml says where nobody does."""


def check_settings(settings: Settings) -> None:
    """Raises SettingsError for the first thing that is wrong with the settings as a whole."""
    refuse_first(line for check in CHECKS for line in check(settings))


def refuse_first(lines: Iterable[str]) -> None:
    """Raises SettingsError with the first of the lines, if there are any."""
    for line in lines:
        raise SettingsError(line)


def length(settings: Settings) -> Iterator[str]:
    """A run that would never end, and one whose schedule needs to know when it will."""
    schedule, stopping = settings.schedule.name, settings.stopping
    names = ("target", "max_steps", "max_epochs", "max_seconds", "patience", "plateau")
    if all(getattr(stopping, name) is None for name in names):
        yield (
            "stopping: no criterion is set, so the run would never end; "
            "set stopping.target, .max_steps, .max_epochs, .max_seconds, .patience or .plateau"
        )
    if SCHEDULES[schedule].needs_length and not (stopping.max_epochs or stopping.max_steps):
        yield (
            f"schedule.name='{schedule}' needs to know how long the run will be; "
            "set stopping.max_epochs or stopping.max_steps"
        )


def target(settings: Settings) -> Iterator[str]:
    """A target beyond what its metric can be would never be met."""
    metric, target = settings.stopping.metric, settings.stopping.target
    higher = higher_is_better(metric)
    if target is not None and (target > 1 if higher else target < 0):
        bound, example = ("at most 1", 0.99) if higher else ("never below 0", 0.01)
        yield (
            f"stopping.target={target:g} cannot be met: {metric} is {bound}; "
            f"expected e.g. stopping.target={example}"
        )


def division(settings: Settings) -> Iterator[str]:
    """Folds that there are not, and a seed to divide samples where all of them train."""
    split = settings.dataset.split
    if (problem := split.problem) is not None:
        yield problem
    if split.fold and split.folds is None:
        way_out = "set dataset.folds=5, or dataset.fold=0"
        yield f"dataset.fold={split.fold} would change nothing: there are no folds; {way_out}"
    sizes = (split.validation, split.test, split.folds)
    divided = any(size is not None and not isinstance(size, str) for size in sizes)
    if not divided and split.split_seed not in (None, DEFAULT_SPLIT_SEED):
        yield (
            f"dataset.split_seed={split.split_seed} would change nothing: no samples are divided; "
            f"set dataset.validation=0.2, or dataset.split_seed={DEFAULT_SPLIT_SEED}"
        )


def initializer(settings: Settings) -> Iterator[str]:
    """A scale of zeros, and starting biases of a net without any."""
    start = settings.network.initializer
    counts = {len(values) for values in (start.name, start.scale, start.bias)} - {1}
    if len(counts) > 1:
        yield (
            "network.initializer.name, .scale and .bias are lists of different lengths; "
            "expected one value for all layers that have weights, or one for each"
        )
        return
    for name, scale, bias in start.starts:
        if name == "zeros" and scale != 1:
            yield (
                f"network.initializer.scale={scale:g} would change nothing of "
                "network.initializer.name='zeros'; choose e.g. uniform, or scale 1"
            )
        if bias != "zeros" and not settings.network.bias:
            yield (
                f"network.initializer.bias='{bias}' would change nothing: there are no biases; "
                "set network.bias=true, or network.initializer.bias=zeros"
            )


def rprop(settings: Settings) -> Iterator[str]:
    """It reads the gradient's signs alone, and the learning rate as the first step size only."""
    optimizer, limits = settings.optimizer, settings.regularization
    if optimizer.name != "rprop":
        return
    if settings.schedule.name != "constant":
        yield (
            f"schedule.name='{settings.schedule.name}' would change nothing: optimizer.name="
            "'rprop' adapts its own step sizes; set schedule=constant"
        )
    for name in ("clip_value", "clip_norm"):
        if getattr(limits, name) is not None:
            yield (
                f"regularization.{name}={getattr(limits, name):g} would change nothing: "
                "optimizer.name='rprop' takes the gradient's signs; set it to null"
            )
    least, most = optimizer.settings[2:]
    if not least <= optimizer.learning_rate <= most:
        yield (
            f"optimizer.learning_rate={optimizer.learning_rate:g} is rprop's first step size; "
            f"expected one from optimizer.least_step={least:g} to .most_step={most:g}"
        )


def range_test(settings: Settings) -> Iterator[str]:
    """What a range test does not look at, and a range from high to low."""
    start, stopping, schedule = settings.from_, settings.stopping, settings.schedule
    history = settings.recording.history
    if schedule.name != RANGE:
        return
    least, most = schedule.settings
    if least >= most:
        yield (
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
            yield (
                f"{name}={value} does not go with schedule.name='range', which tests learning "
                "rates from fresh weights until the loss explodes; leave it out, "
                "or choose another schedule"
            )


def watching(settings: Settings) -> Iterator[str]:
    """What goes by how held-out data do: without them, without use, or too late."""
    stopping, schedule = settings.stopping, settings.schedule
    uses = {
        "stopping.patience": stopping.patience is not None,
        "stopping.restore_best": stopping.restore_best,
        "schedule=plateau": schedule.name == "plateau",
    }
    for name, used in uses.items():
        if used and not stopping.metric.startswith(VALIDATION):
            yield (
                f"{name} watches held-out data, but stopping.metric='{stopping.metric}' is "
                "measured on the training data; set stopping.metric="
                f"{VALIDATION}{stopping.metric} (and dataset.validation)"
            )
    if stopping.min_delta and not (any(uses.values()) or stopping.plateau):
        yield (
            f"stopping.min_delta={stopping.min_delta:g} would change nothing: it needs "
            "stopping.patience, .plateau, .restore_best or schedule=plateau"
        )
    patience = stopping.patience
    if schedule.name == "plateau" and patience is not None and schedule.settings[1] >= patience:
        yield (
            f"schedule.patience={schedule.settings[1]:g} would never slow down training, which "
            f"stopping.patience={patience} ends first; expected fewer epochs than that"
        )


CHECKS = (length, target, division, initializer, rprop, range_test, watching)

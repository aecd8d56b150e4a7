"""Settings that contradict each other, refused at the door with what would be valid."""

from runner.data.dataset import Dataset
from runner.errors import SettingsError, printable
from runner.network.activations import ELEMENTWISE
from runner.network.losses import LOSSES
from runner.network.topology import Array, Topology
from runner.settings import Settings
from runner.training.engine import Engine, Problem
from runner.training.metrics import VALIDATION, higher_is_better
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from runner.training.tasks import REGRESSION, Task

UNBOUNDED = ("linear", "leaky_relu")
"""Output activations that can give any number."""


def hidden_activations(settings: Settings, topology: Topology) -> tuple[str, ...]:
    """The hidden layers' activations: one for all of them, or one each."""
    names, layers = settings.network.activation.hidden, len(topology.sizes) - 2
    if len(names) not in (1, layers):
        fitting = f", or a list of {layers}" if layers > 1 else ""
        raise SettingsError(
            f"network.activation.hidden=[{','.join(names)}] names {len(names)} hidden layers, but "
            f"topology={topology} has {layers}; expected one name for all{fitting}"
        )
    return names


def output_activation(settings: Settings, task: Task) -> str:
    """The output layer's activation; `auto` is what the loss comes with, or what the task asks for:

    linear for numbers to predict, else sigmoid.
    """
    asked, loss = settings.network.activation.output, settings.loss.name
    needed = LOSSES[loss].output
    if asked == "auto":
        return needed or ("linear" if task is REGRESSION else "sigmoid")
    if needed is not None and asked != needed:
        raise SettingsError(
            f"loss.name='{loss}' comes with a {needed} output layer, not with "
            f"network.activation.output='{asked}'; set that to {needed} or auto"
        )
    if needed is None and asked not in ELEMENTWISE:
        raise SettingsError(
            f"network.activation.output='{asked}' comes with loss=cross_entropy, not with "
            f"loss.name='{loss}'; choose that loss, or an output among {', '.join(ELEMENTWISE)}"
        )
    return asked


def check_metric(settings: Settings, task: Task) -> None:
    """A metric must mean something for what is learnt, and on the data it is asked of."""
    metric = settings.stopping.metric
    known = (*task.summed, *(VALIDATION + name for name in task.metrics))
    if metric in known:
        return
    choices = f"choose from {', '.join(known)}"
    if metric in task.scored:
        raise SettingsError(
            f"stopping.metric='{metric}' is not measured on training data while it goes on; "
            f"set stopping.metric={VALIDATION}{metric} (and dataset.validation), or {choices}"
        )
    raise SettingsError(
        f"stopping.metric='{metric}' is not defined for {task.name}, which "
        f"dataset.name='{printable(settings.dataset.name)}' asks for; {choices}"
    )


def check_target(settings: Settings) -> None:
    """A target beyond what its metric can be would never be met."""
    metric, target = settings.stopping.metric, settings.stopping.target
    if target is None:
        return
    if higher_is_better(metric) and target > 1:
        raise SettingsError(
            f"stopping.target={target:g} cannot be met: {metric} is at most 1; "
            "expected e.g. stopping.target=0.99"
        )
    if not higher_is_better(metric) and target < 0:
        raise SettingsError(
            f"stopping.target={target:g} cannot be met: {metric} is never below 0; "
            "expected e.g. stopping.target=0.01"
        )


def check_validation(settings: Settings, has_validation: bool) -> None:
    """A held-out metric needs held-out data."""
    metric = settings.stopping.metric
    if metric.startswith("val_") and not has_validation:
        raise SettingsError(
            f"stopping.metric='{metric}' needs validation data; "
            f"set dataset.validation=0.2, or stopping.metric={metric.removeprefix('val_')}"
        )
    uses = {
        "stopping.patience": settings.stopping.patience is not None,
        "stopping.restore_best": settings.stopping.restore_best,
        "schedule=plateau": settings.schedule.name == "plateau",
    }
    for name, used in uses.items():
        if used and not metric.startswith("val_"):
            raise SettingsError(
                f"{name} watches held-out data, but stopping.metric='{metric}' is measured on the "
                f"training data; set stopping.metric=val_{metric} (and dataset.validation)"
            )


def check_problem(problem: Problem) -> None:
    """An optimizer, or a normalisation, that does not go with this net or batch."""
    if OPTIMIZERS[problem.optimizer].full_batch_only and not problem.full_batch:
        raise SettingsError(
            f"optimizer.name='{problem.optimizer}' takes the sign of whole gradients and needs "
            f"full batches, not batch_size={problem.batch_size}; set batch_size=null"
        )
    if problem.network.topology.batch_norm:
        check_batch_norm(problem)


def check_loss(settings: Settings, task: Task, targets: Array) -> None:
    """A loss for classes needs targets that are classes, or shares of them.

    targets: [samples, n_out], scaled.
    """
    loss, least, most = settings.loss.name, targets.min(), targets.max()
    if "cross_entropy" not in loss:
        return
    one_each = targets.shape[1] > 1 and abs(targets.sum(axis=1) - 1).max() <= 1e-6
    if loss == "cross_entropy" and task is REGRESSION and not one_each:
        raise SettingsError(
            "loss.name='cross_entropy' is for classes, and dataset.name="
            f"'{printable(settings.dataset.name)}' has numbers to predict; "
            "choose loss=squared_error"
        )
    if loss == "cross_entropy" and targets.shape[1] < 2:
        raise SettingsError(
            "loss.name='cross_entropy' needs an output a class, at least two; "
            "with one output choose loss=binary_cross_entropy"
        )
    if loss == "cross_entropy" and not one_each:
        raise SettingsError(
            "loss.name='cross_entropy' needs targets of one class a sample, which sum to 1, and "
            "these do not; choose loss=binary_cross_entropy, or squared_error"
        )
    if least < 0 or most > 1:
        raise SettingsError(
            f"loss.name='{loss}' needs targets within [0, 1], found {least:g} to {most:g}; "
            "choose loss=squared_error, or dataset.scale_targets=minmax where the data set has that"
        )


def check_threads(threads: int, engine: Engine) -> None:
    """The compiled engine's kernels use one thread, whatever is asked for."""
    if threads > 1 and engine.name == "compiled":
        raise SettingsError(
            f"threads={threads} would change nothing: engine=compiled trains on one thread; "
            "set engine=numpy, or threads=1"
        )


def check_batch_norm(problem: Problem) -> None:
    """Batch normalisation needs hidden layers, and batches whose samples differ."""
    topology = problem.network.topology
    if len(topology.sizes) < 3:
        raise SettingsError(
            f"network.batch_norm=true normalises hidden layers, which topology={topology} has "
            "none of; add one, or set network.batch_norm=false"
        )
    if problem.batch_size < 2:
        raise SettingsError(
            "network.batch_norm=true takes mean and variance over a batch, which batches of "
            "1 sample have none of; set batch_size=2 or more"
        )


def check_reach(problem: Problem, dataset: Dataset) -> None:
    """Scaled targets lie on both sides of 0, which not every output layer can give."""
    output = problem.network.output
    if dataset.target_scaling is None or not (problem.targets < 0).any():
        return
    if output not in UNBOUNDED:
        raise SettingsError(
            f"network.activation.output='{output}' cannot give targets scaled to mean 0 and "
            f"deviation 1; set it to {' or '.join(UNBOUNDED)}, or dataset.scale_targets=minmax"
        )


def schedule_epochs(settings: Settings, steps_per_epoch: int) -> float:
    """How long the run will be, for schedules that need to know."""
    epochs, steps = settings.stopping.max_epochs, settings.stopping.max_steps
    limits = [
        *([float(epochs)] if epochs is not None else []),
        *([steps / steps_per_epoch] if steps is not None else []),
    ]
    if limits:
        return min(limits)
    if SCHEDULES[settings.schedule.name].needs_length:
        raise SettingsError(
            f"schedule.name='{settings.schedule.name}' needs to know how long the run will be; "
            "set stopping.max_epochs or stopping.max_steps"
        )
    return 1.0

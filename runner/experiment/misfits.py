"""Settings that do not go with the data, or with the network that these make: refused."""

from collections.abc import Callable, Iterator

from runner.checking.memory import check_memory
from runner.data.dataset import Dataset
from runner.errors import SettingsError, counted, printable
from runner.experiment.contradictions import refuse_first
from runner.experiment.loading import whole_pieces
from runner.network.activations import ELEMENTWISE
from runner.network.losses import LOSSES
from runner.network.topology import Topology, memory_of_training
from runner.settings import Settings
from runner.training.engine import Problem
from runner.training.metrics import VALIDATION
from runner.training.optimizers import OPTIMIZERS
from runner.training.tasks import REGRESSION

UNBOUNDED = ("linear", "leaky_relu")
"""Output activations that can give any number."""

Check = Callable[[Settings, Dataset, Problem], Iterator[str]]
"""From settings, data as the network's outputs are, and the problem: a line for what is wrong."""


def check_network(settings: Settings, dataset: Dataset, topology: Topology) -> None:
    """Raises SettingsError for a network that this machine cannot hold or that does not fit."""
    samples = len(dataset.train)
    batch = min(settings.batch_size or samples, samples)
    slots = OPTIMIZERS[settings.optimizer.name].slots
    check_memory(
        memory_of_training(topology, settings.dtype, batch, samples, slots),
        f"topology={topology} has {counted(topology.parameters, 'parameter')} and is trained on "
        f"{counted(samples, 'sample')}, {batch:,} at a time",
        "choose smaller layers or a smaller batch_size",
        SettingsError,
    )
    refuse_first(ends(settings, dataset, topology))
    refuse_first(hidden_layers(settings, topology))
    refuse_first(starts(settings, topology))


def check_problem(settings: Settings, dataset: Dataset, problem: Problem) -> None:
    """Raises SettingsError for the first setting that does not go with the data or the network."""
    refuse_first(line for check in CHECKS for line in check(settings, dataset, problem))


def ends(settings: Settings, dataset: Dataset, topology: Topology) -> Iterator[str]:
    """A topology whose first or last layer does not fit the data set."""
    inputs, outputs = dataset.inputs, dataset.fitting_outputs
    fits = topology.sizes[0] == inputs and topology.outputs in outputs
    if fits and topology.steps == (dataset.steps or 1):
        return
    classes, targets = dataset.classes, counted(outputs[0], "target")
    own, *hidden, _ = topology.written
    first = own if topology.sizes[0] == inputs else "in"
    fitting = [
        f"{first}-…-{last}"
        for first, *_, last in (whole_pieces((first, *hidden, size), dataset) for size in outputs)
    ]
    example = Topology(whole_pieces((first, *hidden, "out"), dataset))
    yield (
        f"topology={topology} does not fit dataset.name='{settings.dataset.name}' with "
        f"{counted(inputs, 'input')} and "
        f"{targets if classes is None else f'{len(classes)} classes'}; "
        f"it takes {' or '.join(fitting)}{f', e.g. topology={example}' if example.fits else ''}"
    )


def hidden_layers(settings: Settings, topology: Topology) -> Iterator[str]:
    """Activations, or rates of dropout, for other hidden layers than there are."""
    rates, hidden = settings.network.dropout.rate, len(topology.written) - 2
    if len(rates) not in (1, hidden):
        said = ",".join(f"{rate:g}" for rate in rates)
        yield (
            f"network.dropout.rate=[{said}] names {len(rates)} hidden layers, but "
            f"topology={topology} has {hidden}; expected one rate for all that have weights, or "
            f"one for each, poolings included"
        )
    names, layers = settings.network.activation.hidden, topology.activated
    if len(names) not in (1, layers):
        fitting = f", or a list of {layers}" if layers > 1 else ""
        yield (
            f"network.activation.hidden=[{','.join(names)}] names {len(names)} hidden layers, but "
            f"topology={topology} has {layers}; expected one name for all{fitting}"
        )


def starts(settings: Settings, topology: Topology) -> Iterator[str]:
    """Starting weights for another number of layers than have any."""
    given, weighted = settings.network.initializer, sum(bool(kind.parts) for kind in topology.kinds)
    for key in ("name", "scale", "bias"):
        values = getattr(given, key)
        if len(values) not in (1, weighted):
            fitting = f", or a list of {weighted}" if weighted > 1 else ""
            yield (
                f"network.initializer.{key}=[{','.join(map(str, values))}] names {len(values)} "
                f"layers, but topology={topology} has {weighted} with weights; expected one value "
                f"for all{fitting}"
            )


def loss(settings: Settings, dataset: Dataset, problem: Problem) -> Iterator[str]:
    """A loss for classes needs targets that are classes, or shares of them."""
    name, targets = problem.loss, dataset.counting(dataset.train, problem.targets)
    if "cross_entropy" not in name:
        return
    one_each = targets.shape[1] > 1 and abs(targets.sum(axis=1) - 1).max() <= 1e-6
    if name == "cross_entropy" and problem.reduction.task is REGRESSION and not one_each:
        yield (
            "loss.name='cross_entropy' is for classes, and dataset.name="
            f"'{printable(settings.dataset.name)}' has numbers to predict; "
            "choose loss=squared_error"
        )
    if name == "cross_entropy" and targets.shape[1] < 2:
        yield (
            "loss.name='cross_entropy' needs an output a class, at least two; "
            "with one output choose loss=binary_cross_entropy"
        )
    if name == "cross_entropy" and not one_each:
        yield (
            "loss.name='cross_entropy' needs targets of one class a sample, which sum to 1, and "
            "these do not; choose loss=binary_cross_entropy, or squared_error"
        )
    least, most = targets.min(), targets.max()
    if least < 0 or most > 1:
        yield (
            f"loss.name='{name}' needs targets within [0, 1], found {least:g} to {most:g}; "
            "choose loss=squared_error, or dataset.scale_targets=minmax where the data set has that"
        )


def output_layer(settings: Settings, dataset: Dataset, problem: Problem) -> Iterator[str]:
    """An output layer that the loss does not come with, or that cannot give scaled targets.

    These lie on both sides of 0.
    """
    output, loss = problem.network.output, problem.loss
    needed = LOSSES[loss].output
    if needed is not None and output != needed:
        yield (
            f"loss.name='{loss}' comes with a {needed} output layer, not with "
            f"network.activation.output='{output}'; set that to {needed} or auto"
        )
    if needed is None and output not in ELEMENTWISE:
        yield (
            f"network.activation.output='{output}' comes with loss=cross_entropy, not with "
            f"loss.name='{loss}'; choose that loss, or an output among {', '.join(ELEMENTWISE)}"
        )
    targets = dataset.counting(dataset.train, problem.targets)
    negative = dataset.target_scaling is not None and (targets < 0).any()
    if negative and output not in UNBOUNDED:
        yield (
            f"network.activation.output='{output}' cannot give targets scaled to mean 0 and "
            f"deviation 1; set it to {' or '.join(UNBOUNDED)}, or dataset.scale_targets=minmax"
        )


def batch(settings: Settings, dataset: Dataset, problem: Problem) -> Iterator[str]:
    """A batch of more samples than there are, or that optimizer or normalisation cannot use."""
    size, topology = problem.batch_size, problem.network.topology
    if size > problem.samples:
        yield (
            f"batch_size={size} is larger than the data set's "
            f"{counted(problem.samples, 'sample')}; "
            "expected at most that, or null for all of them"
        )
    if OPTIMIZERS[problem.optimizer].full_batch_only and not problem.full_batch:
        yield (
            f"optimizer.name='{problem.optimizer}' takes the sign of whole gradients and needs "
            f"full batches, not batch_size={size}; set batch_size=null"
        )
    if topology.batch_norm and not any(layer.norm for layer in topology.layers):
        yield (
            f"network.batch_norm=true normalises hidden layers, which topology={topology} has "
            "none of; add one, or set network.batch_norm=false"
        )
    if topology.batch_norm and dataset.train.lengths is not None:
        yield (
            "network.batch_norm=true would take mean and variance of what is behind the ends of "
            "sequences, too; set network.batch_norm=false, or give sequences of one length"
        )
    if topology.batch_norm and size < 2:
        yield (
            "network.batch_norm=true takes mean and variance over a batch, which batches of "
            "1 sample have none of; set batch_size=2 or more"
        )


def metric(settings: Settings, dataset: Dataset, problem: Problem) -> Iterator[str]:
    """A metric must mean something for what is learnt, and on the data it is asked of."""
    name, task = settings.stopping.metric, problem.reduction.task
    known = (*task.summed, *(VALIDATION + name for name in task.metrics))
    choices = f"choose from {', '.join(known)}"
    if name in task.scored:
        yield (
            f"stopping.metric='{name}' is not measured on training data while it goes on; "
            f"set stopping.metric={VALIDATION}{name} (and dataset.validation), or {choices}"
        )
    if name not in known:
        yield (
            f"stopping.metric='{name}' is not defined for {task.name}, which "
            f"dataset.name='{printable(settings.dataset.name)}' asks for; {choices}"
        )
    if name.startswith(VALIDATION) and dataset.validation is None:
        yield (
            f"stopping.metric='{name}' needs validation data; set dataset.validation=0.2, "
            f"or stopping.metric={name.removeprefix(VALIDATION)}"
        )


CHECKS: tuple[Check, ...] = (loss, output_layer, batch, metric)

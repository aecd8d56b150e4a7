"""Decorators that give the runner's tables entries of a person's own.

    @runner.activation(slope=lambda z, a: 1 / (1 + abs(z)) ** 2, scalar=True)
    def softsign(z):
        return z / (1 + abs(z))

From then on `network.activation.hidden=softsign` is a choice like any other. Each piece is tried
once here; what is wrong with it is a SettingsError of one line that names it.
"""

import inspect
from bisect import insort
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from runner.checking.parsing import names_of
from runner.checking.tables import Origin, Table
from runner.data.kinds import DATASET_OPTIONS, DATASETS
from runner.data.splits import Split
from runner.errors import SettingsError
from runner.network.activations import ACTIVATIONS, ELEMENTWISE, Activation
from runner.network.arrays import Array
from runner.network.initializers import INITIALIZERS
from runner.network.layers.parts import LayerPart
from runner.network.losses import LOSSES, Loss
from runner.plugins.choices import Choice, add_choice, ranges_of, rule_like
from runner.plugins.data import load_own
from runner.plugins.origins import origin_of
from runner.plugins.trials import Refuse, checked, try_activation, try_loss, try_optimizer, trying
from runner.training.optimizers import OPTIMIZERS, Optimizer, Step
from runner.training.schedules import SCHEDULES, RateSchedule

F = TypeVar("F", bound=Callable[..., Any])
Pair = tuple[Callable[..., Any], Callable[..., Any]]


class Decorator(Protocol):
    """Gives a function as it is, once it is registered."""

    def __call__(self, function: F, /) -> F:
        """The same function."""
        ...


def naming(table: Table[Any], function: Any, name: str | None) -> tuple[str, Origin, Refuse]:
    """The name of a piece, its origin, and what makes an error that says whose it is."""
    if not callable(function):
        raise SettingsError(f"runner.{table.kind} is given {function!r}; expected a function")
    called, origin = name or str(getattr(function, "__name__", "?")), origin_of(function)
    return called, origin, lambda text: SettingsError(f"{origin}: {table.kind} '{called}': {text}")


def pair_of(
    scalar: bool | Pair, first: Callable[..., Any], second: Callable[..., Any]
) -> Pair | None:
    """Both functions on numbers; None where there are no such."""
    return ((first, second) if scalar else None) if isinstance(scalar, bool) else scalar


def activation(
    *,
    slope: Callable[..., Any],
    scalar: bool | Pair = False,
    name: str | None = None,
    check: bool = True,
) -> Decorator:
    """Registers an activation: the function is z -> a on arrays, `slope` (z, a) -> da/dz.

    scalar: whether both work on single numbers as well, and Numba can compile them: then
    engine=compiled trains with it. Or two other functions that do.
    check: whether the slope has to be what central differences give.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(ACTIVATIONS, function, name)
        try_activation(refuse, function, slope, exact=check)
        entry = Activation(
            partial(into, function),
            partial(slope_into, slope),
            True,
            pair_of(scalar, function, slope),
        )
        ACTIVATIONS.register(called, entry, origin)
        if called not in ELEMENTWISE:
            insort(ELEMENTWISE, called)
        return function

    return register


def into(function: Callable[..., Any], z: Array, out: Array) -> None:
    """a in `out`, which may be z."""
    np.copyto(out, function(z))


def slope_into(function: Callable[..., Any], z: Array, a: Array, out: Array) -> None:
    """da/dz in `out`."""
    np.copyto(out, function(z, a))


def loss(
    *,
    gradient: Callable[..., Any],
    scalar: bool | Pair = False,
    name: str | None = None,
    check: bool = True,
    reduction: str = "mean",
) -> Decorator:
    """Registers a loss: the function is (a, y) -> losses, [rows, n_out] or [rows], of arrays
    [rows, n_out]; `gradient` (a, y) -> dL/da.

    scalar, check: as of `activation`. reduction: `mean` or `sum` over the batch, by default.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(LOSSES, function, name)
        if reduction not in ("mean", "sum"):
            raise refuse(f"reduction={reduction!r}: expected 'mean' or 'sum'")
        try_loss(refuse, function, gradient, exact=check)
        entry = Loss(
            lambda _z, a, y: np.asarray(function(a, y)),
            lambda a, y, out: np.copyto(out, gradient(a, y)),
            scalar=pair_of(scalar, function, gradient),
        )
        LOSSES.register(called, entry, origin)
        add_choice("loss", called, Choice({"name": called, "reduction": reduction}))
        return function

    return register


def optimizer(
    *,
    slots: int = 0,
    learning_rate: float | str = 0.01,
    scalar: bool = False,
    name: str | None = None,
    full_batch_only: bool = False,
    **settings: float | tuple[float, float, float],
) -> Decorator:
    """Registers an optimizer: the function takes a `Step` and changes its parameters in place.

    slots: how many vectors it remembers, zero at first, as `step.slots`. settings: its own by name,
    each its default or (default, least, below); they are `step.settings`, in their order.
    scalar: the function is (w, g, slots, learning_rate, number, settings) -> (w, slots) instead, of
    one parameter or an array of them, and Numba can compile it.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(OPTIMIZERS, function, name)
        defaults, ranges = ranges_of(settings, ("name", "learning_rate"), refuse)
        update = partial(updated, function) if scalar else function
        entry = Optimizer(update, slots, ranges, full_batch_only, function if scalar else None)
        try_optimizer(refuse, entry, tuple(defaults.values()))
        OPTIMIZERS.register(called, entry, origin)
        values = {"name": called, "learning_rate": learning_rate, **defaults}
        add_choice("optimizer", called, Choice(values))
        return function

    return register


def updated(function: Callable[..., Any], step: Step) -> None:
    """The update of all parameters at once."""
    parameters, kept = function(
        step.parameters,
        step.gradient,
        tuple(step.slots),
        step.learning_rate,
        step.number,
        step.settings,
    )
    new = [np.array(slot) for slot in kept]  # before those are written that they may refer to
    step.parameters[:] = parameters
    for slot, value in zip(step.slots, new, strict=True):
        slot[:] = value


def initializer(*, name: str | None = None) -> Decorator:
    """Registers an initializer: (generator, shape, fans, scale) -> numbers of that shape.

    generator: the run's, to draw from. fans: fan-in and fan-out of the layer.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(INITIALIZERS, function, name)

        def draw(generator: np.random.Generator, part: LayerPart, scale: float) -> Array:
            drawn: Array = np.asarray(function(generator, part.shape, part.fans, scale), float)
            return drawn.reshape(part.shape)

        with trying(refuse, "it"):
            found = draw(np.random.default_rng(1), LayerPart("weights", (3, 2), (3, 2)), 1.0)
            checked(refuse, "it", found, ((3, 2),))
        INITIALIZERS.register(called, draw, origin)
        return function

    return register


def schedule(
    *,
    needs_length: bool = False,
    name: str | None = None,
    **settings: float | tuple[float, float, float],
) -> Decorator:
    """Registers a learning-rate schedule: (epochs, length, settings) -> the factor at each of them.

    epochs: an array of how far training is, in epochs and fractions of them. length: the run's,
    where `needs_length` says so. settings: as of `optimizer`.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(SCHEDULES, function, name)
        defaults, ranges = ranges_of(settings, ("name",), refuse)
        with trying(refuse, "it"):
            found = function(np.linspace(0, 9, 10), 10.0, tuple(defaults.values()))
            checked(refuse, "it", found, ((10,),))
        SCHEDULES.register(called, RateSchedule(function, ranges, needs_length), origin)
        add_choice("schedule", called, Choice({"name": called, **defaults}))
        return function

    return register


def dataset(*, brings: Mapping[str, Any] | None = None, name: str | None = None) -> Decorator:
    """Registers a data set: the function gives (inputs, targets), or a `Pool`.

    Its own parameters are the settings, each with a default: `dataset.samples=500`. Whole numbers
    or texts as targets [samples] are classes; others [samples, n_out] are numbers to predict.
    brings: what goes with it, by dotted key, such as {"topology": "in-8-out"}.
    """

    def register(function: F) -> F:
        called, origin, refuse = naming(DATASETS, function, name)
        options, defaults = {}, {}
        for key, parameter in inspect.signature(function).parameters.items():
            rule = rule_like(parameter.default)
            if rule is None:
                raise refuse(f"its parameter {key} needs a default: a number, a text, or a bool")
            if key in OF_DATASETS:
                raise refuse(f"{key} is a key of every data set; choose another name")
            options[key], defaults[key] = rule, parameter.default
        DATASETS.register(called, partial(load_own, refuse, function, tuple(options)), origin)
        DATASET_OPTIONS[called] = options
        add_choice("dataset", called, dataset_choice(called, defaults, brings or {}))
        return function

    return register


OF_DATASETS = ("name", "kind", "sgd_rate", "shuffle", "class_weight", *names_of(Split))


def dataset_choice(name: str, defaults: Mapping[str, Any], brings: Mapping[str, Any]) -> Choice:
    """What such a data set brings: as a table of one's own does, nothing held out."""
    values: dict[str, Any] = {
        "defaults": [
            {"override /network": "relu"},
            {"override /loss": "auto"},
            {"override /optimizer": "adam"},
            {"override /stopping": "epochs"},
        ],
        "topology": "auto",
        "batch_size": 10,
        "network": {"activation": {"output": "auto"}},
        "loss": {"reduction": "mean"},
        "stopping": {"metric": "loss", "max_epochs": 100},
        "dataset": {"sgd_rate": 0.1, "name": name, "kind": name, **defaults},
    }
    for key, value in brings.items():
        *sections, last = key.split(".")
        inner = values
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[last] = value
    return Choice(values, "_global_")

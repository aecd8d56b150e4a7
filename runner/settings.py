"""The configuration, checked once at the door and frozen from then on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_origin, get_type_hints

from runner.data.kinds import DATASETS
from runner.data.options import DATASET_OPTIONS, SplitSettings
from runner.errors import SettingsError, printable
from runner.network.activations import ACTIVATIONS
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.network.topology import parse_sizes
from runner.rules import (
    choice,
    flag,
    integer,
    number,
    optional,
    refuse,
    suggestion,
    text,
)
from runner.training.metrics import METRICS
from runner.training.optimizers import OPTIMIZERS

ENGINES = ("auto", "compiled", "numpy")


def topology(key: str, value: object) -> tuple[int, ...]:
    """Layer sizes, 0 for `in` and `out`, which are as many as the data set has.

    YAML reads 3 alone as a number and 2001-01-01 as a date, so any type comes.
    """
    layers = str(value).split("-") if value is not None else [""]
    ends = (layers[0] == "in", len(layers) > 1 and layers[-1] == "out")
    sizes = ["1" if ends[0] else layers[0], *layers[1:]]
    sizes[-1] = "1" if ends[1] else sizes[-1]
    try:
        first, *hidden, last = parse_sizes("-".join(sizes))
    except ValueError as error:
        raise refuse(key, value, "is not a topology", str(error)) from error
    return (0 if ends[0] else first, *hidden, 0 if ends[1] else last)


def schedule(key: str, value: object) -> str | int | tuple[int, ...]:
    """`log`, every so many epochs, or a list of epochs."""
    if value == "log":
        return "log"
    if isinstance(value, list):
        return tuple(sorted(integer(at_least=1)(key, item) for item in value))
    if isinstance(value, str):
        expected = "expected log, a number of epochs, or a list of epochs"
        raise refuse(key, value, "is not a schedule", expected)
    return int(integer(at_least=1)(key, value))


@dataclass(frozen=True)
class DatasetSettings:
    name: Annotated[str, text]
    kind: Annotated[str, choice(DATASETS)]
    options: Any
    """What the kind's loader takes, by name: one of `runner.data.options`."""
    split: SplitSettings


FLAT = ("options", "split")
"""Sections of `dataset` whose keys stand beside `dataset.name` in YAML, not below another."""


@dataclass(frozen=True)
class ActivationSettings:
    hidden: Annotated[str, choice(ACTIVATIONS)]
    output: Annotated[str, choice(("auto", *ACTIVATIONS))]


@dataclass(frozen=True)
class InitializerSettings:
    name: Annotated[str, choice(INITIALIZERS)]
    scale: Annotated[float, number(above=0)]


@dataclass(frozen=True)
class DropoutSettings:
    rate: Annotated[float, number(at_least=0, below=1)]
    stage: Annotated[str, choice(("forward", "backward"))]


@dataclass(frozen=True)
class NetworkSettings:
    activation: ActivationSettings
    bias: Annotated[bool, flag]
    initializer: InitializerSettings
    dropout: DropoutSettings


@dataclass(frozen=True)
class LossSettings:
    name: Annotated[str, choice(LOSSES)]
    reduction: Annotated[str, choice(("sum", "mean"))]


@dataclass(frozen=True)
class OptimizerSettings:
    name: Annotated[str, choice(OPTIMIZERS)]
    learning_rate: Annotated[float, number(above=0)]


@dataclass(frozen=True)
class StoppingSettings:
    metric: Annotated[str, choice(METRICS)]
    target: Annotated[float | None, optional(number())]
    max_steps: Annotated[int | None, optional(integer(at_least=1))]
    max_epochs: Annotated[int | None, optional(integer(at_least=1))]
    max_seconds: Annotated[float | None, optional(number(above=0))]


@dataclass(frozen=True)
class SnapshotSettings:
    epochs: Annotated[str | int | tuple[int, ...] | None, optional(schedule)]
    seconds: Annotated[float | None, optional(number(above=0))]


@dataclass(frozen=True)
class RecordingSettings:
    history: Annotated[str | int | tuple[int, ...], schedule]
    snapshots: SnapshotSettings
    predictions: Annotated[int, integer(at_least=0)]


@dataclass(frozen=True)
class Settings:
    """Every value of a run. The YAML under `conf/` documents each and gives the defaults."""

    topology: Annotated[tuple[int, ...], topology]
    seed: Annotated[int, integer(at_least=0, at_most=2**32 - 1)]
    engine: Annotated[str, choice(ENGINES)]
    dtype: Annotated[str, choice(("float32", "float64"))]
    batch_size: Annotated[int | None, optional(integer(at_least=1))]
    dataset: DatasetSettings
    network: NetworkSettings
    loss: LossSettings
    optimizer: OptimizerSettings
    stopping: StoppingSettings
    recording: RecordingSettings


def parse_settings(config: Mapping[str, Any]) -> Settings:
    """The frozen settings from a composed configuration.

    Raises SettingsError for the first value that is unknown, missing or breaks its rule.
    """
    settings: Settings = parse(Settings, {k: v for k, v in config.items() if k != "published"})
    check_stopping(settings.stopping)
    return settings


def check_stopping(stopping: StoppingSettings) -> None:
    """A run without any criterion would never end."""
    limits = (stopping.target, stopping.max_steps, stopping.max_epochs, stopping.max_seconds)
    if all(limit is None for limit in limits):
        raise SettingsError(
            "stopping: no criterion is set, so the run would never end; "
            "set stopping.target, .max_steps, .max_epochs or .max_seconds"
        )


@cache
def field_rules(kind: type) -> dict[str, Any]:
    """Of each field of a settings class: its rule, or the class of the section it holds."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint.__metadata__[0] if get_origin(hint) is Annotated else hint
        for name, hint in hints.items()
    }


def parse(kind: type, values: object, prefix: str = "") -> Any:
    """A settings object of class `kind` from a mapping.

    prefix: its place in the configuration, such as `network.`, for messages.
    """
    if not isinstance(values, Mapping):
        expected = f"expected a section with {', '.join(field_rules(kind))}"
        raise refuse(prefix.rstrip(".") or "configuration", values, "is not a section", expected)
    if kind is DatasetSettings:
        values = with_options(values)
    known = field_rules(kind)
    for name in values:
        if name not in known:
            raise unknown_key(f"{prefix}{name}", [f"{prefix}{other}" for other in known])
    parsed: dict[str, Any] = {}
    for name, rule in known.items():
        key = f"{prefix}{name}"
        if name not in values:
            raise SettingsError(f"{key} is missing; give it a value, e.g. {key}=…")
        value = values[name]
        if kind is DatasetSettings and name in FLAT:
            section = DATASET_OPTIONS[parsed["kind"]] if name == "options" else rule
            parsed[name] = parse(section, value, prefix)
        else:
            parsed[name] = (
                parse(rule, value, f"{key}.") if isinstance(rule, type) else rule(key, value)
            )
    return kind(**parsed)


def with_options(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """The data set's section with its split, and what belongs to its kind, gathered."""
    split = {name: dataset[name] for name in field_rules(SplitSettings) if name in dataset}
    common = {name: dataset[name] for name in ("name", "kind") if name in dataset}
    options = {n: value for n, value in dataset.items() if n not in common and n not in split}
    return {**common, "options": options, "split": split}


def unknown_key(key: str, known: Iterable[str]) -> SettingsError:
    """The one line for a key that nothing reads."""
    names = list(known)
    return SettingsError(
        f"{printable(key)} is not a configuration key; "
        f"{suggestion(key, names)}known are {', '.join(names)}"
    )


def known_keys(kind: type = Settings, prefix: str = "") -> list[str]:
    """Every configuration key, dotted, to find what a misspelt one meant."""
    keys = []
    for name, rule in field_rules(kind).items():
        inner = prefix if kind is DatasetSettings and name in FLAT else f"{prefix}{name}."
        keys += [inner.removesuffix(".")] if inner != prefix else []
        if isinstance(rule, type):
            keys += known_keys(rule, inner)
    return keys

"""From settings and arrays to a trained network: a run's own way, without its folder."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from runner.configuration.composing import groups, loaded, prepared_hydra
from runner.configuration.hydra_errors import explaining
from runner.configuration.job_bases import Base, base_of
from runner.data.given_arrays import GivenArrays
from runner.errors import DivergedError, SettingsError, printable
from runner.experiment.experiment import Experiment, Parts, build, build_parts
from runner.face import texts_of
from runner.network.trained import TrainedNetwork, network_arrays, trained_network
from runner.plugins.choices import CHOICES
from runner.settings import Settings
from runner.training.schedules import RANGE
from runner.training.threads import limited

OF_ARRAYS = {
    "dataset": "csv",  # what goes with tables goes with arrays
    "dataset.name": "arrays",
    "dataset.path": "arrays",
    "dataset.target": "target",
    "dataset.validation": None,
    "dataset.test": None,
    "dataset.scale": "none",  # a pipeline's matter
    "network.initializer.name": "glorot_uniform",  # as MLPClassifier, whose width it has, too
    "recording.history": 1,
}
"""The settings of `dataset=csv`, which it brings with it, but for these."""

NOT_OF_ARRAYS = (
    *("dataset.path", "dataset.target", "dataset.features", "dataset.exclude", "dataset.test"),
    *("dataset.categorical", "dataset.weight", "dataset.unseen", "dataset.task", "dataset.name"),
    *("dataset.kind", "dataset.class_weight"),
)
NAME = re.compile(r"[^\W\d]\w*(?:[./]\w+)*")
"""What a setting may be called."""
NOT_IN_MEMORY = ("experiment", "from", "hydra", "logger", "recording", "sweep")


@dataclass(frozen=True)
class Fitted:
    """What a training came to."""

    network: TrainedNetwork
    epochs: int
    curves: Mapping[str, Sequence[float]]
    """By the name of a metric its value after each epoch."""


def fitted(settings: Mapping[str, object], arrays: GivenArrays) -> Fitted:
    """Trains on arrays, as a run with these settings does that has them as its data set.

    Raises SettingsError and DataError, and DivergedError where the loss is no longer finite.
    """
    check_in_memory(settings)
    config = composed(settings)
    if config["schedule"]["name"] == RANGE:
        raise SettingsError(
            f"schedule='{RANGE}' looks for a learning rate, and leaves no network to keep; "
            f"choose another, or look with runner.train(schedule='{RANGE}', …)"
        )
    experiment = experiment_on(arrays, config)
    with limited(experiment.settings.threads):
        return trained(experiment)


def check_names(settings: Mapping[Any, object], section: str = "") -> None:
    """Refuses what is no setting's name, in sections too, and a group that is given no choice."""
    for key, value in settings.items():
        if not isinstance(key, str) or not NAME.fullmatch(key):
            within = f" in {section.removesuffix('.')}" if section else ""
            raise SettingsError(
                f"settings have the key {printable(repr(key))}{within}; "
                "expected the dotted name of a setting, such as 'loss.name'"
            )
        name = f"{section}{key}"
        if isinstance(value, Mapping) and value:
            check_names(value, f"{name}.")
        elif name in groups() and isinstance(value, str | Mapping | None) and not value:
            raise SettingsError(
                f"{name}={printable(repr(value))} is no choice; expected the name of one, or "
                f"settings of it such as {name}.…, or leave it out"
            )


def check_in_memory(settings: Mapping[str, object]) -> None:
    """Refuses what would have data come from elsewhere, or something be written."""
    for name in settings:
        if name == "dataset" or name in NOT_OF_ARRAYS:
            raise SettingsError(
                f"{printable(name)} is of data in files; an estimator learns from what fit is "
                "given: leave it out"
            )
        if section(name) in NOT_IN_MEMORY:
            raise SettingsError(
                f"{printable(name)} is of runs that are recorded, as runner.train does; an "
                "estimator trains in memory: leave it out"
            )


def section(name: str) -> str:
    """The first part of a dotted name, or of a group within one."""
    return name.partition(".")[0].partition("/")[0]


def composed(settings: Mapping[str, object]) -> dict[str, Any]:
    """The configuration on arrays with these settings: all but plain values are composed once."""
    brought = {name: value for name, value in OF_ARRAYS.items() if section(name) not in settings}
    choices = {name: value for name, value in settings.items() if name in groups()}
    others = texts_of({name: value for name, value in settings.items() if name not in groups()})
    texts = texts_of({**brought, **choices})
    with prepared_hydra(), explaining():
        own = repr(CHOICES)  # which a notebook may register again, with other values
        base = base_with(tuple(texts), own)
        left = [text for text in others if not base.plain([text])]
        if left:  # such as lists, and names that there are not
            base = base_with((*texts, *left), own)
        return base.values(base.plain([text for text in others if text not in left]))


@lru_cache(maxsize=128)
def base_with(texts: tuple[str, ...], _own: str) -> Base:
    """What configurations have in common that these overrides are part of.

    _own: the choices that are a person's own.
    """
    return base_of(loaded(texts))


def experiment_on(arrays: GivenArrays, config: Mapping[str, Any]) -> Experiment:
    """The experiment that a configuration describes, on these samples; batches as large as fit."""

    def parts(settings: Settings) -> Parts:
        dataset = arrays.dataset(settings.dataset.options, settings.dataset.split)
        size = settings.batch_size and min(settings.batch_size, len(dataset.train))
        return build_parts(replace(settings, batch_size=size), lambda _: dataset)

    return build(config, parts=parts)


def trained(experiment: Experiment) -> Fitted:
    """Trains to the end. Raises DivergedError where there is none."""
    state, engine, dataset = experiment.first_state(), experiment.engine, experiment.dataset
    for _ in engine.warm_up(state):
        pass
    curves: dict[str, list[float]] = {}
    for report in experiment.train(state):
        if not report.finite:
            raise DivergedError(
                f"training diverged in epoch {report.epoch + 1}: loss or weights are not finite; "
                "lower learning_rate, or scale the inputs, as StandardScaler does"
            )
        if report.epoch_ended:
            for name, value in report.metrics.items():
                curves.setdefault(name, []).append(value)
    weights, _ = experiment.result_weights(state)
    surroundings = dataset.preparation | network_arrays(engine.problem.network)
    return Fitted(trained_network({**surroundings, "parameters": weights}), state.epoch, curves)

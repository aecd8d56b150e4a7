"""From a configuration to a run that is ready to start; no file is written."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from runner.data.dataset import Dataset
from runner.experiment.branching import branch_off
from runner.experiment.building import (
    build_distortion,
    build_engine,
    build_problem,
    build_state,
    build_stopping,
    build_watch,
)
from runner.experiment.contradictions import check_threads
from runner.experiment.loading import load_dataset
from runner.recording.mlflow_logger import check_mlflow
from runner.run_folder.tables import configuration_columns
from runner.settings import DatasetSettings, Settings, parse_settings
from runner.training.engine import Engine
from runner.training.schedules import SCHEDULES
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.watching import Watch


@dataclass(frozen=True)
class Assembly:
    """What runs that differ in nothing but their seed have in common."""

    dataset: Dataset
    """With targets as the network's outputs are."""
    data_checksum: str
    """Of the data as they came."""
    values_checksum: str
    """The same without names, as runs recorded it before these counted."""
    engine: Engine
    stopping: Stopping
    watch: Watch | None


@dataclass(frozen=True)
class Experiment(Assembly):
    """A run that is ready to start: its settings checked, its data loaded, its engine built."""

    config: Mapping[str, Any]
    """As composed, with the whole topology."""
    settings: Settings

    def first_state(self) -> TrainingState:
        """The state before the first step."""
        problem = self.engine.problem
        state = build_state(self.settings, problem)
        if self.settings.from_ is None:
            return state
        known = (self.data_checksum, self.values_checksum)
        return branch_off(self.settings.from_, state, problem, self.config, known)

    def recorded_as(self, checksum: object) -> Self:
        """The experiment of a run that recorded this checksum of its data, maybe without names."""
        if checksum != self.values_checksum:
            return self
        return replace(self, data_checksum=self.values_checksum)

    @cached_property
    def columns(self) -> dict[str, object]:
        """The configuration's part of results.csv."""
        columns = configuration_columns(self.config)
        if self.settings.from_ is None:
            return columns
        run, step = self.settings.from_
        return {**columns, "parent": str(run), "parent_step": step}

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all that the weights at each step depend on."""
        watch = self.watch and replace(self.watch, patience=None, plateau=None)
        needs_length = SCHEDULES[self.settings.schedule.name].needs_length
        length = self.engine.problem.schedule.epochs if needs_length else None
        parts = [fixed(self.columns), self.data_checksum, self.engine.name, repr(watch), length]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def description(self) -> dict[str, object]:
        """What run.json says of it."""
        return {
            "engine": self.engine.name,
            "checksums": {"data": self.data_checksum, "experiment": self.checksum},
            "configuration": self.config,
        }


FREE = ("stopping.", "recording.", "sweep.", "logger.", "dataset.root", "dataset.path")
"""What a run may be resumed with other values of; stopping only as far as weights do not differ."""


def fixed(columns: Mapping[str, object]) -> dict[str, object]:
    """The configuration's columns that a run keeps for good."""
    return {key: value for key, value in columns.items() if not key.startswith(FREE)}


def assemble(
    settings: Settings, load: Callable[[DatasetSettings], Dataset] = load_dataset
) -> Assembly:
    """Data set, engine and criteria of a run.

    load: gives the data set, so that many runs can share one.
    Raises RunnerError when configuration or data are at fault.
    """
    dataset = load(settings.dataset)
    problem = build_problem(settings, dataset)
    outputs = problem.network.topology.sizes[-1]
    engine = build_engine(settings.engine, problem, build_distortion(dataset))
    check_threads(settings.threads, engine)
    return Assembly(
        dataset.for_outputs(outputs, settings.dtype),
        dataset.checksum,
        dataset.values_checksum,
        engine,
        build_stopping(settings.stopping),
        build_watch(settings),
    )


def prepare(
    config: Mapping[str, Any],
    settings: Settings | None = None,
    assembled: Callable[[Settings], Assembly] = assemble,
) -> Experiment:
    """The experiment that a configuration describes; no file is written.

    settings: those of `config`, where it has been parsed before.
    assembled: gives the rest, so that many runs can share it.
    Raises RunnerError when configuration or data are at fault.
    """
    settings = settings or parse_settings(config)
    if settings.logger is not None:
        check_mlflow()
    parts = assembled(settings)
    topology = parts.engine.problem.network.topology
    return Experiment(
        **vars(parts), config={**config, "topology": str(topology)}, settings=settings
    )

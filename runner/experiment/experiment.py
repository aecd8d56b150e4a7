"""One run, ready to start: everything of it, built once from its configuration."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Self

from runner.compiled import ARITHMETIC
from runner.data.dataset import Dataset
from runner.errors import SettingsError, printable
from runner.experiment.branching import branch_off
from runner.experiment.building import (
    as_built,
    build_distortion,
    build_engine,
    build_occasions,
    build_problem,
    build_state,
    build_stopping,
    build_watch,
    with_drawn_data,
)
from runner.experiment.contradictions import check_settings
from runner.experiment.loading import load_dataset, samples_of
from runner.experiment.recorder import Occasions
from runner.network.arrays import Array
from runner.plugins.origins import PLUGINS, used_pieces
from runner.run_folder.tables import configuration_columns
from runner.settings import DatasetSettings, Origin, Settings, parse_settings
from runner.training.engine import Engine, StepReport
from runner.training.evaluation import evaluate
from runner.training.loop import Wanted, ending_there, train
from runner.training.metrics import VALIDATION
from runner.training.range_test import range_test
from runner.training.schedules import RANGE, SCHEDULES
from runner.training.state import TrainingState
from runner.training.stopping import Rung, Stopping
from runner.training.watching import Watch

Validate = Callable[[Array], dict[str, float]]
"""From weights to their metrics on the validation part."""


@dataclass(frozen=True)
class Parts:
    """What runs that differ in nothing but their seed have in common."""

    dataset: Dataset
    """With targets as the network's outputs are."""
    data_checksum: str
    """Of the data as they came."""
    values_checksum: str
    """The same without names, as runs recorded it before these counted."""
    engine: Engine
    stopping: Stopping
    occasions: Occasions
    watch: Watch | None
    validate: Validate | None
    """None where there is no validation part."""


@dataclass(frozen=True)
class Experiment(Parts):
    """A run that is ready to start: its settings checked, its data loaded, its engine built."""

    config: Mapping[str, Any]
    """As composed, with what data decided of it: the whole topology, and the loss."""
    settings: Settings
    parent: Origin | None = None
    """Where the run that it branches off from lies now; None for where the settings have it."""

    @property
    def start(self) -> Origin | None:
        """The snapshot that it begins from, where that lies now; None where it is no branch."""
        return self.parent or self.settings.from_

    def first_state(self) -> TrainingState:
        """The state before the first step; a branch's is its parent's."""
        problem, start = self.engine.problem, self.start
        state = build_state(self.settings, problem, self.dataset.drawn)
        if start is None:
            return state
        known = (self.data_checksum, self.values_checksum)
        return branch_off(start, state, problem, self.config, known)

    def train(self, state: TrainingState, stopping: Stopping | None = None) -> Iterator[StepReport]:
        """The reports of its training from `state` on, which is changed in place.

        stopping: other criteria than its own.
        """
        engine, watch, validate, clock = self.engine, self.watch, self.validate, time.perf_counter
        stopping = stopping or self.stopping
        if self.settings.schedule.name == RANGE:
            return range_test(state, engine, stopping, clock)
        milestone = self.occasions.next_milestone
        if watch is None and validate is None and not self.settings.recording.layer_statistics:
            # The history needs no more than an epoch's sums, for which no engine has to stop.
            wanted = Wanted(self.occasions.snapshots.next_after, self.occasions.history.between)
            return train(state, engine, stopping, clock, wanted)
        often = self.stopping.loop_target or not engine.problem.full_batch
        if watch is not None or (validate is not None and often):
            milestone = every_epoch
        wanted = Wanted(milestone, validate=validate, watch=watch)
        return train(state, engine, stopping, clock, wanted)

    def up_to(self, rung: Rung | None) -> Self:
        """The same run, which is to wait for others at a rung."""
        return replace(self, stopping=replace(self.stopping, rung=rung)) if rung else self

    def end_there(self, state: TrainingState) -> str | None:
        """Why training from `state` on would stop where it stands; None where it would go on."""
        wanted = Wanted(every_epoch, validate=self.validate, watch=self.watch)
        report = ending_there(state, self.engine, self.stopping, wanted)
        return None if report is None else report.stop_reason

    def check_branch(self, state: TrainingState) -> None:
        """Refuses a branch that would make no step."""
        start = self.settings.from_
        if start is not None and (reason := self.end_there(state)) is not None:
            limit = getattr(self.settings.stopping, reason, None)
            raise SettingsError(
                f"from={printable(start.run)}@{start.step}: the run would make no step, for "
                f"stopping.{reason}={limit} is met there; give another stopping.{reason}, or null"
            )

    def result_weights(self, state: TrainingState) -> tuple[Array, bool]:
        """The weights that are the run's result, and whether they are the best ones, restored."""
        watch = self.watch
        restored = bool(watch is not None and watch.restore_best and state.best.size)
        return state.best if restored else state.parameters, restored

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
        columns, engine = fixed(self.columns, self.engine.name), self.engine.name
        parts = [columns, self.data_checksum, engine, repr(watch), length]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def made_by(self) -> dict[str, object]:
        """What its bytes depend on beside its configuration."""
        promised = {"arithmetic": ARITHMETIC} if self.engine.name == "compiled" else {}
        own = {PLUGINS: self.pieces} if self.pieces else {}
        return {"engine": self.engine.name, **promised, **own}

    @cached_property
    def pieces(self) -> dict[str, dict[str, str | None]]:
        """What of it is a person's own, by kind and name, and where that comes from."""
        return used_pieces(self.settings, self.engine.problem)

    def description(self) -> dict[str, object]:
        """What run.json says of it."""
        return {
            **self.made_by,
            "checksums": {"data": self.data_checksum, "experiment": self.checksum},
            "configuration": self.config,
        }


FREE = ("stopping.", "recording.", "sweep.", "logger.")
"""What any run may be resumed with other values of; stopping as far as weights do not differ."""
PLACES = ("dataset.root", "dataset.path")
"""Where data lie, which is no part of what a run is: what lies there is."""


def free(engine: object) -> tuple[str, ...]:
    """The beginnings of the keys that a run may be resumed with other values of."""
    # Linear algebra's threads round otherwise; those of the compiled engine change no bit.
    return (*FREE, "threads") if engine == "compiled" else FREE


def fixed(columns: Mapping[str, object], engine: str) -> dict[str, object]:
    """The configuration's columns that a run keeps for good; threads that are free count as 1."""
    kept = {key: value for key, value in columns.items() if not key.startswith((*FREE, *PLACES))}
    return kept | ({"threads": 1} if "threads" in free(engine) else {})


def build_parts(
    settings: Settings, load: Callable[[DatasetSettings], Dataset] = load_dataset
) -> Parts:
    """Data set, engine and criteria of a run.

    load: gives the data set, so that many runs can share one.
    Raises RunnerError when configuration or data are at fault.
    """
    loaded = load(settings.dataset)
    dataset = with_drawn_data(settings, loaded)
    problem = build_problem(settings, dataset)
    distort = build_distortion(dataset)
    engine = build_engine(settings.engine, problem, distort, settings.threads)
    fitted = dataset.for_outputs(problem.network.topology.outputs, settings.dtype)
    return Parts(
        fitted,
        loaded.checksum,  # what is drawn follows from that and the configuration
        loaded.values_checksum,
        engine,
        build_stopping(settings.stopping),
        build_occasions(settings),
        build_watch(settings),
        validation_on(fitted, engine),
    )


def build(
    config: Mapping[str, Any],
    engine: str | None = None,
    parts: Callable[[Settings], Parts] = build_parts,
) -> Experiment:
    """The experiment that a configuration describes; no file is written.

    engine: which one `auto` came to, where that is known. parts: gives what runs may share.
    Raises RunnerError when configuration or data are at fault.
    """
    settings = parse_settings(config)
    check_settings(settings)
    if engine is not None:
        settings = replace(settings, engine=engine)
    made = parts(settings)
    problem = made.engine.problem
    whole = as_built(config, problem.network.topology, problem.loss)
    return Experiment(**vars(made), config=whole, settings=settings)


def validation_on(dataset: Dataset, engine: Engine) -> Validate | None:
    """What measures weights on the validation part, where there is one."""
    if dataset.validation is None:
        return None
    validation = samples_of(VALIDATION, dataset.validation, dataset)
    return partial(evaluate, engine, held_out=validation)


def every_epoch(epoch: int) -> int:
    """The next epoch, where each is looked at."""
    return epoch + 1

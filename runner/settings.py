"""The configuration, checked once at the door and frozen from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from runner.checking.parsing import Beside, by_name, parse
from runner.checking.rules import (
    BOOLEAN,
    TEXT,
    choice,
    flag,
    integer,
    is_step,
    list_of,
    number,
    one_of,
    one_or_many,
    optional,
    path,
    refuse,
    several,
    taking,
    text,
    whole,
)
from runner.data.kinds import DATASET_OPTIONS, DATASETS
from runner.data.sample_weights import ClassWeights, class_weights
from runner.data.splits import Split
from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.initializers import BIASES, INITIALIZERS, Start
from runner.network.layers.dropout import Dropout
from runner.network.losses import LOSSES
from runner.network.topology import AUTO, Written, parse_topology
from runner.training.engine import Penalty
from runner.training.metrics import METRICS, SCORES, VALIDATION
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES

WATCHED = [prefix + name for name in (*METRICS, *SCORES) for prefix in ("", VALIDATION)]
ENGINES = ("auto", "compiled", "numpy")
SEED, FOLD, SPLIT_SEED = "seed", "dataset.fold", "dataset.split_seed"
DIVIDING = (FOLD, SPLIT_SEED)
"""Settings whose values are divisions of the same samples."""
SEED_LIKE = (SEED, *DIVIDING)
"""Settings whose values are chances, that groups of runs hold many of rather than differ in."""
OF_LOSS = ("loss.name", "loss.reduction")
"""Settings by which losses are numbers of different kinds, of which none is the best."""
EPOCHS = whole(at_least=1)


class Origin(NamedTuple):
    """The snapshot that a run starts from."""

    run: Path
    step: int
    """`NEWEST` until that is known."""


NEWEST = -1


@taking(TEXT)
def origin(key: str, value: object) -> Origin:
    """RUN@step, or RUN for its newest snapshot."""
    expected = f"expected a run's folder and a step, e.g. {key}=outputs/…@1000"
    if not isinstance(value, str) or not value or not value.isprintable():
        raise refuse(key, value, "is not a run", expected)
    name, at, step = value.rpartition("@")
    if not at:
        path = Path(value)
        if path.match("snapshots/step-*.npz") and is_step(path.stem[5:]):
            place = f"{path.parents[1]}@{int(path.stem[5:])}"
            raise refuse(key, value, "is a snapshot", f"expected {place}")
        return Origin(path, NEWEST)
    if not name or not is_step(step):
        raise refuse(key, value, "is not a run and a step", expected)
    return Origin(Path(name), int(step))


@taking(TEXT, whole(at_least=1))
def topology(key: str, value: object) -> Written:
    """The layers as they are written, `in` and `out` among them; or `auto`, which data decide.

    YAML reads 3 alone as a number and 2001-01-01 as a date, so any type comes.
    """
    if value == AUTO:
        return ("in", AUTO, "out")
    try:
        return parse_topology("" if value is None else str(value))
    except ValueError as error:
        raise refuse(key, value, "is not a topology", str(error)) from None


@taking(one_of("log"), EPOCHS, list_of(EPOCHS, at_least=0))
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


@taking(one_of("auto"), whole(at_least=1, at_most=256))
def threads(key: str, value: object) -> int | None:
    """A number, or None for `auto`."""
    if value == "auto":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 256:
        expected = "expected auto, or 1 to 256" + several(value)
        raise refuse(key, value, "is not a number of threads", expected)
    return value


@taking(one_of("auto"), BOOLEAN)
def plots(key: str, value: object) -> bool | None:
    """true, false, or None for `auto`."""
    if value != "auto" and not isinstance(value, bool):
        raise refuse(key, value, "is not a choice", "expected auto, true or false")
    return None if value == "auto" else bool(value)


JSON = "json"


@taking(BOOLEAN, one_of(JSON))
def plan(key: str, value: object) -> bool | str:
    """true, false, or json: true, told to a script."""
    if value != JSON and not isinstance(value, bool):
        expected = "expected true, json (for scripts) or false"
        raise refuse(key, value, "is not a truth value", expected)
    return value if isinstance(value, bool) else JSON


@taking(list_of(TEXT, at_least=2))
def keys(key: str, value: object) -> tuple[str, ...]:
    """Two or more names of values, each once."""
    expected = f"expected a list of two or more keys, e.g. '{key}=[topology,batch_size]'"
    if not isinstance(value, list) or len(value) < 2:
        raise refuse(key, value, "does not pair anything", expected)
    names = tuple(text(key, name) for name in value)
    if len(set(names)) < len(names):
        raise refuse(key, value, "names a key twice", expected)
    return names


@dataclass(frozen=True)
class DatasetSettings:
    name: Annotated[str, text]
    kind: Annotated[str, choice(DATASETS)]
    sgd_rate: Annotated[float, number(above=0)]
    """The learning rate that optimizer=sgd has unless one is given."""
    split: Annotated[Split, Beside({"": Split})]
    options: Annotated[Any, Beside(DATASET_OPTIONS, "kind")]
    """What the kind's loader takes, by name: of `DATASET_OPTIONS`."""
    shuffle: Annotated[bool, flag] = True
    """Whether mini-batches are of an order that every epoch draws; else of the data's own."""
    class_weight: Annotated[ClassWeights | None, optional(class_weights)] = None


@dataclass(frozen=True)
class ActivationSettings:
    hidden: Annotated[tuple[str, ...], one_or_many(choice(ELEMENTWISE))]
    """One for all hidden layers, or one each."""
    output: Annotated[str, choice(ACTIVATIONS, "auto")]


@dataclass(frozen=True)
class InitializerSettings:
    """Of each, one for all layers that have weights, or one for each of these."""

    name: Annotated[tuple[str, ...], one_or_many(choice(INITIALIZERS))]
    scale: Annotated[tuple[float, ...], one_or_many(number(above=0))]
    bias: Annotated[tuple[str, ...], one_or_many(choice(BIASES))]

    @property
    def starts(self) -> list[Start]:
        """How layers start: one for all, or one for each. Raises ValueError where lists differ."""
        lists = (self.name, self.scale, self.bias)
        longest = max(map(len, lists))
        each = [values * longest if len(values) == 1 else values for values in lists]
        return [Start(*start) for start in zip(*each, strict=True)]


@dataclass(frozen=True)
class NetworkSettings:
    activation: ActivationSettings
    bias: Annotated[bool, flag]
    batch_norm: Annotated[bool, flag]
    initializer: InitializerSettings
    dropout: Dropout


@dataclass(frozen=True)
class LossSettings:
    name: Annotated[str, choice(LOSSES, AUTO)]
    reduction: Annotated[str, choice(("sum", "mean"))]


@dataclass(frozen=True)
class OptimizerSettings:
    name: Annotated[str, choice(OPTIMIZERS)]
    learning_rate: Annotated[float, number(above=0)]
    settings: Annotated[tuple[float, ...], by_name(OPTIMIZERS)]
    """Those of its own, in the table's order."""


@dataclass(frozen=True)
class ScheduleSettings:
    name: Annotated[str, choice(SCHEDULES)]
    settings: Annotated[tuple[float, ...], by_name(SCHEDULES)]


@dataclass(frozen=True)
class StoppingSettings:
    metric: Annotated[str, choice(WATCHED)]
    target: Annotated[float | None, optional(number())]
    max_steps: Annotated[int | None, optional(integer(at_least=1))]
    max_epochs: Annotated[int | None, optional(integer(at_least=1))]
    max_seconds: Annotated[float | None, optional(number(above=0))]
    patience: Annotated[int | None, optional(integer(at_least=1))]
    plateau: Annotated[int | None, optional(integer(at_least=1))]
    min_delta: Annotated[float, number(at_least=0)]
    restore_best: Annotated[bool, flag]


@dataclass(frozen=True)
class SnapshotSettings:
    epochs: Annotated[str | int | tuple[int, ...] | None, optional(schedule)]
    seconds: Annotated[float | None, optional(number(above=0))]
    keep: Annotated[int | None, optional(integer(at_least=1))]


@dataclass(frozen=True)
class RecordingSettings:
    durable: Annotated[bool, flag]
    on_sigusr1: Annotated[str, choice(("snapshot", "stop"))]
    history: Annotated[str | int | tuple[int, ...], schedule]
    snapshots: SnapshotSettings
    predictions: Annotated[int, integer(at_least=0)]
    layer_statistics: Annotated[bool, flag]
    plots: Annotated[bool | None, plots]
    """None: single runs have pictures, a sweep's jobs have not."""


@dataclass(frozen=True)
class HalvingSettings:
    first: Annotated[int | None, optional(integer(at_least=1))] = None
    factor: Annotated[int, integer(at_least=2)] = 3


@dataclass(frozen=True)
class SweepSettings:
    repeats: Annotated[int, integer(at_least=1)]
    zip: Annotated[tuple[str, ...] | None, optional(keys)]
    jobs: Annotated[str | None, optional(path)]
    plan: Annotated[bool | str, plan]
    workers: Annotated[int | None, optional(integer(at_least=1))]
    max_jobs: Annotated[int, integer(at_least=1)]
    skip_finished: Annotated[bool, flag]
    fail_fast: Annotated[bool, flag]
    objective: Annotated[str | None, optional(text)]
    record: Annotated[str, choice(("folders", "rows"))] = "folders"
    slices: Annotated[int | None, optional(integer(at_least=1))] = None
    halving: HalvingSettings = HalvingSettings()

    @property
    def rows(self) -> bool:
        """Whether a job leaves a row instead of a folder."""
        return self.record == "rows"


WHICH_JOBS = ("sweep.repeats", "sweep.zip", "sweep.jobs", "sweep.plan")
"""The options that say which jobs there are, or that none is to run; they are no part of a job."""


@dataclass(frozen=True)
class TrackerSettings:
    folder: Annotated[str | None, optional(path)]
    experiment: Annotated[str, text]


@dataclass(frozen=True)
class LoggerSettings:
    mlflow: Annotated[TrackerSettings | None, TrackerSettings] = None
    tensorboard: Annotated[TrackerSettings | None, TrackerSettings] = None
    trackio: Annotated[TrackerSettings | None, TrackerSettings] = None
    wandb: Annotated[TrackerSettings | None, TrackerSettings] = None


@taking({"type": "object"})
def logger(key: str, value: object) -> LoggerSettings:
    """The section that `+logger=NAME` adds to."""
    if isinstance(value, Mapping) and value.get("name") == "mlflow":  # as runs of before say it
        value = {"mlflow": {name: each for name, each in value.items() if name != "name"}}
    settings: LoggerSettings = parse(LoggerSettings, value, f"{key}.")
    return settings


@dataclass(frozen=True)
class Settings:
    """Every value of a run. The YAML under `conf/` documents each and gives the defaults."""

    from_: Annotated[Origin | None, optional(origin)]
    topology: Annotated[Written, topology]
    seed: Annotated[int, integer(at_least=0, at_most=2**32 - 1)]
    engine: Annotated[str, choice(ENGINES)]
    dtype: Annotated[str, choice(("float32", "float64"))]
    batch_size: Annotated[int | None, optional(integer(at_least=1))]
    threads: Annotated[int | None, threads]
    dataset: DatasetSettings
    network: NetworkSettings
    loss: LossSettings
    optimizer: OptimizerSettings
    schedule: ScheduleSettings
    regularization: Penalty
    stopping: StoppingSettings
    recording: RecordingSettings
    sweep: SweepSettings
    logger: Annotated[LoggerSettings | None, optional(logger)]


def parse_settings(config: Mapping[str, Any]) -> Settings:
    """The frozen settings from a composed configuration.

    Raises SettingsError for the first value that is unknown, missing or breaks its rule.
    """
    values = {k: v for k, v in config.items() if k != "published"}
    settings: Settings = parse(Settings, {"logger": None, **values})
    return settings

"""No option is silently ignored: beside any choice, it changes the run or is refused.

Pairs of a context, some choices that go together, and an option's other value are run for a few
epochs and compared in all that a run leaves. What may change nothing is a row of `EXPLAINED`.
"""

import copy
import csv
import hashlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.errors import SettingsError
from runner.experiment.running import QUIETLY, run_experiment
from runner.network.activations import ELEMENTWISE
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.run_folder.tables import configuration_columns
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from tests.end_to_end.commands import composed

BASE = ["engine=numpy", "recording.durable=false", "recording.plots=false"]
EPOCHS = ["stopping.max_epochs=4", "recording.history=1"]
SIXTY = ["dataset.samples=60", "dataset.validation=12", *EPOCHS]
MOONS, SINE, BLOBS = (["dataset=" + name, *SIXTY] for name in ("moons", "sine", "blobs"))
DIGITS = ["dataset=digits", "topology=64-8-10", "dataset.validation=100", *EPOCHS]
VAL = "stopping.metric=val_loss"

# The choices that an option stands beside.
CONTEXTS: dict[str, list[str]] = {
    "truth table": ["stopping=steps", "stopping.max_steps=20"],
    "points": MOONS,
    "numbers to predict": SINE,
    "images": DIGITS,
    "distorted images": [*DIGITS, "dataset.distortion.alpha=8"],
    "folds": ["dataset=moons", "dataset.samples=60", "dataset.folds=4", *EPOCHS],
    "one part": ["dataset=moons", "dataset.samples=60", "dataset.test=null", *EPOCHS],
    "no hidden layer": [*MOONS, "topology=2-1"],
    "batch norm": [*MOONS, "network.batch_norm=true"],
    "forward dropout": [*MOONS, "network.dropout.rate=0.3"],
    "backward dropout": [*MOONS, "network.dropout.rate=0.3", "network.dropout.stage=backward"],
    "patience": [*MOONS, VAL, "stopping.patience=2"],
    "restore_best": [*MOONS, VAL, "stopping.restore_best=true"],
    "plateau": [*MOONS, "stopping.metric=loss", "stopping.plateau=2"],
    "range test": [
        *("experiment=rate_finder", "dataset=moons", "dataset.samples=60"),
        "stopping.max_steps=50",
    ],
    **{f"network {name}": [*MOONS, f"network={name}"] for name in ("script", "relu")},
    **{f"hidden {name}": [*MOONS, f"network.activation.hidden={name}"] for name in ELEMENTWISE},
    **{f"start {name}": [*MOONS, f"network.initializer.name={name}"] for name in INITIALIZERS},
    **{
        f"loss {name}": [*(BLOBS if LOSSES[name].output == "softmax" else MOONS), f"loss={name}"]
        for name in LOSSES
    },
    **{
        f"optimizer {name}": [
            *MOONS,
            f"optimizer={name}",
            *(["batch_size=null"] if OPTIMIZERS[name].full_batch_only else []),
        ]
        for name in OPTIMIZERS
    },
    **{
        f"schedule {name}": [*MOONS, f"schedule={name}", *([VAL] if name == "plateau" else [])]
        for name in SCHEDULES
        if name != "range"
    },
}

# By key: other values, of which that is taken that differs from the context's.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "batch_size": (7, None),
    "dataset.class_weight": ({"1": 3.0},),
    "dataset.distortion.alpha": (20.0,),
    "dataset.distortion.mirror": (True,),
    "dataset.distortion.rotation": (5.0,),
    "dataset.distortion.scaling": (0.2,),
    "dataset.distortion.shear": (0.2,),
    "dataset.distortion.shift": (2.0,),
    "dataset.distortion.sigma": (2.0,),
    "dataset.first": (15,),
    "dataset.fold": (1,),
    "dataset.folds": (3,),
    "dataset.noise": (0.5,),
    "dataset.samples": (50,),
    "dataset.scale": ("standardise",),
    "dataset.seed": (5,),
    "dataset.shuffle": (False,),
    "dataset.split_seed": (7,),
    "dataset.stratify": (False,),
    "dataset.test": (20,),
    "dataset.validation": (20,),
    "dtype": ("float32", "float64"),
    "loss.reduction": ("sum", "mean"),
    "network.activation.hidden": ("elu", "relu"),
    "network.activation.output": ("tanh",),
    "network.batch_norm": (True, False),
    "network.bias": (True, False),
    "network.dropout.rate": (0.2,),
    "network.dropout.stage": ("backward", "forward"),
    "network.initializer.bias": ("normal",),
    "network.initializer.name": ("lecun_normal", "he_normal"),
    "network.initializer.scale": (0.5,),
    "optimizer.alpha": (0.5,),
    "optimizer.beta1": (0.5,),
    "optimizer.beta2": (0.5,),
    "optimizer.decrease": (0.3,),
    "optimizer.epsilon": (0.1,),
    "optimizer.increase": (1.5,),
    "optimizer.learning_rate": (0.033,),
    "optimizer.least_step": (0.009,),
    "optimizer.momentum": (0.5,),
    "optimizer.most_step": (0.0101,),
    "optimizer.weight_decay": (0.5,),
    "recording.history": (2, "log"),
    "recording.layer_statistics": (True,),
    "recording.predictions": (0,),
    "recording.snapshots.epochs": (1,),
    "recording.snapshots.keep": (1,),
    "regularization.clip_norm": (0.001,),
    "regularization.clip_value": (0.001,),
    "regularization.l1": (0.01,),
    "regularization.l2": (0.01,),
    "regularization.max_norm": (0.1,),
    "schedule.end": (3.0,),
    "schedule.every": (2.0,),
    "schedule.factor": (0.5,),
    "schedule.gamma": (0.5,),
    "schedule.least": (0.5,),
    "schedule.most": (2.0,),
    "schedule.patience": (0.0,),
    "schedule.rise": (0.5,),
    "schedule.start": (3.0,),
    "seed": (2,),
    "stopping.max_epochs": (2,),
    "stopping.max_seconds": (1e-9,),
    "stopping.max_steps": (3,),
    "stopping.min_delta": (0.5,),
    "stopping.patience": (1,),
    "stopping.plateau": (1,),
    "stopping.restore_best": (True, False),
    "stopping.target": (0.01,),
    "threads": (2,),
}

# (context, key): why this pair may change nothing.
EXPLAINED: dict[tuple[str, str], str] = {
    ("truth table", "dataset.shuffle"): "a full batch is in the data's order in any case",
    ("optimizer rprop", "dataset.shuffle"): "the same",
    ("*", "dataset.stratify"): "samples may fall as they would have; numbers have no classes",
    ("*", "network.dropout.stage"): "every network's file has it beside a rate of 0",
    ("*", "dataset.distortion.sigma"): "every image set's file has it beside an alpha of 0",
    ("*", "recording.predictions"): "how many samples are few enough to be written",
    ("*", "recording.snapshots.keep"): "a short run has fewer",
    ("*", "stopping.*"): "a criterion that is not met within a short run",
    ("*", "threads"): "how long it takes, not what comes of it",
    ("no hidden layer", "network.activation.hidden"): "every network's file has it",
    ("no hidden layer", "network.dropout.rate"): "the console says: none, no hidden units",
    ("start zeros", "regularization.*"): "weights that stay 0 have no penalty",
    ("schedule plateau", "schedule.*"): "no plateau within a short run",
    ("schedule step", "schedule.gamma"): "the first step down is beyond a short run",
    ("optimizer rprop", "optimizer.*_step"): "a limit of steps that a short run need not meet",
}

# Of no run by itself, or of how fast and how safely it is written, not of what.
NOT_OF_A_RUN = (
    *("engine", "from", "topology", "logger", "sweep.*"),
    *("*.name", "dataset.kind", "dataset.rows", "dataset.root", "dataset.classes"),
    *("dataset.features", "dataset.periods", "dataset.sgd_rate"),
    *("recording.durable", "recording.on_sigusr1", "recording.plots"),
    *("recording.snapshots.seconds", "stopping.metric"),
)


@cache
def configuration(context: str) -> dict[str, Any]:
    return composed(*BASE, *CONTEXTS[context])


def flat(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its value, as on the command line."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def changed(context: str, key: str) -> dict[str, Any]:
    """The context's configuration with another value of one key."""
    config = copy.deepcopy(configuration(context))
    *sections, last = key.split(".")
    place = config
    for section in sections:
        place = place[section]
    place[last] = next(value for value in OPTIONS[key] if value != place[last])
    return config


def outcome(config: Mapping[str, Any], folder: Path) -> str | None:
    """A digest of what the run leaves but its times and its configuration; None if refused."""
    try:
        run_experiment(config, folder, {}, QUIETLY)
    except SettingsError:
        return None
    digest = hashlib.sha256()
    own = {"seconds", "steps_per_second", "started", "finished", *configuration_columns(config)}
    for file in sorted(folder.rglob("*")):
        digest.update(str(file.relative_to(folder)).encode())
        if file.suffix == ".npz":
            with np.load(file) as arrays:
                for name in set(arrays.files) - {"seconds", "experiment", "history"}:
                    digest.update(f"{name} {arrays[name].dtype} {arrays[name].tolist()}".encode())
        elif file.suffix == ".csv":
            for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
                digest.update(repr([pair for pair in row.items() if pair[0] not in own]).encode())
    return digest.hexdigest()


def explained(context: str, key: str) -> bool:
    pairs = EXPLAINED.items()
    return any(fnmatch(context, where) and fnmatch(key, what) for (where, what), _ in pairs)


IN_CI = ("truth table", "images", "range test", "optimizer rprop")


@pytest.mark.parametrize(
    "context",
    [pytest.param(name, marks=() if name in IN_CI else pytest.mark.release) for name in CONTEXTS],
)
def test_an_option_changes_the_run_or_is_refused(context: str, tmp_path: Path) -> None:
    base = outcome(configuration(context), tmp_path / "base")
    assert base is not None
    assert outcome(configuration(context), tmp_path / "again") == base
    ignored = [
        key
        for key, _ in flat(configuration(context))
        if key in OPTIONS
        and outcome(changed(context, key), tmp_path / key) == base
        and not explained(context, key)
    ]
    assert ignored == []


def test_every_option_has_a_row() -> None:
    with_keys_of_their_own = ("points", "images", "range test", "optimizer *", "schedule *")
    keys = {
        key
        for context in CONTEXTS
        if any(fnmatch(context, pattern) for pattern in with_keys_of_their_own)
        for key, _ in flat(configuration(context))
    }
    rest = {key for key in keys if not any(fnmatch(key, pattern) for pattern in NOT_OF_A_RUN)}
    assert rest - set(OPTIONS) == set()
    assert set(OPTIONS) - keys == set()

"""Snapshots: the whole `TrainingState` as plain arrays in an npz file, no pickle."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from runner.errors import SnapshotError
from runner.network.topology import Array
from runner.network.trained import TrainedNetwork, trained_network
from runner.recording.files import write_atomically
from runner.training.state import TrainingState

T = TypeVar("T")

SCHEMA = 1
UNSOUND = (OSError, ValueError, LookupError, EOFError, TypeError, OverflowError, zipfile.BadZipFile)
"""What reading a damaged file can raise."""


def snapshot_path(run: Path, step: int) -> Path:
    """Where the snapshot of a step lies; names sort by step."""
    return run / "snapshots" / f"step-{step:09d}.npz"


def step_of(path: Path) -> int:
    """The step in a snapshot's name."""
    return int(path.stem.removeprefix("step-"))


def newest_snapshot(run: Path) -> Path:
    """The snapshot of the last step. Raises SnapshotError when there is none."""
    found = sorted((run / "snapshots").glob("step-*.npz"))
    if not found:
        raise SnapshotError(f"{run} holds no snapshot; expected files snapshots/step-….npz")
    return found[-1]


def save_snapshot(
    run: Path, state: TrainingState, preparation: Mapping[str, Array] | None = None
) -> Path:
    """Writes the state atomically and returns the file.

    preparation: what else prediction needs, such as the inputs' scaling.
    """
    path = snapshot_path(run, state.step)
    path.parent.mkdir(exist_ok=True)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **snapshot_arrays(state), **(preparation or {}))
    write_atomically(path, content.getvalue())
    return path


def snapshot_arrays(state: TrainingState) -> dict[str, Array]:
    """The members of a snapshot file."""
    generator = state.generator.bit_generator.state["state"]
    return {
        "schema": np.array(SCHEMA),
        "step": np.array(state.step),
        "epoch": np.array(state.epoch),
        "position": np.array(state.position),
        "seconds": np.array(state.seconds),
        "parameters": state.parameters,
        "slots": state.slots,
        "order": state.order,
        "sums": state.sums,
        "watch": state.watch,
        "best": state.best,
        "distortion_seed": np.array(state.distortion_seed),
        "generator_key": generator["key"],
        "generator_position": np.array(generator["pos"]),
    }


def load_snapshot(path: Path) -> TrainingState:
    """The state that a snapshot holds.

    Raises SnapshotError when the file is not a sound snapshot.
    """
    return read_snapshot(path, state_from)


def load_trained(path: Path) -> TrainedNetwork:
    """The network that a snapshot holds, with the preparation of its inputs.

    Raises SnapshotError when the file is not a sound snapshot.
    """
    return read_snapshot(path, trained_network)


def read_snapshot(path: Path, meaning: Callable[[dict[str, Array]], T]) -> T:
    """What a snapshot's members mean. Raises SnapshotError when the file is not sound."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            members = {name: arrays[name] for name in arrays.files}
        if int(members["schema"]) != SCHEMA:
            raise ValueError(f"its schema is {int(members['schema'])}, this version reads {SCHEMA}")
        return meaning(members)
    except UNSOUND as error:
        raise SnapshotError(
            f"{path} is not a sound snapshot ({error}); use the one before it"
        ) from error


def state_from(members: dict[str, Array]) -> TrainingState:
    """The state from a snapshot's members."""
    bit_generator = np.random.MT19937()
    bit_generator.state = {
        "bit_generator": "MT19937",
        "state": {
            "key": members["generator_key"],
            "pos": int(members["generator_position"]),
        },
    }
    return TrainingState(
        parameters=members["parameters"],
        slots=members["slots"],
        generator=np.random.Generator(bit_generator),
        order=members["order"],
        step=int(members["step"]),
        epoch=int(members["epoch"]),
        position=int(members["position"]),
        sums=members["sums"],
        watch=members["watch"],
        best=members["best"],
        distortion_seed=int(members["distortion_seed"]),
        seconds=float(members["seconds"]),
    )


def parameters_checksum(parameters: Array) -> str:
    """SHA-256 of the weights' bytes."""
    return hashlib.sha256(np.ascontiguousarray(parameters).data).hexdigest()

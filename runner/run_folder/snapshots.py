"""Snapshots: the whole `TrainingState` as plain arrays in an npz file, no pickle."""

import hashlib
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

import numpy as np

from runner.errors import SnapshotError, printable
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork, UnknownPartError, trained_network
from runner.plugins.origins import missing_piece
from runner.run_folder.history import EMPTY, Mark
from runner.run_folder.layout import read_run, snapshot_path, step_of
from runner.storage.files import AT_ONCE, Syncing, make_folder, write_atomically
from runner.storage.npz_files import Member, decode, encode
from runner.training.engine import Problem
from runner.training.state import TrainingState, Watched, unseeded_bits
from runner.training.state_checks import check_fit

T = TypeVar("T")

SCHEMA = 2
UNSOUND = (
    OSError,
    ValueError,
    LookupError,
    EOFError,
    TypeError,
    OverflowError,
    RuntimeError,  # encrypted; and NotImplementedError: a zip of a newer kind
    struct.error,
    zipfile.BadZipFile,
)
"""What reading a damaged file can raise."""

FIELDS = {field.name: field for field in fields(TrainingState)}
HINTS = get_type_hints(TrainingState, include_extras=True)
SCALARS = {int: Member("i", (0,)), float: Member("f", (0,)), Watched: Member("f", (1,))}


def state_members() -> Iterator[tuple[str, Member]]:
    """What a snapshot holds of each field of a state; of the generator the key and the position."""
    for name, field in FIELDS.items():
        hint = HINTS[name]
        if hint is np.random.Generator:
            yield "generator_key", Member("u", (1,))
            yield "generator_position", Member("i", (0,))
        elif hint in SCALARS:
            yield name, SCALARS[hint]._replace(optional="since" in field.metadata)
        else:
            kind, dimensions = hint.__metadata__
            yield name, Member(kind, (dimensions,))


MEMBERS = {
    "schema": Member("i", (0,)),
    **dict(state_members()),
    "restored": Member("b", (0,)),
    "experiment": Member("U", (0,)),
    "history": Member("i", (1,)),
    "topology": Member("iU", (1,), optional=True),
    "bias": Member("b", (0,), optional=True),
    "batch_norm": Member("b", (0,), optional=True),
    "activations": Member("U", (1,), optional=True),
    "input_shift": Member("f", (0, 1), optional=True),
    "input_scale": Member("f", (0, 1), optional=True),
    "input_fill": Member("f", (1,), optional=True),
    "input_names": Member("U", (1,), optional=True),
    "input_groups": Member("i", (2,), optional=True),
    "target_shift": Member("f", (0, 1), optional=True),
    "target_scale": Member("f", (0, 1), optional=True),
    "target_names": Member("U", (1,), optional=True),
    "classes": Member("U", (1,), optional=True),
    "last_only": Member("b", (0,), optional=True),
}
"""What a snapshot holds: the state, what it belongs to, and what else prediction needs."""


class Snapshot(NamedTuple):
    """What a snapshot says."""

    state: TrainingState
    experiment: str = ""
    """The checksum of the experiment that it belongs to."""
    history: Mark = EMPTY
    """How far history.csv had come."""


def save_snapshot(
    run: Path,
    snapshot: Snapshot,
    preparation: Mapping[str, Array] | None = None,
    *,
    restored: bool = False,
    syncing: Syncing = AT_ONCE,
) -> Path:
    """Writes it atomically and returns the file.

    preparation: what else prediction needs, such as the inputs' scaling.
    restored: whether the best weights are the result.
    """
    state, experiment, history = snapshot
    path = snapshot_path(run, state.step)
    make_folder(path.parent, syncing)
    belonging = {
        "experiment": np.array(experiment),
        "history": np.array(history),
        "restored": np.array(restored),
    }
    content = encode({**snapshot_arrays(state), **belonging, **(preparation or {})})
    write_atomically(path, content, syncing)
    return path


def snapshot_arrays(state: TrainingState) -> dict[str, Array]:
    """The state's members of a snapshot file."""
    arrays = {"schema": np.array(SCHEMA)}
    for name, field in FIELDS.items():
        value = getattr(state, name)
        if name == "generator":
            drawn = value.bit_generator.state["state"]
            arrays["generator_key"] = drawn["key"]
            arrays["generator_position"] = np.array(drawn["pos"])
        elif "since" not in field.metadata or str(value) != str(field.default):  # NaN is not NaN
            arrays[name] = np.asarray(value)
    return arrays


def load_snapshot(path: Path) -> TrainingState:
    """The state that a snapshot holds.

    Raises SnapshotError when the file is not a sound snapshot.
    """
    return read_snapshot(path, state_from)


def load_trained(path: Path) -> TrainedNetwork:
    """The network that a snapshot holds, with the preparation of its inputs.

    Raises SnapshotError when the file is not a sound snapshot.
    """
    return read_snapshot(path, trained_from)


def read_snapshot(path: Path, meaning: Callable[[dict[str, Array]], T]) -> T:
    """What a snapshot's members mean. Raises SnapshotError when the file is not sound."""
    with unsound(path):
        members = decode(path, MEMBERS)
        if int(members["schema"]) != SCHEMA:
            raise ValueError(f"its schema is {int(members['schema'])}, this version reads {SCHEMA}")
        check_state(members, step_of(path))
        return meaning(members)


@contextmanager
def unsound(path: Path) -> Iterator[None]:
    """Whatever is wrong with a snapshot inside is a SnapshotError."""
    try:
        yield
    except UnknownPartError as error:
        raise snapshot_of_own(path) or SnapshotError(
            f"{printable(path)}: {printable(error)}; use the version of the runner, or the module, "
            "that the run was made with"
        ) from error
    except UNSOUND as error:
        raise snapshot_of_own(path) or SnapshotError(
            f"{printable(path)} is not a sound snapshot ({printable(error)}); use the one before it"
        ) from error


def snapshot_of_own(path: Path) -> SnapshotError | None:
    """What to say where a snapshot's run needs a person's own piece that is not here."""
    try:
        missing = missing_piece(read_run(path.parents[1]))
    except (OSError, ValueError, IndexError):
        return None
    return None if missing is None else SnapshotError(f"{printable(path)}: {missing}")


def trained_from(members: dict[str, Array]) -> TrainedNetwork:
    """The network from a snapshot's members, with the best weights where those are the result."""
    chosen = "best" if members["restored"] else "parameters"
    return trained_network({**members, "parameters": members[chosen]})


def snapshot_from(members: dict[str, Array]) -> Snapshot:
    """All that a snapshot's members say."""
    size, checksum = members["history"].tolist()
    return Snapshot(state_from(members), str(members["experiment"]), Mark(size, checksum))


def check_state(members: Mapping[str, Array], step: int) -> None:
    """Refuses numbers that no run could have come to: they could lead an engine astray."""
    parameters, order = members["parameters"], members["order"]
    size = parameters.size
    rules = {
        "step": int(members["step"]) == step,
        "epoch": 0 <= members["epoch"] <= members["step"],
        "position": 0 <= members["position"] < max(order.size, 1),
        "seconds": np.isfinite(members["seconds"]),
        "parameters": size > 0 and parameters.itemsize in (4, 8) and np.isfinite(parameters).all(),
        "slots": members["slots"].shape[1] == size and members["slots"].dtype == parameters.dtype,
        "order": order.size > 0 and np.array_equal(np.sort(order), np.arange(order.size)),
        "sums": members["sums"].shape == (4,),
        "watch": members["watch"].shape == (len(Watched._fields),),
        "best": members["best"].size in (0, size) and np.isfinite(members["best"]).all(),
        "distortion_seed": 0 <= members["distortion_seed"] <= 2**32,
        "generator_key": members["generator_key"].shape == (624,)
        and members["generator_key"].dtype == np.uint32,
        "generator_position": 0 <= members["generator_position"] <= 624,
        "restored": not members["restored"] or members["best"].size == size,
        "history": members["history"].shape == (2,) and members["history"].min() >= 0,
    }
    for name, holds in rules.items():
        if not holds:
            raise ValueError(f"its {name} cannot be that of a run at step {step}")


def sound_snapshot(path: Path, problem: Problem, experiment: object) -> Snapshot:
    """A snapshot to go on from.

    experiment: the checksum of the run whose it is to be; problem: what it is to be trained on.
    Raises SnapshotError where the file is not sound, or another run's.
    """
    snapshot = snapshot_of(path, experiment)
    check_fits(path, problem, snapshot.state)
    return snapshot


def snapshot_of(path: Path, experiment: object) -> Snapshot:
    """A snapshot of the run with that checksum.

    Raises SnapshotError where the file is not sound, or another run's.
    """
    snapshot = read_snapshot(path, snapshot_from)
    if snapshot.experiment != experiment:
        raise SnapshotError(f"{printable(path)} is another run's snapshot; use one of its own")
    return snapshot


def check_fits(path: Path, problem: Problem, state: TrainingState) -> None:
    """Raises SnapshotError where a snapshot's state is none of a run on this problem."""
    with unsound(path):
        check_fit(state, problem)


def state_from(members: Mapping[str, Array]) -> TrainingState:
    """The state from a snapshot's members."""
    values: dict[str, Any] = {"generator": generator_from(members)}
    for name in FIELDS.keys() & members.keys():
        hint, found = HINTS[name], members[name]
        values[name] = hint(*found.tolist()) if hint is Watched else found
        if hint in (int, float):
            values[name] = found.item()
    return TrainingState(**values)


def generator_from(members: Mapping[str, Array]) -> np.random.Generator:
    """The run's generator, as far as it had been drawn from."""
    bits = unseeded_bits()
    bits.state = {
        "bit_generator": "MT19937",
        "state": {"key": members["generator_key"], "pos": int(members["generator_position"])},
    }
    return np.random.Generator(bits)


def parameters_checksum(parameters: Array) -> str:
    """SHA-256 of the weights' bytes."""
    return hashlib.sha256(np.ascontiguousarray(parameters).data).hexdigest()

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.errors import SnapshotError
from runner.run_folder.layout import snapshot_path
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import (
    Snapshot,
    load_snapshot,
    parameters_checksum,
    save_snapshot,
    snapshot_arrays,
    sound_snapshot,
)
from runner.storage.npz_files import DIGEST_SIZE, encode
from runner.training.state import Watched
from tests.limits import bounded
from tests.problems import ENGINE_NAMES, content, make_engine, make_problem, make_state

CASES = {
    "full batch": make_problem(),
    "full batch with dropout": make_problem(rate=0.1, stage="backward"),
    "mini-batches with dropout": make_problem(bias=True, batch_size=3, rate=0.2),
    "float32": make_problem(bias=True, batch_size=3, rate=0.2, dtype="float32"),
}


@pytest.mark.parametrize("steps", [0, 50, 51])  # of mini-batches: an epoch's start, inside, inside
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_resumed_run_comes_to_the_bytes_of_an_uninterrupted_one(
    engine_name: str, case: str, steps: int, tmp_path: Path
) -> None:
    problem = CASES[case]
    whole, stopped = make_state(problem), make_state(problem)
    make_engine(engine_name, problem).advance(whole, 100, None)
    if steps:
        make_engine(engine_name, problem).advance(stopped, steps, None)
    resumed = load_snapshot(save_snapshot(tmp_path, Snapshot(stopped)))
    assert content(resumed) == content(stopped)
    make_engine(engine_name, problem).advance(resumed, 100 - steps, None)
    assert content(resumed) == content(whole)


def test_a_snapshot_keeps_every_value_and_its_type(tmp_path: Path) -> None:
    state = make_state(make_problem(batch_size=3, dtype="float32"))
    state.seconds, state.slots = 12.5, np.ones((2, 16), "float32")
    state.watch, state.best = Watched(0, 1, 2, 3, 0.5, 5, 6), np.ones(16, "float32")
    state.smoothed_loss, state.lowest_loss = 3.0, 2.0
    loaded = load_snapshot(save_snapshot(tmp_path, Snapshot(state)))
    before, after = snapshot_arrays(state), snapshot_arrays(loaded)
    assert {n: (a.dtype, a.tolist()) for n, a in before.items()} == {
        n: (a.dtype, a.tolist()) for n, a in after.items()
    }


def test_a_snapshot_holds_no_pickle(tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    with np.load(path, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_snapshots_are_named_so_that_the_newest_sorts_last(tmp_path: Path) -> None:
    state = make_state(make_problem())
    for step in (0, 999, 1000, 1_187_471):
        state.step = step
        assert save_snapshot(tmp_path, Snapshot(state)) == snapshot_path(tmp_path, step)
    assert RunFolder(tmp_path).snapshot().name == "step-001187471.npz"


def test_a_folder_without_snapshots_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="holds no snapshot"):
        RunFolder(tmp_path).snapshot()


@pytest.mark.parametrize("name", ["step-٣.npz", "step-²2.npz", f"step-{'9' * 5000}"[:200] + ".npz"])
def test_other_files_among_them_are_no_snapshots(name: str, tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    (path.parent / name).touch()
    assert RunFolder(tmp_path).snapshot() == path


def changed(path: Path, **members: object) -> None:
    with np.load(path) as arrays:
        kept = {name: arrays[name] for name in arrays.files} | members
    present = {name: np.asarray(value) for name, value in kept.items() if value is not None}
    path.write_bytes(encode(present))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a zip"),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"step.npy", b"pets.npy")),
        lambda path: path.unlink(),
        lambda path: changed(path, schema=3),
        lambda path: changed(path, parameters=None),
        lambda path: changed(path, generator_key=np.zeros(3)),
        lambda path: changed(path, step="soon"),
        lambda path: changed(path, step=7),
        lambda path: changed(path, parameters=np.full(16, np.nan)),
        lambda path: changed(path, parameters=np.zeros(16, ">f8")),
        lambda path: changed(path, order=np.arange(8) * 1000),
        lambda path: changed(path, generator_position=-5),
        lambda path: changed(path, __init__=np.zeros(3)),
        lambda path: changed(path, epoch=1),
    ],
    ids=[
        "empty",
        "not a zip",
        "torn",
        "renamed member",
        "gone",
        "newer schema",
        "missing member",
        "bad generator",
        "text for a number",
        "another step",
        "NaN weights",
        "byte-swapped",
        "an order beyond the data",
        "a position beyond the generator",
        "extra member",
        "more epochs than steps",
    ],
)
def test_an_unsound_snapshot_is_refused_by_name(damage: object, tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    assert callable(damage)
    damage(path)
    with (
        bounded(),
        pytest.raises(SnapshotError, match=r"step-000000000\.npz is not a sound snapshot"),
    ):
        load_snapshot(path)


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_flipped_bit_anywhere_is_noticed(bit: int, tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        with pytest.raises(SnapshotError, match="not a sound snapshot"):
            load_snapshot(path)


MISFITS: dict[str, tuple[dict[str, object], str]] = {
    # members that no run of this problem can have had, and what is said of them
    "an order of more samples": ({"order": np.arange(100)}, "its order is int64 [100]"),
    "an order of fewer": ({"order": np.arange(3)}, r"int64 [3], that of its run int64 [8]"),
    "an order of another type": ({"order": np.arange(8, dtype="i4")}, "int32 [8]"),
    "more of the optimizer's memory": (
        {"slots": np.zeros((3, 16))},
        "its slots is float64 [3, 16]",
    ),
    "twice the parameters": (
        {"parameters": np.zeros(32), "slots": np.zeros((1, 32))},
        "its parameters is float64 [32], that of its run float64 [16]",
    ),
    "a state of another dtype": (
        {"parameters": np.zeros(16, "f4"), "slots": np.zeros((1, 16), "f4")},
        "its parameters is float32 [16]",
    ),
    "best weights of another dtype": ({"best": np.zeros(16, "f4")}, "its best is float32 [16]"),
    "sums of another dtype": ({"sums": np.zeros(4, "f4")}, "its sums is float32 [4]"),
    "a position inside a batch": ({"position": 4}, "its position cannot be that of its run"),
    "another run": ({"experiment": "another"}, "is another run's snapshot"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_snapshot_that_is_sound_but_not_of_the_run_is_refused(case: str, tmp_path: Path) -> None:
    members, words = MISFITS[case]
    problem = make_problem(batch_size=3, optimizer="momentum")
    path = save_snapshot(tmp_path, Snapshot(make_state(problem), "this"))
    assert content(sound_snapshot(path, problem, "this").state) == content(make_state(problem))
    changed(path, **members)
    with pytest.raises(SnapshotError, match=re.escape(words)):
        sound_snapshot(path, problem, "this")


def forged(path: Path, name: str, header: bytes) -> None:
    """A snapshot with one member more or other than it should be, its digest right."""
    content = io.BytesIO()
    with np.load(path) as arrays, zipfile.ZipFile(content, "w") as archive:
        for member in arrays.files:
            if f"{member}.npy" != name:
                with archive.open(f"{member}.npy", "w") as file:
                    np.lib.format.write_array(file, arrays[member])
        for _ in range(1 if header else 2):
            archive.writestr(name, header or b"twice")
        archive.comment = b"0" * DIGEST_SIZE
    body = content.getvalue()[:-DIGEST_SIZE]
    path.write_bytes(body + hashlib.sha256(body).hexdigest().encode())


def npy(descr: str, shape: str) -> bytes:
    """An npy file of nothing but a header."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode()


FORGERIES = {
    # a member, its content or nothing for two of it
    "a member twice": ("extra.npy", b""),
    "an object array": ("parameters.npy", npy("|O", "(1,)") + b"\x80\x04N."),
    "a claim of 32 GiB": ("parameters.npy", npy("<f8", "(4294967296,)")),
    "a negative shape": ("parameters.npy", npy("<f8", "(-1,)")),
    "a member that climbs": ("../x.npy", npy("<f8", "(0,)")),
    "an absolute member": ("/x.npy", npy("<f8", "(0,)")),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_snapshot_is_refused_in_bounded_memory(case: str, tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    forged(path, *FORGERIES[case])
    with bounded(), pytest.raises(SnapshotError, match="is not a sound snapshot") as caught:
        load_snapshot(path)
    assert "SHA-256" not in str(caught.value)
    assert [file.name for file in tmp_path.rglob("*.*")] == [path.name]


OVERLAPS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    # what changes in the first member's entry of the zip's directory: its field, a new value
    "two members at one place": ("place", lambda second, size: second),
    "a member into the next": ("size", lambda second, size: size + 1),
    "a member that holds all the others": ("size", lambda second, size: size + 2 * second),
}


@pytest.mark.parametrize("case", OVERLAPS)
def test_members_that_overlap_are_refused_whatever_the_python(case: str, tmp_path: Path) -> None:
    path = save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    with zipfile.ZipFile(path) as archive:
        first, second, *_ = archive.infolist()
        body = bytearray(path.read_bytes()[:-DIGEST_SIZE])
        entry = archive.start_dir
    field, new = OVERLAPS[case]
    value = new(second.header_offset, first.file_size).to_bytes(4, "little")
    for place in {"place": [42], "size": [20, 24]}[field]:
        body[entry + place : entry + place + 4] = value
    path.write_bytes(body + hashlib.sha256(body).hexdigest().encode())
    with pytest.raises(SnapshotError, match=r"\(\w+\.npy overlaps what comes after it\)"):
        load_snapshot(path)


def test_the_weights_checksum_tells_weights_apart() -> None:
    weights = np.linspace(0, 1, 7)
    assert parameters_checksum(weights) == parameters_checksum(weights.copy())
    assert parameters_checksum(weights) != parameters_checksum(np.nextafter(weights, 2))


def test_a_snapshot_is_the_zip_file_that_numpy_writes() -> None:
    members = {
        "number": np.array(2),
        "text": np.array("hé"),
        "flag": np.array(True),
        "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
        "columns": np.arange(6.0).reshape(2, 3)[:, 1],
        "nothing": np.empty((0, 3)),
        "key": np.arange(624, dtype=np.uint32),
    }
    expected = io.BytesIO()
    np.savez(expected, allow_pickle=False, **members)
    assert encode(members)[:-66] == expected.getvalue()[:-2]

"""Snapshots damaged by chance are refused, every one; forged ones are refused or harmless."""

import hashlib
import random
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.errors import SnapshotError
from runner.run_folder.snapshots import Snapshot, load_snapshot, load_trained, save_snapshot
from runner.storage.npz_files import DIGEST_SIZE
from tests.problems import make_problem, make_state

BLOCKS = [pytest.param(n, marks=[pytest.mark.release] * (n >= 4)) for n in range(40)]
MUTATIONS = 2500
"""A block."""


@pytest.fixture
def path(memory: Path) -> Path:
    """A small snapshot."""
    return save_snapshot(memory, Snapshot(make_state(make_problem((3, 2, 1), batch_size=3))))


def check_refused(path: Path) -> None:
    """Whoever reads the file is told that it is not sound, in one line."""
    with pytest.raises(SnapshotError, match="is not a sound snapshot") as caught:
        load_snapshot(path)
    assert str(caught.value).isprintable()


def test_every_byte_matters(path: Path, counted: Callable[..., None]) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        check_refused(path)
    counted(**{"snapshots with a byte flipped": len(whole)})


def test_every_truncation_is_noticed(path: Path, counted: Callable[..., None]) -> None:
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        check_refused(path)
    counted(**{"truncated snapshots": len(whole)})


def mutated(whole: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, put in, taken out or repeated."""
    content = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        place, length = rng.randrange(len(content)), rng.randint(1, 8)
        piece = slice(place, place + length)
        other = rng.randrange(len(content))
        content[piece] = rng.choice(
            [
                rng.randbytes(length),
                bytes(length),
                b"\xff" * length,
                b"",
                content[piece] + rng.randbytes(length),
                content[other : other + length],
            ]
        )
    return bytes(content)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_mutation_is_refused(block: int, path: Path, counted: Callable[..., None]) -> None:
    whole, rng = path.read_bytes(), random.Random(block)  # noqa: S311 - no secret
    tried = 0
    while tried < MUTATIONS:
        content = mutated(whole, rng)
        if content == whole:
            continue
        path.write_bytes(content)
        check_refused(path)
        tried += 1
    counted(**{"mutated snapshots": tried})


@pytest.mark.parametrize("block", BLOCKS)
def test_a_forgery_with_the_right_digest_is_refused_or_a_state(
    block: int, path: Path, counted: Callable[..., None]
) -> None:
    body, rng = path.read_bytes()[:-DIGEST_SIZE], random.Random(block)  # noqa: S311 - no secret
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(MUTATIONS):
        content = mutated(body, rng)
        path.write_bytes(content + hashlib.sha256(content).hexdigest().encode())
        for load in (load_snapshot, load_trained):
            try:
                load(path)
            except SnapshotError as error:
                assert str(error).isprintable()  # noqa: PT017 - both ways out are fine
        try:
            state = load_snapshot(path)
        except SnapshotError:
            continue
        assert np.isfinite(state.parameters).all()
        assert state.parameters.size == 8
        state.generator.random(1000)  # a bad place in its key would read beyond it
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000, "kilobytes"
    counted(**{"forged snapshots": MUTATIONS})

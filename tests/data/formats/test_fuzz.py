"""Any bytes are read as what they claim to be, or refused in one line: every parser."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import io as matlab

from runner.data.formats.idx import read_idx
from runner.data.formats.mat import read_svhn
from runner.data.formats.records import read_cifar, read_stl10_images
from runner.errors import DataError
from tests.data.small_files import cifar_bytes, idx_bytes, load_csv, random_images

IMAGES = random_images(2, 28, 28)


def mat_bytes(*, compressed: bool) -> bytes:
    content = io.BytesIO()
    arrays = {"X": random_images(32, 32, 3, 2), "y": np.array([[1], [10]], np.uint8)}
    matlab.savemat(content, arrays, do_compression=compressed)
    return content.getvalue()


def saved(save: Callable[..., object], *arrays: Any, **named: Any) -> bytes:
    content = io.BytesIO()
    save(content, *arrays, **named)
    return content.getvalue()


FRAME = pd.DataFrame({"a": [1.5, 2.5, 3.5, 4.5], "t": ["u", "v", "u", "v"], "y": [0, 1, 0, 1]})
MATRIX = np.arange(6.0).reshape(3, 2)
CSV = FRAME.to_csv(index=False).encode()
CIFAR = cifar_bytes(random_images(2, 32, 32, 3), np.array([1, 2], np.uint8))

PARSERS: dict[str, tuple[Callable[[Path], Any], bytes, str]] = {
    # reader, a sound file, the end of its name
    "idx": (lambda path: read_idx(path, (28, 28)), idx_bytes(IMAGES), ""),
    "idx in gzip": (
        lambda path: read_idx(path, (28, 28)),
        gzip.compress(idx_bytes(IMAGES), mtime=0),
        ".gz",
    ),
    "cifar": (lambda path: read_cifar(path, 1, 0), CIFAR, ".bin"),
    "stl10": (read_stl10_images, random_images(1, 27648).tobytes(), ".bin"),
    "mat": (read_svhn, mat_bytes(compressed=False), ".mat"),
    "mat, compressed": (read_svhn, mat_bytes(compressed=True), ".mat"),
    "csv": (lambda path: load_csv(str(path), ("y",)), CSV, ".csv"),
    "csv, filled in": (
        lambda path: load_csv(str(path), ("y",), missing="median"),
        CSV.replace(b"2.5", b""),
        ".csv",
    ),
    "csv in gzip": (
        lambda path: load_csv(str(path), ("y",)),
        gzip.compress(CSV, mtime=0),
        ".csv.gz",
    ),
    "npz": (
        lambda path: load_csv(str(path), ("y",)),
        saved(np.savez, x=MATRIX, y=np.array([0.5, 1, 2])),
        ".npz",
    ),
    "npz, compressed": (
        lambda path: load_csv(str(path), ("y",)),
        saved(np.savez_compressed, x=MATRIX, y=np.array(["a"] * 3)),
        ".npz",
    ),
    "npy": (lambda path: load_csv(str(path), ("2",), None), saved(np.save, MATRIX), ".npy"),
    "parquet": (
        lambda path: load_csv(str(path), ("y",)),
        saved(FRAME.to_parquet),
        ".parquet",
    ),
}


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """A sound file with a few bytes changed, inserted, taken out, or cut off; or any bytes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        # Most of what matters stands at the beginning and at the end.
        place = draw(st.integers(0, min(len(content), 400)))
        place = len(content) - place if draw(st.booleans()) else place
        kind = draw(st.sampled_from(["change", "insert", "delete", "cut"]))
        if kind == "change" and place < len(content):
            content[place] = draw(st.integers(0, 255))
        elif kind == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "delete":
            del content[place : place + draw(st.integers(1, 8))]
        else:
            del content[place:]
    return bytes(content)


@pytest.mark.filterwarnings("ignore:dataset.target")
@pytest.mark.parametrize("cases", [300, pytest.param(2000, marks=pytest.mark.release)])
@pytest.mark.parametrize("parser", PARSERS)
def test_any_file_is_read_or_refused_in_one_line(parser: str, cases: int, tmp_path: Path) -> None:
    read, sound, suffix = PARSERS[parser]
    path = tmp_path / f"data{suffix}"
    path.write_bytes(sound)
    read(path)

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(sound))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except DataError as error:
            assert str(error).isprintable()  # noqa: PT017 - both ways out are fine
            assert len(str(error)) < 1000  # noqa: PT017

    check()

"""The .mat files of SVHN's cropped digits: X [32, 32, 3, n] and y [n, 1], 10 standing for 0."""

import os
import stat
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from runner.data.idx import LARGEST, MOST_COMPRESSED, refuse_file
from runner.errors import DataError, printable
from runner.network.topology import Array

EXPECTED = "a MATLAB 5 file with uint8 images X [32 x 32 x 3 x n] and labels y [n x 1] of 1 to 10"


def read_svhn(path: Path) -> tuple[Array, Array]:
    """Images [n, 3072] and labels [n]. Raises DataError naming the file and what is wrong.

    What the file claims to hold is looked at before anything is allocated.
    """
    from scipy import io  # noqa: PLC0415 - slow to import

    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise refuse_file(path, "is not a file", EXPECTED)
        with warnings.catch_warnings(), open(path, "rb") as file:
            warnings.simplefilter("ignore")  # scipy warns of what is refused below
            check_claims(path, {name: (size, kind) for name, size, kind in io.whosmat(file)})
            file.seek(0)
            arrays: dict[str, Any] = io.loadmat(file, variable_names=["X", "y"])
    except OSError as error:
        raise refuse_file(path, f"cannot be read: {error.strerror or error}", EXPECTED) from error
    except DataError:
        raise
    except Exception as error:  # scipy's reader raises whatever a damaged byte leads it to
        raise refuse_file(path, f"is damaged ({type(error).__name__})", EXPECTED) from error
    return svhn_samples(path, arrays.get("X"), arrays.get("y"))


def check_claims(path: Path, claims: dict[str, tuple[tuple[int, ...], str]]) -> None:
    """Refuses other variables, types and sizes than SVHN has."""
    for name in ("X", "y"):
        if name not in claims:
            found = ", ".join(claims) or "nothing"
            raise refuse_file(
                path, f"has no variable {name}, it holds {printable(found[:100])}", EXPECTED
            )
    (size, kind), (label_size, _) = claims["X"], claims["y"]
    if kind != "uint8" or len(size) != 4 or size[:3] != (32, 32, 3):
        raise refuse_file(path, f"has X of {kind} {' x '.join(map(str, size))}", EXPECTED)
    if label_size != (size[3], 1):
        found = f"has {size[3]} images and y of {' x '.join(map(str, label_size))}"
        raise refuse_file(path, found, EXPECTED)
    claimed = 3072 * size[3]
    if not 0 < claimed <= min(LARGEST, path.stat().st_size * MOST_COMPRESSED):
        found = f"claims {claimed:,} bytes of images, which {path.stat().st_size:,} cannot hold"
        raise refuse_file(path, found, EXPECTED)


def svhn_samples(path: Path, images: Any, labels: Any) -> tuple[Array, Array]:
    """The arrays as the runner holds them: a row an image, the digit 0 labelled 0."""
    sound = (
        isinstance(images, np.ndarray)
        and isinstance(labels, np.ndarray)
        and images.dtype == np.uint8
        and images.ndim == 4
        and images.shape[:3] == (32, 32, 3)
        and labels.shape == (images.shape[3], 1)
        and labels.dtype.kind in "uif"
    )
    if not sound or not np.isin(labels, range(1, 11)).all():
        raise refuse_file(path, "has other labels than 1 to 10, or not one an image", EXPECTED)
    rows = np.ascontiguousarray(images.transpose(3, 0, 1, 2)).reshape(-1, 3072)
    return rows, (labels[:, 0] % 10).astype(np.uint8)

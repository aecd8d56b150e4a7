import gzip
import os
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from scipy import io

from runner.data.formats.idx import read_idx
from runner.data.formats.mat import read_svhn
from runner.data.formats.records import read_cifar, read_stl10_images, read_stl10_labels
from runner.data.image_sets import check_pair
from runner.errors import DataError
from tests.data.small_files import cifar_bytes, idx_bytes, random_images
from tests.limits import bounded

IMAGES = idx_bytes(random_images(3, 28, 28))


def header(*sizes: int, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{len(sizes)}I", 0, kind, len(sizes), *sizes)


IDX_FAULTS = {
    # content, words of the message
    "empty": (b"", "0 bytes, less than a header"),
    "under four bytes": (b"\0\0\x08", "3 bytes, less than a header"),
    "wrong magic": (b"\x01" + IMAGES[1:], "is not IDX"),
    "an error page": (b"<!DOCTYPE html><html>404</html>", "looks like a web page"),
    "truncated header": (IMAGES[:9], "ends within its header"),
    "truncated": (IMAGES[:-1], "ends after 2,351 of the 2,352 bytes"),
    "trailing bytes": (IMAGES + b"\0", "goes on after"),
    "dimensions overflow": (header(2**32 - 1, 28, 28), "claims 3,367,254,359,280 bytes"),
    "zero dimension": (header(0, 28, 28), "no samples"),
    "zero width": (header(3, 28, 0), "dimensions 3 x 28 x 0"),
    "unknown type": (header(3, 28, 28, kind=0x0F), "type 0x0f"),
    "floats": (header(3, 28, 28, kind=0x0D), "type 0x0d"),
    "too many dimensions": (header(3, 28, 28, 1), "4 dimensions"),
    "labels for images": (idx_bytes(np.zeros(3, np.uint8)), "1 dimensions"),
    "other size": (idx_bytes(random_images(3, 20, 28)), "dimensions 3 x 20 x 28"),
    "truncated gzip": (gzip.compress(IMAGES)[:-9], "is damaged"),
    "damaged gzip": (gzip.compress(IMAGES)[:20] + b"\xff" * 40, "expected"),
    "gzip checksum": (gzip.compress(IMAGES)[:-8] + bytes(8), "is damaged"),
    "gzip of nothing": (gzip.compress(b""), "0 bytes, less than a header"),
    "a large claim in a small gzip": (gzip.compress(header(1_000_000, 28, 28)), "can hold"),
    "gzip bomb": (
        gzip.compress(header(100, 28, 28) + bytes(10_000_000)),
        "goes on after the 78,400 bytes",
    ),
}


@pytest.mark.parametrize("case", IDX_FAULTS)
def test_a_bad_idx_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, words = IDX_FAULTS[case]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError) as caught:
        read_idx(path, (28, 28))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert "expected an IDX file of n x 28 x 28 bytes" in str(caught.value)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_gzip_under_a_plain_name_is_read(
    compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "images"
    path.write_bytes(compress(IMAGES))
    assert read_idx(path, (28, 28)).tobytes() == IMAGES[16:]


@pytest.mark.parametrize("name", ["missing", "folder", "pipe"])
def test_what_is_not_a_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for read in (lambda path: read_idx(path, ()), read_svhn, read_stl10_labels):
        with bounded(), pytest.raises(DataError, match=name):
            read(tmp_path / name)


def test_images_and_labels_that_differ_in_number_are_refused() -> None:
    images, labels = random_images(3, 784), np.zeros(4, np.uint8)
    with bounded(), pytest.raises(DataError, match="x holds 3 images and y 4 labels"):
        check_pair(images, labels, 10, (Path("x"), Path("y")))


def test_a_label_out_of_range_is_refused_with_its_place() -> None:
    images, labels = random_images(3, 784), np.array([0, 1, 10], np.uint8)
    with bounded(), pytest.raises(DataError, match="label 10 of sample 3 is out of range"):
        check_pair(images, labels, 10, (Path("x"), Path("y")))


CIFAR = cifar_bytes(random_images(2, 32, 32, 3), np.array([1, 2], np.uint8))


@pytest.mark.parametrize("content", [b"", CIFAR[:-1], CIFAR + b"\0", b"<html></html>"])
def test_a_part_of_a_record_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(content)
    words = r"data_batch_1.bin holds .* whole records of 3,073 bytes"
    with bounded(), pytest.raises(DataError, match=words):
        read_cifar(path, 1, 0)
    with bounded(), pytest.raises(DataError, match="whole records of 27,648"):
        read_stl10_images(path)


def test_a_label_of_0_in_stl10_names_no_class(tmp_path: Path) -> None:
    path = tmp_path / "train_y.bin"
    path.write_bytes(bytes([1, 10, 0]))
    labels = read_stl10_labels(path)
    with bounded(), pytest.raises(DataError, match="label 255 of sample 3"):
        check_pair(random_images(3, 27648), labels, 10, (path, path))


X, Y = random_images(32, 32, 3, 4), np.array([[1], [2], [10], [9]], np.uint8)
MAT_FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "no X": ({"y": Y}, "no variable X"),
    "no y": ({"X": X}, "no variable y"),
    "floats": ({"X": X.astype(float), "y": Y}, "X of type f8"),
    "other shape": ({"X": X[:16], "y": Y}, "X of type u1, 16 x 32 x 3 x 4"),
    "one image": ({"X": X[..., 0], "y": Y}, "X of type u1, 32 x 32 x 3"),
    "labels differ in number": ({"X": X, "y": Y[:3]}, "4 images and y of 3 x 1"),
    "a row of labels": ({"X": X, "y": Y.T}, "y of 1 x 4"),
    "label 0": ({"X": X, "y": Y * 0}, "other labels than 1 to 10"),
    "label 11": ({"X": X, "y": Y + 1}, "other labels than 1 to 10"),
    "a half": ({"X": X, "y": Y + 0.5}, "other labels than 1 to 10"),
    "text": ({"X": "abc", "y": Y}, "cannot be read"),
}


@pytest.mark.parametrize("case", MAT_FAULTS)
def test_a_mat_file_of_other_things_is_refused(case: str, tmp_path: Path) -> None:
    arrays, words = MAT_FAULTS[case]
    io.savemat(tmp_path / "train_32x32.mat", arrays)
    with bounded(), pytest.raises(DataError) as caught:
        read_svhn(tmp_path / "train_32x32.mat")
    assert words in str(caught.value)
    assert "expected a MATLAB 5 file" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("content", [b"", b"<html>", b"MATLAB 5.0 MAT-file", bytes(200)])
def test_what_is_no_mat_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError, match="expected a MATLAB 5 file"):
        read_svhn(path)


def small_mat(*, do_compression: bool = True) -> bytes:
    """A sound file of four images."""
    content = BytesIO()
    io.savemat(content, {"X": X, "y": Y}, do_compression=do_compression)
    return content.getvalue()


def compressed(content: bytes) -> bytes:
    """A file whose one element is this, compressed."""
    packed = zlib.compress(content)
    return small_mat()[:128] + struct.pack("<II", 15, len(packed)) + packed


DAMAGED_MATS = {
    # content, words of the message
    "truncated": (small_mat()[:-1], "ends within an array"),
    "trailing bytes": (small_mat() + b"\0", "cannot be read"),
    "an element of 4 GB": (small_mat()[:128] + struct.pack("<II", 14, 2**32 - 1), "claims"),
    "no array": (small_mat()[:128] + struct.pack("<II", 9, 8) + bytes(8), "element of type 9"),
    "damaged inside": (small_mat()[:140] + b"\xff" * 60 + small_mat()[200:], "is damaged"),
    "a small element that claims 1 GB": (
        compressed(struct.pack("<II", 14, 2**30) + bytes(100)),
        "claims 1,073,741,824 bytes",
    ),
    "a bomb": (
        compressed(struct.pack("<II", 14, 100) + bytes(10_000_000)),
        "is not the 100 bytes that it claims",
    ),
    "truncated, uncompressed": (small_mat(do_compression=False)[:-1], "ends within an array"),
}


@pytest.mark.parametrize("case", DAMAGED_MATS)
def test_a_damaged_mat_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, words = DAMAGED_MATS[case]
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(content)
    with bounded(), pytest.raises(DataError) as caught:
        read_svhn(path)
    assert words in str(caught.value)
    assert "expected a MATLAB 5 file" in str(caught.value)
    assert str(caught.value).isprintable()

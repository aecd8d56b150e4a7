from gzip import compress
from pathlib import Path

import numpy as np
import pytest

from runner.configuration.composing import compose
from runner.data.dataset import Dataset, Part
from runner.data.description import description
from runner.data.texts import TextOptions, load_text
from runner.errors import DataError, RunnerError
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings

FOX = "The quick brown fox jumps over the lazy dog.\n"


def load(content: bytes, folder: Path, window: int = 8, *overrides: str) -> Dataset:
    (folder / "own.txt").write_bytes(content)
    place = ["dataset=text", f"dataset.path={folder / 'own.txt'}", f"dataset.window={window}"]
    return load_dataset(parse_settings(compose([*place, *overrides])).dataset)


def read(part: Part, dataset: Dataset) -> tuple[list[str], list[str]]:
    """The windows of a part as texts, and what is to be told in them."""
    assert dataset.classes is not None
    hot = part.inputs.reshape(-1, *dataset.shape)
    assert (hot.sum(2) == 1).all()
    names = np.array(dataset.classes)
    return ["".join(row) for row in names[hot.argmax(2)]], [
        "".join(row) for row in names[part.targets]
    ]


def test_each_character_is_followed_by_its_target(tmp_path: Path) -> None:
    dataset = load(FOX.encode(), tmp_path, 8, "dataset.validation=null")
    windows, targets = read(dataset.train, dataset)
    assert windows == ["The quic", "k brown ", "fox jump", "s over t", "he lazy "]
    assert targets == ["he quick", " brown f", "ox jumps", " over th", "e lazy d"]
    assert dataset.classes == tuple(sorted(set(FOX)))
    assert dataset.shape == (8, len(set(FOX)))
    assert dataset.steps == 8
    assert dataset.train.inputs.dtype == np.uint8
    assert dataset.scaling is None


def test_the_end_is_held_out_in_order(tmp_path: Path) -> None:
    dataset = load(FOX.encode(), tmp_path, 4, "dataset.validation=2", "dataset.test=3")
    windows = {name: read(part, dataset)[0] for name, part in dataset.parts.items()}
    assert "".join(windows["train"]) == "The quick brown fox jump"
    assert windows["validation"] == ["s ov", "er t"]
    assert windows["test"] == ["he l", "azy ", "dog."]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a\r\nb\rc\nd", "a\nb\nc\n"),
        ("\ufeffnaïve 日本 🦊".encode(), "naïve 日本 "),
        (compress(b"packed"), "packe"),
    ],
    ids=["lines end in one way", "any characters", "gzip"],
)
def test_texts_are_read_as_they_are_meant(content: bytes, text: str, tmp_path: Path) -> None:
    dataset = load(content, tmp_path, len(text), "dataset.validation=null")
    assert read(dataset.train, dataset)[0] == [text]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"one\ntwo \xff\n", ["line 2: byte 0xff is not UTF-8", "expected a text in UTF-8"]),
        ("UTF-16".encode("utf-16"), ["line 1: byte 0xff is not UTF-8"]),
        (b"a\nb\0c", ["line 2: a NUL is in no text"]),
        (b"", ["holds 0 characters, 0 of them different", "two different ones or more"]),
        (b"\xef\xbb\xbf", ["holds 0 characters"]),
        (b"a" * 100, ["holds 100 characters, 1 of them different"]),
        (b"abcdefgh", ["holds 8 characters, 8", "more than dataset.window=8"]),
    ],
)
def test_what_is_no_text_is_told_in_one_line(
    content: bytes, words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        load(content, tmp_path)
    for word in ("own.txt", *words):
        assert word in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="expected a text in UTF-8"):
        load_text(TextOptions(str(tmp_path / name), 8))


def test_a_text_of_too_many_different_characters_is_refused_before_it_is_taken_apart(
    tmp_path: Path,
) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(map(chr, range(0x20000, 0x2A000))) * 40, encoding="utf-8")
    with pytest.raises(DataError, match=r"has 1,638,400 characters, 40,960 different ones"):
        load_text(TextOptions(str(path), 64))


def test_a_text_is_shipped() -> None:
    pool = load_text(TextOptions(None, 64))
    assert pool.classes is not None
    assert len(pool.classes) == 70
    assert len(pool.samples) == 2238
    lines = list(
        description("text", load_dataset(parse_settings(compose(["dataset=text"])).dataset))
    )
    assert "topology    64x70-…-64x70" in lines
    assert max(map(len, lines)) <= 80

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runner.data.dataset import Part, Pool, ordinals
from runner.data.splits import Split, split_pool
from runner.errors import SettingsError


def pool(samples: int, classes: int = 3, **about: Any) -> Pool:
    """Samples whose one input is their number; classes of unequal size."""
    labels = np.minimum(np.arange(samples) % (2 * classes), classes - 1)
    inputs = np.arange(samples, dtype=float)[:, None]
    return Pool(Part(inputs, labels), ("1",), ("class",), ordinals(classes), **about)


def numbers(part: Part) -> list[float]:
    return [float(value) for value in part.inputs[:, 0]]


SIZES = {
    # split of 120 samples, sizes of train, validation, test
    "none": (Split(), (120, 0, 0)),
    "fractions": (Split(validation=0.25, test=0.5), (30, 30, 60)),
    "counts": (Split(validation=7, test=13), (100, 7, 13)),
    "a fraction of less than a sample": (Split(test=0.001), (119, 0, 1)),
    "folds": (Split(folds=5), (96, 24, 0)),
    "folds that do not divide": (Split(folds=7, fold=6), (102, 18, 0)),
    "folds and a test part": (Split(folds=10, test=20), (90, 10, 20)),
    "all but one": (Split(test=119), (1, 0, 119)),
}


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("case", SIZES)
def test_parts_have_the_sizes_asked_for_and_share_no_sample(case: str, stratify: bool) -> None:
    split, sizes = SIZES[case]
    parts = split_pool(pool(120), Split(**{**vars(split), "stratify": stratify}))
    names = ("train", "validation", "test")
    assert tuple(len(parts[name]) if name in parts else 0 for name in names) == sizes
    together = [number for part in parts.values() for number in numbers(part)]
    assert sorted(together) == list(range(120))
    for part in parts.values():
        assert numbers(part) == sorted(numbers(part))  # in the source's order


@pytest.mark.parametrize("split", [Split(validation=0.3, test=0.2), Split(folds=4, fold=2)])
def test_classes_keep_their_shares_in_every_part(split: Split) -> None:
    whole = pool(600)
    shares = np.bincount(whole.samples.targets) / 600
    for part in split_pool(whole, split).values():
        counts = np.bincount(part.targets, minlength=3)
        assert np.abs(counts - shares * len(part)).max() <= 2


def test_folds_hold_every_sample_once() -> None:
    held = [
        number
        for fold in range(5)
        for number in numbers(split_pool(pool(53), Split(folds=5, fold=fold))["validation"])
    ]
    assert sorted(held) == list(range(53))


def test_the_split_has_a_seed_of_its_own() -> None:
    first, again, other = (
        numbers(split_pool(pool(100), Split(test=0.3, split_seed=seed))["test"])
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_test_part_of_the_sources_own_is_used() -> None:
    own = Part(np.array([[-1.0]]), np.array([0]))
    parts = split_pool(pool(10, test=own), Split(validation=2))
    assert numbers(parts["test"]) == [-1]
    assert (len(parts["train"]), len(parts["validation"])) == (8, 2)


REFUSED = {
    # split of 10 samples, words of the message
    "nothing left": (Split(validation=5, test=5), "leave none of the 10 samples"),
    "all for testing": (Split(test=10), "dataset.test=10 leaves none"),
    "more than there are": (Split(validation=11), "dataset.validation=11 leaves none"),
    "nearly all": (Split(test=0.99), "leaves none"),
    "more folds than samples": (Split(folds=11), "dataset.folds=11 is more than the 10"),
    "fold out of range": (Split(folds=5, fold=5), "dataset.fold=5 is out of range"),
    "folds and validation": (Split(folds=5, validation=2), "both choose the validation part"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_split_that_cannot_be_is_refused(case: str) -> None:
    split, words = REFUSED[case]
    with pytest.raises(SettingsError, match=words):
        split_pool(pool(10), split)


def test_a_test_part_is_not_taken_twice() -> None:
    own = Part(np.zeros((1, 1)), np.array([0]))
    with pytest.raises(SettingsError, match="has a test part of its own"):
        split_pool(pool(10, test=own), Split(test=0.2))


@pytest.mark.parametrize("split", [Split(first=10), Split(first=10, validation=20, test=0.25)])
def test_the_first_samples_of_the_training_part_train(split: Split) -> None:
    cut, whole = split_pool(pool(120), split), split_pool(pool(120), replace(split, first=None))
    assert numbers(cut["train"]) == numbers(whole["train"])[:10]
    for name in cut.keys() - {"train"}:
        assert numbers(cut[name]) == numbers(whole[name])
    assert split_pool(pool(10), Split(first=10)).keys() == {"train"}


def test_more_first_samples_than_there_are_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"dataset\.first=81 is more than the 80 samples"):
        split_pool(pool(120), Split(first=81, test=40))

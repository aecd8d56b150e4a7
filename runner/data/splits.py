"""Training, validation and test parts.

The split has a seed of its own, so that `seed` varies the model and not the data.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import NUMBER, TEXT, flag, integer, optional, path, refuse, taking, whole
from runner.data.dataset import Part, Pool
from runner.errors import SettingsError, counted
from runner.network.arrays import Array

Size = float | int | str | None
"""A fraction, a count, the path of a file, or none."""


@taking(TEXT, whole(at_least=1), {**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1})
def part_size(key: str, value: object) -> float | int | str:
    """A fraction of the samples, a number of them, or a file that holds the part."""
    expected = f"expected a fraction such as {key}=0.2, a whole number of samples, or a file"
    if isinstance(value, str):
        return str(path(key, value))
    if isinstance(value, float):
        if not 0 < value < 1:
            raise refuse(key, value, "is out of range", expected)
        return value
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse(key, value, "is not the size of a part", expected)
    return value


@dataclass(frozen=True)
class Split:
    """How samples are divided; sizes are of all samples that no file or source has placed."""

    validation: Annotated[float | int | str | None, optional(part_size)] = said(None)
    test: Annotated[float | int | str | None, optional(part_size)] = said(None)
    folds: Annotated[int | None, optional(integer(at_least=2))] = said(None)
    """Divide what is not for testing into so many; fold number `fold` validates."""
    fold: Annotated[int, integer(at_least=0)] = said(0)
    split_seed: Annotated[int | None, optional(integer(at_least=0))] = said(1)
    """None keeps the source's order: the last samples test, those before them validate."""
    stratify: Annotated[bool, flag] = said(True)
    """Classes keep their shares in every part."""
    first: Annotated[int | None, optional(integer(at_least=1))] = None
    """Train on the first so many samples of the training part, in the source's order."""

    @property
    def problem(self) -> str | None:
        """A fold that there is not, or a second choice of the validation part, in words."""
        if self.folds is not None and self.validation is not None:
            return (
                f"dataset.folds={self.folds} and dataset.validation={self.validation} both choose "
                "the validation part; set one of them to null"
            )
        if self.folds is not None and self.fold >= self.folds:
            return (
                f"dataset.fold={self.fold} is out of range; expected 0 to {self.folds - 1}, "
                f"since dataset.folds={self.folds}"
            )
        return None


def split_pool(pool: Pool, split: Split) -> dict[str, Part]:
    """The parts as `divided`, the training part cut to its first samples where that is asked for.

    Raises SettingsError for more of them than there are.
    """
    parts = divided(pool, split)
    train, first = parts["train"], split.first
    if first is None or first == len(train):
        return parts
    if first > len(train):
        raise SettingsError(
            f"dataset.first={first} is more than the {counted(len(train), 'sample')} of the "
            "training part; expected at most as many, or null for all of them"
        )
    return {**parts, "train": train.take(np.arange(first))}


def divided(pool: Pool, split: Split) -> dict[str, Part]:
    """The parts that there are: `train`, and `validation` and `test` where asked for or given.

    Raises SettingsError for sizes that do not fit the number of samples, or what the source brings.
    """
    if pool.test is not None and split.test is not None and not isinstance(split.test, str):
        raise SettingsError(
            f"dataset.test={split.test}: this data set has a test part of its own, "
            f"{counted(len(pool.test), 'sample')}; leave dataset.test=null"
        )
    if (problem := split.problem) is not None:
        raise SettingsError(problem)
    samples = len(pool.samples)
    test = count_of("dataset.test", split.test, samples)
    validation = count_of("dataset.validation", split.validation, samples)
    if split.folds is not None and samples - test < split.folds:
        raise SettingsError(
            f"dataset.folds={split.folds} is more than the "
            f"{counted(samples - test, 'sample')} to divide; expected at most one fold a sample"
        )
    if test + validation >= samples:
        raise SettingsError(
            f"dataset.validation={split.validation} and dataset.test={split.test} leave none of "
            f"the {counted(samples, 'sample')} to train on; choose smaller parts"
        )
    if pool.drawn is not None and (test or validation or split.folds or split.first):
        raise SettingsError(
            "dataset.validation, .test, .folds and .first divide samples, and every run draws its "
            "own of this data set; leave them null"
        )
    if not (test or validation or split.folds):
        return {"train": pool.samples, **given_parts(pool)}
    labelled = pool.classes is not None and pool.steps is None
    labels = pool.samples.targets if labelled and split.stratify else None
    order = np.arange(samples)[::-1]
    if split.split_seed is not None:
        order = shuffled(samples, labels, split.split_seed)
    kept = order[test:]
    held = slice(0, validation)
    if split.folds is not None:
        edges = np.linspace(0, len(kept), split.folds + 1).astype(int)
        held = slice(edges[split.fold], edges[split.fold + 1])
    parts = {"train": np.delete(kept, held), "validation": kept[held], "test": order[:test]}
    return given_parts(pool) | {
        # The source's order is kept within each part.
        name: pool.samples.take(np.sort(rows))
        for name, rows in parts.items()
        if len(rows)
    }


def count_of(key: str, size: Size, samples: int) -> int:
    """How many samples a size means; a file's are not taken from the pool."""
    if size is None or isinstance(size, str):
        return 0
    count = max(1, round(size * samples)) if isinstance(size, float) else size
    if count >= samples:
        raise SettingsError(
            f"{key}={size} leaves none of the {counted(samples, 'sample')} to train on; "
            "choose fewer"
        )
    return count


def shuffled(samples: int, labels: Array | None, seed: int) -> Array:
    """A random order of the samples; with labels, every stretch of it holds them in proportion."""
    order = np.random.default_rng(seed).permutation(samples)
    if labels is None:
        return order
    place = np.empty(samples)  # of a sample among those of its class, spread over [0, 1)
    shuffled_labels = labels[order]
    by_class = np.argsort(shuffled_labels, kind="stable")
    _, starts, counts = np.unique(shuffled_labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(samples) - np.repeat(starts, counts)
    place[by_class] = (rank + 0.5) / np.repeat(counts, counts)
    return order[np.argsort(place, kind="stable")]


def given_parts(pool: Pool) -> dict[str, Part]:
    """The parts that the source itself has set apart."""
    parts = {"validation": pool.validation, "test": pool.test}
    return {name: part for name, part in parts.items() if part is not None}

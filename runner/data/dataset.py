"""A data set in memory: its parts, and what is known of its columns."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from runner.data.distortions import Distortion
from runner.network.arrays import Array
from runner.network.layers.parts import Shape
from runner.network.scaling import Scaling
from runner.network.sequence_ends import those_that_count

BLOCK = 1 << 24
"""Bytes of a memory-mapped file that are looked at together."""


@dataclass(frozen=True)
class Part:
    """Samples that are used together: to train on, to validate with, or to test with."""

    inputs: Array
    """[samples, n_in], as they came: floating-point numbers, or uint8 for images"""
    targets: Array
    """[samples, steps n_out] numbers; where there are classes [samples] whole-number labels, or
    [samples, steps] with one at each step of a sequence"""
    weights: Array | None = None
    """[samples] How much each counts in training, or None for 1 each."""
    lengths: Array | None = None
    """[samples] Steps of each sequence; what is behind counts nowhere. None where all are there."""

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Array) -> "Part":
        """The part's samples at these places; a memory-mapped file stays on disk."""
        mapped = isinstance(self.inputs, np.memmap)
        inputs = cast(Array, RowsOf(self.inputs, rows)) if mapped else self.inputs[rows]
        beside = (None if each is None else each[rows] for each in (self.weights, self.lengths))
        return Part(inputs, self.targets[rows], *beside)


class RowsOf:
    """Some rows of an array that is too large to copy, read only where they are asked for."""

    def __init__(self, base: Array, rows: Array) -> None:
        self._base, self._rows = base, rows
        self.dtype = base.dtype
        self.shape = (len(rows), *base.shape[1:])
        self.ndim = base.ndim

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Array:
        rows: Array = self._base[self._rows[place]]
        return rows


def on_disk(inputs: Array) -> bool:
    """Whether the inputs are read from a memory-mapped file as they are needed."""
    return isinstance(inputs, np.memmap | RowsOf)


def blocks(inputs: Array) -> Iterator[Array]:
    """The inputs a bounded piece at a time."""
    row_bytes = max(1, int(np.prod(inputs.shape[1:])) * inputs.dtype.itemsize)
    step = max(1, BLOCK // row_bytes)
    for start in range(0, len(inputs), step):
        yield inputs[start : start + step]


Draw = Callable[[np.random.Generator], Part]
"""Draws samples from a run's generator."""


@dataclass(frozen=True)
class Pool:
    """What a source holds, before it is split into parts and its inputs are prepared."""

    samples: Part
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    classes: tuple[str, ...] | None = None
    shape: Shape | None = None
    """Of a sample's inputs, or None for no more than their number."""
    steps: int | None = None
    """Of a sequence that has a target at each of them; None where a sample has one."""
    named: bool = True
    """Whether inputs go by their names, as columns do; pixels go by their places."""
    validation: Part | None = None
    """Where the source has one of its own."""
    test: Part | None = None
    """Where the source has one of its own."""
    missing: str = "refuse"
    """How NaN among the inputs is replaced: mean, median or most_frequent."""
    scale: str | Scaling = "none"
    """standardise, minmax, none, or known beforehand."""
    unseen: str = "none"
    """What a category is that the training part has no sample of: none of the known, or error."""
    scale_targets: str = "none"
    """The same for numbers to predict: standardise, minmax or none."""
    regression: bool = False
    """Whether targets are numbers to predict, even where all of them are 0 or 1."""
    groups: tuple[slice, ...] = ()
    """Input columns that together are one category, one-hot."""
    distortion: Distortion | None = None
    last_only: bool = False
    """Whether of a sequence's steps, which have the same target, the last one alone counts."""
    text: bool = False
    """Whether each step is a character, one-hot, and which follows it is to be told."""
    drawn: Draw | None = None
    """Where every run draws its own samples: those here stand for such."""


@dataclass(frozen=True)
class Dataset:
    """The parts of a data set.

    x = (raw - shift) * scale is what the network sees, and with scaled targets what it gives.
    """

    train: Part
    shape: Shape
    """Of a sample's inputs, which lie in this order, the last the fastest."""
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    validation: Part | None = None
    test: Part | None = None
    classes: tuple[str, ...] | None = None
    """Names of the classes that labels 0, 1, … stand for, or None for numbers to predict."""
    named: bool = True
    """Whether inputs go by their names, as columns do; pixels go by their places."""
    groups: tuple[slice, ...] = ()
    """Input columns that together are one category, one-hot."""
    scaling: Scaling | None = None
    target_scaling: Scaling | None = None
    """From the targets to what the network is trained to give, or None where they are that."""
    fill: Array | None = None
    """[n_in] What stands in for a missing input, or None where none may be missing."""
    missing: int = 0
    """How many inputs had no value and were filled in."""
    distortion: Distortion | None = None
    """How training images are distorted, batch by batch, or None."""
    regression: bool = False
    """Whether targets are numbers to predict, even where all of them are 0 or 1."""
    steps: int | None = None
    """Of a sequence that has a target at each of them; None where a sample has one."""
    last_only: bool = False
    """Whether of a sequence's steps, which have the same target, the last one alone counts."""
    text: bool = False
    """Whether each step is a character, one-hot, and which follows it is to be told."""
    drawn: Draw | None = None
    """What every run draws its training part by, once its weights are drawn; None if it has one."""

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}

    @property
    def inputs(self) -> int:
        """How many inputs a sample has."""
        return int(self.train.inputs.shape[1])

    @property
    def shows_images(self) -> bool:
        """Whether inputs can be drawn as images: in grey, or in three colours."""
        return len(self.shape) == 3 and self.shape[0] in (1, 3)

    def images(self, inputs: Array) -> Array:
        """Rows of inputs [rows, n_in] as images [rows, height, width, channels] to draw."""
        return np.moveaxis(np.asarray(inputs).reshape(-1, *self.shape), 1, -1)

    @property
    def one_target(self) -> bool:
        """Whether each sample has one target to be told, not one at each step of a sequence."""
        return self.steps is None or self.last_only

    @property
    def labelled(self) -> bool:
        """Whether targets are labels of classes, not yet what an output layer gives."""
        return self.classes is not None and self.train.targets.dtype.kind == "i"

    def there(self, part: Part) -> Array | None:
        """[samples, steps] Which outputs of a part count; None where all do."""
        if part.lengths is None or self.steps is None:
            return None
        steps: Array = np.arange(1, self.steps + 1)
        each = part.lengths[:, None]
        counts: Array = steps == each if self.last_only else steps <= each
        return counts

    def counting(self, part: Part, targets: Array) -> Array:
        """[rows, n] Of a part's targets those that count, a row a sample or a step.

        targets: those of the part, or what goes with them: what they are scaled to, or outputs.
        """
        rows = targets.reshape(len(part) * (self.steps or 1), -1)
        return those_that_count(rows, self.there(part))

    def numbers_there(self, part: Part) -> Array:
        """[samples, n_out] Which numbers of a part's targets, and of its outputs, count."""
        there = self.there(part)
        if there is None:
            return np.ones(part.targets.shape, bool)
        return np.repeat(there, part.targets.shape[1] // there.shape[1], axis=1)

    @property
    def output_names(self) -> tuple[str, ...]:
        """A name for each number of a sample's targets: step.name where each step has one."""
        if self.steps is None:
            return self.target_names
        return tuple(
            f"{step + 1}.{name}" for step in range(self.steps) for name in self.target_names
        )

    @property
    def fitting_outputs(self) -> tuple[int, ...]:
        """The output layers that fit, of a step where each has a target.

        One unit a target; one a class, or one for two.
        """
        if self.classes is None or not self.labelled:
            return (int(self.train.targets.shape[1]) // (self.steps or 1),)
        return (2, 1) if len(self.classes) == 2 else (len(self.classes),)

    def for_outputs(self, outputs: int, dtype: str = "float64") -> "Dataset":
        """The data set with targets [samples, steps outputs] for an output layer of that size."""
        if self.classes is None or not self.labelled:
            return self

        def encoded(part: Part) -> Part:
            return replace(part, targets=encode(part.targets, outputs, dtype))

        names = self.classes if outputs > 1 else self.target_names
        return replace(
            self,
            train=encoded(self.train),
            validation=None if self.validation is None else encoded(self.validation),
            test=None if self.test is None else encoded(self.test),
            target_names=names,
        )

    def scaled_targets(self, part: Part) -> Array:
        """Targets [samples, n_out] as the network is trained to give them."""
        if self.target_scaling is None:
            return part.targets
        scaled = np.empty(part.targets.shape)
        self.target_scaling.apply(part.targets, scaled)
        return scaled

    def in_own_units(self, outputs: Array) -> Array:
        """The network's outputs [samples, n_out] in the units of the targets."""
        return outputs if self.target_scaling is None else self.target_scaling.restore(outputs)

    @property
    def target_unit(self) -> float:
        """How much of the target's own units an output of 1 is; 1 where targets are several.

        Several targets may have units that do not add up: theirs stay scaled.
        """
        if self.target_scaling is None or len(self.target_names) > 1:
            return 1.0
        return float(1 / self.target_scaling.scale[0])

    @property
    def preparation(self) -> dict[str, Array]:
        """What prediction needs to treat new inputs alike, as plain arrays for the snapshots."""
        arrays = {"target_names": np.array(self.target_names)}
        if self.scaling is not None:
            arrays |= {"input_shift": self.scaling.shift, "input_scale": self.scaling.scale}
        if self.target_scaling is not None:
            target = self.target_scaling
            arrays |= {"target_shift": target.shift, "target_scale": target.scale}
        if self.fill is not None:
            arrays["input_fill"] = self.fill
        if self.named:
            arrays["input_names"] = np.array(self.input_names)
        if self.groups:
            arrays["input_groups"] = np.array([(g.start, g.stop) for g in self.groups])
        if self.classes is not None:
            arrays["classes"] = np.array(self.classes)
        if self.last_only:
            arrays["last_only"] = np.array(True)
        return arrays

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all parts' values and of the names of inputs, targets and classes.

        Different data are never taken for one, nor columns that have changed places.
        """
        names = [self.values_checksum, self.input_names, self.target_names, self.classes]
        return hashlib.sha256(json.dumps(names).encode()).hexdigest()

    @cached_property
    def values_checksum(self) -> str:
        """SHA-256 of all parts' shapes and values: the checksum in runs before names counted."""
        digest = hashlib.sha256()
        for part in self.parts.values():
            digest.update(repr((part.inputs.shape, part.targets.shape)).encode())
            for block in blocks(part.inputs):
                digest.update(np.ascontiguousarray(block).data)
            digest.update(np.ascontiguousarray(part.targets).data)
            for beside in (part.weights, part.lengths):
                if beside is not None:
                    digest.update(np.ascontiguousarray(beside).data)
        return digest.hexdigest()


def encode(labels: Array, outputs: int, dtype: str) -> Array:
    """Labels [samples] as targets [samples, outputs]: one-hot, or 0 and 1 for a single output.

    Labels [samples, steps] come to [samples, steps outputs].
    """
    if outputs == 1:
        return labels.reshape(len(labels), -1).astype(dtype)
    targets = np.zeros((labels.size, outputs), dtype)
    targets[np.arange(labels.size), labels.ravel()] = 1
    return targets.reshape(len(labels), -1)


def ordinals(columns: int) -> tuple[str, ...]:
    """Names 1, 2, … for columns that have none."""
    return tuple(str(i + 1) for i in range(columns))

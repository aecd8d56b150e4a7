"""A data set in memory: its parts, and what is known of its columns."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from runner.data.distortions import Distortion
from runner.network.arrays import Array
from runner.network.scaling import Scaling

BLOCK = 1 << 24
"""Bytes of a memory-mapped file that are looked at together."""


@dataclass(frozen=True)
class Part:
    """Samples that are used together: to train on, to validate with, or to test with."""

    inputs: Array
    """[samples, n_in], as they came: floating-point numbers, or uint8 for images"""
    targets: Array
    """[samples, n_out] numbers, or [samples] whole-number labels where there are classes"""

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Array) -> "Part":
        """The part's samples at these places; a memory-mapped file stays on disk."""
        if isinstance(self.inputs, np.memmap):
            return Part(cast(Array, RowsOf(self.inputs, rows)), self.targets[rows])
        return Part(self.inputs[rows], self.targets[rows])


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


@dataclass(frozen=True)
class Pool:
    """What a source holds, before it is split into parts and its inputs are prepared."""

    samples: Part
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    classes: tuple[str, ...] | None = None
    image_shape: tuple[int, int, int] | None = None
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


@dataclass(frozen=True)
class Dataset:
    """The parts of a data set.

    x = (raw - shift) * scale is what the network sees, and with scaled targets what it gives.
    """

    train: Part
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    validation: Part | None = None
    test: Part | None = None
    classes: tuple[str, ...] | None = None
    """Names of the classes that labels 0, 1, … stand for, or None for numbers to predict."""
    image_shape: tuple[int, int, int] | None = None
    """(height, width, channels) of what a row of inputs shows, in this order, or None."""
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
    def fitting_outputs(self) -> tuple[int, ...]:
        """The output layers that fit: one unit a target; one a class, or one for two."""
        if self.classes is None or self.train.targets.ndim == 2:
            return (int(self.train.targets.shape[1]),)
        return (2, 1) if len(self.classes) == 2 else (len(self.classes),)

    def for_outputs(self, outputs: int, dtype: str = "float64") -> "Dataset":
        """The data set with targets [samples, outputs] for an output layer of that size."""
        if self.classes is None or self.train.targets.ndim == 2:
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
        if self.image_shape is None:
            arrays["input_names"] = np.array(self.input_names)
        if self.groups:
            arrays["input_groups"] = np.array([(g.start, g.stop) for g in self.groups])
        if self.classes is not None:
            arrays["classes"] = np.array(self.classes)
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
        return digest.hexdigest()


def encode(labels: Array, outputs: int, dtype: str) -> Array:
    """Labels [samples] as targets [samples, outputs]: one-hot, or 0 and 1 for a single output."""
    if outputs == 1:
        return labels[:, None].astype(dtype)
    targets = np.zeros((len(labels), outputs), dtype)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def ordinals(columns: int) -> tuple[str, ...]:
    """Names 1, 2, … for columns that have none."""
    return tuple(str(i + 1) for i in range(columns))

"""The samples that a replay shows one by one, and what the network says of them."""

from functools import cached_property
from typing import Any

import numpy as np

from runner.analysis.plots.subject import Subject
from runner.analysis.replay.moments import Moments
from runner.data.dataset import Dataset, Part
from runner.errors import printable
from runner.network.arrays import Array
from runner.network.labels import decided, labels
from runner.network.trained import scaled_blocks

MOST_SHOWN = 12
MOST_ACTIVATIONS = 1_500_000
"""Numbers of all shown samples at all moments."""
MOST_WRONG = 6
"""Of the shown samples those that are wrong in the end."""
MOST_INPUTS = 8
"""Of a sample that is told in numbers."""


class Shown:
    """Some samples of the part that a network is judged on."""

    def __init__(self, moments: Moments, activations: int) -> None:
        self.moments, self.dataset = moments, moments.dataset
        self.last: Subject = moments.subject(len(moments) - 1)
        room = MOST_ACTIVATIONS // max(1, activations * len(moments))
        self.most = max(1, min(MOST_SHOWN, room))

    @cached_property
    def places(self) -> Array:
        """Which they are: all of a few; of many a typical one, some wrong ones, the first ones."""
        last = self.last
        if len(last.samples) <= self.most:
            return np.arange(len(last.samples))
        wrong = np.flatnonzero(last.wrong) if self.dataset.one_target and last.decides else ()
        wanted = [last.example_place, *wrong[:MOST_WRONG], *range(self.most)]
        return np.array(list(dict.fromkeys(int(place) for place in wanted))[: self.most])

    @property
    def choice(self) -> str:
        """In words which they are; nothing where all are."""
        if len(self.places) == len(self.dataset.parts[self.last.part]):
            return ""
        wrong = self.dataset.one_target and self.last.decides
        then = f"up to {MOST_WRONG} that are wrong at the end, " if wrong else ""
        return f"Shown are a typical one, {then}and the first of all, in this order. "

    @cached_property
    def part(self) -> Part:
        """They themselves."""
        return self.last.samples.take(self.places)

    @cached_property
    def seen(self) -> Array:
        """[samples, n_in] As the network sees them."""
        return seen_of(self.dataset, self.part.inputs[:])

    @property
    def told(self) -> list[dict[str, Any]]:
        """Each in words: its place, its inputs where they are few, and what it should be."""
        classes, targets = self.dataset.classes, self.part.targets
        found = []
        for row, place in enumerate(self.places):
            target = targets[row]
            wanted = " ".join(f"{y:.4g}" for y in target[:MOST_INPUTS])
            if self.dataset.one_target and classes is not None:
                wanted = classes[labels(target[None])[0]]
            elif not self.dataset.one_target:
                wanted = ""
            inputs = inputs_told(self.dataset, self.part.inputs[row])
            found.append({"place": int(place) + 1, "inputs": inputs, "target": wanted})
        return found

    def wrong(self, outputs: Array, targets: Array) -> Array:
        """[…] Which of outputs [… , n_out] decide otherwise than their targets."""
        rows = outputs.reshape(-1, outputs.shape[-1])
        wanted = np.broadcast_to(targets, outputs.shape).reshape(rows.shape)
        if self.dataset.classes is not None:
            found = np.not_equal(labels(rows), labels(wanted))
        else:
            found = (decided(rows) != decided(wanted)).any(1)
        return np.asarray(found.reshape(outputs.shape[:-1]))


def inputs_told(dataset: Dataset, row: Array) -> list[tuple[str, str]]:
    """A sample's inputs [n_in], a line each: names, and numbers; none of more than a few.

    A category is its name alone. Inputs without names are numbers on one line.
    """
    if len(dataset.shape) > 1:
        return []
    numbers = [f"{x:.4g}".replace("-", "\N{MINUS SIGN}") for x in row]
    if not dataset.named or all(name.isdigit() for name in dataset.input_names):
        return [("", "  ".join(numbers))] if len(row) <= MOST_INPUTS else []
    lines = dict(enumerate(zip(map(printable, dataset.input_names), numbers, strict=True)))
    for group in dataset.groups:
        for column in range(group.start, group.stop):
            name, _ = lines.pop(column)
            if row[column] > 0.5:  # of what training has not seen none is
                lines[column] = (name, "")
    return [lines[column] for column in sorted(lines)] if len(lines) <= MOST_INPUTS else []


def seen_of(dataset: Dataset, raw: Array) -> Array:
    """Raw inputs [samples, n_in] as a network sees them."""
    ((_, seen),) = scaled_blocks(raw, dataset.scaling, np.dtype(np.float64), len(raw))
    return seen

"""What the pictures of a run show: its history, its network, and the samples it is judged on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from runner.data.dataset import Dataset, Part
from runner.network.arrays import Array
from runner.network.labels import decided, labels
from runner.network.network import Network
from runner.network.trained import predict, scaled_blocks

MOST_SAMPLES = 10_000
"""Samples of a part that are looked at; the first ones."""
MOST_PRODUCTS, FEWEST_SEQUENCES = 2_000_000_000, 50
"""Multiply-adds that sequences with a target at each step are looked at for, some seconds; and how
many are looked at all the same. They make many steps."""
CONTRASTED = 1000
"""Samples among which a typical one is looked for."""
JUDGES = ("test", "validation", "train")
"""The part a network is judged on: the first of these that there is."""


def data_name(results: Mapping[str, str]) -> str:
    """The name of a run's data set; of a table that has no other the one of its file."""
    name, path = results.get("dataset.name", ""), results.get("dataset.path")
    return Path(path).name if path and name == results.get("dataset.kind") else name


@dataclass(frozen=True)
class Subject:
    """A run that has ended, with its network and data set."""

    results: Mapping[str, str]
    """The row of results.csv."""
    history: Mapping[str, Array]
    """The columns of history.csv, NaN where a cell is empty."""
    network: Network
    parameters: Array
    dataset: Dataset
    """With targets [samples, n_out]."""
    start: Array | None = None
    """The weights of its first snapshot, where there are others than those that it came to."""
    best_epoch: int | None = None
    """The epoch whose weights these are, where the best were restored."""
    last: "Subject | None" = None
    """Of a moment in a film the end: units stand in its order, and its typical sample is shown."""
    spans: dict[str, tuple[float, float]] | None = None
    """Of a moment in a film the least and the largest at all of its moments, by what they are of;
    grows with each moment that is drawn."""

    def span(self, name: str, values: Array) -> tuple[float, float]:
        """The least and the largest of values, in a film those of all moments: one scale."""
        low, high = float(np.min(values)), float(np.max(values))
        if self.spans is not None:
            before = self.spans.get(name, (low, high))
            low, high = self.spans[name] = min(low, before[0]), max(high, before[1])
        return low, high

    def reach(self, name: str, values: Array) -> float:
        """How far colours reach both ways: the largest magnitude, 1 where all are 0."""
        low, high = self.span(name, values) if values.size else (0.0, 0.0)
        return max(-low, high) or 1.0

    @property
    def part(self) -> str:
        """The part whose samples are shown."""
        return next(name for name in JUDGES if name in self.dataset.parts)

    @cached_property
    def samples(self) -> Part:
        """The samples that are shown."""
        part, most = self.dataset.parts[self.part], MOST_SAMPLES
        if not self.dataset.one_target:
            affordable = MOST_PRODUCTS // max(1, self.network.topology.products)
            most = min(most, max(FEWEST_SEQUENCES, affordable))
        lengths = None if part.lengths is None else part.lengths[:most]
        return Part(part.inputs[:most], part.targets[:most], lengths=lengths)

    @cached_property
    def outputs(self) -> Array:
        """[samples, n_out] What the network says of the samples."""
        return self.predict(self.samples.inputs)

    @cached_property
    def judged(self) -> tuple[Array, Array]:
        """Targets and outputs that count [rows, n_out]: a row a sample, or a step with a target."""
        samples = self.samples
        targets = self.dataset.counting(samples, samples.targets)
        return targets, self.dataset.counting(samples, self.outputs)

    def predict(self, inputs: Array) -> Array:
        """Outputs [rows, n_out] in the targets' units, for raw inputs [rows, n_in]."""
        outputs = predict(self.network, self.parameters, inputs, self.dataset.scaling)
        return self.dataset.in_own_units(outputs)

    @cached_property
    def example_place(self) -> int:
        """Which of the samples is shown by itself, a typical one.

        Of the first ones, and where there are classes of those that are right, it is in the middle
        by contrast: the one with the most is the thickest digit, or a picture's overexposed one.
        """
        if self.last is not None:
            return self.last.example_place
        contrasts = np.std(self.samples.inputs[:CONTRASTED], axis=1)
        places = np.arange(len(contrasts))
        if self.dataset.classes is not None and self.dataset.one_target:
            right = places[~self.wrong[:CONTRASTED]]
            places = right if len(right) else places
        by_contrast = places[np.argsort(contrasts[places], kind="stable")]
        return int(by_contrast[len(by_contrast) // 2])

    @property
    def example_part(self) -> Part:
        """That sample, and nothing else."""
        return self.samples.take(np.array([self.example_place]))

    @cached_property
    def example(self) -> list[Array]:
        """Of that sample what the network sees, and what each layer makes of it, [1, …] each."""
        return self.through_layers(self.example_part.inputs[:])

    def through_layers(self, inputs: Array) -> list[Array]:
        """Raw inputs [rows, n_in] as the network sees them, and what each layer makes of them."""
        parameters, scaling = self.parameters, self.dataset.scaling
        ((_, seen),) = scaled_blocks(inputs, scaling, parameters.dtype, len(inputs))
        found = [seen.astype(parameters.dtype)]
        for index in range(len(self.network.topology.layers)):
            found.append(self.network.layer_forward(parameters, index, found[-1])[1])
        return found

    @property
    def sound(self) -> bool:
        """Whether all weights are finite; those of a diverged run may not be."""
        return bool(np.isfinite(self.parameters).all())

    @property
    def decides(self) -> bool:
        """Whether each output stands for a yes or no, so that a sample is right or wrong."""
        targets = self.samples.targets
        return self.dataset.classes is not None or bool(np.isin(targets, (0, 1)).all())

    @property
    def gives_probabilities(self) -> bool:
        """Whether outputs are probabilities of the classes."""
        outputs, activation = self.network.topology.outputs, self.network.output
        likely = activation == "softmax" or (activation == "sigmoid" and outputs == 1)
        return likely and self.dataset.classes is not None

    @cached_property
    def wrong(self) -> Array:
        """[rows] Whether what is judged is decided wrongly."""
        targets, outputs = self.judged
        if self.dataset.classes is not None:
            return np.not_equal(labels(outputs), labels(targets))
        verdicts: Array = (decided(outputs) != decided(targets)).any(axis=1)
        return verdicts

    @property
    def errors(self) -> Array:
        """[rows] The largest |output - target| of each."""
        targets, outputs = self.judged
        distances: Array = np.abs(outputs - targets).max(axis=1)
        return distances

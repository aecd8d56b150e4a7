"""Arrays that somebody has in memory as a data set, with the options of a table of one's own."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from runner.data.dataset import Dataset, Part, Pool, ordinals
from runner.data.preparing import FILLS, SCALES, Statistics, prepare
from runner.data.shapes import check_shape
from runner.data.splits import Split
from runner.errors import DataError, SettingsError
from runner.network.arrays import LARGEST, Array
from runner.network.fixed_arithmetic import column_means
from runner.network.scaling import Scaling


@dataclass(frozen=True)
class GivenArrays:
    """Samples to learn from, as a program has them."""

    inputs: Array
    """[samples, n_in] floating-point numbers; NaN is missing"""
    targets: Array
    """[samples] whole-number labels of classes, or [samples, n_out] numbers to predict"""
    input_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    """Names of the classes that labels 0, 1, … stand for, or None for numbers to predict."""
    weights: Array | None = None
    """[samples] How much each counts in training, or None for 1 each."""

    def dataset(self, options: Any, split: Split) -> Dataset:
        """The data set of them: divided, filled in and scaled as options of `dataset=csv` say.

        Raises SettingsError for a part that is a file, or for what only files have, and DataError
        for numbers that no file may hold.
        """
        for name, values in (("inputs", self.inputs), ("targets", self.targets)):
            if (np.abs(values) > LARGEST).any():
                raise DataError(f"{name} are beyond ±{LARGEST:g}; expected numbers, scaled down")
        for part in ("validation", "test"):
            if isinstance(size := getattr(split, part), str):
                raise SettingsError(
                    f"dataset.{part}={size!r} is a file, and the samples are given as arrays; "
                    f"expected a fraction such as dataset.{part}=0.2, or a count"
                )
        if options.missing not in ("refuse", *FILLS):
            raise SettingsError(
                f"dataset.missing={options.missing!r} is of rows in a file, and the samples are "
                f"given as arrays; choose from refuse, {', '.join(FILLS)}"
            )
        names = self.input_names or ordinals(self.inputs.shape[1])
        check_shape(options.said_shape, names, "the arrays")
        pool = Pool(
            Part(self.inputs, self.targets, self.weights),
            input_names=names,
            target_names=self._target_names,
            classes=self.classes,
            shape=options.said_shape,
            missing=options.missing,
            scale=options.scale,
            scale_targets=options.scale_targets,
            regression=self.classes is None,
        )
        dataset = prepare(pool, split)
        if self.weights is None or dataset.target_scaling is None:
            return dataset
        return replace(dataset, target_scaling=weighted_scaling(dataset.train, pool.scale_targets))

    @property
    def _target_names(self) -> tuple[str, ...]:
        return ("class",) if self.classes is not None else ordinals(self.targets.shape[1])


def weighted_scaling(part: Part, scale: str) -> Scaling:
    """The scale of a part's targets, a sample of weight 2 counted as two."""
    targets, weights = part.targets, part.weights
    shares = np.ones((len(targets), 1)) if weights is None else weights[:, None]
    shares = shares / column_means(shares)
    mean = column_means(targets * shares)
    deviation = np.sqrt(column_means((targets - mean) ** 2 * shares))
    return SCALES[scale](Statistics(mean, deviation, targets.min(0), targets.max(0)))

"""Missing values and scales, from statistics of the training part only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from runner.data.dataset import Dataset, Part, Pool, blocks, on_disk
from runner.data.shapes import of_each_number, unit_rows
from runner.data.splits import Split, split_pool
from runner.errors import DataError, printable, warn_caller
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import column_means, column_variances
from runner.network.layers.parts import Shape
from runner.network.scaling import Scaling


def prepare(pool: Pool, split: Split) -> Dataset:
    """Splits the pool, fills what is missing and finds the scale that the network needs."""
    parts = split_pool(pool, split)
    fill = fill_values(parts["train"].inputs, pool) if pool.missing in FILLS else None
    missing = 0
    if fill is not None:
        missing = sum(int(np.isnan(part.inputs).sum()) for part in parts.values())
        parts = {name: filled(part, fill) for name, part in parts.items()}
    train = parts["train"]
    shape = pool.shape or (train.inputs.shape[1],)
    target_scaling = target_scaling_of(train, pool)
    return Dataset(
        train=train,
        shape=shape,
        validation=parts.get("validation"),
        test=parts.get("test"),
        input_names=pool.input_names,
        target_names=pool.target_names,
        classes=pool.classes,
        named=pool.named,
        groups=pool.groups,
        scaling=unseen_as_none(parts, pool, scaling_of(train, pool, shape)),
        target_scaling=target_scaling,
        fill=fill,
        missing=missing,
        distortion=pool.distortion,
        steps=pool.steps,
        last_only=pool.last_only,
        text=pool.text,
        drawn=pool.drawn,
        regression=pool.regression or target_scaling is not None,
    )


def most_frequent(values: Array) -> float:
    """The commonest value, the smallest of those that are equally common."""
    found, counts = np.unique(values, return_counts=True)
    return float(found[counts.argmax()])


FILLS = {
    "mean": lambda values: float(column_means(values)),
    "median": lambda values: float(np.median(values)),
    "most_frequent": most_frequent,
}
"""What stands in for a missing number; a missing category becomes the commonest one."""


def fill_values(inputs: Array, pool: Pool) -> Array:
    """[n_in] What stands in for a missing value of each input column."""
    fill = np.zeros(inputs.shape[1])
    in_groups = {column for group in pool.groups for column in range(*group.indices(len(fill)))}
    for column in range(len(fill)):
        present = inputs[:, column][~np.isnan(inputs[:, column])]
        if column in in_groups:
            continue
        if not len(present):
            name = pool.input_names[column]
            raise DataError(
                f"dataset.missing={pool.missing}: column '{name}' has no value in the training "
                "part; leave it out with dataset.features"
            )
        fill[column] = FILLS[pool.missing](present)
    for group in pool.groups:
        shares = np.nan_to_num(inputs[:, group]).sum(0)
        fill[group.start + int(shares.argmax())] = 1
    return fill


def filled(part: Part, fill: Array) -> Part:
    """The part with its missing inputs filled in."""
    if not np.isnan(part.inputs).any():
        return part
    return replace(part, inputs=np.where(np.isnan(part.inputs), fill, part.inputs))


def scaling_of(train: Part, pool: Pool, shape: Shape) -> Scaling | None:
    """The scale of the inputs, or None where they are used as they are.

    It is that of a column, of an image's channel, or of a sequence's feature.
    """
    if isinstance(pool.scale, Scaling):
        return pool.scale
    if pool.scale == "none":
        return None
    scaling = scaling_by(pool.scale, train.inputs, shape, train.lengths)
    for group in pool.groups:  # 0 and 1 mean a category
        scaling.shift[group], scaling.scale[group] = 0, 1
    return scaling


def scaling_by(scale: str, values: Array, shape: Shape, lengths: Array | None) -> Scaling:
    """The scale [n] of values [samples, n] of a shape, which a unit's have in common.

    lengths: [samples] of sequences, where they differ; what is behind their ends has no part in it.
    """
    if lengths is not None:
        before = (np.arange(shape[0]) < lengths[:, None]).ravel()
        units = SCALES[scale](statistics(unit_rows(values, shape)[before], shape[1:]))
    else:
        units = SCALES[scale](statistics(values, shape))
    return Scaling(of_each_number(units.shift, shape), of_each_number(units.scale, shape))


def unseen_as_none(
    parts: Mapping[str, Part], pool: Pool, scaling: Scaling | None
) -> Scaling | None:
    """The scale with a 0 for each category that the training part has no sample of.

    To the network it is none of the known then, wherever it comes; of those that come in other
    parts is told, or with dataset.unseen=error they are refused.
    """
    train = parts["train"].inputs
    columns = [column for group in pool.groups for column in range(group.start, group.stop)]
    strange = [column for column in columns if not np.nansum(train[:, column])]
    if not strange:
        return scaling
    for column in strange:
        found = [name for name in parts if np.nansum(parts[name].inputs[:, column])]
        if found:
            problem = (
                f"'{printable(pool.input_names[column])}' is in the {' and '.join(found)} part, "
                "but no sample of the training part has that category"
            )
            if pool.unseen == "error":
                raise DataError(f"dataset.unseen=error: {problem}; set dataset.unseen=none")
            warn_caller(f"{problem}; taken for none of the known, dataset.unseen=error refuses it")
    width = train.shape[1]
    shift, scale = (np.zeros(width), np.ones(width)) if scaling is None else vars(scaling).values()
    scale[strange] = 0
    return Scaling(shift, scale)


def target_scaling_of(train: Part, pool: Pool) -> Scaling | None:
    """The scale of numbers to predict, or None for classes and where they are left as they are."""
    if pool.classes is not None or pool.scale_targets == "none":
        return None
    width = train.targets.shape[1]
    shape = (width,) if pool.steps is None else (pool.steps, width // pool.steps)
    return scaling_by(pool.scale_targets, train.targets, shape, train.lengths)


@dataclass(frozen=True)
class Statistics:
    """Of each unit [units]: a column, an image's channel or a sequence's feature."""

    mean: Array
    deviation: Array
    smallest: Array
    largest: Array


def statistics(inputs: Array, shape: Shape) -> Statistics:
    """Mean, deviation and range of each unit; a file on disk is read a piece at a time."""
    if not on_disk(inputs) and inputs.dtype != np.uint8:
        rows = unit_rows(inputs, shape)
        deviation = np.sqrt(column_variances(rows))
        return Statistics(column_means(rows), deviation, rows.min(0), rows.max(0))
    count, width = 0, unit_rows(inputs[:1], shape).shape[1]
    mean, squares = np.zeros(width), np.zeros(width)
    smallest, largest = np.full(width, np.inf), np.full(width, -np.inf)
    for block in blocks(inputs):
        values = unit_rows(block.astype(float), shape)
        # Chan, Golub and LeVeque 1979: means and squared deviations of two samples, joined.
        together, difference = count + len(values), column_means(values) - mean
        squares += column_variances(values) * len(values)
        squares += difference * difference * count * len(values) / together
        mean += difference * len(values) / together
        count = together
        np.minimum(smallest, values.min(0), out=smallest)
        np.maximum(largest, values.max(0), out=largest)
    return Statistics(mean, np.sqrt(squares / count), smallest, largest)


def reciprocal(spread: Array, s: Statistics) -> Array:
    """1 / spread, and 1 for a column that does not vary, whatever rounding made of its spread."""
    varies = (s.largest > s.smallest) & (spread > 0)
    return np.where(varies, 1 / np.where(varies, spread, 1), 1.0)


SCALES = {
    "standardise": lambda s: Scaling(s.mean, reciprocal(s.deviation, s)),
    "minmax": lambda s: Scaling(s.smallest, reciprocal(s.largest - s.smallest, s)),
}
"""To mean 0 and deviation 1; to the range from 0 to 1."""

"""Where sequences end that are padded: behind the end all is missing (NaN), step for step."""

import numpy as np

from runner.network.arrays import Array


def lengths_of(values: Array) -> Array:
    """[samples] Steps to the last that has any value, of values [samples, steps, n]; 0 for none."""
    known = np.logical_not(np.isnan(values).all(axis=2))
    lengths: Array = np.where(known.any(axis=1), values.shape[1] - known[:, ::-1].argmax(1), 0)
    return lengths


def behind_ends(values: Array) -> Array:
    """[samples, steps] Which steps are behind the end, of sequences that have a step at all."""
    lengths = lengths_of(values)[:, None]
    behind: Array = (np.arange(values.shape[1]) >= lengths) & (lengths > 0)
    return behind


def those_that_count(rows: Array, there: Array | None) -> Array:
    """[rows, n] Of rows, one a sample or a step, those that are `there` [samples, steps].

    All of them where that is None.
    """
    return rows if there is None else rows[there.ravel()]

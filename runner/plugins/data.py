"""Data sets of a person's own: from what a function gives to what sources hold."""

from collections.abc import Callable
from typing import Any

import numpy as np

from runner.data.dataset import Part, Pool, ordinals
from runner.errors import RunnerError, printable
from runner.network.arrays import Array
from runner.plugins.trials import Refuse

EXPECTED = "expected (inputs, targets): numbers [samples, n_in], and classes [samples] or numbers"


def load_own(
    refuse: Refuse, function: Callable[..., Any], names: tuple[str, ...], options: tuple[Any, ...]
) -> Pool:
    """The data set that a function gives for these options. Raises SettingsError for none."""
    try:
        found = function(**dict(zip(names, options, strict=True)))
    except RunnerError:
        raise
    except Exception as error:
        raise refuse(printable(f"{type(error).__name__}: {error}")) from error
    if isinstance(found, Pool):
        return found
    try:
        inputs, targets = (np.asarray(each) for each in found)
        inputs = inputs.astype(float)
    except (TypeError, ValueError):
        raise refuse(EXPECTED) from None
    if inputs.ndim != 2 or targets.ndim not in (1, 2) or len(inputs) != len(targets):
        raise refuse(f"it gives shapes {inputs.shape} and {targets.shape}; {EXPECTED}")
    if not len(inputs) or not np.isfinite(inputs).all():
        raise refuse("its inputs are none, or not all finite")
    return classed(inputs, targets) if is_classes(targets) else predicted(refuse, inputs, targets)


def is_classes(targets: Array) -> bool:
    """Whether these are classes: one of whole numbers or texts a sample."""
    return targets.ndim == 1 and targets.dtype.kind in "biuUS"


def classed(inputs: Array, targets: Array) -> Pool:
    """Of classes, in the order of their names."""
    names, labels = np.unique(targets, return_inverse=True)
    classes = tuple(str(name) for name in names.tolist())
    return Pool(Part(inputs, labels.astype(int)), ordinals(inputs.shape[1]), ("class",), classes)


def predicted(refuse: Refuse, inputs: Array, targets: Array) -> Pool:
    """Of numbers to predict."""
    try:
        numbers = targets.astype(float).reshape(len(targets), -1)
    except (TypeError, ValueError):
        raise refuse(EXPECTED) from None
    if not np.isfinite(numbers).all():
        raise refuse("its targets are not all finite")
    return Pool(Part(inputs, numbers), ordinals(inputs.shape[1]), ordinals(numbers.shape[1]))

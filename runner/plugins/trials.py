"""Pieces of a person's own tried once, when they are registered: what is wrong is said there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from runner.errors import SettingsError, printable
from runner.network.arrays import Array
from runner.training.optimizers import Optimizer, Step

Refuse = Callable[[str], SettingsError]
"""Makes the error that says whose piece it is."""
POINTS = np.append(np.linspace(-3.013, 2.987, 48), 0.0).reshape(7, 7)
"""Numbers to try with; 0 is what padding holds."""
STEP, TOLERANCE = 1e-6, 1e-4
"""Of central differences, and how far a slope may be off, relative to 1 or to itself."""


@contextmanager
def trying(refuse: Refuse, what: str) -> Iterator[None]:
    """Whatever goes wrong inside is the piece's fault."""
    try:
        with np.errstate(all="ignore"):
            yield
    except SettingsError:
        raise
    except Exception as error:
        why = printable(f"{type(error).__name__}: {error}")
        raise refuse(f"{what} cannot be called so: {why}") from error


def checked(refuse: Refuse, what: str, found: object, shapes: tuple[tuple[int, ...], ...]) -> Array:
    """What a function has given. Raises SettingsError for another shape, and what is not finite."""
    array = np.asarray(found, float)
    if array.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise refuse(f"{what} gives an array of shape {array.shape}, expected {expected}")
    if not np.isfinite(array).all():
        raise refuse(f"{what} is not finite everywhere from -3 to 3")
    return array


def frozen(array: Array) -> Array:
    """A copy that cannot be written to."""
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def compare(refuse: Refuse, what: str, found: Array, expected: Array, at: Array) -> None:
    """Raises SettingsError where a slope is not what differences say."""
    off = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    worst = int(off.argmax())
    if off.flat[worst] > TOLERANCE:
        raise refuse(
            f"{what} is {found.flat[worst]:.6g} at {at.flat[worst]:.3g}, central differences give "
            f"{expected.flat[worst]:.6g}; check=False where it is meant to be another"
        )


def try_activation(
    refuse: Refuse, forward: Callable[..., Any], slope: Callable[..., Any], *, exact: bool
) -> None:
    """z -> a and (z, a) -> da/dz on arrays. exact: whether the slope has to be the true one."""
    z, shapes = frozen(POINTS), (POINTS.shape,)
    with trying(refuse, "it"):
        a = checked(refuse, "it", forward(z), shapes)
        rise = np.asarray(forward(POINTS + STEP)) - np.asarray(forward(POINTS - STEP))
    with trying(refuse, "its slope"):
        found = checked(refuse, "its slope", slope(z, frozen(a)), shapes)
    if exact:
        compare(refuse, "its slope", found, rise / (2 * STEP), POINTS)


def try_loss(
    refuse: Refuse, each: Callable[..., Any], gradient: Callable[..., Any], *, exact: bool
) -> None:
    """(a, y) -> losses and dL/da on arrays [rows, n_out]."""
    a, y = frozen(1 / (1 + np.exp(-POINTS))), frozen((POINTS[::-1] > 0).astype(float))
    shapes = (a.shape, a.shape[:1])
    with trying(refuse, "it"):
        checked(refuse, "it", each(a, y), shapes)
        expected = np.empty_like(POINTS)
        for column in range(a.shape[1]):  # the outputs of a row may come in together
            shift = np.zeros_like(a)
            shift[:, column] = STEP
            up, down = (np.asarray(each(a + sign * shift, y)) for sign in (1, -1))
            rise = (up - down).reshape(len(a), -1).sum(1)
            expected[:, column] = rise / (2 * STEP)
    with trying(refuse, "its gradient"):
        found = checked(refuse, "its gradient", gradient(a, y), (a.shape,))
    if exact:
        compare(refuse, "its gradient", found, expected, a)


def try_optimizer(refuse: Refuse, optimizer: Optimizer, defaults: tuple[float, ...]) -> None:
    """Two steps on five parameters, which have to change them and stay finite."""
    parameters, slots = np.linspace(-1, 1, 5), np.zeros((optimizer.slots, 5))
    before = parameters.copy()
    with trying(refuse, "it"):
        for number in (1, 2):
            gradient = np.linspace(2, -1, 5)
            optimizer.update(Step(parameters, gradient, slots, np.ones(5), defaults, 0.1, number))
    if not (np.isfinite(parameters).all() and np.isfinite(slots).all()):
        raise refuse("its steps are not finite")
    if np.array_equal(before, parameters):
        raise refuse("it leaves the parameters as they are; it has to change them in place")

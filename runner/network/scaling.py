"""Inputs and targets brought to a scale that a network learns from well."""

from dataclasses import dataclass

import numpy as np

from runner.network.arrays import Array


@dataclass(frozen=True)
class Scaling:
    """x = (raw - shift) * scale, one shift and scale for all columns or one for each."""

    shift: Array
    """[] or [columns]"""
    scale: Array
    """[] or [columns]"""

    @property
    def changes_nothing(self) -> bool:
        """Whether x = raw."""
        return not self.shift.any() and bool((self.scale == 1).all())

    def astype(self, dtype: str) -> "Scaling":
        """The same for numbers of another floating-point type.

        The shift stays as exact as it is: years or prices lie close together, far from 0.
        """
        return Scaling(self.shift, self.scale.astype(dtype))

    def apply(self, raw: Array, out: Array) -> None:
        """Writes the scaled rows of `raw` [rows, columns], of any type, into `out`."""
        if self.shift.any():
            np.subtract(raw, self.shift, out, casting="same_kind")
            np.multiply(out, self.scale, out)
        else:
            np.multiply(raw, self.scale, out, casting="same_kind")

    def restore(self, scaled: Array) -> Array:
        """raw = scaled / scale + shift, for rows [rows, columns]; float64."""
        raw: Array = scaled / self.scale + self.shift
        return raw


def unit(largest: float) -> Scaling:
    """From [0, largest] to [0, 1]."""
    return Scaling(np.array(0.0), np.array(1 / largest))

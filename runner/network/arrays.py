"""Arrays as the whole house speaks of them; their shapes stand beside them in brackets."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

LARGEST = 1e150
"""Squares beyond it overflow in float64, and with them variances and losses."""

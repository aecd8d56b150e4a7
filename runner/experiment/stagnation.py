"""Whether a loss has stopped moving, or not yet: told to a person, of no effect on the run."""

from collections.abc import Sequence

SECONDS = 10.0
"""So long nothing is said, however many steps are made."""
SHARE = 0.01
"""A loss that falls by less of itself has not moved."""
PARTS = 5
"""Of a run; in the last of them a loss falls that still does so."""
STILL = 0.02
"""Of itself, that it falls by in that part at least."""


class Stagnation:
    """Follows a loss, and tells once when it has not moved in as many steps as led there.

    Learning that follows a power law, as that of the 2018 script does, moves in far fewer.
    """

    def __init__(self) -> None:
        self.step = 0
        """Of the last move."""
        self._loss = float("inf")
        self._seconds = 0.0
        self._told = False

    def observe(self, step: int, loss: float, seconds: float) -> bool:
        """Takes note of a step's loss; whether to say now that it no longer moves."""
        if loss < (1 - SHARE) * self._loss or self._loss == float("inf"):
            self.step, self._loss, self._seconds = step, loss, seconds
        still = step >= 2 * self.step and seconds - self._seconds >= SECONDS
        first, self._told = still and not self._told, self._told or still
        return first


def still_falling(losses: Sequence[float]) -> float | None:
    """By what share a held-out loss, epoch by epoch, fell in the last fifth; None if it hardly did.

    None too where it was lower before: more epochs would not lower it.
    """
    since = len(losses) // PARTS
    if since == 0 or losses[-1] > min(losses):
        return None
    before, last = losses[-1 - since], losses[-1]
    return 1 - last / before if last < (1 - STILL) * before else None

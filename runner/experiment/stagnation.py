"""Whether a loss has stopped moving: told to who waits, and of no effect on the run."""

SECONDS = 10.0
"""So long nothing is said, however many steps are made."""
SHARE = 0.01
"""A loss that falls by less of itself has not moved."""


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

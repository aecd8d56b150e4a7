"""How a run may stand, in run.json and results.csv."""

ENDED = ("completed", "diverged", "failed", "interrupted")
"""All but running."""
FINISHED = ("completed", "diverged")
"""Runs that would do the same again; the others go on when resumed."""
FAILED = ("failed", "diverged")
"""Runs that gave an error."""

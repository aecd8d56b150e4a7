"""How a run may stand, in run.json and results.csv."""

PRUNED = "pruned"
"""Of a sweep that halves its jobs: the run stands at a rung where others did better."""
ENDED = ("completed", "diverged", "failed", "interrupted", PRUNED)
"""All but running."""
FINISHED = ("completed", "diverged")
"""Runs that would do the same again; the others go on when resumed."""
AT_REST = (*FINISHED, PRUNED)
"""Jobs of which a sweep wants no more."""
FAILED = ("failed", "diverged")
"""Runs that gave an error."""

"""Which of very many columns tell runs apart, and which results are worth a look."""

import pandas as pd

from runner.analysis.comparing import varying
from runner.training.metrics import TEST, VALIDATION

FIRST = (
    "dataset.name",
    "topology",
    "network.activation.hidden",
    "optimizer.name",
    "optimizer.learning_rate",
    "batch_size",
)
"""Settings that are shown before others that tell as much."""
LAST = ("dataset.", "network.", "recording.", "stopping.", "from", "parent", "seed")
"""And after others, in this order: by the beginning of their names."""
MEASURES = ("accuracy", "r2", "loss")
SPENT = ("status", "steps", "epochs", "seconds")
FEW = 4
"""So many settings that differ are all shown, such as those of values that were paired."""


def telling(runs: pd.DataFrame) -> list[str]:
    """The settings that differ, or the fewest of many that tell the runs apart.

    Of many, one is left out where those before it say as much: a data set's name says its kind.
    The topology never is. Of a single run it is those that people look at first.
    """
    if len(runs) == 1:
        return [name for name in FIRST if name in runs and runs[name].notna().all()]
    names = sorted(varying(runs), key=importance)
    if len(names) <= FEW:
        return names
    chosen: list[str] = []
    groups = pd.Series(0, runs.index)
    for name in names:
        split = runs.groupby([groups, runs[name].astype(object)], dropna=False, sort=False).ngroup()
        if split.nunique() > groups.nunique() or name == "topology":
            chosen.append(name)
            groups = split
    return chosen


def importance(name: str) -> tuple[int, int]:
    """Sorts settings: the first ones, all others, the last ones."""
    if name in FIRST:
        return (0, FIRST.index(name))
    places = [place for place, start in enumerate(LAST) if name.startswith(start)]
    return (2, places[0]) if places else (1, 0)


def worth_showing(runs: pd.DataFrame, metric: str) -> list[str]:
    """Results that differ: status and effort, `metric`, and each measure on its newest data."""
    names = [*SPENT, metric, *(held_out(runs, measure) for measure in MEASURES)]
    return [name for name in dict.fromkeys(names) if differs(runs, name)]


def held_out(runs: pd.DataFrame, measure: str) -> str:
    """The measure on test data where some runs have it, else on validation, else in training."""
    names = (f"{TEST}{measure}", f"{VALIDATION}{measure}", measure)
    return next((name for name in names if name in runs and runs[name].notna().any()), measure)


def differs(runs: pd.DataFrame, name: str) -> bool:
    """Whether there is such a column, and it is not the same in all runs."""
    return name in runs and (len(runs) == 1 or runs[name].nunique(dropna=False) > 1)

"""The estimators of `runner.sklearn` beside MLPClassifier and MLPRegressor, all at their defaults.

On the data sets that scikit-learn brings: 5-fold cross-validation, the inputs of each fold's
training part scaled by StandardScaler, the same splits for both. Each round has splits and a
random_state of its own; scores are means over all rounds' folds, seconds those of a round's five
fits and scores, the quickest round's. Kernels are compiled before, by one fit. All on one thread.
"""

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from runner.network.arrays import Array
from runner.sklearn import NetworkClassifier, NetworkRegressor
from tests.benchmarks.timing import conditions, seconds_of

SETS: dict[str, Callable[..., Any]] = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}
REGRESSIONS = ("diabetes",)
FOLDS = 5


@dataclass
class Figures:
    """One estimator's on one data set."""

    scores: list[float]
    """Accuracy or R2, a fold each, round by round."""
    seconds: list[float]
    """A round each."""

    def cells(self) -> list[str]:
        """Mean score, and the quickest round."""
        return [f"{np.mean(self.scores):.4f}", f"{min(self.seconds):.2f}"]


def compared(name: str, rounds: int) -> tuple[Figures, Figures]:
    """Ours and scikit-learn's on one data set, in turn."""
    inputs, targets = SETS[name](return_X_y=True)
    regression = name in REGRESSIONS
    pair = (NetworkRegressor, MLPRegressor) if regression else (NetworkClassifier, MLPClassifier)
    kind = KFold if regression else StratifiedKFold
    make_pipeline(StandardScaler(), pair[0]()).fit(inputs, targets)  # compiles
    figures = Figures([], []), Figures([], [])
    for number in range(rounds):
        splits = kind(FOLDS, shuffle=True, random_state=number)
        for estimator, found in zip(pair, figures, strict=True):
            measure(estimator(random_state=number), inputs, targets, splits, found)
    return figures


def measure(estimator: Any, inputs: Array, targets: Array, splits: Any, found: Figures) -> None:
    """One round of one of them."""
    pipeline = make_pipeline(StandardScaler(), estimator)

    def once() -> None:
        scores = cross_validate(pipeline, inputs, targets, cv=splits, error_score="raise")
        found.scores += list(scores["test_score"])

    found.seconds.append(seconds_of(once))


def main() -> None:
    parser = argparse.ArgumentParser(description="Estimators beside scikit-learn's own.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of theirs, after 200 epochs
    table = Table("data set", "runner's", "s", "its own", "s", "apart, ± s.e.", "times")
    with threadpool_limits(1):
        for name in asked.sets:
            ours, theirs = compared(name, asked.rounds)
            apart = np.subtract(ours.scores, theirs.scores)
            spread = apart.std(ddof=1) / np.sqrt(len(apart))
            faster = min(theirs.seconds) / min(ours.seconds)
            told = f"{apart.mean():+.4f} ± {spread:.4f}"
            table.add_row(name, *ours.cells(), *theirs.cells(), told, f"{faster:.1f}")
    Console().print(table)
    Console().print(f"{asked.rounds} rounds of {FOLDS} folds; {conditions()}", highlight=False)


if __name__ == "__main__":
    main()

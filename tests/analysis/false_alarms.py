"""How often `compare` shows differences that are none, and how often its intervals hold the truth.

`python -m tests.analysis.false_alarms` makes 2,000 simulations of each case and prints the table of
docs/comparing.md; it takes some minutes. All numbers are percent.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from runner.analysis.comparing import Group, Measure
from runner.analysis.verdicts import best_of, compare_groups, summary
from runner.network.arrays import Array

SIMULATIONS = 2000
RUNS = (3, 5, 10, 20)
TEST_SAMPLES = 359
MEASURE = Measure("score", higher_is_better=True, relative=False)

ALIKE = (1.0,) * 9
DIFFERING = (1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0)
"""How far from perfect each group is, and how much its runs vary: four are the best."""

UNLIKE = (1.0, 3.0)

METRICS: dict[str, Callable[[np.random.Generator, float, int], Array]] = {
    "normal": lambda g, s, n: g.normal(-10 * s, s, n),
    "skewed: log-normal": lambda g, s, n: -s * g.lognormal(0, 0.8, n),
    "near 1, 2 of 5 are 1": lambda g, s, n: (
        np.round(TEST_SAMPLES * (1 - s * g.beta(0.5, 100, n))) / TEST_SAMPLES
    ),
    "solved or not": lambda g, s, n: np.where(g.random(n) < 0.2 * s, 0.5, 1.0),
}


class Shares(NamedTuple):
    """Of simulations, or of intervals in all of them."""

    alarms: float
    """Simulations in which any difference is shown that is none, or is the other way round."""
    careless: float
    """The same where the best is compared as if it had been chosen before looking."""
    coverage: float
    """Intervals that hold the true difference."""
    together: float
    """Simulations in which all do."""


def simulated(
    metric: str, n: int, spreads: Sequence[float], *, paired: bool, simulations: int = SIMULATIONS
) -> Shares:
    """What groups of n runs each come to; spreads: one a group."""
    generator, draw = np.random.default_rng(1), METRICS[metric]
    means = [true_mean(metric, spread) for spread in spreads]
    alarms, careless, held = [], [], []
    for _ in range(simulations):
        groups = [
            Group((at,), draw(generator, s, n), np.arange(n) + (0 if paired else n * at))
            for at, s in enumerate(spreads)
        ]
        away = {group.key[0]: mean for group, mean in zip(groups, means, strict=True)}
        verdicts = compare_groups(groups, MEASURE)
        wrong = [v.shown and truth(v.better, away) <= truth(v.worse, away) for v in verdicts]
        alarms.append(any(wrong))
        naive = compare_groups(groups, MEASURE, best_of(groups, MEASURE))
        careless.append(
            any(v.shown and truth(v.better, away) <= truth(v.worse, away) for v in naive)
        )
        real = [truth(v.better, away) - truth(v.worse, away) for v in verdicts]
        held.append(
            [v.interval[0] <= d <= v.interval[1] for v, d in zip(verdicts, real, strict=True)]
        )
    inside = np.array(held)
    return Shares(
        *map(float, (np.mean(alarms), np.mean(careless), inside.mean(), inside.all(1).mean()))
    )


def best_lost(metric: str, n: int, *, paired: bool, simulations: int = SIMULATIONS) -> float:
    """How often the best of nine groups is said to be outdone; it is the best by very little."""
    generator, draw = np.random.default_rng(3), METRICS[metric]
    lost = 0
    for _ in range(simulations):
        groups = [
            Group(
                (at,),
                draw(generator, 1.0, n) + (1e-9 if at == 0 else 0),
                np.arange(n) + (0 if paired else n * at),
            )
            for at in range(9)
        ]
        table = summary(groups, ["group"], compare_groups(groups, MEASURE), MEASURE)
        lost += table["best"].iloc[0] == "not best"
    return lost / simulations


def truth(group: Group, means: Mapping[object, float]) -> float:
    """The mean of a group that has been simulated."""
    return means[group.key[0]]


@cache
def true_mean(metric: str, spread: float) -> float:
    """Of ten million runs."""
    generator = np.random.default_rng(2)
    return float(np.mean([METRICS[metric](generator, spread, 10**6).mean() for _ in range(10)]))


HEADER = (
    *("metric", "runs", "9 alike", "9 alike, best not allowed for", "9 differing"),
    *("their intervals", "all 8 of them", "2 alike", "2 differing: interval"),
)


def main() -> None:
    """Prints the table: paired by seed / not."""
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for metric, n in product(METRICS, RUNS):
        columns = zip(
            *(percents(metric, n, paired=paired) for paired in (True, False)), strict=True
        )
        cells = " | ".join(f"{pairs:.1f} / {each:.1f}" for pairs, each in columns)
        print(f"| {metric} | {n} | {cells} |", flush=True)


def percents(metric: str, n: int, *, paired: bool) -> list[float]:
    """A row's numbers."""
    nine, differing, two, unlike = (
        simulated(metric, n, spreads, paired=paired)
        for spreads in (ALIKE, DIFFERING, ALIKE[:2], UNLIKE)
    )
    shares = [nine.alarms, nine.careless, differing.alarms, differing.coverage]
    shares += [differing.together, two.alarms, unlike.coverage]
    return [100 * share for share in shares]


if __name__ == "__main__":
    main()

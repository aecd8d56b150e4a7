"""Differences between groups in words, and as a table for what draws them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group, Measure
from runner.analysis.differences import LEAST_RUNS, MOST_NEEDED
from runner.analysis.number_texts import MOST_DECIMALS, shown_value
from runner.analysis.statistics import ROUNDING
from runner.analysis.verdicts import Verdict
from runner.network.arrays import Array

WORDS = {
    ("steps", False): ("needs fewer steps than", "fewer"),
    ("epochs", False): ("needs fewer epochs than", "fewer"),
    ("seconds", False): ("takes less time than", "less"),
    ("steps_per_second", True): ("makes more steps a second than", "more"),
}
"""By the measure and whether more of it is better; others have a lower or higher one."""

PAIRS: dict[tuple[str, ...], str] = {
    ("seed",): "seeds",
    ("dataset.fold",): "folds",
    ("dataset.split_seed",): "divisions",
}
SURE_RUNS = 10
"""Fewer do not tell how their mean is distributed."""
LESS = ", which is asked to one side only and takes less than to differ from the one that is best"
LEAST_P = 0.0001
LARGE = 1e5
"""Larger numbers are told by their size alone."""


def words_of(measure: Measure) -> tuple[str, str]:
    """`needs fewer steps than`, and the word for the difference."""
    word = "higher" if measure.higher_is_better else "lower"
    name = measure.name.replace("_", " ")
    return WORDS.get((measure.name, measure.higher_is_better), (f"has a {word} {name} than", word))


def name_of(group: Group, by: Sequence[str]) -> str:
    """`adam 64-32-10 batch_size=20`: what makes the group; numbers with the ends of their names."""
    return name_of_key(group.key, by)


def name_of_key(key: Sequence[object], by: Sequence[str]) -> str:
    """The same of the values that make it."""
    return " ".join(
        shown_value(value)
        if isinstance(value, str)
        else f"{name.rpartition('.')[2]}={shown_value(value)}"
        for name, value in zip(by, key, strict=True)
    )


def pairs_of(paired_by: Sequence[str]) -> str:
    """What runs are counted by that were compared with one that is alike in those columns."""
    return PAIRS.get(tuple(paired_by), "pairs")


def counted_in(verdict: Verdict, paired_by: Sequence[str]) -> str:
    """What a verdict's numbers count: seeds and so on, or runs where each counts."""
    if verdict.pairs:
        return pairs_of(paired_by)
    return "runs" if verdict.better.units is None else PAIRS.get(tuple(paired_by), "units")


def sentence(
    verdict: Verdict, by: Sequence[str], measure: Measure, paired_by: Sequence[str]
) -> str:
    """`3-8-1 needs fewer steps than 3-4-1: 41 % fewer [35, 47], 20 of 20 seeds (p < 0.0001)`."""
    a, b = name_of(verdict.better, by), name_of(verdict.worse, by)
    pairs, difference = pairs_of(paired_by), verdict.difference
    if difference.equal == 1:
        runs = f"in all {verdict.pairs} {pairs}" if verdict.pairs else "in all their runs"
        return f"{a} and {b}: equal {runs}"
    evidence = f"{amount(verdict, measure)}, {wins(verdict, pairs)}"
    if verdict.too_few:
        units = counted_in(verdict, paired_by)
        few = f"a single {units[:-1]}" if difference.runs == 1 else f"{difference.runs} {units}"
        few += "" if verdict.pairs else " in one of them"
        return f"{a} cannot be tested against {b} with {few}: {evidence}"
    # Smaller ones say more of the test's assumption than of the runs.
    p = f"p = {verdict.p:.2g}" if verdict.p >= LEAST_P else f"p < {LEAST_P:g}"
    evidence += f" ({p})"
    if verdict.shown:
        but = "" if difference.higher >= 0.5 else f" on average, though not in most {pairs}"
        return f"{a} {words_of(measure)[0]} {b}{but}: {evidence}"
    though = f", though {b} is shown not to be best" if verdict.outdone else ""
    needed = more_needed(verdict, paired_by)
    return f"{a} is not shown to differ from {b}{though}: {evidence}{needed}"


def more_needed(verdict: Verdict, paired_by: Sequence[str]) -> str:
    """How many would show a difference of this size, were there one."""
    if verdict.needed is None:
        return ""
    many = "more than 1,000" if verdict.needed > MOST_NEEDED else f"about {rounded(verdict.needed)}"
    what = counted_in(verdict, paired_by) + ("" if verdict.pairs else " of each")
    return f"; if that is the true difference, {many} {what} would likely show it"


def rounded(number: int) -> str:
    """A number that is known roughly: of three digits or more, two."""
    return f"{round(number, 2 - len(str(number))) if number >= 100 else number:,}"


def amount(verdict: Verdict, measure: Measure) -> str:
    """By how much, with the interval: percent of the worse, points of a fraction, or units."""
    effect, *ends = number_texts(in_units(verdict, measure))
    unit = {"percent": " %", "points": " points"}.get(unit_of(measure), "")
    interval = f" [{', '.join(ends)}]" if ends else ""
    return f"{effect}{unit} {words_of(measure)[1]}{interval}"


def unit_of(measure: Measure) -> str:
    """What differences are told in: percent of the worse, points of a fraction, or own units."""
    if measure.relative:
        return "percent"
    return "points" if measure.name.endswith("accuracy") else "units"


def in_units(verdict: Verdict, measure: Measure) -> Array:
    """The effect and the ends of its interval, as `amount` tells them."""
    values = np.array([verdict.difference.effect, *verdict.interval])
    if measure.relative:
        sign = 1 if measure.higher_is_better else -1
        with np.errstate(over="ignore"):  # of a few runs of very different size
            values = sign * np.expm1(sign * values)
    elif measure.fraction:
        values = values.clip(-1, 1)
    return values if unit_of(measure) == "units" else 100 * values


def number_texts(values: Array) -> list[str]:
    """An effect and the ends of its interval, with the digits that the interval's width carries.

    Those are two of the width's, and as many as tell an end from 0.
    """
    effect, low, high = values.tolist()
    if np.isnan(low):
        return [f"{effect:.3g}"]
    if not np.isfinite(values).all() or np.abs(values).max() >= LARGE:
        return [f"{value:.2g}" for value in values]
    sizes = [size for size in (high - low, abs(low), abs(high)) if size > ROUNDING]
    decimals = 1 - np.floor(np.log10(sizes[0])) if sizes else 0
    least = -np.floor(np.log10(min(sizes))) if sizes else 0
    most = int(np.clip(max(decimals, least), 0, MOST_DECIMALS))
    # What is left by rounding is 0, and 0 is never -0.
    texts = [f"{value:.{most}f}" for value in values.round(most) + 0.0]
    return texts if float(texts[0]) or abs(effect) < ROUNDING else [f"{effect:.1g}", *texts[1:]]


def wins(verdict: Verdict, pairs: str) -> str:
    """In how many of the pairs the better one is better, and in how many both are equal."""
    share, equal = verdict.difference.higher, verdict.difference.equal
    if not verdict.pairs:
        return f"better in {100 * share:.0f} % of pairings"
    won, same = (round(part * verdict.pairs) for part in (share - equal / 2, equal))
    return f"{won} of {verdict.pairs} {pairs}" + (f", {same} equal" if same else "")


def verdict_table(
    verdicts: Sequence[Verdict], by: Sequence[str], measure: Measure, paired_by: Sequence[str]
) -> pd.DataFrame:
    """A row a verdict, for what draws them: who is better, by how much, whether it is shown.

    `effect`, `low` and `high` are in percent of the worse, points or units, as in `sentence`.
    """
    rows = []
    for verdict in verdicts:
        effect, low, high = in_units(verdict, measure)
        rows.append(
            {
                "better": name_of(verdict.better, by),
                "worse": name_of(verdict.worse, by),
                "effect": effect,
                "low": low,
                "high": high,
                "p": verdict.p,
                "shown": verdict.shown,
                "too_few": verdict.too_few,
                "pairs": verdict.pairs,
                "share_better": verdict.difference.higher,
                "needed": verdict.needed,
                "sentence": sentence(verdict, by, measure, paired_by),
            }
        )
    return pd.DataFrame(rows)


def test_of(verdicts: Sequence[Verdict], paired_by: Sequence[str], *, by_looking: bool) -> str:
    """How differences were tested, what that assumes, and what p and intervals allow for."""
    tested = [verdict for verdict in verdicts if not verdict.too_few]
    if not tested:
        what = counted_in(max(verdicts, key=lambda verdict: verdict.pairs), paired_by)
        if verdicts[0].selected:
            return f"Fewer than {LEAST_RUNS} {what} of a group show no difference."
        large = f"From {LEAST_RUNS} {what} on large differences can be shown"
        return f"{large}, from {SURE_RUNS} on smaller ones."
    tests = []
    if any(verdict.pairs for verdict in tested):
        tests.append(f"the paired t-test (same {' and '.join(paired_by)})")
    if not all(verdict.pairs for verdict in tested):
        tests.append("Welch's t-test (all runs with all)" if tests else "Welch's t-test")
    least = min(tested, key=lambda verdict: verdict.difference.runs)
    fewest, counted = least.difference.runs, counted_in(least, paired_by)
    unsure = f", which {fewest} {counted} cannot prove" if fewest < SURE_RUNS else ""
    text = (
        f"Tested by {', others by '.join(tests)}: it takes means for normally distributed{unsure}"
    )
    groups = len(tested) + 1
    allowed = f"allow for {len(tested):,} comparisons (Holm)"
    if by_looking:
        allowed = f"allow for the best of {groups:,} groups having been chosen by its results"
    both = f"p and intervals {allowed}; " if groups > 2 else ""
    marks = ""
    if any(verdict.outdone for verdict in verdicts):
        less = "" if all(verdict.shown for verdict in verdicts if verdict.outdone) else LESS
        marks = " Not best: shown to be no better than the best of the others, at 5 % for all"
        marks += f" groups{less}."
    return f"{text}; {both}an interval leaves out 0 just where a difference is shown.{marks}"

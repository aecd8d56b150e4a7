"""Differences between groups in words."""

from collections.abc import Sequence

import numpy as np

from runner.analysis.comparing import LEVEL, Group, Measure, Verdict
from runner.analysis.number_texts import shown_value

WORDS = {
    ("steps", False): ("needs fewer steps than", "fewer"),
    ("epochs", False): ("needs fewer epochs than", "fewer"),
    ("seconds", False): ("takes less time than", "less"),
    ("steps_per_second", True): ("makes more steps a second than", "more"),
}
"""By the measure and whether more of it is better; others have a lower or higher one."""

PAIRS: dict[tuple[str, ...], str] = {("seed",): "seeds", ("dataset.fold",): "folds"}


def words_of(measure: Measure) -> tuple[str, str]:
    """`needs fewer steps than`, and the word for the difference."""
    word = "higher" if measure.higher_is_better else "lower"
    name = measure.name.replace("_", " ")
    return WORDS.get((measure.name, measure.higher_is_better), (f"has a {word} {name} than", word))


def name_of(group: Group, by: Sequence[str]) -> str:
    """`adam 64-32-10 batch_size=20`: what makes the group; numbers with the ends of their names."""
    values = [shown_value(value) for value in group.key]
    if len(by) == 1:
        return values[0]
    named = zip(by, group.key, values, strict=True)
    return " ".join(
        text if isinstance(value, str) else f"{name.rpartition('.')[2]}={text}"
        for name, value, text in named
    )


def pairs_of(paired_by: Sequence[str]) -> str:
    """What runs are counted by that were compared with one that is alike in those columns."""
    return PAIRS.get(tuple(paired_by), "pairs")


def sentence(
    verdict: Verdict, by: Sequence[str], measure: Measure, paired_by: Sequence[str]
) -> str:
    """`3-8-1 needs fewer steps than 3-4-1: 41 % fewer [35, 47], 20 of 20 seeds (p = 4e-05)`."""
    a, b = name_of(verdict.better, by), name_of(verdict.worse, by)
    pairs = pairs_of(paired_by)
    if verdict.difference.equal == 1:
        return f"{a} and {b}: equal in all {verdict.pairs} {pairs}"
    evidence = f"{amount(verdict, measure)}, {wins(verdict, pairs)} (p = {verdict.p:.2g})"
    if verdict.real:
        return f"{a} {words_of(measure)[0]} {b}: {evidence}"
    if verdict.p <= LEVEL:
        return f"{a} and {b} differ, most runs otherwise than their average: {evidence}"
    if verdict.leans:
        few = f"so few {pairs if verdict.pairs else 'runs'} cannot show it"
        doubt = few if verdict.too_few else "chance is not ruled out"
        return f"{a} seems better than {b}, but {doubt}: {evidence}"
    return f"{a} and {b}: no difference shown: {evidence}"


def amount(verdict: Verdict, measure: Measure) -> str:
    """By how much, with the 95 % interval: percent of the worse, points of a fraction, or units."""
    sign = 1 if measure.higher_is_better else -1
    values = np.array([verdict.difference.effect, *verdict.difference.interval])
    unit = ""
    if measure.relative:
        values, unit = 100 * sign * np.expm1(sign * values), " %"
    elif measure.name.endswith("accuracy"):
        values, unit = 100 * values, " points"
    # What is left by rounding is 0, and 0 is never -0.
    effect, low, high = (f"{value:.3g}" for value in values.round(9) + 0.0)
    interval = "" if low == "nan" else f" [{low}, {high}]"
    return f"{effect}{unit} {words_of(measure)[1]}{interval}"


def wins(verdict: Verdict, pairs: str) -> str:
    """In how many of the pairs the better one is better, and in how many both are equal."""
    share, equal = verdict.difference.higher, verdict.difference.equal
    if verdict.pairs:
        won, same = (round(part * verdict.pairs) for part in (share - equal / 2, equal))
        return f"{won} of {verdict.pairs} {pairs}" + (f", {same} equal" if same else "")
    if np.isnan(share):
        return "a single run in one of them"
    return f"better in {100 * share:.0f} % of pairings"


def shortage(verdicts: Sequence[Verdict], paired_by: Sequence[str]) -> str | None:
    """What to do where no number of wins could have shown anything."""
    if not verdicts or not all(verdict.too_few for verdict in verdicts):
        return None
    least = min(verdict.least_p for verdict in verdicts)
    needed = int(np.ceil(np.log2(2 * len(verdicts) / LEVEL)))
    paired = any(verdict.pairs for verdict in verdicts)
    what = pairs_of(paired_by) if paired and paired_by else "runs"
    return (
        f"So few runs cannot show any difference, even if all agree (p = {least:.2g} at least); "
        f"with {needed} {what} or more in each group they can."
    )

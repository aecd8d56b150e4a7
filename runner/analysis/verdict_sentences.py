"""Differences between groups in words."""

from collections.abc import Sequence

import numpy as np

from runner.analysis.comparing import LEVEL, Group, Measure, Verdict
from runner.analysis.number_texts import shown_value
from runner.analysis.statistics import LEAST_RUNS, MOST_NEEDED

WORDS = {
    ("steps", False): ("needs fewer steps than", "fewer"),
    ("epochs", False): ("needs fewer epochs than", "fewer"),
    ("seconds", False): ("takes less time than", "less"),
    ("steps_per_second", True): ("makes more steps a second than", "more"),
}
"""By the measure and whether more of it is better; others have a lower or higher one."""

PAIRS: dict[tuple[str, ...], str] = {("seed",): "seeds", ("dataset.fold",): "folds"}


LEAST_P = 0.0001
"""Told as it is."""


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
    # Smaller ones say more of the test's assumptions than of the runs.
    p = f"p = {verdict.p:.2g}" if verdict.p >= LEAST_P else f"p < {LEAST_P:g}"
    evidence = f"{amount(verdict, measure)}, {wins(verdict, pairs)} ({p})"
    if verdict.real:
        return f"{a} {words_of(measure)[0]} {b}: {evidence}"
    if verdict.p <= LEVEL:
        return f"{a} and {b} differ, most runs otherwise than their average: {evidence}"
    if verdict.leans:
        doubt = "chance is not ruled out"
        return f"{a} seems better than {b}, but {doubt}: {evidence}{enough(verdict, pairs)}"
    return f"{a} and {b}: no difference shown: {evidence}{enough(verdict, pairs)}"


def enough(verdict: Verdict, pairs: str) -> str:
    """How many would show a difference of this size, were it real."""
    if verdict.needed is None:
        return ""
    what = pairs if verdict.pairs else "runs of each"
    about = "more than 1,000" if verdict.needed > MOST_NEEDED else f"about {verdict.needed:,}"
    return f"; were it so, {about} {what} would show it"


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
    """What to do where there were too few runs to show anything."""
    if not verdicts or not all(verdict.too_few for verdict in verdicts):
        return None
    paired = any(verdict.pairs for verdict in verdicts)
    what = pairs_of(paired_by) if paired and paired_by else "runs"
    return (
        f"So few {what} cannot show any difference; {LEAST_RUNS} or more in each group can show a "
        "large one."
    )


def test_of(verdicts: Sequence[Verdict], paired_by: Sequence[str]) -> str:
    """How differences were tested, and what that assumes."""
    paired = any(verdict.pairs for verdict in verdicts)
    alike = " and ".join(filter(None, [", ".join(paired_by[:-1]), *paired_by[-1:]]))
    test = ("Wilcoxon's rank-sum test", "Welch's t-test")
    if paired:
        test = ("Wilcoxon's signed-rank test", "paired t-test")
    name = test[0] if verdicts[0].ranks else test[1]
    why = "" if verdicts[0].ranks else ", for ranks of so few could show nothing"
    return f"paired by {alike}, {name}{why}" if paired else f"{name}{why}"

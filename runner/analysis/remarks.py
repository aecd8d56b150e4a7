"""What is to be kept in mind of a comparison: what groups average over and are chosen by."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from runner.analysis.comparing import Group, Measure, grouped, measure_of, targets, without_target
from runner.analysis.number_texts import decimals_for, number_text, shown_value
from runner.analysis.statistics import mean_interval
from runner.analysis.telling_apart import ORIGIN, SPENT, telling, varying, varying_within
from runner.analysis.units import Units
from runner.analysis.verdict_sentences import name_of, name_of_key
from runner.analysis.verdicts import best_of
from runner.errors import counted
from runner.network.arrays import Array
from runner.run_folder.statuses import PRUNED
from runner.settings import DIVIDING, SEED_LIKE
from runner.training.metrics import PREFIXES, TEST, VALIDATION, metric_in

MOST_LEFT_OUT = 10
DATA_NAME = "dataset.name"
NO_OTHER_DATA = (*DIVIDING, "dataset.sgd_rate")
"""Settings of data sets that choose no other data."""
MOST_VALUES = 4
GUESSING = 0.05
"""So small a part of the way from guessing to perfect is none."""


def remarks(runs: pd.DataFrame, measure: Measure) -> list[str]:
    """What is to be kept in mind of the measure, and of the runs."""
    found = []
    reached = runs["stop_reason"] == "target"
    if measure.name in SPENT and reached.any():
        aimless = without_target(runs)
        if before := int((~aimless & ~reached).sum()):
            several = counted(before, "run")
            found.append(f"{several} stopped before the target: more would have been needed")
        if aimless.any():
            several = f"{int(aimless.sum()):,} of {counted(len(runs), 'run')}"
            found.append(f"{several} had no target: of these {measure.name} tell when they stopped")
        unlike = targets(runs)
        if len(unlike) > 1:
            names = [str(name) for name in unlike if unlike[name].nunique(dropna=False) > 1]
            each = [f"{name}: {values_of(unlike, name)}" for name in names]
            found.append(
                f"runs were to reach different targets ({'; '.join(each)}), so {measure.name} tell "
                "how far each was to go; --where compares those to one"
            )
    if measure.name in ("steps", "epochs") and not reached.any():
        need = "not how many they need"
        found.append(f"no run stopped at a target: {measure.name} tell when they stopped, {need}")
    watched = runs.reindex(columns=["stopping.metric"])["stopping.metric"]
    if reached.any() and (watched[reached] == measure.name).all():
        found.append(
            f"{int(reached.sum()):,} of {counted(len(runs), 'run')} stopped where "
            f"{measure.name} reached its target: in it they differ by their last step "
            "alone; --metric steps tells how long they took"
        )
    if metric_in(measure.name) and not measure.name.startswith(PREFIXES):
        held_out = (f"{prefix}{measure.name}" for prefix in PREFIXES)
        has = next((name for name in held_out if name in runs and runs[name].notna().any()), None)
        way = f"--metric {has} is" if has else "dataset.validation=0.1 would hold some out"
        found.append(f"{measure.name} is of the data that runs learnt from, not of new data; {way}")
    return found


def halved(runs: pd.DataFrame) -> str:
    """Of runs that were pruned: those left were chosen by their results."""
    pruned = int((runs["status"] == PRUNED).sum())
    if not pruned:
        return ""
    return (
        f"{pruned:,} of {counted(len(runs), 'run')} were {PRUNED}, so those left are chosen by how "
        "they did: their means are too good, and p and intervals do not allow for it; new seeds of "
        "the best groups without sweep.halving tell what they are worth"
    )


def ranked_by_factors(
    groups: Sequence[Group], by: Sequence[str], measure: Measure, against: Group | None
) -> list[str]:
    """That the best geometric mean is not the best mean, where it is not."""
    best = best_of(groups, measure)
    plain = best_of(groups, replace(measure, relative=False))
    if plain is best or against is not None:
        return []
    return [
        f"factors count, so geometric means are compared: {name_of(best, by)} has the best, though "
        f"{name_of(plain, by)} has the best mean"
    ]


def averages(runs: pd.DataFrame, by: Sequence[str], units: Units) -> list[str]:
    """Settings that groups are averages over, good ones and bad ones; and what counts once."""
    found = []
    within = varying_within(runs, by)
    told = [name for name in telling(runs) if name in within] or within
    no_setting = (*SEED_LIKE, *ORIGIN)
    settings = [name for name in told if name not in no_setting and not is_of_data(name)]
    origins = [name for name in ORIGIN if name in within]
    if origins:
        name = "parent" if "parent" in origins else origins[0]
        which = values_of(runs, name)
        found.append(f"runs of a group went on from different ones ({name}: {which})")
    if settings:
        each = "; ".join(f"{name}: {values_of(runs, name)}" for name in settings)
        keys = ",".join([*by, *settings])
        found.append(f"groups are averages over settings ({each}); --by {keys} tells them apart")
    return [*found, *units.remarks]


def values_of(runs: pd.DataFrame, name: str) -> str:
    """The values of a setting, the first of many."""
    values = [shown_value(value) for value in runs[name].drop_duplicates()]
    more = f" and {len(values) - MOST_VALUES:,} more" if len(values) > MOST_VALUES else ""
    return f"{', '.join(values[:MOST_VALUES])}{more}"


def no_better_than_guessing(runs: pd.DataFrame, by: Sequence[str], measure: Measure) -> list[str]:
    """How many runs of which groups completed and learnt nothing, and what these have in common."""
    prefix = next((each for each in PREFIXES if each and measure.name.startswith(each)), "")
    judges = (f"{prefix}accuracy", f"{prefix}r2")
    judged = next((name for name in judges if name in runs and runs[name].notna().any()), None)
    if judged is None:
        return []
    guessing = guessed(runs, judged)
    if not guessing.any():
        return []
    told = []
    for key, group in runs.assign(**{judged: guessing}).groupby(list(by), dropna=False, sort=False):
        if count := int(group[judged].sum()):
            told.append(f"{count:,} of {counted(len(group), 'run')} of {name_of_key(key, by)}")
    more = (
        f" and of {counted(len(told) - MOST_LEFT_OUT, 'more group')}"
        if len(told) > MOST_LEFT_OUT
        else ""
    )
    alike = [
        f"{name}={shown_value(runs.loc[guessing, name].iloc[0])}"
        for name in varying_within(runs, by)
        if name not in (*SEED_LIKE, *ORIGIN) and runs.loc[guessing, name].nunique(dropna=False) == 1
    ]
    common = f", all with {' '.join(alike)}" if alike else ""
    which = ", ".join(told[:MOST_LEFT_OUT])
    return [f"no better than guessing by {judged}: {which}{more}{common}"]


def guessed(runs: pd.DataFrame, judged: str) -> Array:
    """[runs] Which are no better than guessing: one class of all, or the mean of the targets."""
    values = runs[judged].to_numpy(float, na_value=np.nan)
    if judged.endswith("r2"):
        return values <= GUESSING
    # One output tells two classes; a sequence's last layer is written 12x3.
    last = runs["topology"].astype(str).str.extract(r"(\d+)$")[0].astype(float).fillna(2)
    chance = 1 / np.maximum(last.to_numpy(float), 2)
    below: Array = values <= chance + GUESSING * (1 - chance)
    return below


def chosen_by(
    runs: pd.DataFrame,
    by: Sequence[str],
    groups: Sequence[Group],
    measure: Measure,
    against: Group | None,
) -> str:
    """What the best was chosen by: its value there flatters it, and what test data say of it.

    Where runs were pruned, `sweep.objective`, which runs do not tell, may have been of test data.
    """
    pruned, runs = (runs["status"] == PRUNED).any(), runs[runs["status"] == "completed"]
    if against is not None or len(groups) < 2:
        return ""
    plain = measure.name.removeprefix(TEST).removeprefix(VALIDATION)
    validation, test = f"{VALIDATION}{plain}", f"{TEST}{plain}"
    if measure.name == test:
        has = validation in runs and bool(runs[validation].notna().any())
        way = f"--metric {validation}" if has else "dataset.validation=0.1 holds out what"
        return (
            f"the best is chosen by test data, so its {test} is somewhat too good; {way} chooses "
            "instead, and test data then tell what the choice is worth"
        )
    if measure.name != validation or test not in runs or runs[test].isna().all():
        return ""
    best = best_of(groups, measure)
    told = measure_of(runs, test, "higher" if measure.higher_is_better else "lower")
    found = [group for group in grouped(runs, by, told)[0] if group.key == best.key]
    if not found:
        return ""
    means = found[0].averaged(found[0].values)
    decimals = decimals_for(found[0].values)
    ends = mean_interval(means, told.scale, found[0].shared)
    interval = f" [{', '.join(number_text(end, decimals) for end in ends)}]"
    unless = " unless sweep.objective named them" if pruned else ""
    return (
        f"the best is chosen by validation data; on test data, which chose nothing{unless}, its "
        f"mean {test} is {number_text(float(means.mean()), decimals)}"
        f"{interval if ends.low == ends.low else ''}"
    )


def mixed_data(runs: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Whether groups are of several data sets each, or each of another: a mean of unlike things."""
    differing = [name for name in varying(runs) if is_of_data(name) and name not in by]
    within = [name for name in varying_within(runs, by) if is_of_data(name)]
    told = within or ([] if any(map(is_of_data, by)) else differing)
    if not told:
        return []
    name = DATA_NAME if DATA_NAME in told else told[0]
    of = f"different data ({name}: {values_of(runs, name)})"
    if within:
        return [f"groups are averages over {of}; --by {','.join([*by, name])} tells them apart"]
    return [f"groups are of {of}: what differs between them may be the data's doing"]


def is_of_data(name: str) -> bool:
    """Whether a setting says which data a run learns from, not how they are divided."""
    return name.startswith("dataset.") and name not in NO_OTHER_DATA

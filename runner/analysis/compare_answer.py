"""What `compare` answers scripts, from the same values as its tables and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandas as pd

from runner.analysis.comparing import Group
from runner.analysis.group_table import Comparison
from runner.analysis.run_table import RunTable
from runner.analysis.runs import without_results
from runner.analysis.statistics import Interval
from runner.analysis.telling_apart import settings_of
from runner.analysis.verdict_sentences import unit_of
from runner.answers.answer import Answer, Cell

Key = Mapping[str, Cell]
"""What makes a group: a value for each setting of `by`."""

Standing = Literal[
    "best",
    "tied best",
    "may be best",
    "not best",
    "compared with",
    "better",
    "worse",
    "too few runs",
]


@dataclass(frozen=True)
class Ends:
    low: float | None
    high: float | None


@dataclass(frozen=True)
class GroupRow:
    group: Annotated[Key, "the settings that its runs share"]
    n: Annotated[int, "runs"]
    mean: float | None
    sd: Annotated[float | None, "standard deviation; null of one run"]
    mean_interval: Annotated[Ends | None, "of the mean, 95 %; null of one run or equal ones"]
    median: float | None
    min: float | None
    max: float | None
    standing: Annotated[
        Standing | None,
        "against the group that all are compared with; not best: no better than the best of the "
        "others; null: the only group, or with `against` not shown to differ",
    ]


@dataclass(frozen=True)
class DifferenceRow:
    better: Annotated[Key, "the group that is better on average"]
    worse: Key
    effect: Annotated[float | None, "how much better, in `unit`"]
    interval: Annotated[Ends | None, "of the effect, at the level of its test; null: too few runs"]
    unit: Annotated[
        Literal["percent", "points", "units"],
        "percent of the worse; percentage points; or the metric's own",
    ]
    p: Annotated[float | None, "allows for all comparisons; null: too few runs for a test"]
    level: Annotated[float | None, "of its own test, for all together to be tested at 5 %"]
    shown: Annotated[bool, "whether chance is ruled out, at 5 % for all comparisons together"]
    too_few: Annotated[bool, "whether there are too few runs for a test"]
    pairs: Annotated[int, "units compared, of `paired_by`: seeds and so on; 0: all with all"]
    share_better: Annotated[float, "of the pairs, or of all pairings; half of the equal ones"]
    needed: Annotated[
        int | None,
        "pairs, or units of each group, that would likely show it; 1001: more than 1,000; null: "
        "it is shown, or that is not known",
    ]
    sentence: Annotated[str, "the same in words"]


@dataclass(frozen=True)
class RunRow:
    path: Annotated[str, "the run's folder"]
    settings: Annotated[Mapping[str, Cell], "by keys as on the command line"]
    results: Annotated[Mapping[str, Cell], "by columns of results.csv"]


@dataclass(frozen=True)
class CompareAnswer(Answer):
    """What `compare` answers: runs, or with --by groups of them and how these differ."""

    command = "compare"
    metric: Annotated[str, "what is compared, a column of results.csv"]
    better: Annotated[Literal["higher", "lower"] | None, "which is better; null without --by"]
    by: Annotated[list[str], "the settings that make the groups; empty without --by"]
    against: Annotated[Key | None, "the group of --against; null: all are compared with the best"]
    paired_by: Annotated[list[str], "in what runs are alike that are compared with each other"]
    groups: Annotated[list[GroupRow], "empty without --by"]
    differences: Annotated[list[DifferenceRow], "of each group from the one compared with"]
    test: Annotated[str | None, "how differences were tested, in words"]
    chosen: Annotated[
        str | None, "by which data the best was chosen, or runs were, and what follows, in words"
    ]
    left_out: Annotated[list[str], "which runs do not count, and why, in words"]
    remarks: Annotated[list[str], "what is to be kept in mind, in words"]
    runs: Annotated[list[RunRow], "empty with --by"]
    repeats: Annotated[int, "how many of the runs repeat others; 0 with --by, where none counts"]


def compare_answer(found: Comparison | RunTable, table: pd.DataFrame, most: int) -> CompareAnswer:
    """The document.

    table: the groups or runs in the order wanted. most: how many of them, 0: all.
    """
    rows = table.head(most) if most > 0 else table
    if isinstance(found, RunTable):
        none = without_results(found.runs)
        return CompareAnswer(
            *(found.metric, None, [], None, [], [], [], None, None, none, []),
            runs=list(run_rows(rows, found.columns)),
            repeats=found.repeats,
        )
    return CompareAnswer(
        found.measure.name,
        "higher" if found.measure.higher_is_better else "lower",
        list(found.by),
        None if found.against is None else key_of(found.against, found.by),
        list(found.paired_by),
        group_rows(rows, found),
        difference_rows(found),
        found.test or None,
        found.chosen or None,
        list(found.left_out),
        list(found.remarks),
        [],
        0,
    )


def run_rows(runs: pd.DataFrame, columns: Sequence[str]) -> list[RunRow]:
    """A row a run. columns: those wanted; none: all."""
    settings = settings_of(runs)
    wanted = [str(name) for name in runs if name != "path" and (not columns or name in columns)]
    return [
        RunRow(
            str(row["path"]),
            {name: cell(row[name]) for name in wanted if name in settings},
            {name: cell(row[name]) for name in wanted if name not in settings},
        )
        for row in runs.to_dict("records")
    ]


def group_rows(table: pd.DataFrame, found: Comparison) -> list[GroupRow]:
    """A row a group."""
    mark = "best" if found.against is None else "against"
    return [
        GroupRow(
            {name: cell(row[name]) for name in found.by},
            row["n"],
            row["mean"],
            row["sd"],
            ends(Interval(row["low"], row["high"])),
            *(row["median"], row["min"], row["max"]),
            row[mark] or None,
        )
        for row in table.to_dict("records")
    ]


def difference_rows(found: Comparison) -> list[DifferenceRow]:
    """A row a difference."""
    if not found.verdicts:
        return []
    told = found.differences.to_dict("records")
    return [
        DifferenceRow(
            key_of(verdict.better, found.by),
            key_of(verdict.worse, found.by),
            row["effect"],
            ends(Interval(row["low"], row["high"])),
            unit_of(found.measure),  # type: ignore[arg-type]
            verdict.p,
            verdict.level,
            verdict.shown,
            verdict.too_few,
            verdict.pairs,
            verdict.difference.higher,
            verdict.needed,
            row["sentence"],
        )
        for verdict, row in zip(found.verdicts, told, strict=True)
    ]


def key_of(group: Group, by: Sequence[str]) -> Key:
    """What makes a group."""
    return {name: cell(value) for name, value in zip(by, group.key, strict=True)}


def ends(interval: Interval) -> Ends | None:
    """An interval; None where there is none."""
    return None if interval.low != interval.low else Ends(*interval)


def cell(value: Any) -> Cell:
    """A value of a table; times as ISO 8601 has them."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    found: Cell = value.item() if hasattr(value, "item") else value
    return found

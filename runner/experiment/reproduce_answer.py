"""What `reproduce` answers scripts, from the same values as its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from runner.answers.answer import Answer
from runner.experiment.reproducing import ComparedCase


@dataclass(frozen=True)
class NumberRow:
    what: Annotated[str, "what it is of, such as final_weights 3"]
    published: Annotated[str, "with all its digits, as it was printed"]
    ours: float | None
    spread: Annotated[float | None, "standard deviation over seeds; null of a single run"]
    tolerance: Annotated[
        str | float,
        "a relative difference; or digits: every printed one; cut: the same, the rest cut off; "
        "at least: as good or better",
    ]
    agrees: bool


@dataclass(frozen=True)
class CaseRow:
    preset: Annotated[str, "as in experiment=NAME"]
    overrides: Annotated[list[str], "the case's own, as on the command line"]
    agrees: Annotated[bool, "whether every number does"]
    seconds: float
    numbers: list[NumberRow]


@dataclass(frozen=True)
class ReproduceAnswer(Answer):
    """What `reproduce` answers: published numbers beside what presets come to here."""

    command = "reproduce"
    agrees: Annotated[bool, "whether every case does"]
    cases: list[CaseRow]
    not_run: Annotated[list[str], "presets on data to be fetched, which run where they are named"]


def reproduce_answer(
    cases: Sequence[tuple[str, ComparedCase]], left: Sequence[str]
) -> ReproduceAnswer:
    """The document. cases: with their presets. left: presets that were not run."""
    rows = [
        CaseRow(
            preset,
            list(case.overrides),
            case.agrees,
            case.seconds,
            [
                NumberRow(one.what, one.published, one.ours, one.spread, one.tolerance, one.agrees)
                for one in case.numbers
            ],
        )
        for preset, case in cases
    ]
    return ReproduceAnswer(all(row.agrees for row in rows), rows, list(left))

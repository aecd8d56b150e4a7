"""What `verify` answers scripts, from the same values as its lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from runner.answers.answer import Answer, Problem, problem_of
from runner.experiment.verifying_all import Verification, Verified, Word, verdict


@dataclass(frozen=True)
class FirstDifference:
    step: int
    what: Annotated[str, "in words"]
    size: Annotated[float | None, "relative; null: it cannot be compared"]


@dataclass(frozen=True)
class Repetition:
    snapshots: Annotated[int, "how many were compared; 1 of a job that is a row"]
    history_rows: Annotated[int, "how many were compared"]
    files: Annotated[list[str], "others that were compared"]
    differences: Annotated[int, "in how many places they differ"]
    first_difference: Annotated[FirstDifference | None, "by step"]
    largest_difference: Annotated[float | None, "relative; null: something cannot be compared"]
    tolerance: Annotated[float, "what rounding elsewhere may make, relative"]
    promised: Annotated[bool, "whether the same bytes are promised on other machines too"]
    otherwise: Annotated[list[str], "versions, engine and so on that are others than then"]
    sentences: Annotated[list[str], "the verdict in words"]


@dataclass(frozen=True)
class VerifiedRun:
    run: Annotated[str, "its folder"]
    verdict: Annotated[Word, "agrees: the same but for rounding that another machine explains"]
    repetition: Annotated[Repetition | None, "null: not verified"]
    error: Annotated[Problem | None, "why it could not be verified"]


@dataclass(frozen=True)
class VerifyAnswer(Answer):
    """What `verify` answers: of each run whether it comes out the same when it is repeated."""

    command = "verify"
    runs: list[VerifiedRun]
    verdicts: Annotated[Mapping[str, int], "how many runs came to each"]
    left_out: Annotated[Mapping[str, int], "jobs of sweeps that have not ended, by status"]


def verify_answer(done: Verification) -> VerifyAnswer:
    """The document."""
    return VerifyAnswer(list(map(verified_run, done.runs)), done.ends, done.left)


def verified_run(each: Verified) -> VerifiedRun:
    """One of the runs."""
    problem = None if each.error is None else problem_of(each.error)
    found = each.comparison
    if found is None:
        return VerifiedRun(str(each.run), each.word, None, problem)
    first = [FirstDifference(one.step, one.what, one.size) for one in found.differences[:1]]
    return VerifiedRun(
        str(each.run),
        each.word,
        Repetition(
            found.snapshots,
            found.rows,
            list(found.files),
            len(found.differences),
            first[0] if first else None,
            found.largest,
            found.tolerance,
            found.unpromised is None,
            found.circumstances,
            verdict(found),
        ),
        None,
    )

"""What `resume` answers scripts, from the same values as its lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import pandas as pd

from runner.analysis.compare_answer import run_rows
from runner.analysis.runs import read_runs
from runner.answers.answer import Answer, Cell, Problem, problem_of
from runner.experiment.resuming_all import Resumed, Resumption
from runner.run_folder.run import RunFolder


@dataclass(frozen=True)
class ResumedRun:
    run: Annotated[str, "its folder"]
    went_on: Annotated[bool, "false: there was nothing to do, or it could not go on"]
    status: Annotated[
        str | None,
        "completed, interrupted, diverged, pruned or failed, as in run.json; null: it says none",
    ]
    text: Annotated[str | None, "how it ended, in words; null: it did not go on"]
    results: Annotated[
        Mapping[str, Cell] | None, "by columns of results.csv; null: there is none to be read"
    ]
    error: Annotated[Problem | None, "why it could not go on, or diverged"]


@dataclass(frozen=True)
class ResumeAnswer(Answer):
    """What `resume` answers: of each run that was to go on how it ended."""

    command = "resume"
    runs: Annotated[list[ResumedRun], "runs named, and the jobs of sweeps that had not ended"]
    never_started: Annotated[
        int, "jobs of sweeps that left nothing to go on from; the sweep's own command runs them"
    ]


def resume_answer(done: Resumption) -> ResumeAnswer:
    """The document."""
    return ResumeAnswer(list(map(resumed_run, done.runs)), done.never_started)


def resumed_run(each: Resumed) -> ResumedRun:
    """One of the runs."""
    runs = read_runs([str(each.run)]) if each.run.is_dir() else pd.DataFrame()
    rows = run_rows(runs, ()) if len(runs) else []
    status = RunFolder(each.run).status if each.outcome is None else each.outcome.status
    return ResumedRun(
        str(each.run),
        each.outcome is not None,
        None if status == "damaged" else status,
        None if each.outcome is None else each.outcome.text,
        rows[0].results if len(rows) == 1 else None,
        None if each.error is None else problem_of(each.error),
    )

"""Jobs of a sweep that keeps rows: run in this process, each told as a row."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from runner.configuration.job_bases import Base
from runner.errors import INTERRUPTED, RunnerError
from runner.experiment.row_recording import Recorded, failed_row, run_to_row
from runner.experiment.running import Manner, session
from runner.experiment.sharing import build_sharing
from runner.experiment.together import row_epochs, run_together
from runner.raising import Interrupted
from runner.run_folder import job_rows
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRow
from runner.run_folder.kept_job import KeptJob, own_texts
from runner.sweeping.job import Job

SECONDS_TOGETHER = 0.25
"""A process tells of its jobs when they have taken so long together."""


class Together(NamedTuple):
    """What has become of jobs that were run together, by their places."""

    ends: dict[int, JobEnd]
    alone: list[int]
    """Those that are to be run each by itself; the rest there was no time for."""


class First(NamedTuple):
    """The first job of those that a base has in common."""

    base: Base
    """Which keeps its identity for as long as this is there."""
    config: Mapping[str, Any]
    overrides: Sequence[str]
    kept: job_rows.RowBase


class RowMaker:
    """Runs jobs and makes their rows: each says what it has otherwise than the first like it."""

    def __init__(self) -> None:
        self._firsts: dict[tuple[int, int], First] = {}

    def end(self, job: Job, base: Base, config: Mapping[str, Any], manner: Manner) -> JobEnd:
        """Runs a job; how that ended, with its row. One that was interrupted leaves none.

        base: what it was composed of.
        """
        started = time.time()
        try:
            outcome, recorded = run_to_row(config, manner)
        except (Exception, SystemExit) as error:
            code = error.exit_code if isinstance(error, RunnerError) else 1
            return self.told(job, base, failed_row(config, error, started), code)
        if outcome.status == "interrupted":
            return JobEnd(job.number, outcome.status, outcome.text, outcome.exit_code)
        return self.told(job, base, recorded, outcome.exit_code)

    def ends(
        self, jobs: Sequence[Job], base: Base, config: Mapping[str, Any], seeds: Sequence[int]
    ) -> Together:
        """Runs jobs that differ in their seeds alone, as many together as that takes long.

        All up to the same rung, where they have one.

        config: of the first of them. What is wrong with it is for the jobs themselves to say.
        """
        ends: dict[int, JobEnd] = {}
        alone: list[int] = []
        try:
            experiment = build_sharing(config).up_to(jobs[0].rung)
            epochs = row_epochs(experiment)
        except (Exception, SystemExit):
            epochs = None
        if epochs is None:
            return Together(ends, list(range(len(jobs))))
        until = time.monotonic() + SECONDS_TOGETHER
        with session(experiment.settings) as interrupts:
            try:
                with interrupts.raising():
                    for place, recorded in run_together(experiment, epochs, seeds):
                        if recorded is None:
                            alone.append(place)
                        else:
                            ends[place] = self.told(jobs[place], base, recorded)
                        if time.monotonic() > until:
                            break
            except Interrupted:
                code = INTERRUPTED[interrupts.received or "SIGTERM"]
                place = min(set(range(len(jobs))) - ends.keys(), default=0)
                ends[place] = JobEnd(jobs[place].number, "interrupted", "interrupted", code)
        return Together(ends, alone)

    def told(self, job: Job, base: Base, recorded: Recorded, code: int = 0) -> JobEnd:
        """A job's end, from what is kept of it."""
        row = self.row(job, base, recorded)
        return KeptJob(row).ended(code, row)

    def row(self, job: Job, base: Base, recorded: Recorded) -> JobRow:
        """A job's row."""
        key = id(base), len(job.overrides)
        if key not in self._firsts:
            texts = (recorded.config, base.written, base.hydra, job.overrides)
            kept = job_rows.RowBase(*map(json.dumps, texts))
            self._firsts[key] = First(base, recorded.config, job.overrides, kept)
        first = self._firsts[key]
        changed = dict(changes(recorded.config, first.config))
        return JobRow(
            job.number,
            first.kept,
            recorded.kind,
            *own_texts(job.overrides, first.overrides, changed),
            recorded.error,
            recorded.results,
            recorded.history,
            recorded.weights,
        )


def changes(
    config: Mapping[str, Any], first: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """The values that another configuration has otherwise, by dotted name."""
    for name, value in config.items():
        other = first[name]
        if value is other or (value == other and repr(value) == repr(other)):  # not 0 for 0.0
            continue
        if (
            isinstance(value, Mapping)
            and isinstance(other, Mapping)
            and value.keys() == other.keys()
            and not any("." in str(key) for key in value)
        ):
            yield from changes(value, other, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

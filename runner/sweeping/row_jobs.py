"""Jobs of a sweep that keeps rows: run in this process, each told as a row."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.configuration.job_bases import Base
from runner.errors import RunnerError
from runner.experiment.row_recording import Recorded, failed_row, run_to_row
from runner.experiment.running import Manner
from runner.run_folder import job_rows
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRow
from runner.run_folder.kept_job import KeptJob
from runner.sweeping.job import Job


class RowMaker:
    """Runs jobs and makes their rows: each says what it has otherwise than the first like it."""

    def __init__(self) -> None:
        self._firsts: dict[tuple[int, int], tuple[Base, Mapping[str, Any], job_rows.Base]] = {}

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

    def told(self, job: Job, base: Base, recorded: Recorded, code: int = 0) -> JobEnd:
        """A job's end, from what is kept of it."""
        row = self.row(job, base, recorded)
        return replace(KeptJob(row).end, exit_code=code, kept=row)

    def row(self, job: Job, base: Base, recorded: Recorded) -> JobRow:
        """A job's row."""
        key = id(base), len(job.overrides)
        if key not in self._firsts:
            texts = (recorded.config, base.written, base.hydra, job.overrides)
            first = job_rows.Base(*map(json.dumps, texts))
            self._firsts[key] = base, recorded.config, first  # with the base, which keeps its id
        _, config, first = self._firsts[key]
        return JobRow(
            job.number,
            first,
            recorded.kind,
            own_overrides(job.overrides, json.loads(first.overrides)),
            json.dumps(dict(changes(recorded.config, config))),
            recorded.error,
            recorded.results,
            recorded.history,
            recorded.weights,
        )


def own_overrides(overrides: Sequence[str], first: Sequence[str]) -> str:
    """The overrides that another job has otherwise, null where it has the same, as JSON."""
    pairs = zip(overrides, first, strict=True)
    return json.dumps([None if mine == theirs else mine for mine, theirs in pairs])


def changes(
    config: Mapping[str, Any], first: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """The values that another configuration has otherwise, by dotted name."""
    for name, value in config.items():
        other = first[name]
        if value is other or (value == other and type(value) is type(other)):
            continue
        if (
            isinstance(value, Mapping)
            and isinstance(other, Mapping)
            and value.keys() == other.keys()
        ):
            yield from changes(value, other, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

"""How a job of a sweep ended, as its folder tells it."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from runner.checking.rules import shown
from runner.checking.suggestions import suggestion
from runner.errors import SettingsError, counted, printable
from runner.run_folder.job_rows import JobRow
from runner.run_folder.layout import read_run
from runner.run_folder.statuses import FAILED, PRUNED
from runner.run_folder.tables import read_results, split
from runner.training.stopping import RUNG


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended."""

    number: int
    status: str
    """completed, pruned, diverged, failed or interrupted."""
    text: str
    """In words, on one line."""
    exit_code: int = 0
    header: str = ""
    """Of its results.csv; empty where there is none."""
    row: str = ""
    metric: str = ""
    """What `stopping.metric` names."""
    refused: str = ""
    """Why the end could not be recorded, where it could not."""
    kept: JobRow | None = None
    """What its sweep keeps of it, where that is no folder."""

    @property
    def failed(self) -> bool:
        """Whether the job did not do what it was asked to."""
        return self.status in FAILED

    @property
    def epochs(self) -> int:
        """How many it has been trained; 0 where its results do not say."""
        return int(self.cell("epochs") or 0)

    @property
    def steps(self) -> int:
        """How many it has made; 0 where its results do not say."""
        return int(self.cell("steps") or 0)

    def cell(self, column: str) -> str:
        """What its results.csv has in a column; empty where it has none."""
        if self.header == column:
            return self.row
        place = places(self.header).get(column)
        return "" if place is None else cells(self.row)[place]

    def value(self, objective: str | None = None) -> float | None:
        """The number in that column of its results.csv, by default its metric's.

        None where the job has failed, or its results are not at hand. Raises SettingsError for no
        such column.
        """
        if self.failed or not self.header:
            return None
        columns = places(self.header)
        if objective is not None and objective not in columns:
            raise SettingsError(
                f"sweep.objective={shown(objective)} is no column of results.csv; "
                f"{suggestion(objective, columns)}expected e.g. steps, loss, test_accuracy"
            )
        try:
            return float(self.cell(objective or self.metric))
        except ValueError:
            return None


@lru_cache(maxsize=16)
def cells(row: str) -> list[str]:
    """The cells of a row, of which several are asked for one after the other."""
    return split(row)


@lru_cache(maxsize=64)
def places(header: str) -> dict[str, int]:
    """Where each column of a table is."""
    return {name: place for place, name in enumerate(split(header))} if header else {}


def ending_words(reason: str, steps: int, seconds: float) -> str:
    """Why and where a run ended that has no error, on one line."""
    at = f"after {counted(steps, 'step')}, {seconds:.2f} s"
    if reason.startswith(RUNG):
        return f"{PRUNED} at {reason.replace('_', ' ')} {at}"
    return f"{reason} {at}" if reason == "interrupted" else f"{reason} reached {at}"


def ended_job(folder: Path, number: int) -> JobEnd | None:
    """How the job in a folder ended, or None where it has not or cannot be read."""
    try:
        about = read_run(folder)
        metric = about["configuration"]["stopping"]["metric"]
        header, row = read_results(folder)
        end = JobEnd(number, about["status"], "", 0, header, row, metric)
        if end.status == "running" or end.cell("status") != end.status:
            return None
        seconds = float(end.cell("seconds") or 0)
        words = ending_words(str(about.get("stop_reason")), end.steps, seconds)
        return replace(end, text=printable(about.get("error") or words))
    except (OSError, ValueError, LookupError, TypeError):
        return None

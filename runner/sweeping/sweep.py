"""A sweep on this machine: what its jobs have in common, and how one of them is checked and run."""

import sys
import time
from collections.abc import Container, Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from runner import compiled
from runner.checking.parsing import parse
from runner.configuration.hydra_errors import explaining
from runner.configuration.jobs import JobComposer
from runner.errors import SettingsError
from runner.experiment.contradictions import check_settings
from runner.experiment.expanding import with_folder
from runner.experiment.row_recording import check_row, failed_row
from runner.exporting.trackers import check_trackers
from runner.processors import processors
from runner.run_folder.job_end import JobEnd
from runner.run_folder.job_rows import JobRows, sound_rows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.writing_rows import JobRowsWriter, rewrite
from runner.settings import SweepSettings, parse_settings
from runner.storage.files import storage_errors
from runner.sweeping.data_checks import DataChecks
from runner.sweeping.earlier_jobs import Earlier, EarlierJobs
from runner.sweeping.job import (
    OF_SWEEP,
    Job,
    LostProcessError,
    ended_at,
    failed_job,
    naming,
    run_composed_job,
    run_job,
)
from runner.sweeping.objective import (
    RankedTogether,
    check_direction,
    check_objective,
    check_watched,
)
from runner.sweeping.progress import job_lines, progress
from runner.sweeping.results_table import SECONDS_BETWEEN_WRITES, ResultsTable
from runner.sweeping.row_jobs import SECONDS_TOGETHER, RowMaker, Together
from runner.sweeping.seed_jobs import SEED, Alike, but_seed, is_seed
from runner.system import sync_all
from runner.training.metrics import held_out_first

MOST_HANDED_OUT = 256
"""Jobs that a process is handed together, where they leave rows."""
NO_FOLDER = (
    "sweep.record=rows: a row has no folder for what Hydra does around a job (hydra.job.chdir, "
    ".env_set, hydra.output_subdir, hydra.verbose, callbacks); keep sweep.record=folders"
)


class Sweep:
    """What jobs have in common, and what an earlier launch has left. jobs: composes them.

    folder: its own, where that is relative to another process's.
    """

    def __init__(self, jobs: JobComposer, folder: Path | None = None) -> None:
        self.folder, self._jobs = folder or jobs.folder, jobs
        self.is_search = jobs.is_search
        self.watched = job_lines if self.is_search else progress
        self.options: SweepSettings = parse(SweepSettings, jobs.section("sweep"), "sweep.")
        self.workers = self.options.workers or processors()
        self.ranked_by = self.options.objective or ""
        """The column of results.csv that says how a job does; empty until there is a job."""
        self.stop_on_warning: bool = jobs.value("recording.on_sigusr1") == "stop"
        self._objective_checked = False
        self.data_checks = DataChecks()
        """What is known of the data of jobs that were checked."""
        self._known: set[Hashable] = set()
        self._rows = RowMaker()
        self._begun: ResultsTable | None = None
        self._written = 0.0  # when rows and their lines last were
        durable = bool(jobs.value("recording.durable"))
        self._writer = JobRowsWriter(self.folder, durable=durable) if self.options.rows else None

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is sent to a process that runs some of its jobs."""
        return Sweep, (self._jobs, self.folder)

    @property
    def halves(self) -> bool:
        """Whether its jobs wait for each other at rungs, where some are pruned."""
        return self.options.halving.first is not None

    def rank_as(self, first: Job) -> None:
        """Jobs are ranked by what the first of them watches, where `sweep.objective` is null.

        Raises SettingsError where it is unsound, or a search would look for the worst.
        """
        if not self.ranked_by:
            with naming(first):
                self.ranked_by = parse_settings(self.values(first)).stopping.metric
        check_direction(self.ranked_by, self._jobs.value("hydra.sweeper.direction"))

    @property
    def best_by(self) -> Sequence[str]:
        """The columns by which the best is told, by the first that any job has."""
        return [self.ranked_by] if self.options.objective else held_out_first(self.ranked_by)

    @cached_property
    def earlier(self) -> EarlierJobs:
        """What an earlier launch has left. Raises ConflictError where a job is being run."""
        return EarlierJobs(self.folder, self.best_by)

    def begin(self) -> None:
        """Begins the sweep's results.csv with the jobs that are finished.

        Before the first has ended: rows are read for it, and whoever reads keeps writers waiting.
        """
        if self._begun is not None:  # by an earlier launch of a search
            return
        rows, earlier = JobRows(self.folder), self.earlier
        if earlier.damaged:
            rewrite(self.folder, sound_rows(self.folder))
        settle = sync_all if self._writer is None else self._writer.flush
        table = self._begun = ResultsTable(self.folder, settle, earlier.ends)
        if rows.is_there:
            ended = (KeptJob(row).end for row in rows if row.number in earlier.rows)
            table.take_over(earlier.rows, ended)

    @property
    def table(self) -> ResultsTable:
        """The sweep's results.csv."""
        assert self._begun is not None
        return self._begun

    def add(self, end: JobEnd) -> JobEnd:
        """Records how a job ended; what is to be remembered of that."""
        if end.kept is not None:
            end = self.keep(end)  # before its line is
        self.table.add(end)
        if self.options.rows and not self.is_search:  # nobody asks for more of it
            return JobEnd(end.number, end.status, "")
        return brief(end)

    def keep(self, end: JobEnd) -> JobEnd:
        """Keeps a job's row, if it is one and has come with it; its end without that."""
        if self._writer is None or end.kept is None:
            return brief(end)
        self._writer.add(end.kept)
        end = brief(end)
        if not self.halves:  # where jobs that are kept may go on
            self.table.hold(end)
        self.write_due()
        return end

    def write_due(self) -> None:
        """Writes what has waited for about a second."""
        if time.monotonic() > self._written + SECONDS_BETWEEN_WRITES:
            if self._writer is not None:
                self._writer.flush()
            self.table.flush()
            self._written = time.monotonic()

    def finish(self) -> None:
        """Writes what has waited, and puts results.csv in order."""
        if self._writer is not None:
            self._writer.flush()
        self.table.finish()

    def save_config(self) -> None:
        """multirun.yaml, as Hydra's own sweepers write it."""
        path = self.folder / "multirun.yaml"
        if not self.is_search or not path.exists():  # a search has mostly done so itself
            with storage_errors(path):
                path.write_text(self._jobs.document, encoding="utf-8", newline="\n")

    def check(self, job: Job) -> None:
        """Checks a job, those alone by their seed that else are as one checked before.

        Raises SettingsError for one that cannot be composed or whose settings are unsound, of the
        first one where it will not have what `sweep.objective` names, and DataError where its data
        are not those that jobs of before were trained on.
        """
        with naming(job):
            base, changed = self._jobs.divide(job.overrides)
            alike = id(base), but_seed(base, changed)
            if alike in self._known and is_seed(changed.get(SEED, 0)):
                return
            values = self.values(job)
            settings = parse_settings(values)
            check_settings(settings)
            if self.is_search and self.options.objective is None:
                check_watched(settings, self.ranked_by)
            check_trackers(settings.logger)
            if self.options.rows:
                check_row(settings)
                if self._jobs.needs_hydra(job.overrides):
                    raise SettingsError(NO_FOLDER)
        if self.options.objective is not None and not self._objective_checked:
            check_objective(self.options.objective, settings)
            self._objective_checked = True
        if settings.from_ is not None:
            with_folder(settings.from_.run)
        self.earlier.trained_on.check(self.folder, values)
        self.data_checks.add(job.name, settings)
        self._known.add(alike)

    def like(self, job: Job) -> Earlier | None:
        """The row that an earlier launch has of a job that was given the same."""
        if not self.earlier:
            return None
        with explaining():
            base, _ = self._jobs.divide(job.overrides)
        found = self.earlier.like(base.written, job.overrides)
        if found is not None and (self.halves or id(base) not in self._known):
            self.check(job)  # which halving ranks with jobs that come anew
            self._known.add(id(base))
        return found

    def fingerprint(self, job: Job) -> str:
        """What tells a job's configuration from others, however its sweep is run."""
        base, _ = self._jobs.divide(job.overrides)
        return self.earlier.fingerprint(base.written, job.overrides)

    @property
    def most_together(self) -> int:
        """How many jobs a process may be handed at once."""
        return MOST_HANDED_OUT if self.options.rows else 1

    def check_data(self) -> None:
        """Raises SettingsError for a job checked before whose settings do not go with its data.

        And for one that `sweep.halving` cannot rank with the others.
        """
        together = RankedTogether(self.ranked_by) if self.halves else None
        if (problem := self.data_checks.problem(together)) is not None:
            raise SettingsError(problem)

    def run(self, job: Job) -> JobEnd:
        """Runs a job in this process."""
        folder = self.folder / str(job.number)
        manner = replace(OF_SWEEP, rung=job.rung, named=folder, tracked=not job.recomputed)
        if self._leaves_row(job):
            base, _ = self._jobs.divide(job.overrides)
            return self._rows.end(job, base, self.values(job), manner)
        if self._jobs.needs_hydra(job.overrides):
            return self._jobs.surrounded(
                job.overrides,
                job.number,
                folder,
                lambda config, documents: run_composed_job(
                    config, documents, folder, job.number, manner
                ),
            )
        return run_job(self.values(job), self.documents(job), folder, job.number, manner)

    def _leaves_row(self, job: Job) -> bool:
        """Whether a job leaves no folder: not one that has one, which is believed before a row."""
        return job.recomputed or (self.options.rows and job.number not in self._folders)

    @cached_property
    def _folders(self) -> Container[int]:
        """The numbers of the jobs that had folders when this was first asked."""
        return SweepFolder(self.folder).begun.keys()

    def run_some(self, jobs: Sequence[Job]) -> dict[int, JobEnd]:
        """Runs jobs in this process, for as long as a person waits for news; those that ended.

        By their places. At least one does.
        """
        ends: dict[int, JobEnd] = {}
        began = time.monotonic()

        def over() -> bool:
            late = time.monotonic() > began + SECONDS_TOGETHER
            return late or any(end.status == "interrupted" for end in ends.values())

        if not self.options.rows:
            return {0: self.run(jobs[0])}
        for alike in self._alike(jobs):
            places = alone = alike.places
            if len(places) > 1 and self._leaves_row(jobs[places[0]]):
                found = self._run_alike(jobs, alike)
                ends |= {places[place]: end for place, end in found.ends.items()}
                alone = [places[place] for place in found.alone]
            for place in alone:
                if ends and over():
                    return ends
                ends[place] = self.run(jobs[place])
            if over():
                break
        return ends

    def _alike(self, jobs: Sequence[Job]) -> "list[Alike]":
        """Jobs, those together that differ in their seeds alone."""
        found: dict[Hashable, Alike] = {}
        for place, job in enumerate(jobs):
            base, changed = self._jobs.divide(job.overrides)
            own = but_seed(base, changed), SEED in changed
            key = id(base), *own, job.rung, self._leaves_row(job)
            group = found.setdefault(key, Alike(base, [], []))
            group.places.append(place)
            group.seeds.append(changed.get(SEED))
        return list(found.values())

    def _run_alike(self, jobs: Sequence[Job], alike: Alike) -> Together:
        """Runs jobs that differ in their seeds alone."""
        config = self.values(jobs[alike.places[0]])
        seeds = [int(str(config["seed"] if seed is None else seed)) for seed in alike.seeds]
        together = [jobs[place] for place in alike.places]
        return self._rows.ends(together, alike.base, config, seeds)

    def lost(self, job: Job, reason: str, *, again: bool) -> JobEnd | None:
        """How a job ended whose process died, or None where it is to be run again.

        again: whether it may. A row has nothing to lose by that; a job with a folder may have been
        what ended the process, and has failed, but where others wait for it is tried again.
        """
        error = LostProcessError(reason)
        if self._leaves_row(job):
            base, _ = self._jobs.divide(job.overrides)
            recorded = failed_row(self.values(job), error, time.time())
            return None if again else self._rows.told(job, base, recorded, 1)
        folder = self.folder / str(job.number)
        ended = ended_at(folder, job)
        if ended is not None or (again and (self.halves or not (folder / "run.json").exists())):
            return ended
        return failed_job(self.values(job), self.documents(job), folder, job.number, error)

    def values(self, job: Job) -> dict[str, Any]:
        """A job's configuration."""
        return self._jobs.values(job.overrides)

    def documents(self, job: Job) -> dict[str, str]:
        """What is kept of a job beside its run."""
        return self._jobs.documents(job.overrides, job.number, self.folder / str(job.number))

    def load_kernels(self) -> None:
        """Loads kernels in this process, for those that are forked from it and may want them.

        No job's data and no job's net: what may go wrong with those is to happen to the job alone.
        """
        if self._jobs.value("engine") != "numpy":
            compiled.load_kernels()


def brief(end: JobEnd) -> JobEnd:
    """Without its row in a file of rows; the names of its results one text for all."""
    return replace(end, kept=None, header=sys.intern(end.header))

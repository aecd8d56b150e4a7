"""Picking up a sweep: its jobs are known by their configurations, whatever their numbers."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from runner.checking.parsing import assumed
from runner.configuration.overrides import name_of
from runner.errors import RunnerError, listed
from runner.experiment.building import as_built, loss_name
from runner.experiment.loading import whole_topology
from runner.experiment.resuming import warn
from runner.experiment.sharing import shared_dataset
from runner.network.topology import AUTO
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.job_rows import DamagedRowsError, JobRows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.layout import read_run
from runner.run_folder.statuses import AT_REST, FINISHED, PRUNED
from runner.run_folder.sweep_folder import SweepFolder
from runner.settings import OF_LOSS, Settings, parse_settings
from runner.storage.locks import locked
from runner.sweeping.trained_on import TrainedOn
from runner.sweeping.trained_with import TrainedWith


class Earlier(NamedTuple):
    """A job that a folder holds from an earlier launch."""

    number: int
    end: JobEnd | None
    """None where it is yet to come to its end."""


def identity(config: Mapping[str, Any]) -> str:
    """SHA-256 of a job's configuration; how its sweep is run is no part of that.

    Nor is what a configuration may leave out, as those from before it was there do.
    """
    values = but_assumed({key: value for key, value in config.items() if key != "sweep"})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def but_assumed(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration without the values that would be assumed where it left them out."""
    left_out = assumed(Settings)
    return {
        key: but_assumed(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in config.items()
        if f"{prefix}{key}" not in left_out or left_out[f"{prefix}{key}"] != value
    }


def as_recorded(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A configuration as run.json has it: with what data decide of it, where they are there."""
    settings = parse_settings(config)
    if settings.loss.name != AUTO and all(isinstance(piece, int) for piece in settings.topology):
        return {**config, "topology": "-".join(map(str, settings.topology))}
    try:
        dataset = shared_dataset(settings.dataset)
        topology = whole_topology(settings, dataset)
        return as_built(config, topology, loss_name(settings, dataset, topology))
    except RunnerError:  # as the job itself will say
        return config


class EarlierJobs:
    """What a sweep's folder holds from earlier launches and can be read.

    best_by: the columns by which the best is told, by the first that there is. Raises ConflictError
    when one of its jobs is being run.
    """

    def __init__(self, sweep: Path, best_by: Sequence[str]) -> None:
        self.trained_on, self._trained_with = TrainedOn(), TrainedWith()
        self.pruned: dict[int, JobEnd] = {}
        """How those stand that wait at a rung, by their numbers."""
        self.damaged = False
        """Whether the file of rows has some that cannot be read."""
        self._by_identity: dict[str, list[Earlier]] = defaultdict(list)
        self._by_texts: dict[tuple[str, tuple[str, ...]], Earlier] = {}
        self._of_bases: dict[str, str] = {}
        self._asked: dict[int, tuple[Mapping[str, Any], str]] = {}
        self._asked_for: list[tuple[str, tuple[str, ...]]] = []
        """What jobs of now are given, and of what base, since patterns were looked at."""
        self._patterns: set[tuple[str, frozenset[str]]] = set()
        """To which keys they give values, and of what base."""
        self._sweep, self._best_by = sweep, best_by
        rows = JobRows(sweep)
        self.ends: list[JobEnd] = []
        """Of those that have folders and have come to their end, by their numbers."""
        self.rows: dict[int, str] = {}
        """The statuses of those that are rows and need not be run again, by their numbers."""
        self.there = SweepFolder(sweep).numbers
        """Of all that there are, those too that cannot be read."""
        begun = SweepFolder(sweep).begun
        self.folders = begun.keys()
        """Of those that have folders."""
        taken = set(self._take_rows(rows)) if rows.is_there else set[int]()
        self._take_folders({number: begun[number] for number in begun if number not in taken})
        self.numbers = taken | self.folders
        """Of the jobs that there are; those that cannot be read are free where they were rows."""
        for told in self._trained_with.changed(sweep):
            warn(told)
        for jobs in self._by_identity.values():
            jobs.sort(key=lambda job: job.end is None)

    def __bool__(self) -> bool:
        return bool(self._by_identity or self._by_texts)

    def finished(self, numbers: Container[int]) -> Iterator[JobEnd]:
        """How those of these jobs ended that need not be run again."""
        yield from (end for end in self.ends if end.number in numbers)
        if left := [number for number in self.rows if number in numbers]:
            yield from (KeptJob(row).end for row in JobRows(self._sweep, left))

    def _take_folders(self, folders: Mapping[int, Path]) -> None:
        """The jobs that are folders."""
        for number, folder in folders.items():
            try:
                about = read_run(folder)
                key = identity(about["configuration"])
                self.trained_on.add(number, about)
            except (OSError, ValueError, LookupError, AttributeError, TypeError):
                warn(f"{folder}/run.json cannot be read; its job is taken for one that is missing")
                continue
            with locked(folder):
                end = ended_job(folder, number) if about["status"] in AT_REST else None
            if end is not None:
                self._trained_with.add(number, about)
            if end is not None and end.status == PRUNED:
                self.pruned[number], end = end, None
            self._by_identity[key].append(Earlier(number, end))
            self.ends += [] if end is None else [end]

    def _take_rows(self, rows: JobRows) -> Iterator[int]:
        """The jobs that are rows.

        One that has come to its end was given its folder later; else that goes on in its place.
        """
        known: set[tuple[object, ...]] = set()
        try:
            for row in rows:
                job = KeptJob(row)
                end = brief(job, self._best_by)
                if end is None and row.number in self.folders:
                    continue
                of_data = "dataset." in row.changes or "dataset." in row.overrides
                if of_data or (row.base, row.kind.about) not in known:
                    known.add((row.base, row.kind.about))
                    self.trained_on.add(row.number, job.as_run_json())
                yield row.number
                if end is not None:
                    self.rows[row.number] = end.status
                elif job.status == PRUNED:
                    self.pruned[row.number] = job.end
                if job.status in AT_REST:
                    self._trained_with.add_kind(row.number, row.kind.about)
                key = self._of_base(row.base.task), texts_of(job.overrides)
                self._by_texts[key] = Earlier(row.number, end)
        except DamagedRowsError as error:
            warn(f"{error}; its jobs are taken for ones that are missing")
            self.damaged = True
        if rows.damaged:
            which = listed(f"#{number}" for number in rows.damaged)
            warn(f"{rows.path} is damaged: {which} cannot be read and are taken for missing")
        self.damaged |= not rows.is_sound

    def _of_base(self, task: str) -> str:
        """The identity of what jobs have in common."""
        if task not in self._of_bases:
            self._of_bases[task] = identity(json.loads(task))
        return self._of_bases[task]

    def _of_common(self, common: Mapping[str, Any]) -> str:
        """The same, of what is asked for now."""
        if id(common) not in self._asked:
            self._asked[id(common)] = common, identity(common)
        return self._asked[id(common)][1]

    def fingerprint(self, common: Mapping[str, Any], overrides: Sequence[str]) -> str:
        """What tells a job's configuration from others.

        common: what it has in common with others, as it is written.
        """
        text = "\n".join([self._of_common(common), *texts_of(overrides)])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _tell_by_identity(self) -> None:
        """Takes rows that were said otherwise by the configurations that they come to.

        Such as those from before a default or a preset had another value.
        """
        new = {(base, keys_of(texts)) for base, texts in self._asked_for} - self._patterns
        self._asked_for.clear()
        if self._patterns and not new:
            return
        self._patterns |= new
        others = {
            job.number: key
            for key, job in self._by_texts.items()
            if (key[0], keys_of(key[1])) not in self._patterns
        }
        if not others:
            return
        for row in JobRows(self._sweep):
            if row.number in others:
                key = identity(KeptJob(row).configuration)
                self._by_identity[key].append(self._by_texts.pop(others[row.number]))

    def like(self, common: Mapping[str, Any], overrides: Sequence[str]) -> Earlier | None:
        """The row of a job that was given the same, taken from here.

        common: what it has in common with others, as it is written.
        """
        if not self._by_texts:
            return None
        base = self._of_common(common)
        texts = texts_of(overrides)
        self._asked_for.append((base, texts))
        return self._by_texts.pop((base, texts), None)

    def same(self, config: Mapping[str, Any]) -> Earlier | None:
        """An earlier job that has the same configuration, taken from here."""
        self._tell_by_identity()
        # One that failed at its data is recorded as it was given.
        for key in (identity(as_recorded(config)), identity(config)):
            if jobs := self._by_identity.get(key):
                return jobs.pop(0)
        return None


def keys_of(overrides: Sequence[str]) -> frozenset[str]:
    """The keys that overrides give values to."""
    return frozenset(map(name_of, overrides))


def texts_of(overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides in an order of their own, where that changes nothing; not how a sweep is run."""
    own = [text for text in overrides if not text.startswith("sweep.")]
    several = len({*map(name_of, own)}) < len(own)
    return tuple(own if several else sorted(own))


def brief(job: KeptJob, best_by: Sequence[str]) -> JobEnd | None:
    """How a row's job ended, with no more of its results than the best is told by, and its metric.

    None where it is to be run again.
    """
    about = job.about
    if about["status"] not in FINISHED:
        return None
    metric, there = about["metric"], about["results"]
    told = next((name for name in best_by if name in there), metric)
    names = {told, metric} & set(there)
    cells = {name: repr(job.number(name)) for name in names}
    if told == metric and about["stop_reason"] == "target":
        cells |= {"stop_reason": "target", "steps": f"{job.number('steps'):.0f}"}
        cells["stopping.target"] = job.cell("stopping.target")
    if told.endswith("loss"):
        cells |= {key: job.cell(key) for key in OF_LOSS}
    header, row = ",".join(cells), ",".join(cells.values())
    return JobEnd(job.row.number, about["status"], "", 0, header, row, metric)


def numbers_for(known: Sequence[Earlier | None], first: int, taken: set[int]) -> list[int]:
    """Each job's number: an earlier one's; else that of its place if free; else a new one."""
    places = range(first, first + len(known))
    own = {place for job, place in zip(known, places, strict=True) if job is None} - taken
    new = (number for number in count(max(taken, default=first)) if number not in own | taken)
    return [
        job.number if job is not None else place if place in own else next(new)
        for job, place in zip(known, places, strict=True)
    ]

"""A job that is a row given its folder: computed anew, and held against what the row says."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from runner.configuration.job_bases import base_from
from runner.errors import (
    ConflictError,
    ReportsOnce,
    RunnerError,
    SnapshotError,
    Stop,
    StorageError,
    counted,
    printable,
)
from runner.experiment.experiment import Experiment
from runner.experiment.moved_files import (
    NOWHERE_ELSE,
    Places,
    building_from,
    check_places,
    movable,
)
from runner.experiment.other_surroundings import changed_since
from runner.experiment.progress_bar import bar_on
from runner.experiment.resuming import built_again, check_data, met, resume_run, warn
from runner.experiment.running import ALONE, Manner, Outcome, record_failure, run_experiment
from runner.run_folder.kept_job import KeptJob, kept_job
from runner.run_folder.layout import is_job_number
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import load_network
from runner.run_folder.statuses import AT_REST, PRUNED
from runner.settings import origin
from runner.storage.files import storage_errors
from runner.system import sync_place


@dataclass(frozen=True)
class Expanded:
    """What a job came to when it was computed anew."""

    same: bool
    """Whether its weights are those of its row, to the byte."""
    elsewhere: Sequence[str]
    """Versions and machine that are others than when the row was made."""
    made_now: bool = True
    """Or whether it had its folder already."""

    @property
    def verdict(self) -> str:
        """In words."""
        before = "" if self.made_now else "has its folder already, with "
        if self.same:
            return f"{before}the bytes of its row"
        if not self.made_now:
            return f"{before}other weights than its row's: it has gone on since, or was changed"
        around = "; ".join(self.elsewhere) or "nothing that is known"
        return f"not the bytes of its row; otherwise than then: {around}"


def expand(run: Path, places: Places = NOWHERE_ELSE) -> Expanded | None:
    """Gives a job that is a row its folder, or holds the one that it has against its row.

    places: where files that have moved lie now.

    None where there is no row. Raises RunnerError where there is no such job, or its data are not
    to be had.
    """
    kept = RunFolder(run).kept
    if kept is None:
        RunFolder(run).about()
        row = kept_job(run) if is_job_number(run.name) else None
        if row is None:
            return None
        return Expanded(weights_of(run) == row.row.weights, (), made_now=False)
    about, documents = kept.as_run_json(), documents_of(kept, run)

    def build(config: Mapping[str, Any], _engine: str | None) -> Experiment:
        experiment = built_again(config, about, building_from(places))
        if kept.status != "failed":
            check_data(run, about, experiment)
        return experiment

    manner = Manner("nothing", True, build, rung=kept.rung, named=run, tracked=False)
    # It gets its name when it is whole: half of a run would stand in for its row.
    half = run.with_name(f".{run.name}.{uuid4().hex[:8]}")
    try:
        outcome = run_experiment(kept.configuration, half, documents, manner)
        if outcome.status == "interrupted":
            raise Stop(None, outcome.exit_code)
    except RunnerError as error:
        if kept.status != "failed":
            raise
        record_failure(half, kept.configuration, documents, error)
    finally:
        give_name(half, run)
    return Expanded(
        RunFolder(run).status == kept.status and weights_of(run) == kept.row.weights,
        changed_since(about, str(about["engine"])),
    )


def give_name(half: Path, run: Path) -> None:
    """Puts a folder that is whole in its place, and takes away one that is not.

    Raises ConflictError where something else lies there.
    """
    try:
        if RunFolder(half).status in (*AT_REST, "failed"):
            with storage_errors(run):
                half.rename(run)
                sync_place(run.parent)
    except StorageError as error:
        raise ConflictError(f"{printable(run)} holds something else: {error}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def documents_of(kept: KeptJob, run: Path) -> dict[str, str]:
    """What is kept of a job beside its run, by file name."""
    base = base_from(json.loads(kept.row.base.task), json.loads(kept.row.base.hydra))
    return base.documents(base.plain(kept.overrides), kept.overrides, kept.row.number, run)


def weights_of(run: Path) -> bytes:
    """The bytes of a run's result; none where there is none."""
    if RunFolder(run).status not in ("completed", PRUNED):
        return b""
    return load_network(run).parameters.tobytes()


def with_folder(run: Path, places: Places = NOWHERE_ELSE) -> Path:
    """The folder of a run, made where it is a row; says so where its weights are not the row's.

    Raises as `expand`.
    """
    if RunFolder(run).kept is not None:
        expanded = expand(run, places)
        if expanded is not None and not expanded.same:
            warn(f"{run}: {expanded.verdict}")
    return run


def start_run(
    config: Mapping[str, Any], folder: Path, documents: Mapping[str, str], manner: Manner = ALONE
) -> Outcome:
    """As `run_experiment`; a row that it branches off from is given its folder first."""
    if config.get("from") is not None:
        with_folder(origin("from", config["from"]).run)
    return run_experiment(config, folder, documents, manner)


def go_on(
    run: Path,
    changes: Mapping[str, Any],
    warn: Callable[[str], object],
    manner: Manner = ALONE,
) -> Outcome | str:
    """As `resume_run`; a row that is to go on is given its folder first.

    Raises SettingsError for a place where it reads no file.
    """
    check_places(movable(changes), [run])
    kept = RunFolder(run).kept
    if kept is not None and kept.status == "failed":
        error = printable(kept.row.error)
        raise SnapshotError(f"{printable(run)} failed: {error}; launch its sweep again")
    if kept is not None and kept.status == "completed" and not changes:
        return met(kept.configuration, str(kept.about["stop_reason"]))
    return resume_run(with_folder(run, movable(changes)), changes, warn, manner)


def expand_all(runs: Iterable[Path], places: Places = NOWHERE_ELSE) -> int:
    """Gives jobs their folders, a line each and a summary; 1 where one has other bytes."""
    codes, found, rows, same = [0], list(runs), 0, 0
    errors = ReportsOnce()
    check_places(places, found)
    with closing(bar_on(sys.stdout)) as bar:
        for place, run in enumerate(found):
            bar.move(place / len(found), printable(run))
            try:
                expanded = expand(run, places)
            except RunnerError as error:
                codes.append(errors.report(error))
                rows += 1
                continue
            if expanded is None:
                bar.line(f"{printable(run)}: is no row, but a folder")
                continue
            bar.line(f"{printable(run)}: {expanded.verdict}")
            rows, same = rows + 1, same + expanded.same
            codes.append(int(not expanded.same))
    if len(found) > 1:
        print(f"{same:,} of {counted(rows, 'row')} with the same bytes", flush=True)
    return max(codes)

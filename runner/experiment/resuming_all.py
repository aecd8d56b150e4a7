"""Going on with many runs: alone as one sees it train, a sweep's jobs told a line each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import (
    INTERRUPTED,
    DivergedError,
    RunnerError,
    SettingsError,
    error_line,
    printable,
    report_error,
)
from runner.experiment.expanding import go_on
from runner.experiment.moved_files import check_places, movable
from runner.experiment.resuming import resume_run, warn
from runner.experiment.running import Outcome
from runner.experiment.sharing import JOB
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import AT_REST, PRUNED
from runner.run_folder.sweep_folder import SweepFolder
from runner.storage.locks import locked


@dataclass(frozen=True)
class Resumed:
    """A run that was to go on."""

    run: Path
    outcome: Outcome | None = None
    """None where there was nothing to do, or it could not go on."""
    error: RunnerError | None = None
    """Why it could not go on, or diverged."""

    @property
    def exit_code(self) -> int:
        """What it comes to for who has named it."""
        if self.error is not None:
            return self.error.exit_code
        return 0 if self.outcome is None else self.outcome.exit_code


@dataclass(frozen=True)
class Resumption:
    """What going on with runs came to."""

    runs: Sequence[Resumed]
    exit_code: int
    never_started: int = 0
    """Jobs of sweeps that were not, or left nothing to go on from."""


def resume_all(folders: Sequence[Path], overrides: Sequence[str]) -> Resumption:
    """Goes on with every run named, and with every unfinished job of a sweep; tells how it went.

    overrides: new limits, such as `stopping.max_steps=1000`.
    """
    changes = {}
    if overrides:
        from runner.configuration.overrides import changes_in  # noqa: PLC0415 - loads Hydra

        changes = changes_in(overrides)
    done = list[Resumption]()
    for folder in folders:
        try:
            done.append(resumed(folder, changes))
        except RunnerError as error:
            done.append(Resumption([Resumed(folder, error=error)], report_error(error)))
        if done[-1].exit_code in INTERRUPTED.values():
            break
    return Resumption(
        [run for each in done for run in each.runs],
        max(each.exit_code for each in done),
        sum(each.never_started for each in done),
    )


def resumed(folder: Path, changes: Mapping[str, Any]) -> Resumption:
    """Goes on with a run or a sweep."""
    if not SweepFolder(folder).jobs:
        run = resumed_run(folder, changes)
        return Resumption([run], run.exit_code)
    with locked(folder):
        return resumed_sweep(folder, changes)


def resumed_run(run: Path, changes: Mapping[str, Any]) -> Resumed:
    """Goes on with a run, as one sees it train."""
    outcome = go_on(run, changes, warn)
    if isinstance(outcome, str):
        print(f"{printable(run)} is complete, nothing to do: {outcome}")
        return Resumed(run)
    if outcome.status == "diverged":
        error = DivergedError(outcome.text)
        report_error(error)
        return Resumed(run, outcome, error)
    return Resumed(run, outcome)


def not_ended(statuses: Mapping[Path, str], ended: Collection[str]) -> list[Path]:
    """The jobs that have folders and none of these statuses, or no results of it."""
    return [
        job
        for job, status in statuses.items()
        if job.exists() and (status not in ended or not RunFolder(job).has_results(status))
    ]


def resumed_sweep(sweep: Path, changes: Mapping[str, Any]) -> Resumption:
    """Goes on with the jobs of a sweep that have not ended, a line each; collects its results anew.

    With `changes` those that have completed may go on too. Pruned ones go on by their own names.
    Raises SettingsError where jobs are left of a sweep that halves them.
    """
    statuses = SweepFolder(sweep).statuses
    left = not_ended(statuses, AT_REST)
    rows = [statuses[job] for job in statuses if not job.exists()]
    missing = SweepFolder(sweep).never_started
    missing += sum(status not in AT_REST for status in rows)
    if SweepFolder(sweep).is_halved and (left or missing):
        raise SettingsError(
            f"{printable(sweep)} halves its jobs, which wait for each other: the command that "
            f"began it, with hydra.sweep.dir={printable(sweep)}, goes on with it; "
            f"python -m runner.resume {printable(sweep)}/N takes one of them to its own end"
        )
    check_places(movable(changes), statuses)
    if len(changes) > len(movable(changes)):
        left = not_ended(statuses, ("diverged", PRUNED))
        if kept := rows.count("completed"):
            print(f"{kept:,} of its jobs left rows, which have no state to go on from: they stay")
    pruned = sum(status == PRUNED for status in statuses.values())
    if not left and not missing:
        words = "is complete: nothing to do"
        if pruned:
            words += f", and {pruned:,} pruned: SWEEP/N takes one up"
        if pruned and SweepFolder(sweep).is_halved:
            words = (
                f"has no job under way: nothing to do; {pruned:,} are pruned: SWEEP/N takes one "
                "up, the command that began the sweep those that the ranking sends on"
            )
        print(f"{printable(sweep)} {words}")
        return Resumption([], 0)
    done = list[Resumed]()
    for job in left:
        done.append(resumed_job(job, changes))
        if done[-1].exit_code in INTERRUPTED.values():
            break
    SweepFolder(sweep).collect()
    if missing:
        print(
            f"{missing:,} of its jobs were never started, or left nothing to go on from; "
            f"the command that began the sweep, with hydra.sweep.dir={printable(sweep)}, runs them"
        )
    codes = [each.exit_code for each in done]
    failed = int(any(codes) or missing > 0)
    interrupted = (code for code in codes if code in INTERRUPTED.values())
    return Resumption(done, next(interrupted, failed), missing)


def resumed_job(job: Path, changes: Mapping[str, Any]) -> Resumed:
    """Goes on with a job of a sweep, and tells in a line how it ended."""
    try:
        outcome = resume_run(job, changes, warn, JOB)
    except RunnerError as error:
        print(f"#{job.name}: failed: {error_line(error)}", flush=True)
        return Resumed(job, error=error)
    if isinstance(outcome, str):
        print(f"#{job.name}: complete, {outcome}", flush=True)
        return Resumed(job)
    print(f"#{job.name}: {outcome.text}", flush=True)
    return Resumed(job, outcome)

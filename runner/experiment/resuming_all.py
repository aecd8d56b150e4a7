"""Going on with many runs: alone as one sees it train, a sweep's jobs told a line each."""

from collections.abc import Mapping, Sequence
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
from runner.experiment.resuming import resume_run, warn
from runner.experiment.sharing import JOB
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import AT_REST, PRUNED
from runner.run_folder.sweep_folder import SweepFolder
from runner.storage.locks import locked


def resume_all(folders: Sequence[Path], overrides: Sequence[str]) -> int:
    """Goes on with every run named, and with every unfinished job of a sweep; the exit code.

    overrides: new limits, such as `stopping.max_steps=1000`.
    """
    changes = {}
    if overrides:
        from runner.configuration.overrides import changes_in  # noqa: PLC0415 - loads Hydra

        changes = changes_in(overrides)
    codes = []
    for folder in folders:
        try:
            codes.append(resumed(folder, changes))
        except RunnerError as error:
            codes.append(report_error(error))
        if codes[-1] in INTERRUPTED.values():
            break
    return max(codes)


def resumed(folder: Path, changes: Mapping[str, Any]) -> int:
    """Goes on with a run or a sweep; its exit code."""
    if not SweepFolder(folder).jobs:
        return resumed_run(folder, changes)
    with locked(folder):
        return resumed_sweep(folder, changes)


def resumed_run(run: Path, changes: Mapping[str, Any]) -> int:
    """Goes on with a run, as one sees it train; its exit code."""
    outcome = go_on(run, changes, warn)
    if outcome is None:
        print(f"{printable(run)} is complete: nothing to do")
        return 0
    if outcome.status == "diverged":
        raise DivergedError(outcome.text)
    return outcome.exit_code


def resumed_sweep(sweep: Path, changes: Mapping[str, Any]) -> int:
    """Goes on with the jobs of a sweep that have not ended, a line each; collects its results anew.

    With `changes` those that have completed may go on too. Pruned ones go on by their own names.
    """
    ended = ("diverged", PRUNED) if changes else AT_REST
    statuses = SweepFolder(sweep).statuses
    left = [
        job
        for job, status in statuses.items()
        if job.exists() and (status not in ended or not RunFolder(job).has_results(status))
    ]
    missing = SweepFolder(sweep).never_started
    missing += sum(statuses[job] not in AT_REST for job in statuses if not job.exists())
    if SweepFolder(sweep).is_halved and (left or missing) and not changes:
        raise SettingsError(
            f"{printable(sweep)} halves its jobs, which wait for each other: the command that "
            f"began it, with hydra.sweep.dir={printable(sweep)}, goes on with it; "
            f"python -m runner.resume {printable(sweep)}/N takes one of them to its own end"
        )
    pruned = sum(status == PRUNED for status in statuses.values())
    if not left and not missing:
        more = f", and {pruned:,} pruned: SWEEP/N takes one up" if pruned else ""
        print(f"{printable(sweep)} is complete: nothing to do{more}")
        return 0
    codes = [0]
    for job in left:
        try:
            outcome = resume_run(job, changes, warn, JOB)
        except RunnerError as error:
            print(f"#{job.name}: failed: {error_line(error)}", flush=True)
            codes.append(1)
            continue
        print(f"#{job.name}: {'complete' if outcome is None else outcome.text}", flush=True)
        codes.append(outcome.exit_code if outcome else 0)
        if codes[-1] in INTERRUPTED.values():
            break
    SweepFolder(sweep).collect()
    if missing:
        print(
            f"{missing:,} of its jobs were never started, or left nothing to go on from; "
            f"the command that began the sweep, with hydra.sweep.dir={printable(sweep)}, runs them"
        )
        codes.append(1)
    return next((code for code in codes if code in INTERRUPTED.values()), int(any(codes)))

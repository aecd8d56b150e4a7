"""`python -m runner.resume RUN … [key=value …]`: goes on with runs that have not ended."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from runner.commands import CommandParser, run_command
from runner.errors import (
    INTERRUPTED,
    DivergedError,
    RunnerError,
    SettingsError,
    error_line,
    printable,
    report_error,
)
from runner.experiment.resuming import resume_run, warn
from runner.experiment.running import Manner
from runner.experiment.shared import build_sharing
from runner.run_folder.run import RunFolder
from runner.run_folder.sweep_folder import SweepFolder

EXAMPLES = """\
  python -m runner.resume outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.resume outputs/2026-11-22/15-02-10-9d1f0c2b7e      the unfinished jobs of a sweep
  python -m runner.resume RUN stopping.max_steps=2000000              further than it was to go
"""


def main(arguments: Sequence[str]) -> int:
    """Goes on with every run named, and with every unfinished job of a sweep."""
    parser = CommandParser(
        "resume", "Goes on with runs from their newest sound snapshots.", EXAMPLES
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run or of a sweep")
    parser.add_argument(
        "changes", nargs="*", metavar="key=value", help="new limits, such as stopping.max_steps=…"
    )
    given = parser.parse_args(arguments).runs
    folders = [name for name in given if "=" not in name or Path(name).is_dir()]
    overrides = [name for name in given if name not in folders]
    if not folders:
        raise SettingsError("no run is named; expected e.g. python -m runner.resume RUN")
    changes = {}
    if overrides:
        from runner.configuration.overrides import changes_in  # noqa: PLC0415 - loads Hydra

        changes = changes_in(overrides)
    codes = []
    for folder in map(Path, folders):
        try:
            codes.append(resumed(folder, changes))
        except RunnerError as error:
            codes.append(report_error(error))
        if codes[-1] in INTERRUPTED.values():
            break
    return max(codes)


def resumed(folder: Path, changes: Mapping[str, Any]) -> int:
    """Goes on with a run or a sweep; its exit code."""
    jobs = SweepFolder(folder).statuses
    return resumed_run(folder, changes) if jobs is None else resumed_sweep(folder, jobs, changes)


def resumed_run(run: Path, changes: Mapping[str, Any]) -> int:
    """Goes on with a run, as one sees it train; its exit code."""
    outcome = resume_run(run, changes, warn)
    if outcome is None:
        print(f"{printable(run)} is complete: nothing to do")
        return 0
    if outcome.status == "diverged":
        raise DivergedError(outcome.text)
    return outcome.exit_code


def resumed_sweep(sweep: Path, jobs: Mapping[Path, str], changes: Mapping[str, Any]) -> int:
    """Goes on with the jobs of a sweep that have not ended, a line each; collects its results anew.

    jobs: the status of each. With `changes` those that have completed may go on too.
    """
    ended = ("diverged",) if changes else ("completed", "diverged")
    left = [
        job
        for job, status in jobs.items()
        if status not in ended or not RunFolder(job).has_results(status)
    ]
    missing = SweepFolder(sweep).never_started
    if not left and not missing:
        print(f"{printable(sweep)} is complete: nothing to do")
        return 0
    codes = [0]
    for job in left:
        try:
            outcome = resume_run(
                job, changes, warn, Manner("nothing", one_of_many=True, build=build_sharing)
            )
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
            f"{missing:,} of its jobs were never started; the command that began the sweep, with "
            f"hydra.sweep.dir={printable(sweep)}, runs them"
        )
        codes.append(1)
    return next((code for code in codes if code in INTERRUPTED.values()), int(any(codes)))


class Resume(ModuleType):
    """This module, which can be called too: `runner.resume(run)` is a function of the same name."""

    def __call__(self, *arguments: Any, **changes: Any) -> Any:
        """Goes on with a run, as `runner.face.resume` says."""
        from runner.face import resume  # noqa: PLC0415 - for those who call it

        return resume(*arguments, **changes)


sys.modules[__name__].__class__ = Resume


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

"""Verifying many runs, told in words: a line each, and in the end what they came to."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runner.errors import ReportsOnce, RunnerError, SnapshotError, counted, printable
from runner.experiment.experiment import Experiment
from runner.experiment.moved_files import NOWHERE_ELSE, Places, building_from, check_places
from runner.experiment.progress_bar import bar_on
from runner.experiment.verifying import Comparison, verify_run
from runner.experiment.verifying_rows import verify_row
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import AT_REST
from runner.run_folder.sweep_folder import SweepFolder

Word = Literal["identical", "agrees", "differs", "not verified"]
"""What a repetition came to."""


@dataclass(frozen=True)
class Verified:
    """A run that was to be verified."""

    run: Path
    comparison: Comparison | None
    error: RunnerError | None
    """Why it could not be, where there is no comparison."""

    @property
    def word(self) -> Word:
        """The same of this one."""
        if self.comparison is None:
            return "not verified"
        if not self.comparison.differences:
            return "identical"
        return "agrees" if self.comparison.agrees else "differs"


@dataclass(frozen=True)
class Verification:
    """What verifying many runs came to."""

    runs: Sequence[Verified]
    left: Counter[str]
    """How many jobs have not ended, by status."""
    exit_code: int
    """1 where one comes out otherwise."""

    @property
    def ends(self) -> Counter[str]:
        """How many runs came to what, in a word."""
        return Counter(each.word for each in self.runs)


def verify_all(folders: Sequence[Path], places: Places = NOWHERE_ELSE) -> Verification:
    """Verifies every run named, and every job of a sweep that has ended.

    places: where files that have moved lie now.
    Each is told as it comes, in the end what they came to.
    """
    sweeps = {folder: jobs for folder in folders if (jobs := SweepFolder(folder).statuses)}
    runs = dict.fromkeys(run for folder in folders for run in ended(folder, sweeps.get(folder)))
    left = Counter(s for jobs in sweeps.values() for s in jobs.values() if s not in AT_REST)
    if not runs:
        raise SnapshotError(
            f"{printable(' '.join(map(str, folders)))}: no job has come to its end "
            f"({counts(left)}); python -m runner.resume goes on with them"
        )
    check_places(places, runs)
    found, codes, errors = list[Verified](), [0], ReportsOnce()
    with closing(bar_on(sys.stdout)) as bar:
        for each in verified(list(runs), building_from(places), bar.move):
            found.append(each)
            if each.error is not None:
                codes.append(errors.report(each.error))
            elif each.comparison is not None:
                lines = verdict(each.comparison)
                told = lines if each.run in folders else lines[:1]
                bar.line(f"{printable(each.run)}: " + "\n  ".join(told))
                codes.append(int(not each.comparison.agrees))
    done = Verification(found, left, max(codes))
    if len(runs) > 1 or left:
        print("\n  ".join(summary(done, folders)), flush=True)
    return done


def ended(folder: Path, jobs: Mapping[Path, str] | None) -> list[Path]:
    """A run, or those of a sweep's jobs that have ended."""
    return [folder] if jobs is None else [job for job in jobs if jobs[job] in AT_REST]


def verified(
    runs: Sequence[Path],
    build: Callable[..., Experiment],
    moved: Callable[[float, str], object],
) -> Iterator[Verified]:
    """Verifies runs, one after the other. moved: is told the share of all, and of which run."""
    for place, run in enumerate(runs):

        def moved_here(share: float, place: int = place, run: Path = run) -> None:
            moved((place + share) / len(runs), printable(run))

        try:
            kept = RunFolder(run).kept
            if kept is None:
                comparison = verify_run(run, moved_here, build)
            else:
                comparison = verify_row(run, kept, moved_here, build)
        except RunnerError as error:
            yield Verified(run, None, error)
        else:
            yield Verified(run, comparison, None)


def summary(done: Verification, named: Sequence[Path]) -> list[str]:
    """What many repetitions came to: a line, and what there is to add.

    named: those of which more has been told.
    """
    differing = (
        each.comparison
        for each in done.runs
        if each.comparison is not None and each.comparison.differences and each.run not in named
    )
    around = dict.fromkeys(text for one in differing for text in one.circumstances)
    return [
        f"{counted(len(done.runs), 'run')}: {counts(done.ends)}",
        *([f"otherwise than then: {'; '.join(around)}"] if around else []),
        *([f"left out: {counts(done.left)}"] if done.left else []),
    ]


def verdict(comparison: Comparison) -> list[str]:
    """What a repetition came to, in words: a line, and what there is to add."""
    snapshots, rows = counted(comparison.snapshots, "snapshot"), counted(comparison.rows, "row")
    compared = ", ".join([snapshots, f"{rows} of history", *comparison.files])
    if not comparison.differences:
        return [f"identical: {compared}"]
    first = comparison.differences[0]
    where = f"first at step {first.step:,}: {printable(first.what)}"
    around = "; ".join(comparison.circumstances) or "nothing that is known"
    places = counted(len(comparison.differences), "place")
    lines = [f"in {places} of {compared}", f"otherwise than then: {around}"]
    largest = f"the largest relative difference is {comparison.largest:.2g}"
    tolerance = f"{comparison.tolerance:g}"
    if comparison.agrees:
        why = "as rounding in other versions or on another machine explains"
        lines.append(f"not identical, for {comparison.unpromised}")
        return [f"agrees within {tolerance}, {why}; {largest}", f"differs {where}", *lines]
    if comparison.elsewhere and not comparison.unpromised:
        why = "which no other version or machine explains: engine=compiled promises the same bytes"
        lines.append(f"{largest}, {why}")
    elif comparison.elsewhere and comparison.tolerance < comparison.largest < float("inf"):
        why = "that other versions or another machine explain"
        lines.append(f"{largest}, above the {tolerance} {why}")
    return [f"differs, {where}", *lines]


def counts(by_word: Counter[str]) -> str:
    """`38 identical, 1 differs`."""
    return ", ".join(f"{count:,} {printable(word)}" for word, count in by_word.most_common())

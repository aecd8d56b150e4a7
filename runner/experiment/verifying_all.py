"""Verifying many runs, told in words: a line each, and in the end what they came to."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from runner.errors import RunnerError, SnapshotError, counted, printable, report_error
from runner.experiment.progress_bar import bar_on
from runner.experiment.sharing import build_sharing
from runner.experiment.verifying import Comparison, verify_run
from runner.experiment.verifying_rows import verify_row
from runner.run_folder.run import RunFolder
from runner.run_folder.statuses import AT_REST
from runner.run_folder.sweep_folder import SweepFolder

NOT_VERIFIED = "not verified"


def verify_all(folders: Sequence[Path]) -> int:
    """Verifies every run named, and every job of a sweep that has ended; the exit code.

    It is 1 where one comes out otherwise.
    """
    sweeps = {folder: jobs for folder in folders if (jobs := SweepFolder(folder).statuses)}
    runs = dict.fromkeys(run for folder in folders for run in ended(folder, sweeps.get(folder)))
    left = Counter(s for jobs in sweeps.values() for s in jobs.values() if s not in AT_REST)
    if not runs:
        raise SnapshotError(
            f"{printable(' '.join(map(str, folders)))}: no job has come to its end "
            f"({counts(left)}); python -m runner.resume goes on with them"
        )
    return verified(list(runs), folders, left)


def ended(folder: Path, jobs: Mapping[Path, str] | None) -> list[Path]:
    """A run, or those of a sweep's jobs that have ended."""
    return [folder] if jobs is None else [job for job in jobs if jobs[job] in AT_REST]


def verified(runs: Sequence[Path], named: Sequence[Path], left: Counter[str]) -> int:
    """Verifies runs, a line each and in the end a summary; the exit code.

    named: those of which more is told. left: how many jobs have not ended, by status.
    """
    codes, ends, around = [0], Counter[str](), dict[str, None]()
    with closing(bar_on(sys.stdout)) as bar:
        for place, run in enumerate(runs):

            def moved(share: float, place: int = place, run: Path = run) -> None:
                bar.move((place + share) / len(runs), printable(run))

            try:
                kept = RunFolder(run).kept
                if kept is None:
                    comparison = verify_run(run, moved, build_sharing)
                else:
                    comparison = verify_row(run, kept, moved, build_sharing)
            except RunnerError as error:
                codes.append(report_error(error))
                ends[NOT_VERIFIED] += 1
                continue
            told = verdict(comparison) if run in named else verdict(comparison)[:1]
            bar.line(f"{printable(run)}: " + "\n  ".join(told))
            codes.append(int(not comparison.agrees))
            ends[word(comparison)] += 1
            if comparison.differences and run not in named:
                around |= dict.fromkeys(comparison.circumstances)
    if len(runs) > 1 or left:
        print("\n  ".join(summary(ends, list(around), left)), flush=True)
    return max(codes)


def summary(ends: Counter[str], around: Sequence[str], left: Counter[str]) -> list[str]:
    """What many repetitions came to: a line, and what there is to add."""
    return [
        f"{counted(ends.total(), 'run')}: {counts(ends)}",
        *([f"otherwise than then: {'; '.join(around)}"] if around else []),
        *([f"left out: {counts(left)}"] if left else []),
    ]


def word(comparison: Comparison) -> str:
    """What a repetition came to, in a word."""
    if not comparison.differences:
        return "identical"
    return "agrees" if comparison.agrees else "differs"


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

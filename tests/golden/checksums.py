"""The table of checksums: what short runs come to with engine=compiled, on any machine.

    python -m tests.golden.checksums            # holds this machine against it
    python -m tests.golden.checksums --every 5  # the same of every fifth run
    python -m tests.golden.checksums --write    # writes it anew

Digests are SHA-256, the first 16 digits: of the prepared data, the final weights, history.csv,
the results in results.csv, and the tables of predictions and classes; all without times.
"""

import csv
import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from runner.configuration.composing import compose
from runner.errors import RunnerError
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.layout import read_run
from tests.golden.checksum_cases import cases, make_tables

TABLE = Path(__file__).with_name("checksums.csv")
KINDS = ("data", "weights", "history", "results", "tables")
TIMES = ("seconds", "steps_per_second", "started", "finished")
SETTINGS = ("engine=compiled", "recording.plots=false", "recording.durable=false")


def recorded() -> dict[str, dict[str, str]]:
    """The digests of each case, by kind."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        return {row.pop("case"): row for row in csv.DictReader(file)}


def digests(case: str, folder: Path) -> dict[str, str]:
    """What a case comes to here, run in a new folder below this one, the current one."""
    run = folder / hashlib.sha256(case.encode()).hexdigest()[:16]
    run_experiment(compose([*case.split(), *SETTINGS]), run, {}, QUIETLY)
    checksums = read_run(run)["checksums"]
    tables = [run / f"{name}.csv" for name in ("predictions", "classes", "confusion")]
    return {
        "data": checksums["data"][:16],
        "weights": checksums["parameters"][:16],
        "history": digest([without_times(run / "history.csv")]),
        "results": digest([without_times(run / "results.csv", after="status")]),
        "tables": digest(table.read_bytes() for table in tables if table.exists()),
    }


def digest(contents: Iterable[bytes]) -> str:
    """Of several contents the first 16 digits of SHA-256."""
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]


def without_times(path: Path, after: str = "") -> bytes:
    """The columns of a table that no clock decides, from one on."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    first = header.index(after) if after else 0
    kept = [place for place in range(first, len(header)) if header[place] not in TIMES]
    return "\n".join(",".join(row[place] for place in kept) for row in (header, *rows)).encode()


def differences(chosen: Iterable[str]) -> list[str]:
    """Of which cases what is otherwise here, a line each."""
    known, found = recorded(), []
    with tempfile.TemporaryDirectory() as folder:
        for case, ours in computed(chosen, Path(folder)):
            other = [kind for kind in KINDS if known.get(case, {}).get(kind) != ours[kind]]
            found += [f"{case}: {', '.join(other)}"] if other else []
    return found


def computed(chosen: Iterable[str], folder: Path) -> Iterable[tuple[str, dict[str, str]]]:
    """Each case and its digests."""
    before = Path.cwd()
    make_tables(folder)
    os.chdir(folder)
    try:
        for case in chosen:
            try:
                yield case, digests(case, folder)
            except RunnerError as error:
                raise RuntimeError(f"{case}: {error}") from error
    finally:
        os.chdir(before)


def write() -> None:
    """Writes the table anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open(TABLE, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *KINDS])
        for case, found in computed(cases(), Path(folder)):
            writer.writerow([case, *(found[kind] for kind in KINDS)])


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        every = int(sys.argv[2]) if sys.argv[1:2] == ["--every"] else 1
        lines = differences(cases()[::every])
        print("\n".join([*lines, f"{len(cases()[::every])} runs, {len(lines)} differences"]))
        sys.exit(bool(lines))

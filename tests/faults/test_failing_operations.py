"""Whatever the file system refuses: exit code 6, one line, and what was written before is sound."""

import errno
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest

from runner.errors import SnapshotError
from runner.run_folder.snapshots import load_snapshot
from tests.faults.children import Ended, Fault, Parent
from tests.problems import content

SETTINGS = ("stopping.max_steps=40", "recording.snapshots.epochs=10", "engine=numpy")
NAMES = ("ENOSPC", "EIO", "EACCES", "EMFILE")
FAULTS = {
    name: Fault("fail", error=getattr(errno, name))
    for name in ("ENOSPC", "EIO", "EACCES", "EMFILE")
} | {"short write": Fault("short")}


def broken_promises(ended: Ended, folder: Path, whole: dict[str, object]) -> list[str]:
    """What a failing operation left otherwise than promised."""
    try:
        found = states_of(folder)
    except SnapshotError as error:
        return [str(error)]
    line = ended.err
    promises = {
        "exit code": ended.code in (0, 6),
        "traceback": "Traceback" not in line,
        "one line": line == "" if ended.code == 0 else bool(re.fullmatch("error: [^\n]+\n", line)),
        "as printed": line.rstrip("\n").isprintable(),
        "snapshots": found.items() <= whole.items(),
        "all snapshots": ended.code != 0 or len(found) == len(whole),
    }
    return [f"{name}: {ended}" for name, holds in promises.items() if not holds]


def states_of(folder: Path) -> dict[str, object]:
    """What each snapshot holds. Raises SnapshotError when one is unsound."""
    snapshots = folder.glob("snapshots/step-*.npz")
    return {path.name: content(load_snapshot(path)) for path in snapshots}


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_operation_costs_no_snapshot_and_is_one_line(
    name: str, lasting: bool, parent: Parent, counted: Callable[..., None]
) -> None:
    folder = parent.new_folder()
    ended = parent("run", folder, SETTINGS)
    assert (ended.code, ended.err) == (0, "")
    whole = states_of(folder)
    broken = []
    for at in range(ended.operations):
        rmtree(folder, ignore_errors=True)
        fault = replace(FAULTS[name], at=at, lasting=lasting)
        ended = parent("run", folder, SETTINGS, fault)
        broken += [f"{fault}: {line}" for line in broken_promises(ended, folder, whole)]
    counted(**{"failing operations": at + 1})
    assert not broken, "\n".join([f"{len(broken)} broken", *broken[:5]])

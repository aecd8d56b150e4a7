"""What Windows lacks is taken away from this Python: the same results, by other ways.

`lacking/sitecustomize.py` says what: locks of folders, `fork`, signals, `/proc`, flags of files.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT, Ending, command, ending, start
from tests.sweeping.test_launcher import contents

LACKING = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "lacking"), str(CHECKOUT)])}
PROGRAM = """
import os, signal, subprocess, sys
from pathlib import Path
import runner
from runner.storage.locks import locked
from runner.verify import main as verify

run = runner.train("stopping.max_steps=60", "hydra.run.dir=runs/0", "recording.plots=false")
runner.resume(run, "stopping.max_steps=90")
few = "stopping.max_steps=20"
runner.sweep(few, "hydra.sweep.dir=folders", "sweep.workers=2", seed=[1, 2])
runner.sweep(few, "hydra.sweep.dir=rows", "sweep.record=rows", "sweep.workers=1", seed=[1, 2, 3])
for folder in ("runs", "folders", "rows"):
    print(runner.load_runs(folder)[["seed", "steps", "loss", "accuracy"]].to_csv())

print(verify(["runs/0", "rows"]))
with locked(Path("runs/0")):
    command = [sys.executable, "-m", "runner.resume", "runs/0", "stopping.max_steps=120"]
    second = subprocess.run(command, stderr=subprocess.PIPE, text=True)
print(second.returncode, second.stderr.replace(str(os.getpid()), "ID"))
print([hasattr(os, "fork"), hasattr(signal, "SIGUSR1"), os.path.exists("/proc")])
print(sorted(str(path) for path in Path().rglob(".runner-lock")))
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """What the program leaves and prints: with all that Linux has, and without."""
    found = {}
    for name, environment in (("whole", {}), ("lacking", LACKING)):
        cwd = tmp_path_factory.mktemp(name)
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=cwd,
            env={**ENVIRONMENT, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        found[name] = cwd, ended.stdout
    return found


def plain(content: object, place: Path) -> object:
    """A file's content without where it is and which process wrote it."""
    if not isinstance(content, str):
        return content
    return PROCESS.sub("", content).replace(str(place), "")


PROCESS = re.compile(r'"id": \d+|"started": "[^"]*"')


@pytest.mark.slow
def test_runs_and_sweeps_leave_the_same_bytes(both: dict[str, tuple[Path, str]]) -> None:
    (whole, _), (lacking, _) = both["whole"], both["lacking"]
    for folder in ("runs", "folders"):  # what rows hold is told below
        ours, theirs = contents(lacking / folder), contents(whole / folder)
        assert sorted(ours) == sorted(theirs)
        for name, there in theirs.items():
            here = ours[name]
            assert plain(here, lacking) == plain(there, whole), name


@pytest.mark.slow
def test_all_is_read_verified_and_held_by_one_writer(both: dict[str, tuple[Path, str]]) -> None:
    (_, whole), (_, lacking) = both["whole"], both["lacking"]
    there, here = (
        [
            line
            for line in told.splitlines()
            if not line.startswith("Jobs ") and " passed" not in line
        ]
        for told in (whole, lacking)
    )
    assert there[-2:] == ["[True, True, True]", "[]"]
    assert here[-2:] == ["[False, False, False]", "[]"]
    assert here[:-2] == there[:-2]
    assert "5 error: runs/0 is in use; wait until that has ended" in here
    assert "4 runs: 4 identical" in here


SWEEP = ("-m", "hydra.sweep.dir=s", "+hydra.job.env_set.A=b", "sweep.workers=1")


def test_an_interrupted_sweep_ends_in_order_and_goes_on(tmp_path: Path) -> None:
    """With what only Hydra does around a job, and so sends to processes."""
    limits = ("seed=1,2", "stopping.max_steps=null", "stopping.max_seconds=2")
    process = start(*SWEEP, *limits, cwd=tmp_path, **LACKING)
    last = time.monotonic() + 60
    while not (tmp_path / "s/0/history.csv").exists() and time.monotonic() < last:
        time.sleep(0.05)
    assert process.poll() is None, ending(process)
    process.send_signal(signal.SIGINT)
    ended = ending(process)
    assert ended.code == 130, ended
    assert "2 jobs are left" in ended.out, ended.out
    assert not list(tmp_path.rglob(".runner-lock"))
    again: Ending = command(*SWEEP, *limits, cwd=tmp_path, **LACKING)
    assert again.code == 0, again.err
    assert "2 completed" in again.out

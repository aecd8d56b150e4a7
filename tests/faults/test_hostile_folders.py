"""Folders from somebody else: reading what they hold runs nothing and reaches nothing else."""

import json
import os
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import pytest

from runner.commands import run_command
from runner.run_folder.run import RunFolder
from runner.storage.npz_files import encode
from tests.end_to_end.commands import Ending, InProcess
from tests.limits import bounded

SHORT = ("stopping.target=null", "stopping.max_steps=40", "recording.plots=false")
Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, `run`, and a sweep of three, `sweep`."""
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for arguments in (
            ("hydra.run.dir=run", "recording.snapshots.epochs=10", *SHORT),
            ("-m", "hydra.sweep.dir=sweep", "seed=1,2,3", *SHORT),
        ):
            patch.setattr("sys.argv", ["runner", *arguments])
            assert import_module("runner.application.main").main() == 0
            patch.setenv("HYDRA_FULL_ERROR", "")
        for command in ("compare", "report", "plots"):  # which loads what they need
            assert run_command(import_module(f"runner.{command}").main, ["run"]) == 0
    (folder / "report.html").unlink()
    (folder / "in.csv").write_text("1,2,3\n0,0,1\n")
    rmtree(folder / "run" / "plots")
    return folder


@pytest.fixture
def act(run: InProcess, sound: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ending]:
    """Damages a copy of it, then does a command there, in bounded time and memory."""
    copytree(sound, run.cwd / "here")
    run.cwd /= "here"

    def acted(damage: Damage, command: str, *arguments: str) -> Ending:
        damage(run.cwd)
        if command == "runner":
            with bounded():
                return run(*arguments)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(run.cwd)
            patch.delenv("HYDRA_FULL_ERROR", raising=False)
            main = import_module(f"runner.{command}").main
            capfd.readouterr()
            with bounded():
                code = run_command(main, arguments)
        said = capfd.readouterr()
        return Ending(code, said.out, said.err)

    return acted


def pipe(name: str) -> Damage:
    """A pipe in a file's place: whoever opens it waits for ever."""

    def damage(here: Path) -> None:
        (here / name).unlink(missing_ok=True)
        os.mkfifo(here / name)

    return damage


def link(name: str, target: str) -> Damage:
    """A link in a file's place."""

    def damage(here: Path) -> None:
        (here / name).unlink(missing_ok=True)
        (here / name).symlink_to(target)

    return damage


def text(name: str, content: str | bytes) -> Damage:
    """Another content of a file."""
    encoded = content.encode() if isinstance(content, str) else content
    return lambda here: (here / name).write_bytes(encoded)


def folder(name: str) -> Damage:
    """A folder more."""
    return lambda here: (here / name).mkdir()


def holes(name: str) -> Damage:
    """A file that seems to go on for 20 GB."""

    def damage(here: Path) -> None:
        (here / name).parent.mkdir(exist_ok=True)
        with open(here / name, "ab") as file:
            file.truncate(20 << 30)

    return damage


def told(key: str, *values: object, run: str = "run") -> Damage:
    """Another value of a key in run.json, or none."""

    def damage(here: Path) -> None:
        path = here / run / "run.json"
        about: dict[str, Any] = json.loads(path.read_text())
        *sections, name = key.split(".")
        inner = about
        for section in sections:
            inner = inner[section]
        inner.pop(name, None)
        if values:
            inner[name] = values[0]
        path.write_text(json.dumps(about))

    return damage


def forged(**members: Any) -> Damage:
    """Other members of the newest snapshot, its digest right."""

    def damage(here: Path) -> None:
        path = RunFolder(here / "run").snapshot()
        with np.load(path) as arrays:
            kept = {name: arrays[name] for name in arrays.files} | members
        path.write_bytes(encode({name: np.asarray(value) for name, value in kept.items()}))

    return damage


LONGER = ("resume", "run", "stopping.max_steps=50")
BRANCH = ("runner", "from=run@40", "stopping.max_steps=50")
AGAIN = ("runner", "-m", "hydra.sweep.dir=sweep", "seed=1,2,3", *SHORT)
COMPARED, REPORTED, VERIFIED = ("compare", "run"), ("report", "run"), ("verify", "run")
PREDICTED = ("predict", "run", "in.csv")
WRITING = (
    (*PREDICTED, "-o", "out"),
    ("compare", "run", "--csv", "out"),
    ("report", "run", "-o", "out.html"),
    ("export", "run", "out.npz"),
    ("export", "run", "out.onnx"),
)
NOT_PLAIN, NO_RUNS = "is not a plain file", "no run"
OVERRIDES = "run/.hydra/overrides.yaml"

CASES: dict[str, tuple[Damage, tuple[str, ...], int, str]] = {
    # damage, the command, its exit code, words of what it says on stderr
    "results a pipe, compared": (pipe("run/results.csv"), COMPARED, 4, NOT_PLAIN),
    "results a pipe, reported": (pipe("run/results.csv"), REPORTED, 4, NO_RUNS),
    "results a pipe, resumed": (pipe("run/results.csv"), LONGER, 4, NOT_PLAIN),
    "results without end": (link("run/results.csv", "/dev/zero"), COMPARED, 4, "a symbolic link"),
    "run.json a pipe, resumed": (pipe("run/run.json"), LONGER, 4, NOT_PLAIN),
    "run.json a pipe, verified": (pipe("run/run.json"), VERIFIED, 4, NOT_PLAIN),
    "run.json a pipe, branched off": (pipe("run/run.json"), BRANCH, 4, NOT_PLAIN),
    "run.json a pipe, drawn": (pipe("run/run.json"), ("plots", "run"), 1, NOT_PLAIN),
    "run.json without end": (link("run/run.json", "/dev/zero"), VERIFIED, 4, "a symbolic link"),
    "history a pipe, reported": (pipe("run/history.csv"), REPORTED, 0, NOT_PLAIN),
    "history a pipe, resumed": (pipe("run/history.csv"), LONGER, 4, NOT_PLAIN),
    "history a pipe, verified": (pipe("run/history.csv"), VERIFIED, 4, NOT_PLAIN),
    "history without end": (link("run/history.csv", "/dev/zero"), REPORTED, 0, "symbolic link"),
    "overrides a pipe": (pipe(OVERRIDES), REPORTED, 0, ""),
    "overrides of 90,000 brackets": (text(OVERRIDES, "[" * 90_000), REPORTED, 0, ""),
    "overrides of aliases": (
        text(OVERRIDES, f"- &a {'x' * 40_000}\n" + "- *a\n" * 9000),
        REPORTED,
        0,
        "",
    ),
    "a job's run.json a pipe, resumed": (pipe("sweep/1/run.json"), ("resume", "sweep"), 1, ""),
    "a job's run.json a pipe": (pipe("sweep/1/run.json"), AGAIN, 0, ""),
    "a job's results a pipe": (pipe("sweep/1/results.csv"), AGAIN, 0, ""),
    "a job's results a pipe, compared": (
        pipe("sweep/1/results.csv"),
        ("compare", "sweep"),
        0,
        NOT_PLAIN,
    ),
    "a sweep's results a pipe": (pipe("sweep/results.csv"), ("compare", "sweep"), 0, NOT_PLAIN),
    "a job whose number is a superscript": (
        folder("sweep/²"),
        (*AGAIN[:3], "seed=1,2,3,4", *SHORT),
        0,
        "",
    ),
    "a sweep's log a link": (link("sweep/sweep.log", "../../kept"), AGAIN, 4, "a symbolic link"),
    "a sweep's results a link": (
        link("sweep/results.csv", "../../kept"),
        AGAIN,
        4,
        "a symbolic link",
    ),
    "a sweep's settings a link": (
        link("sweep/multirun.yaml", "../../kept"),
        AGAIN,
        4,
        "a symbolic link",
    ),
    "a job to come, a link": (link("sweep/3", "../.."), AGAIN, 4, "sweep/3 is a symbolic link"),
    "a sweep's log a pipe": (pipe("sweep/sweep.log"), AGAIN, 4, NOT_PLAIN),
    "a sweep's settings a pipe": (pipe("sweep/multirun.yaml"), AGAIN, 4, NOT_PLAIN),
    "a carriage return in results": (
        text("run/results.csv", "topology,status\n3-4-1\r,completed\n"),
        COMPARED,
        4,
        "a carriage return amid a line",
    ),
    "a snapshot of a long history": (forged(history=[2**40, 5]), LONGER, 0, "lacks rows"),
    "a snapshot of a wide group": (
        forged(input_groups=[[0, 2**40]]),
        PREDICTED,
        4,
        "input_groups are not among its inputs",
    ),
    "a snapshot of no classes": (
        forged(classes=np.array([], "U1")),
        PREDICTED,
        4,
        "its classes are 0",
    ),
    "a snapshot of long fillings": (
        forged(input_fill=np.zeros(9)),
        ("export", "run", "net.onnx"),
        4,
        "its input_fill are 9, for 3 inputs",
    ),
    "a snapshot of an infinite scale": (
        forged(target_shift=[0.0], target_scale=[np.inf]),
        PREDICTED,
        4,
        "its target_scale are not finite",
    ),
    "a snapshot of a scale of 0": (
        forged(target_shift=[0.0], target_scale=[0.0]),
        PREDICTED,
        4,
        "its target_scale is 0",
    ),
    "a snapshot of classes that are commands": (
        forged(classes=["=cmd|' /C calc'!A0", "\x1b[2J"]),
        PREDICTED,
        0,
        "",
    ),
    "a snapshot of an activation that is code": (
        forged(activations=["os.system", "sigmoid"]),
        PREDICTED,
        4,
        "no activation 'os.system'",
    ),
    "a snapshot of 20 GB of holes": (
        holes("run/snapshots/step-000000040.npz"),
        PREDICTED,
        4,
        "SHA-256",
    ),
    "a snapshot of 20 GB of holes, resumed": (
        holes("run/snapshots/step-000000040.npz"),
        LONGER,
        0,
        "SHA-256",
    ),
    "run.json of 20 GB of holes": (holes("run/run.json"), VERIFIED, 4, "NUL bytes"),
    "results of 20 GB of holes": (holes("run/results.csv"), COMPARED, 4, "NUL bytes"),
    "history of 20 GB of holes": (holes("run/history.csv"), VERIFIED, 4, "NUL bytes"),
    "history of 20 GB of holes, reported": (holes("run/history.csv"), REPORTED, 0, "NUL bytes"),
    "a picture of 20 GB of holes": (holes("run/plots/curve.png"), REPORTED, 0, ""),
    **{
        f"what is written is a link: {' '.join(command)}": (
            link(command[-1], "../kept"),
            command,
            6,
            f"{command[-1]}: is there and not a plain file",
        )
        for command in WRITING
    },
    **{
        f"what is written is a pipe: {' '.join(command)}": (
            pipe(command[-1]),
            command,
            6,
            f"{command[-1]}: is there and not a plain file",
        )
        for command in WRITING
    },
    "started is not told": (told("started"), LONGER, 4, "its started is null, expected a text"),
    "resumed is a number": (told("resumed", 5), LONGER, 4, "its resumed is 5, expected a list"),
    "versions are a list": (told("versions", []), VERIFIED, 0, ""),
    "engine is not told": (told("engine"), LONGER, 4, "its engine is null"),
    "data are not told": (told("checksums.data"), BRANCH, 0, ""),
    "stopping is a number": (
        told("configuration.stopping", 5),
        LONGER,
        2,
        "stopping.metric is missing",
    ),
    "stopping is a number, branched off": (
        told("configuration.stopping", 5),
        (*BRANCH[:2], "stopping={max_steps: 50}"),
        0,
        "",
    ),
}


def test_a_folder_deleted_while_its_run_goes_on_is_told_in_one_line(
    run: InProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "gone"

    def delete() -> None:
        while not (run.cwd / "gone" / "history.csv").exists():
            time.sleep(0.01)
        (run.cwd / "gone").rename(elsewhere)  # all of it at once, as one sees a deleted folder

    deleting = threading.Thread(target=delete)
    deleting.start()
    ended = run("hydra.run.dir=gone", *SHORT[:1], "stopping.max_seconds=1.5", "engine=numpy")
    deleting.join()
    assert ended.code == 6, ended
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert "gone" in ended.err
    assert not list(run.cwd.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_folder_is_refused_or_harmless(
    case: str, act: Callable[..., Ending], tmp_path: Path
) -> None:
    damage, command, code, words = CASES[case]
    (tmp_path / "kept").write_text("as it was")
    outside = set(tmp_path.iterdir())
    ended = act(damage, *command)
    assert ended.code == code, ended
    assert all(line.isprintable() for line in (ended.out + ended.err).splitlines())
    assert words in ended.err
    assert ended.err.count("error: ") == (code > 1)
    assert all(
        line.startswith(("error: ", "warning: ", "left out: ")) for line in ended.err.splitlines()
    )
    assert set(tmp_path.iterdir()) - outside <= {tmp_path / "here"}
    assert (tmp_path / "kept").read_text() == "as it was"
    assert not list(tmp_path.rglob("pwned*"))

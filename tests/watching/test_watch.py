"""Following folders that grow, vanish, are half written or damaged; and what is served to whom."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import runner
from runner.commands import run_command
from runner.watch import main
from runner.watching.numbers import sparkline
from runner.watching.overview import Overview
from runner.watching.sweep_standing import FollowedSweep
from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT, InProcess

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
SHORT = {"stopping.target": None, "stopping.max_steps": 50}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, a sweep in folders and one in rows."""
    root = tmp_path_factory.mktemp("made")
    runner.train(f"hydra.run.dir={root / 'run'}", **SHORT)
    for name, record in (("sweep", "folders"), ("rows", "rows")):
        place = f"hydra.sweep.dir={root / name}"
        runner.sweep(place, seed=range(1, 4), **{"sweep.record": record, **SHORT})
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, for a test to damage."""
    return Path(shutil.copytree(made, tmp_path / "outputs"))


@contextmanager
def watching(
    folder: Path, program: Sequence[str] = ("-m", "runner.watch")
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the address of its page."""
    command = [sys.executable, *program, str(folder), "--port", "0"]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process, process.stdout.readline().split()[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def asked(
    address: str, headers: Mapping[str, str] | None = None, form: bytes | None = None
) -> tuple[int, Any, bytes]:
    """Status, headers and body of an answer."""
    request = Request(address, headers=dict(headers or {}), data=form)  # noqa: S310 - ours
    try:
        with urlopen(request) as response:  # noqa: S310 - ours
            return response.status, response.headers, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, b""


def entries(overview: Overview) -> dict[str, Any]:
    """What is told of each run and sweep, looked for now."""
    overview._looked = None
    return {entry["name"]: entry for entry in overview.look()["runs"]}


def test_a_run_and_sweeps_are_told_with_their_best(root: Path) -> None:
    overview = Overview(root)
    told = entries(overview)
    assert set(told) == {"run", "sweep", "rows"}
    assert (told["run"]["status"], told["run"]["step"]) == ("completed", 50)
    for name in ("sweep", "rows"):
        assert (told[name]["done"], told[name]["planned"]) == (3, 3)
        assert told[name]["best"] == {**told["sweep"]["best"], "title": told[name]["best"]["title"]}
        job = overview.whole(f"{name}/1")
        assert job is not None
        assert job["curves"]["step"][-1] == 50
        assert job["network"]["topology"] == "3-4-1"


DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no run.json": (lambda root: (root / "run/run.json").unlink(), "run", "absent"),
    "half a run.json": (lambda root: (root / "run/run.json").write_text("{"), "run", "damaged"),
    "other JSON": (lambda root: (root / "run/run.json").write_text("[1]"), "run", "damaged"),
    "no history": (lambda root: (root / "run/history.csv").unlink(), "run", "completed"),
    "a strange history": (lambda r: (r / "run/history.csv").write_text("x,\n"), "run", "completed"),
    "no snapshots": (lambda root: shutil.rmtree(root / "run/snapshots"), "run", "completed"),
    "a torn table": (lambda r: (r / "sweep/results.csv").write_text("job,\n"), "sweep", "running"),
    "bytes in a table": (
        lambda r: (r / "sweep/results.csv").write_bytes(b"\xff"),
        "sweep",
        "running",
    ),
    "no table": (lambda root: (root / "sweep/results.csv").unlink(), "sweep", "running"),
    "foreign rows": (lambda r: (r / "rows/jobs.sqlite").write_text("x"), "rows", "completed"),
    "vanished": (lambda root: shutil.rmtree(root / "sweep"), "sweep", "absent"),
    "all vanished": (shutil.rmtree, "run", "absent"),
}


BESTS: dict[str, tuple[str, ...]] = {
    "some jobs hold data out": ("dataset.validation=null,0.2",),
    "jobs watch this or that": ("dataset.validation=0.2", "stopping.metric=loss,val_accuracy"),
    "losses of two kinds": (
        "dataset.validation=0.2", "stopping.metric=loss", "loss=squared_error,cross_entropy"),
    "data of which some lack the metric": ("dataset=spirals,sine", "topology=in-2-out"),
}  # fmt: skip


@pytest.mark.parametrize("case", BESTS)
def test_the_best_is_that_of_the_sweep(case: str, run: InProcess) -> None:
    short = ("seed=1,2", "stopping.max_epochs=3", "stopping.target=null")
    ended = run("-m", "dataset=spirals", *BESTS[case], *short, "hydra.sweep.dir=s")
    told = FollowedSweep(run.cwd / "s").standing()
    best = next(line for line in ended.out.splitlines() if line.startswith("Best"))
    if told["best"] is None:
        assert "none: loss is of 2 kinds" in best.replace("val_loss", "loss")
    else:
        number, value = told["best"]["job"], told["best"]["value"]
        assert f"Best        {told['metric']} {value:.6g} of #{number} " in best


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("before", [False, True], ids=["then watched", "while watched"])
def test_what_vanishes_or_is_damaged_ends_nothing(root: Path, damage: str, before: bool) -> None:
    do, name, status = DAMAGES[damage]
    overview = Overview(root)
    if before:
        entries(overview)
    do(root)
    told = entries(overview).get(name, {"status": "absent"})
    known = before and "table" in damage and damage != "no table"
    assert told["status"] == ("completed" if known else status)  # as it was read last
    for each in ("run", "sweep", "sweep/1", "rows", "rows/1"):
        overview.whole(each)


NAMES = [
    "../outside",
    "/etc",
    "..",
    "sweep/../run",
    "sweep/01",
    "sweep/9",
    "run/0",
    "link",
    "",
    "x",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_to_nothing_but_what_was_found(root: Path, name: str) -> None:
    shutil.copytree(root / "run", root.parent / "outside")
    (root / "link").symlink_to(root.parent / "outside")
    (root / "sweep" / "9").symlink_to(root.parent / "outside")
    overview = Overview(root)
    entries(overview)
    assert overview.whole(name) is None


def test_a_file_that_is_a_link_elsewhere_is_not_read(root: Path) -> None:
    (root.parent / "secret").write_text("secret")
    (root / "run" / "run.log").unlink()
    (root / "run" / "run.log").symlink_to(root.parent / "secret")
    overview = Overview(root)
    entries(overview)
    told = overview.whole("run")
    assert told is not None
    assert told["kind"] == "gone"
    assert told["error"].endswith("put the file itself there")


def test_folders_that_come_are_found_and_a_killed_run_is_not_running(root: Path) -> None:
    overview = Overview(root / "new")
    assert not overview.look()["there"]
    shutil.copytree(root / "run", root / "new" / "day" / "run")
    about = root / "new" / "day" / "run" / "run.json"
    about.write_text(about.read_text().replace('"completed"', '"running"'))
    started = about.read_text().partition('"started": "')[2].partition('"')[0]
    assert started
    told = entries(overview)["day/run"]
    assert told["status"] == "running"  # by this process, which lives
    text = about.read_text()
    about.write_text(text.replace(f'"id": {os.getpid()}', '"id": 999999999'))
    assert entries(overview)["day/run"]["status"] == "ended"


def test_a_run_that_goes_on_stands_at_its_newest_snapshot_where_rows_are_far_apart(
    root: Path,
) -> None:
    overview, run = Overview(root), root / "run"
    assert entries(overview)["run"]["step"] == 50
    shutil.copy(run / "snapshots" / "step-000000050.npz", run / "snapshots" / "step-000001050.npz")
    assert entries(overview)["run"]["step"] == 50
    about = run / "run.json"
    about.write_text(about.read_text().replace('"completed"', '"running"'))
    assert entries(overview)["run"]["step"] == 1050
    told = overview.whole("run")
    assert told is not None
    assert told["step"] == 1050


def test_looking_that_takes_long_is_done_seldom(root: Path, monkeypatch: Any) -> None:
    clock = iter([0.0, 0.1])
    monkeypatch.setattr("runner.watching.overview.time.thread_time", lambda: next(clock))
    overview = Overview(root)
    overview.look()
    assert overview.seconds == pytest.approx(10)
    overview.look()  # nothing is looked for: the clock would have run out


@pytest.mark.parametrize(("load", "seconds"), [(2.7, 2), (2.9, 2), (3.6, 4)])
def test_looks_are_rarer_while_all_processors_are_busy(
    load: float, seconds: float, root: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("runner.watching.overview.SHARE", 1e3)  # however long it takes
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.getloadavg", lambda: (load, 9, 9))
    overview = Overview(root)
    overview.look()
    assert overview.seconds == seconds
    monkeypatch.delattr("os.getloadavg")  # as where there is none
    overview = Overview(root)
    overview.look()
    assert overview.seconds == 2


def test_only_this_machine_by_its_own_name_is_answered_and_only_to_get(root: Path) -> None:
    with watching(root) as (process, address):
        code, headers, body = asked(f"{address}runs")
        assert code == 200
        assert "Access-Control-Allow-Origin" not in headers
        assert b'"sweep"' in body
        others: dict[str, tuple[str, dict[str, str], bytes | None, int]] = {
            "elsewhere": ("runs", {"Host": "evil.example"}, None, 400),
            "a form": ("runs", {}, b"x", 405),
            "a file": ("run/run.json", {}, None, 404),
            "the same again": ("runs", {"If-None-Match": headers["ETag"]}, None, 304),
        }
        for path, sent, form, expected in others.values():
            assert asked(f"{address}{path}", sent, form)[0] == expected
        port = address.rstrip("/").rpartition(":")[2]
        again = [sys.executable, "-m", "runner.watch", str(root), "--port", port]
        other = subprocess.run(
            again, cwd=CHECKOUT, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert other.returncode == 5
        assert other.stderr.startswith(f"error: --port {port} cannot be used (")
        assert other.stderr.count("\n") == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_in_a_pipe_it_tells_each_run_in_a_line(root: Path, capsys: Any) -> None:
    assert main([str(root), "--text", "--once"]) == 0
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "step 50" in lines["run"]
    assert "3 of 3 jobs" in lines["sweep"]
    assert main([str(root / "none"), "--once"]) == 0
    assert capsys.readouterr().out.endswith("none is not there yet; waiting for it\n")


def test_the_table_has_a_row_a_run(root: Path) -> None:
    from rich.console import Console

    from runner.watching.in_terminal import table

    console = Console(width=120, record=True, file=open(os.devnull, "w", encoding="utf-8"))
    with console.file:
        console.print(table(Overview(root)))
    assert "3-4-1 · eight_samples" in console.export_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "70000"], "--port 70000: expected 0 to 65,535"),
        (["pyproject.toml"], "pyproject.toml is not a folder; expected one with runs"),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments: list[str], told: str, capsys: Any) -> None:
    assert run_command(main, arguments) == 2
    assert capsys.readouterr().err == f"error: {told}\n"


def test_a_missing_extra_is_named(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run_command(main, []) == 2
    told = "error: this needs uvicorn, which is not installed; in a clone of runner: "
    assert capsys.readouterr().err == f"{told}pip install '.[watch]'\n"


def test_a_sparkline_has_a_letter_a_value() -> None:
    assert sparkline([0, 1, None, 0.5]) == "▁█ ▅"
    assert sparkline([2, 2]) == "▁▁"
    assert sparkline([]) == ""

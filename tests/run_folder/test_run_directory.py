import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy
import pytest

import runner
from runner.errors import ConflictError, DataError, StorageError
from runner.run_folder.layout import read_run
from runner.run_folder.tables import read_row
from runner.run_folder.writing import DRAWN, OF_ITS_END, RunWriter, git_commit
from runner.storage.locks import locked
from tests.limits import bounded

DOCUMENTS = {".hydra/config.yaml": "topology: 3-4-1\n", ".hydra/overrides.yaml": "- ä\n"}


ABOUT = {"engine": "numpy", "checksums": {"data": "abc"}, "configuration": {"seed": 1}}


@contextmanager
def claimed(path: Path) -> Iterator[RunWriter]:
    directory = RunWriter(path, {"topology": "3-4-1", "seed": 1})
    with directory.claimed(ABOUT, DOCUMENTS):
        yield directory


def test_a_claimed_folder_says_who_runs_what(tmp_path: Path) -> None:
    with claimed(tmp_path / "deep" / "run"):
        pass
    about = read_run(tmp_path / "deep" / "run")
    assert about["status"] == "running"
    assert about["engine"] == "numpy"
    assert about["process"]["id"] == os.getpid()
    assert about["checksums"] == {"data": "abc"}
    assert about["configuration"] == {"seed": 1}
    assert about["versions"]["numpy"] == numpy.__version__
    assert about["versions"]["runner"] == runner.__version__
    assert about["finished"] is None
    assert datetime.fromisoformat(about["started"]).tzinfo is not None
    for name, text in DOCUMENTS.items():
        assert (tmp_path / "deep" / "run" / name).read_text(encoding="utf-8") == text


def test_documents_are_in_run_json_until_they_are_written(tmp_path: Path) -> None:
    (tmp_path / ".hydra").write_text("no folder")
    with pytest.raises(StorageError, match=r"\.hydra"), claimed(tmp_path):
        pass
    assert read_run(tmp_path)["documents"] == DOCUMENTS
    (tmp_path / ".hydra").unlink()
    with RunWriter(tmp_path, {}).reopened({}, step=0):
        pass
    for name, text in DOCUMENTS.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text
    with pytest.raises(ZeroDivisionError), RunWriter(tmp_path, {}).reopened({}, step=0):
        _ = 1 / 0
    assert "documents" not in read_run(tmp_path)


@pytest.mark.parametrize(
    "documents",
    [7, ["x"], {"../x": "text"}, {"/x": "text"}, {".hydra/config.yaml": 7}, {"a": "\ud800"}],
)
def test_documents_of_a_forged_run_json_go_nowhere_else(documents: object, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with claimed(run):
        pass
    about = dict(read_run(run)) | {"documents": documents, "\udfff": 1}
    (run / "run.json").write_text(json.dumps(about))
    with RunWriter(run, {}).reopened({}, step=0):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {path.name for path in run.iterdir()} == {"run.json", ".hydra"}
    assert {path.name for path in (run / ".hydra").iterdir()} == {"config.yaml", "overrides.yaml"}


def test_a_second_claim_of_a_folder_is_a_conflict(tmp_path: Path) -> None:
    with claimed(tmp_path):
        pass
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(ConflictError, match="already holds a run"), claimed(tmp_path):
        pass
    assert (tmp_path / "run.json").read_bytes() == before


def test_a_folder_in_use_is_a_conflict_that_names_the_process(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(ConflictError, match=rf"is in use by process {os.getpid()} on "),
        claimed(tmp_path),
    ):
        pass


def test_a_finished_run_has_its_results_and_last_word(tmp_path: Path) -> None:
    with claimed(tmp_path) as directory:
        directory.finish("completed", {"stop_reason": "target", "loss": 0.5}, "def")
    about = read_run(tmp_path)
    assert read_row(tmp_path / "results.csv") == {
        "topology": "3-4-1",
        "seed": "1",
        "stop_reason": "target",
        "loss": "0.5",
        "started": about["started"],
        "finished": about["finished"],
    }
    assert (about["status"], about["stop_reason"]) == ("completed", "target")
    assert about["checksums"] == {"data": "abc", "parameters": "def"}
    assert about["finished"] >= about["started"]


def test_a_failure_leaves_its_error_traceback_and_row(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), claimed(tmp_path):
        _ = 1 / 0
    about = read_run(tmp_path)
    assert (about["status"], about["error"]) == ("failed", "ZeroDivisionError: division by zero")
    assert "Traceback" in (tmp_path / "run.log").read_text()
    assert read_row(tmp_path / "results.csv")["status"] == "failed"


def test_an_error_that_a_person_caused_is_recorded_in_its_own_words(tmp_path: Path) -> None:
    with claimed(tmp_path) as directory:
        directory.fail(DataError("line 3\x1b[2J is torn"))
    assert read_run(tmp_path)["error"] == "line 3\\x1b[2J is torn"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null"])
def test_a_torn_run_json_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words
        read_run(tmp_path)


COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.mark.parametrize(
    ("files", "commit"),
    [
        ({}, None),
        ({"HEAD": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{COMMIT}\n"}, COMMIT),
        (
            {"HEAD": "ref: refs/heads/main\n", "packed-refs": f"# x\n{COMMIT} refs/heads/main\n"},
            COMMIT,
        ),
        ({"HEAD": "ref: refs/heads/main\n"}, None),
        ({"HEAD": "ref: ../../elsewhere\n", "../../elsewhere": f"{COMMIT}\n"}, None),
        ({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": "a secret"}, None),
        ({"HEAD": "\x1b[2J"}, None),
        ({"HEAD": "ref: a\0b"}, None),
        ({"HEAD": "0" * 100_000_000}, None),
    ],
    ids=[
        *("no checkout", "detached", "loose", "packed", "no commit yet"),
        *("elsewhere", "no commit", "escape sequence", "NUL", "very long"),
    ],
)
def test_the_commit_is_read_from_the_checkout_around_and_nothing_else(
    files: dict[str, str], commit: str | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        path = tmp_path / "here" / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "here" / "below").mkdir(parents=True)
    with bounded():
        assert git_commit(tmp_path / "here" / "below") == commit


def test_run_json_is_plain_readable_json(tmp_path: Path) -> None:
    with claimed(tmp_path):
        pass
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_a_run_that_goes_on_keeps_nothing_of_an_end_that_is_no_longer_its_own(
    tmp_path: Path,
) -> None:
    from runner.analysis.plots.pictures import PICTURES

    assert set(DRAWN) == set(PICTURES)
    with claimed(tmp_path) as directory:
        (tmp_path / "plots" / "dark").mkdir(parents=True)
        for name in (*OF_ITS_END, "plots/mine.png"):
            (tmp_path / name).write_text("of before")
        directory.finish("interrupted", {"status": "interrupted", "stop_reason": "x"}, "")
    with locked(tmp_path), directory.reopened({}, 3):
        assert not any((tmp_path / name).exists() for name in OF_ITS_END)
    assert (tmp_path / "plots" / "mine.png").exists()

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import StorageError
from runner.storage.files import (
    AtOnce,
    BySecond,
    Never,
    Syncing,
    storage_errors,
    write_atomically,
)


def test_a_write_replaces_the_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"old and longer", b"new"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_content_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    # A limit on file size is a full disk to the process that has it; a process of its own.
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from runner.storage.files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomically(Path(sys.argv[1]), bytes(5000))\n"
        "except OSError: sys.exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == 9
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_rename_that_fails_leaves_the_target_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_atomically(path, b"a file cannot replace a folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_refusal_of_the_file_system_is_one_line_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file" / "below"
    path.parent.write_text("a file, not a folder")
    with pytest.raises(StorageError) as caught, storage_errors(tmp_path):
        write_atomically(path, b"")
    assert "below" in str(caught.value)
    assert "Not a directory" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 6


def disk_calls(monkeypatch: pytest.MonkeyPatch, syncing: Syncing, folder: Path) -> list[str]:
    """What was forced to the disk while two files were written and a third removed again."""
    calls: list[str] = []
    real = os.fsync

    def counted(descriptor: int) -> None:
        calls.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    for name in ("one", "two", "gone"):
        write_atomically(folder / name, name.encode(), syncing)
    (folder / "gone").unlink()
    syncing.settle(wait=True)
    return calls


@pytest.mark.parametrize(
    ("syncing", "forced"),
    [
        (AtOnce(), ["content", "folder"] * 3),
        (Never(), []),
        (BySecond(), ["content"] * 3 + ["folder"]),
    ],
    ids=["at once", "never", "by the second"],
)
def test_what_is_written_is_forced_to_the_disk_when_it_should(
    syncing: Syncing, forced: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    calls = disk_calls(monkeypatch, syncing, folder)
    assert [name if name == "folder" else "content" for name in calls] == forced
    assert not {"one", "two", "gone"} & {*calls}, "a name must not come before its content"
    assert sorted(path.read_text() for path in folder.iterdir()) == ["one", "two"]


def test_what_is_appended_waits_for_the_next_good_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows"
    path.write_text("a row")
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    syncing = BySecond()
    syncing.appended(path)
    assert not calls
    syncing.settle(wait=True)
    assert len(calls) == 1

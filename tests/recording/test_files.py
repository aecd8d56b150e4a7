import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import StorageError
from runner.recording.files import storage_errors, write_atomically


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
        "from runner.recording.files import write_atomically\n"
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

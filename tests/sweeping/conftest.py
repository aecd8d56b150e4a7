from pathlib import Path

import pytest

from tests.end_to_end.commands import InProcess


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> InProcess:
    """The runner in this process, in a folder of its own."""
    return InProcess(monkeypatch, capfd, tmp_path)

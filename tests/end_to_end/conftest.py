from pathlib import Path

import pytest

from tests.end_to_end.commands import InProcess


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> InProcess:
    """`python -m runner …` in this process, in an empty folder."""
    return InProcess(monkeypatch, capfd, tmp_path)

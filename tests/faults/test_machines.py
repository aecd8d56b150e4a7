"""What a machine may lack: tests that need it say so, instead of failing."""

from pathlib import Path

import pytest

from tests.faults.children import c_compiler, compiled_shim


def test_without_a_c_compiler_the_fault_tests_skip_and_say_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert c_compiler() is None
    with pytest.raises(pytest.skip.Exception, match="needs a C compiler"):
        compiled_shim(tmp_path)

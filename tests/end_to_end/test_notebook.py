"""The notebook of examples/, executed as a reader does it."""

import hashlib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.end_to_end.commands import CHECKOUT, command

NOTEBOOK = CHECKOUT / "examples" / "first_run.ipynb"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def executed(place: Path) -> list[Any]:
    """Its cells of code, with what they gave."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CHECKOUT))
        patch.delenv("PYTHONWARNINGS", raising=False)  # the kernel itself warns
        notebook = nbformat.read(NOTEBOOK, nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        resources = {"metadata": {"path": str(place)}}
        NotebookClient(notebook, timeout=300, resources=resources).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(cells: list[Any], kind: str) -> list[str]:
    """What cells gave, in one of a notebook's kinds."""
    given = [output.get("data", {}) for cell in cells for output in cell.outputs]
    return ["".join(each[kind]) for each in given if kind in each]


def test_every_cell_does_what_the_text_says(executed: list[Any]) -> None:
    assert len(outputs(executed, "image/png")) >= 5
    tables = outputs(executed, "text/html")
    assert "data:image/png;base64," in tables[0]
    assert any("30 runs in" in table for table in tables)
    assert [text for text in outputs(executed, "text/plain") if "True" in text] == ["np.True_"] * 2


def test_its_run_is_that_of_a_shell_to_the_byte(executed: list[Any], place: Path) -> None:
    assert executed
    shell = ("topology=3-4-1", "seed=1", "hydra.run.dir=shell")
    assert command(*shell, cwd=place).code == 0
    theirs = weights(place / "shell")
    runs = sorted((place / "outputs").glob("*/*"), key=lambda run: run.stat().st_mtime)
    assert theirs in [weights(run) for run in runs if (run / "run.json").exists()]


def weights(run: Path) -> str:
    """The digest of a run's tables and pictures that tell no time."""
    digest = hashlib.sha256()
    for name in ("predictions.csv", ".hydra/config.yaml", "plots/network.png"):
        digest.update((run / name).read_bytes())
    return digest.hexdigest()

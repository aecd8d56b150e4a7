from pathlib import Path

import numpy as np
import pytest

from runner.errors import SnapshotError
from runner.run_folder.history import EMPTY, HistoryFile, Mark, history_column, history_columns
from runner.training.engine import StepReport


def report(step: int, loss: float) -> StepReport:
    metrics = {"loss": loss, "mae": loss / 2}
    return StepReport(step, step, True, metrics, np.empty(0), False, True, seconds=step / 8)


def test_history_has_one_row_a_step_and_reads_back_exactly(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path)
    losses = {1: 0.1, 2: 1 / 3, 5: 1e-300}
    for step, loss in losses.items():
        history.append(report(step, loss))
        history.append(report(step, loss))  # due twice: by schedule, and as the last
    history.close()
    assert history_column(tmp_path, "loss") == losses
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[:2] == ["step,epoch,seconds,loss,mae", "1,1,0.125000,0.1,0.05"]


def written(run: Path, *steps: int) -> Mark:
    """The mark after rows for `steps`, with two more rows behind it."""
    history = HistoryFile(run)
    for step in steps:
        history.append(report(step, 1 / (step + 1)))
    mark = history.mark
    for step in (1000, 2000):
        history.append(report(step, 0.0))
    history.close()
    return mark


@pytest.mark.parametrize("steps", [(), (1,), (1, 2, 5)])
def test_a_history_that_goes_on_is_that_of_a_run_that_never_stopped(
    steps: tuple[int, ...], tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    whole = HistoryFile(tmp_path / "whole")
    for step in (*steps, 7, 8):
        whole.append(report(step, 1 / (step + 1)))
    whole.close()
    resumed = HistoryFile(tmp_path, written(tmp_path, *steps))
    for step in (*steps[-1:], 7, 8):  # the row that is there already is not written again
        resumed.append(report(step, 1 / (step + 1)))
    assert resumed.mark == whole.mark
    resumed.close()
    expected = (tmp_path / "whole" / "history.csv").read_bytes()
    assert (tmp_path / "history.csv").read_bytes() == expected


def shortened(content: bytes) -> bytes:
    return content[:40]


def changed(content: bytes) -> bytes:
    return content.replace(b"0.5", b"0.6", 1)


@pytest.mark.parametrize("damage", [shortened, changed])
def test_a_history_that_lacks_rows_of_its_snapshot_is_refused(
    damage: object, tmp_path: Path
) -> None:
    mark = written(tmp_path, 1, 2, 5)
    path = tmp_path / "history.csv"
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(SnapshotError, match="lacks rows"):
        HistoryFile(tmp_path, mark)
    assert path.read_bytes() == before


def test_a_history_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("text")
    (tmp_path / "history.csv").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match=r"history\.csv"):
        HistoryFile(tmp_path, EMPTY)
    assert (tmp_path / "precious").read_text() == "text"


def test_history_is_read_with_empty_cells(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("step,loss,val_loss\n1,2.5,\n2,1.5,3\n3\n")
    columns = history_columns(tmp_path)
    assert columns["step"].tolist() == [1, 2, 3]
    assert columns["loss"].tolist()[:2] == [2.5, 1.5]
    assert np.isnan(columns["val_loss"]).tolist() == [True, False, True]

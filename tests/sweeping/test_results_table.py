"""A sweep's table has the same columns in the same order, whoever writes it."""

import json
from pathlib import Path

import pytest

from runner.errors import ConflictError
from runner.experiment.resuming_all import resume_all
from runner.run_folder.job_end import JobEnd, ended_job
from runner.run_folder.sweep_folder import SweepFolder
from runner.run_folder.tables import write_results
from runner.storage.locks import locked
from runner.sweeping.results_table import ResultsTable

RESULTS = {"status": "completed", "stop_reason": "steps", "steps": 1, "seconds": 0.5}
JOBS: tuple[dict[str, object], ...] = (
    {"topology": "3-4-1", "optimizer.name": "sgd", **RESULTS, "loss": 1.0},
    {"topology": "3-4-1", "optimizer.name": "momentum", "optimizer.beta": 0.9, **RESULTS},
    {"topology": "3-4-1", "optimizer.name": "sgd", "loss.delta": 2.0, **RESULTS, "val_loss": 3.0},
)
"""Later jobs have settings and results of their own."""
EXPECTED = (
    "job,topology,optimizer.name,optimizer.beta,loss.delta,"
    "status,stop_reason,steps,seconds,loss,val_loss"
)


def ends(sweep: Path) -> list[JobEnd]:
    """The jobs in their folders, ended."""
    about = {"status": "completed", "configuration": {"stopping": {"metric": "loss"}}}
    found = []
    for number, columns in enumerate(JOBS):
        job = sweep / str(number)
        job.mkdir()
        (job / "run.json").write_text(json.dumps(about))
        write_results(job, columns)
        found.append(ended_job(job, number))
    return [end for end in found if end is not None]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_sweep_and_its_resume_leave_the_same_table(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    jobs = ends(tmp_path)
    table = ResultsTable(tmp_path)
    for number in order:
        table.add(jobs[number])
    table.finish()
    written = (tmp_path / "results.csv").read_text()
    assert written.splitlines()[0] == EXPECTED
    assert SweepFolder(tmp_path).collect() == jobs
    assert (tmp_path / "results.csv").read_text() == written


def test_a_sweep_that_was_cut_short_is_put_in_order_by_its_resume(tmp_path: Path) -> None:
    jobs = ends(tmp_path)
    table = ResultsTable(tmp_path)
    for end in jobs:
        table.add(end)  # and never finished
    SweepFolder(tmp_path).collect()
    assert (tmp_path / "results.csv").read_text().splitlines()[0] == EXPECTED


def test_nobody_collects_a_table_that_a_sweep_is_writing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.sweeping.results_table.SECONDS_BETWEEN_WRITES", -1.0)
    jobs = ends(tmp_path)
    with locked(tmp_path):
        table = ResultsTable(tmp_path)
        table.add(jobs[1])
        with pytest.raises(ConflictError, match="is in use"):
            _ = SweepFolder(tmp_path).ended
        assert resume_all([tmp_path], []).exit_code == ConflictError.exit_code
        assert "is in use" in capsys.readouterr().err
        table.add(jobs[0])
        table.add(jobs[2])
        table.finish()
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines[0] == EXPECTED
    assert [line[0] for line in lines[1:]] == ["0", "1", "2"]


def test_jobs_that_do_not_wait_for_their_turn_have_one_line_each_with_all_their_cells(
    tmp_path: Path,
) -> None:
    table = ResultsTable(tmp_path)
    rows = [("a", "0"), ("a", "1"), ("a,b", "2,x"), ("a,b,c", "3,y,z"), ("a", "4")]
    ends = [JobEnd(number, "completed", "", 0, *row) for number, row in enumerate(rows)]
    for end in ends[1:4]:
        table.hold(end)
    table.flush()
    assert not (tmp_path / "results.csv").exists()  # they have not waited for long
    table.flush(patience=0.0)
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines == ["job,a,b,c", "1,1,,", "2,2,x,", "3,3,y,z"]
    table.hold(ends[4])
    for end in ends[:4]:
        table.add(end)
    table.finish()
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines == ["job,a,b,c", "0,0,,", "1,1,,", "2,2,x,", "3,3,y,z", "4,4,,"]

"""Data that are not those that a run was trained on, and runs whose checksum knew no names."""

from pathlib import Path

import pytest

from runner import verify
from runner.commands import run_command
from runner.data.dataset import Dataset
from runner.experiment.experiment import build
from runner.experiment.running import run_experiment
from runner.resume import main as resume_main
from tests.end_to_end.commands import InProcess, composed
from tests.sweeping.test_earlier_jobs import FEW

ROWS = [(i, i * 7 % 5, "yes" if i % 3 else "no") for i in range(30)]
TABLE = "".join(f"{a},{b},{y}\n" for a, b, y in ROWS)
MORE = "stopping.max_epochs=4"


def trained(folder: Path, header: str = "a,b,y", rows: str = TABLE) -> Path:
    (folder / "t.csv").write_text(f"{header}\n{rows}")
    values = ("dataset=csv", f"dataset.path={folder / 't.csv'}", "dataset.target=y")
    run_experiment(composed(*values, "stopping.max_epochs=2"), folder / "run", {})
    return folder / "run"


CHANGED = {
    "columns have changed places": ("b,a,y", TABLE),
    "a column is named otherwise": ("a,c,y", TABLE),
    "a class is named otherwise": ("a,b,y", TABLE.replace("yes", "yea")),
}


@pytest.mark.parametrize("case", CHANGED)
def test_names_are_part_of_the_data(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path)
    header, rows = CHANGED[case]
    (tmp_path / "t.csv").write_text(f"{header}\n{rows}")
    for main, arguments in ((resume_main, [str(run), MORE]), (verify.main, [str(run)])):
        capfd.readouterr()
        assert run_command(main, arguments) == 3
        assert "the data set is not the one that the run began with" in capfd.readouterr().err


def test_a_run_recorded_before_names_counted_goes_on_and_is_verified(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr(Dataset, "checksum", property(lambda dataset: dataset.values_checksum))
        run = trained(tmp_path)
    assert run_command(verify.main, [str(run)]) == 0
    assert run_command(resume_main, [str(run), MORE]) == 0
    assert run_command(verify.main, [str(run)]) == 0
    assert "identical: " in capfd.readouterr().out
    (tmp_path / "t.csv").write_text(f"a,b,y\n{TABLE}40,2,no\n")
    assert run_command(resume_main, [str(run), "stopping.max_epochs=6"]) == 3


def test_a_sweep_begun_before_names_counted_goes_on(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.cwd / "t.csv").write_text(f"a,b,y\n{TABLE}")
    sweep = ("-m", "dataset=csv", "dataset.path=t.csv", "dataset.target=y", *FEW)
    with monkeypatch.context() as then:
        then.setattr(Dataset, "checksum", property(lambda dataset: dataset.values_checksum))
        assert run(*sweep, "seed=1,2").code == 0
    for seeds in ("seed=1,2,3", "seed=1,2,3,4"):
        ended = run(*sweep, seeds)
        assert (ended.code, ended.err) == (0, "")
    (run.cwd / "t.csv").write_text(f"b,a,y\n{TABLE}")
    assert run(*sweep, "seed=1,2,3,4,5").code == 3


SAID_TO_BE_NUMBERS = {
    # cells of the target, what is asked for
    "0 and 1 as they are": ("0 1", ["dataset.task=regression", "dataset.scale_targets=none"]),
    "0 and 1 by range": ("0 1", ["dataset.task=regression", "dataset.scale_targets=minmax"]),
    "-1 and 1 by range": ("-1 1", ["dataset.scale_targets=minmax"]),
    "a constant": ("7 7", []),
}


@pytest.mark.parametrize("case", SAID_TO_BE_NUMBERS)
def test_numbers_to_predict_are_that_whatever_their_scale_makes_of_them(
    case: str, tmp_path: Path
) -> None:
    cells, options = SAID_TO_BE_NUMBERS[case]
    rows = "".join(f"{i},{cells.split()[i % 2]}\n" for i in range(40))
    (tmp_path / "t.csv").write_text(f"a,y\n{rows}")
    path = f"dataset.path={tmp_path / 't.csv'}"
    experiment = build(composed("dataset=csv", path, "dataset.target=y", *options))
    problem = experiment.engine.problem
    assert problem.reduction.task.name == "regression"
    assert problem.network.output == "linear"

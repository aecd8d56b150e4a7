import csv
import io
from pathlib import Path

import numpy as np
import pytest

from runner import load_network
from runner.commands import run_command
from runner.configuration.composing import compose
from runner.experiment import run_experiment
from runner.predict import main

TABLE = """height,colour,kind
1.5,red,apple
2.5,green,pear
,red,apple
3.5,green,pear
2.0,green,pear
1.0,,apple
1.2,red,apple
3.0,green,pear
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that fills in, one that does not, and one of a truth table."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "t.csv").write_text(TABLE)
    whole = [row for row in TABLE.splitlines() if not row.startswith(",") and ",," not in row]
    (folder / "whole.csv").write_text("\n".join(whole) + "\n")
    common = ["dataset=csv", "dataset.target=kind", "dataset.test=null", "dataset.validation=null"]
    common += ["stopping.max_epochs=200", "batch_size=2"]
    runs = {
        "fills": [*common, f"dataset.path={folder / 't.csv'}", "dataset.missing=mean"],
        "strict": [*common, f"dataset.path={folder / 'whole.csv'}"],
        "xor": ["dataset=xor", "stopping.max_steps=10"],
    }
    for name, overrides in runs.items():
        run_experiment(compose(overrides), folder / name, {}, quiet=True)
    return folder


def test_a_table_of_ones_own_is_predicted_as_in_training(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = "colour,note,height\nred,x,1.4\ngreen,y,\n,z,3.2\n"
    (tmp_path / "new.csv").write_text(new)
    arguments = [str(place / "fills"), str(tmp_path / "new.csv"), "-o", str(tmp_path / "out.csv")]
    assert run_command(main, arguments) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'out.csv'}: 3 rows, output_")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    network = load_network(place / "fills")
    assert network.input_names == ("height", "colour=green", "colour=red")
    gap = np.nan
    outputs = network.predict([[1.4, 0, 1], [gap, 1, 0], [3.2, gap, gap]])
    names = [f"output_{name}" for name in network.target_names or ()]
    assert [[float(row[name]) for name in names] for row in rows] == outputs.tolist()
    assert [row["class"] for row in rows] == network.labels(outputs).tolist()
    assert rows[0]["class"] == "apple"


def test_columns_without_names_are_taken_in_order(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.csv").write_text("a,b\n0,1\n1,1\n")
    assert run_command(main, [str(place / "xor"), str(tmp_path / "new.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = load_network(place / "xor").predict([[0, 1], [1, 1]])
    assert lines[0] == "output_1"
    assert [float(line) for line in lines[1:]] == expected.ravel().tolist()


BAD = {
    "a category that is new": ("height,colour\n1,red\n2,blue\n", "line 3 column 'colour': 'blue'"),
    "a text among numbers": ("height,colour\n1,red\nx,red\n", "line 3 column 'height': 'x'"),
    "texts for numbers": ("height,colour\ntall,red\n", "line 2 column 'height': 'tall'"),
    "a missing number": ("height,colour\n1,red\n,red\n", "line 3 column 'height': '' is missing"),
    "a missing category": ("height,colour\n1,\n", "line 2 column 'colour': '' is missing"),
    "a column that is not there": ("height,color\n1,red\n", "no column 'colour'"),
    "no rows": ("height,colour\n", "no rows"),
    "a torn row": ("height,colour\n1,red\n1\n", "line 3"),
    "an infinite number": ("height,colour\ninf,red\n", "line 2 column 'height': 'inf'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_refused_with_its_line_and_column(
    case: str,
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    content, problem = BAD[case]
    (tmp_path / "new.csv").write_text(content)
    assert run_command(main, [str(place / "strict"), str(tmp_path / "new.csv")]) == 3
    said = capsys.readouterr()
    assert problem in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_what_is_no_run_or_no_file_has_its_exit_code(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    assert run_command(main, [str(tmp_path), str(place / "t.csv")]) == 4
    assert run_command(main, [str(place / "xor"), str(tmp_path / "none.csv")]) == 3
    assert run_command(main, [str(place / "xor"), str(place / "t.csv"), "--step", "3"]) == 4
    assert capsys.readouterr().err.count("\n") == 3

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import runner
from runner import load_network
from runner.commands import run_command
from runner.configuration.composing import compose
from runner.data.new_samples import read_samples
from runner.errors import DataError, SettingsError, SnapshotError
from runner.experiment.running import QUIETLY, run_experiment
from runner.network.arrays import Array
from runner.predict import main
from runner.run_folder.tables import csv_bytes
from tests.data.small_files import idx_bytes

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
        "strict": [*common, f"dataset.path={folder / 'whole.csv'}", "dataset.unseen=error"],
        "xor": ["dataset=xor", "stopping.max_steps=10"],
        "digits": ["dataset=digits", "stopping.max_epochs=1"],
        "numbers": [*common, f"dataset.path={folder / 'whole.csv'}", "dataset.target=height"],
    }
    for name, overrides in runs.items():
        run_experiment(compose(overrides), folder / name, {}, QUIETLY)
    return folder


def test_a_table_of_ones_own_is_predicted_as_in_training(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = "colour,note,height\nred,x,1.4\ngreen,y,\n,z,3.2\n"
    (tmp_path / "new.csv").write_text(new)
    arguments = [str(place / "fills"), str(tmp_path / "new.csv"), "-o", str(tmp_path / "out.csv")]
    assert run_command(main, arguments) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'out.csv'}: 3 rows, note, output_")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    network = load_network(place / "fills")
    assert network.input_names == ("height", "colour=green", "colour=red")
    gap = np.nan
    outputs = network.predict([[1.4, 0, 1], [gap, 1, 0], [3.2, gap, gap]])
    names = [f"output_{name}" for name in network.target_names or ()]
    assert [[float(row[name]) for name in names] for row in rows] == outputs.tolist()
    assert [row["class"] for row in rows] == network.labels(outputs).tolist()
    assert rows[0]["class"] == "apple"
    assert [row["note"] for row in rows] == ["x", "y", "z"]


def test_a_table_in_memory_is_predicted_as_one_in_a_file(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame(
        {
            "colour": ["red", "green", None, "red"],
            "note": ["x", [], 3, None],
            "height": [1.4, None, 3.2, 2.0],
        }
    )
    frame.assign(note="x").to_csv(tmp_path / "new.csv", index=False)
    rows, _ = predicted(capsys, place / "fills", tmp_path / "new.csv")
    network = load_network(place / "fills")
    for given in (frame, frame[["height", "colour"]], frame.astype({"colour": "category"})):
        outputs = network.predict(given)
        names = [f"output_{name}" for name in network.target_names or ()]
        assert [[float(row[name]) for name in names] for row in rows] == outputs.tolist()
        assert network.classify(given).tolist() == [row["class"] for row in rows]
    numbers = [[1.4, 0, 1], [2.0, 1, 0]]
    unnamed = network.predict(pd.DataFrame(numbers))  # no names: in order, as an array
    assert unnamed.tolist() == network.predict(numbers).tolist()


BAD_FRAMES: dict[str, tuple[dict[str, list[object]], str]] = {
    "a column that is not there": ({"height": [1.0]}, "inputs has no column 'colour'"),
    "a text": ({"height": ["x"], "colour": ["red"]}, "inputs row 1 column 'height': 'x'"),
    "a gap": ({"height": [1, None], "colour": ["red", "red"]}, "row 2 column 'height': .* missing"),
    "a list": ({"height": [[1]], "colour": ["red"]}, "inputs row 1 column 'height'"),
    "a new category": ({"height": [1], "colour": ["blue"]}, "row 1 column 'colour': 'blue'"),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_bad_table_in_memory_is_refused_with_its_row_and_column(case: str, place: Path) -> None:
    columns, words = BAD_FRAMES[case]
    with pytest.raises(DataError, match=words):
        load_network(place / "strict").predict(pd.DataFrame(columns))


def test_inputs_of_another_width_are_told_the_columns(place: Path) -> None:
    words = r"shape \(1, 2\); expected \(samples, 3\): height, colour=green, colour=red, or a Data"
    with pytest.raises(DataError, match=words):
        load_network(place / "strict").predict([[1, 2]])


def test_what_is_no_run_has_no_network(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nope holds no run: there is no such folder"):
        load_network(tmp_path / "nope")
    with pytest.raises(SettingsError, match=r"given a DataFrame; expected one run: .* runs\.iloc"):
        load_network(pd.DataFrame({"path": ["a", "b"]}))  # type: ignore[arg-type]


def test_an_unseen_category_is_none_of_the_known(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.csv").write_text("height,colour\n1.4,blue\n")
    network, words = load_network(place / "fills"), "'blue' is not among .* saw: green, red"
    with pytest.warns(UserWarning, match=words):
        rows, _ = predicted(capsys, place / "fills", tmp_path / "new.csv")
    way_out = "; a run with dataset.unseen=error refuses it"
    with pytest.warns(UserWarning, match=words + ".*" + way_out) as warned:
        outputs = network.predict(pd.DataFrame({"height": [1.4], "colour": ["blue"]}))
    assert warned[0].filename == __file__  # where it is called, not a line of the runner's
    assert outputs.tolist() == network.predict([[1.4, 0, 0]]).tolist()
    assert [float(rows[0][f"output_{name}"]) for name in ("apple", "pear")] == outputs[0].tolist()


def test_columns_without_names_are_taken_in_order(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.csv").write_text("a,b\n0,1\n1,1\n")
    assert run_command(main, [str(place / "xor"), str(tmp_path / "new.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = load_network(place / "xor").predict([[0, 1], [1, 1]])
    assert lines[0] == "output_1"
    assert [float(line) for line in lines[1:]] == expected.ravel().tolist()


def predicted(
    capsys: pytest.CaptureFixture[str], run: Path, *arguments: object
) -> tuple[list[dict[str, str]], str]:
    """The rows on the screen, and what is said beside them."""
    assert run_command(main, [str(run), *map(str, arguments)]) == 0
    said = capsys.readouterr()
    return list(csv.DictReader(io.StringIO(said.out))), said.err


def test_with_the_target_there_is_an_accuracy_and_the_file_s_own_columns_are_kept(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = "id,kind,height,colour\n007,apple,1.4,red\n-08,pear,1.3,red\n+49_1,,3.2,green\n"
    (tmp_path / "new.csv").write_text(new)
    rows, said = predicted(capsys, place / "fills", tmp_path / "new.csv")
    assert list(rows[0])[:3] == ["id", "kind", "output_apple"]
    assert [(row["id"], row["kind"]) for row in rows] == [
        ("007", "apple"),
        ("-08", "pear"),
        ("+49_1", ""),
    ]
    right = sum(row["class"] == row["kind"] for row in rows[:2])
    assert said == f"accuracy {50 * right}.00 % ({right} of 2)\n"


def test_the_file_that_is_read_is_not_written_over(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("height,colour\n1.4,red\n")
    link = tmp_path / "other.csv"
    link.hardlink_to(file)
    assert run_command(main, [str(place / "fills"), str(file), "-o", str(link)]) == 2
    assert "is the file that is read" in capsys.readouterr().err
    assert file.read_text() == "height,colour\n1.4,red\n"


def test_what_a_spreadsheet_would_run_is_kept_as_a_text(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.csv").write_text("height,colour,note\n1.4,red,=1+1\n1.4,red,-1-1\n")
    rows, _ = predicted(capsys, place / "fills", tmp_path / "new.csv")
    assert [row["note"] for row in rows] == ["'=1+1", "'-1-1"]


def test_numbers_to_predict_have_an_r2(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, said = predicted(capsys, place / "numbers", place / "whole.csv")
    given = np.array([float(row["height"]) for row in rows])
    found = np.array([float(row["output_height"]) for row in rows])
    r2 = 1 - ((found - given) ** 2).sum() / ((given - given.mean()) ** 2).sum()
    error = np.abs(found - given).mean()
    assert said == f"height: R2 {r2:.4g}, mean absolute error {error:.4g}\n"
    assert list(rows[0]) == ["height", "output_height"]


def test_a_column_of_the_file_named_as_one_of_ours_keeps_its_name(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.csv").write_text("height,colour,class\n1.4,red,7b\n")
    rows, said = predicted(capsys, place / "fills", tmp_path / "new.csv")
    assert (rows[0]["class"], rows[0]["predicted_class"], said) == ("7b", "apple", "")


def images() -> tuple[Array, Array]:
    """Twenty of the digits [20, 8, 8] that the runner ships, and their labels."""
    shipped = Path(runner.__file__).parent / "data" / "sets" / "digits.npz"
    with np.load(shipped) as arrays:
        return arrays["images"][:20].reshape(20, 8, 8), arrays["labels"][:20].astype(np.uint8)


def write_table(path: Path, columns: Sequence[str], *arrays: Array) -> None:
    """A CSV file of columns side by side."""
    rows = np.concatenate([array.reshape(20, -1) for array in arrays], axis=1)
    path.write_bytes(csv_bytes(columns, rows.tolist()))


PIXELS = [f"pixel{place}" for place in range(64)]
FILES: dict[str, tuple[Callable[[Path, Array, Array], object], bool]] = {
    "alone.csv": (lambda path, x, _: write_table(path, PIXELS, x), False),
    "labelled.csv": (lambda path, x, y: write_table(path, ["label", *PIXELS], y, x), True),
    "named.csv": (lambda p, x, y: write_table(p, ["id", *PIXELS, "label"], y + 1, x, y), True),
    "array.npz": (lambda path, x, _: np.savez(path, images=x), False),
    "arrays.npz": (lambda path, x, y: np.savez(path, images=x.reshape(20, 64), labels=y), True),
    "matrix.npy": (lambda path, x, _: np.save(path, x.reshape(20, 64)), False),
    "images": (lambda path, x, _: path.write_bytes(idx_bytes(x)), False),
    "images.gz": (lambda path, x, _: path.write_bytes(gzip.compress(idx_bytes(x))), False),
}


@pytest.mark.parametrize("name", FILES)
def test_images_are_read_from_every_usual_format(
    name: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write, labelled = FILES[name]
    inputs, labels = images()
    write(tmp_path / name, inputs, labels)
    rows, said = predicted(capsys, place / "digits", tmp_path / name)
    network = load_network(place / "digits")
    expected = network.classify(inputs.reshape(20, 64))
    assert [row["class"] for row in rows] == expected.tolist()
    right = np.count_nonzero(expected.astype(int) == labels)
    assert said == (f"accuracy {5 * right}.00 % ({right} of 20)\n" if labelled else "")


def test_labels_of_images_in_idx_are_a_file_of_their_own(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    inputs, labels = images()
    (tmp_path / "images").write_bytes(idx_bytes(inputs))
    (tmp_path / "labels").write_bytes(idx_bytes(labels))
    (tmp_path / "few").write_bytes(idx_bytes(labels[:3]))
    (tmp_path / "strange").write_bytes(idx_bytes(labels + np.uint8(1)))
    run, file = place / "digits", tmp_path / "images"
    rows, said = predicted(capsys, run, file, "--labels", tmp_path / "labels")
    assert [row["label"] for row in rows] == [str(label) for label in labels]
    assert " of 20)" in said
    for bad, problem in (("few", "3 labels"), ("strange", "beyond the 10 classes")):
        assert run_command(main, [str(run), str(file), "--labels", str(tmp_path / bad)]) == 3
        assert problem in capsys.readouterr().err
    assert run_command(main, [str(place / "xor"), str(file)]) == 3
    assert "the run learnt from no square images" in capsys.readouterr().err


def test_emnist_s_images_lie_on_their_side_and_its_letters_count_from_1(
    place: Path, tmp_path: Path
) -> None:
    inputs, labels = images()
    (tmp_path / "images").write_bytes(idx_bytes(inputs))
    (tmp_path / "labels").write_bytes(idx_bytes(labels + np.uint8(1)))
    network = load_network(place / "digits")
    dataset = {"kind": "emnist", "split": "letters"}
    found = read_samples(network, str(tmp_path / "images"), str(tmp_path / "labels"), dataset)
    assert (found.inputs == inputs.transpose(0, 2, 1).reshape(20, 64)).all()
    assert found.targets is not None
    assert np.array_equal(found.targets, labels)


BAD = {
    "a category that is new": ("height,colour\n1,red\n2,blue\n", "line 3 column 'colour': 'blue'"),
    "a text among numbers": (
        "height,colour\n1,red\nx,red\n",
        "line 3 column 'height': 'x' is not a number, and the",
    ),
    "texts for numbers": (
        "height,colour\ntall,red\n",
        "'tall' is not a number, and the network learnt from numbers there",
    ),
    "a missing number": ("height,colour\n1,red\n,red\n", "line 3 column 'height': '' is missing"),
    "a missing category": ("height,colour\n1,\n", "line 2 column 'colour': '' is missing"),
    "a column that is not there": ("height,color\n1,red\n", "no column 'colour'"),
    "other separators": ("height;colour\n1;red\n", "cells must be separated by commas"),
    "no rows": ("height,colour\n", "no rows"),
    "a torn row": ("height,colour\n1,red\n1\n", "line 3"),
    "a class that is new": (
        "height,colour,kind\n1,red,plum\n",
        "'plum' is not among the classes",
    ),
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
    assert "dataset.path" not in said.err


def test_what_is_no_run_or_no_file_has_its_exit_code(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    assert run_command(main, [str(tmp_path), str(place / "t.csv")]) == 4
    assert run_command(main, [str(place / "xor"), str(tmp_path / "none.csv")]) == 3
    assert run_command(main, [str(place / "xor"), str(place / "t.csv"), "--step", "3"]) == 4
    assert capsys.readouterr().err.count("\n") == 3

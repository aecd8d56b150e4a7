import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from runner import load_classes, load_confusion, load_history, load_predictions, load_runs
from runner.configuration.composing import compose
from runner.errors import SettingsError
from runner.experiment.running import QUIETLY, run_experiment

CONFIGURATIONS = {
    "a": ["stopping.max_steps=7"],
    "b": ["topology=3-1", "stopping.max_steps=2"],
    "c": ["dataset=xor", "stopping.max_steps=3"],
    "d": ["dataset=spirals", "dataset.samples=50", "stopping.max_epochs=2"],
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of several data sets."""
    root = tmp_path_factory.mktemp("outputs")
    for name, overrides in CONFIGURATIONS.items():
        run_experiment(compose(overrides), root / name, {}, QUIETLY)
    return root


def test_histories_are_tidy(outputs: Path) -> None:
    history = load_history(load_runs(outputs))
    assert list(history)[:4] == ["run", "step", "epoch", "seconds"]
    names = history["run"].map(lambda run: Path(run).name)
    rows = list(zip(names, history["step"], strict=True))
    assert rows[:9] == [*(("a", step) for step in range(1, 8)), ("b", 1), ("b", 2)]
    assert str(history["step"].dtype) == str(history["epoch"].dtype) == "Int64"
    assert history["run"].dtype == "category"
    merged = history.groupby("run", observed=True)["loss"].last()
    results = load_runs(outputs).set_index("path")["loss"]
    assert merged.to_dict() == results.to_dict()


def test_some_runs_or_a_folder_can_be_asked_for(outputs: Path) -> None:
    runs = load_runs(outputs)
    some = load_history(runs[runs["topology"] == "3-1"])
    assert {Path(run).name for run in some["run"]} == {"b"}
    assert len(load_history(outputs / "b")) == 2
    assert len(load_history(runs.iloc[1])) == 2
    assert len(load_history(runs["path"][:2])) == 9
    assert len(load_history([outputs / "a", outputs / "b"])) == 9


def test_settings_stand_beside_the_curves(outputs: Path) -> None:
    runs = load_runs(outputs)
    history = load_history(runs, settings=["topology", "seed"])
    assert list(history)[:4] == ["run", "topology", "seed", "step"]
    topology = runs.set_index("path")["topology"]
    assert (history["topology"] == history["run"].astype(str).map(topology)).all()
    assert (str(history["seed"].dtype), str(history["topology"].dtype)) == ("Int64", "string")
    pd.testing.assert_frame_equal(history.drop(columns=["topology", "seed"]), load_history(runs))
    assert load_history(outputs / "b", settings="topology")["topology"].unique() == ["3-1"]


@pytest.mark.parametrize(
    ("name", "hint"), [("topolgy", "did you mean 'topology'"), ("loss", "did you mean 'loss.name'")]
)
def test_what_is_no_setting_is_refused(name: str, hint: str, outputs: Path) -> None:
    with pytest.raises(SettingsError, match=f"'{name}' is not a setting.*{hint}"):
        load_history(outputs, settings=[name])


def test_runs_without_predictions_are_told_how_to_have_some(tmp_path: Path) -> None:
    config = compose(["stopping.max_steps=2", "recording.predictions=1"])
    run_experiment(config, tmp_path / "run", {}, QUIETLY)
    with pytest.warns(UserWarning, match="recording.predictions=100000"):
        predictions = load_predictions(tmp_path)
    assert list(predictions) == ["run", "part", "sample"]
    assert predictions.empty


def test_classes_and_confusions_are_tidy(outputs: Path) -> None:
    classes, confusion = load_classes(outputs), load_confusion(outputs)
    assert {Path(run).name for run in classes["run"]} == {"d"}
    assert list(classes) == ["run", "part", "class", "samples", "precision", "recall", "f1"]
    assert list(confusion) == ["run", "part", "class", "taken_for", "count"]
    counts = confusion.groupby("class")["count"].sum()
    assert counts.to_dict() == classes.set_index("class")["samples"].to_dict()
    assert load_confusion(outputs / "a").empty


def test_predictions_are_tidy(outputs: Path) -> None:
    predictions = load_predictions(outputs)
    assert list(predictions)[:3] == ["run", "part", "sample"]
    predictions["name"] = predictions["run"].map(lambda run: Path(run).name)
    parts = predictions.groupby(["name", "part"], observed=True)["sample"].agg(["min", "max"])
    assert dict(zip(parts.index, parts.itertuples(index=False, name=None), strict=True)) == {
        ("a", "train"): (1, 8),
        ("b", "train"): (1, 8),
        ("c", "train"): (1, 4),
        ("d", "train"): (1, 40),
        ("d", "test"): (1, 10),
    }
    assert {str(kind) for kind in predictions.filter(regex="put_|target_").dtypes} == {"float64"}


DAMAGES: dict[str, Callable[[str], str]] = {
    "a torn line": lambda text: text.replace(",", "", 7),
    "a text": lambda text: text.rstrip("\n") + "x\n",
    "no UTF-8": lambda text: text + "\udcff",
}


@pytest.mark.parametrize("file", ["history.csv", "predictions.csv"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_named_and_the_others_read(
    damage: str, file: str, outputs: Path, tmp_path: Path
) -> None:
    shutil.copytree(outputs, tmp_path, dirs_exist_ok=True)
    damaged = DAMAGES[damage]((tmp_path / "a" / file).read_text())
    (tmp_path / "a" / file).write_text(damaged, errors="surrogateescape")
    load = load_history if file == "history.csv" else load_predictions
    with pytest.warns(UserWarning, match=f"left out 1: .*a: {file}"):
        table = load(tmp_path)
    assert {Path(run).name for run in table["run"]} == {"b", "c", "d"}
    assert list(table.attrs["unreadable"]) == [str(tmp_path / "a")]


def test_the_history_of_a_run_that_goes_on_has_its_whole_rows(
    outputs: Path, tmp_path: Path
) -> None:
    text = (outputs / "a" / "history.csv").read_text()
    (tmp_path / "history.csv").write_text(text[:-10])
    runs = pd.DataFrame({"path": [str(tmp_path), str(tmp_path / "nothing")]})
    assert load_history(runs)["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_where_there_is_nothing_the_tables_are_empty(tmp_path: Path) -> None:
    assert load_history(tmp_path).empty
    with pytest.warns(UserWarning, match="none of these runs has predictions"):
        assert load_predictions(tmp_path).empty

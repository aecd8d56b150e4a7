"""`python -m runner.plots`: pictures of runs that have ended, drawn later."""

from pathlib import Path

import pytest

from runner.analysis.plots.pictures import PICTURES
from runner.errors import SnapshotError
from runner.experiment.running import QUIETLY, run_experiment
from runner.plots import main
from runner.run_folder.writing import OF_ITS_END
from tests.end_to_end.commands import composed


def finished(folder: Path, *overrides: str) -> Path:
    config = composed("engine=numpy", "stopping.target=null", "stopping.max_epochs=20", *overrides)
    run_experiment(config, folder, {}, QUIETLY)
    return folder


def pictures(run: Path) -> set[str]:
    return {path.stem for path in (run / "plots").iterdir()}


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("digits", {"first_layer", "confusion_matrix", "calibration", "worst_mistakes"}),
        ("sine", {"fit", "worst_mistakes"}),
        ("xor", {"network", "decision_surface", "units", "worst_mistakes"}),
    ],
)
def test_pictures_drawn_later_are_those_of_the_run_s_end(
    dataset: str, expected: set[str], tmp_path: Path
) -> None:
    now = finished(tmp_path / "now", f"dataset={dataset}", "recording.plots=true")
    later = finished(tmp_path / "later", f"dataset={dataset}")
    assert not (later / "plots").exists()
    assert main([str(later)]) == 0
    assert (
        pictures(later)
        == pictures(now)
        == expected | {"learning_curve", "straight_line", "weights"}
    )
    for name in pictures(now):
        picture = f"plots/{name}.png"
        assert (later / picture).read_bytes() == (now / picture).read_bytes()


def test_a_run_on_other_data_is_named_and_the_others_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "table.csv"
    table.write_text("a,b,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n")
    split = ("dataset.validation=null", "dataset.test=null", "batch_size=null")
    names = ("dataset=csv", f"dataset.path={table}", "dataset.target=y")
    finished(tmp_path / "runs" / "changed", *names, *split, "topology=2-3-1")
    finished(tmp_path / "runs" / "sound")
    table.write_text("a,b,y\n0,0,1\n0,1,0\n1,0,0\n1,1,1\n")
    assert main(["runs"]) == 1
    assert "changed: the data set is not the one it was trained on" in capsys.readouterr().err
    assert "learning_curve" in pictures(tmp_path / "runs" / "sound")
    assert not (tmp_path / "runs" / "changed" / "plots").exists()


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no run has ended"):
        main([str(tmp_path)])


@pytest.mark.parametrize(
    ("options", "place", "begins"),
    [
        (["--format", "svg"], "plots/weights.svg", b"<?xml"),
        (["--dark"], "plots/dark/weights.png", b"\x89PNG"),
        (["--dark", "--format", "svg"], "plots/dark/weights.svg", b"<?xml"),
    ],
)
def test_pictures_are_drawn_for_print_and_on_dark_paper_where_asked(
    options: list[str], place: str, begins: bytes, tmp_path: Path
) -> None:
    run = finished(tmp_path / "run", "recording.plots=false")
    assert main([str(run), *options]) == 0
    first = (run / place).read_bytes()
    assert first.startswith(begins)
    assert [path.name for path in (run / place).parent.iterdir() if path.stem == "weights"] == [
        Path(place).name
    ]
    assert (b">from input</text>" in first) == place.endswith("svg")  # text stays text
    main([str(run), *options])
    assert (run / place).read_bytes() == first


def test_what_was_drawn_of_a_run_s_end_goes_when_it_goes_on() -> None:
    assert {f"plots/{name}.png" for name in PICTURES} <= set(OF_ITS_END)
    assert {f"plots/dark/{name}.svg" for name in PICTURES} <= set(OF_ITS_END)

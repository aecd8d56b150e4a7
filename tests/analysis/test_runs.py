from collections.abc import Callable
from pathlib import Path

import pytest

import runner
from runner.analysis.runs import load_runs
from runner.composing import compose
from runner.experiment import run_experiment


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs below two days."""
    root = tmp_path_factory.mktemp("outputs")
    places = {"2018-01-01/a": "3-4-1", "2018-01-01/b": "3-1", "2018-01-02/c": "3-2-1"}
    for place, topology in places.items():
        config = compose([f"topology={topology}", "stopping.max_steps=5"])
        run_experiment(config, root / place, {}, quiet=True)
    return root


def test_a_folder_of_runs_is_a_table_with_a_row_a_run(outputs: Path) -> None:
    runs = load_runs(outputs)
    assert runs["topology"].tolist() == ["3-4-1", "3-1", "3-2-1"]
    assert runs["steps"].tolist() == [5, 5, 5]
    assert runs["optimizer.learning_rate"].tolist() == [10, 10, 10]
    assert [Path(path).name for path in runs["path"]] == ["a", "b", "c"]
    assert runs.attrs["unreadable"] == []
    assert runs["status"].dtype == "category"


def test_several_folders_are_joined(outputs: Path) -> None:
    runs = load_runs(outputs / "2018-01-02", outputs / "2018-01-01" / "b")
    assert runs["topology"].tolist() == ["3-2-1", "3-1"]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "torn in the header": lambda content: content[:100],
    "torn in the row": lambda content: content[: content.index(b"completed")],
    "not UTF-8": lambda content: content.replace(b"sigmoid", b"\xff\xfe"),
    "open quote": lambda content: content.replace(b"sigmoid", b'"', 1),
    "something else": lambda _: b"a,b\n1,2\n",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_named_and_the_others_read(
    damage: str, tmp_path: Path, outputs: Path
) -> None:
    content = (outputs / "2018-01-01" / "a" / "results.csv").read_bytes()
    for name in ("before", "damaged", "later"):
        (tmp_path / name).mkdir()
        written = DAMAGES[damage](content) if name == "damaged" else content
        (tmp_path / name / "results.csv").write_bytes(written)
    with pytest.warns(UserWarning, match="left out 1: .*damaged: "):
        runs = load_runs(tmp_path)
    assert [Path(path).name for path in runs["path"]] == ["before", "later"]
    assert len(runs.attrs["unreadable"]) == 1


def test_runs_that_have_not_ended_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "run.json").write_text('{"status": "running"}')
    assert load_runs(tmp_path).empty


def test_a_link_back_up_is_not_followed(tmp_path: Path, outputs: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "round").symlink_to(tmp_path)
    (tmp_path / "runs" / "away").symlink_to(outputs)
    assert load_runs(tmp_path).empty


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        load_runs(tmp_path / "nowhere")


def test_it_can_be_had_from_the_package_itself() -> None:
    assert runner.load_runs is load_runs
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = runner.nothing

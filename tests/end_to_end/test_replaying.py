"""A replay's moments are those of the run, to the byte, and what it says of them is true."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import runner
from runner.analysis.plots.pictures import Picture
from runner.analysis.plots.subject import Subject
from runner.analysis.replay import film, moments
from runner.analysis.replay.content import replay_content
from runner.analysis.replay.samples import inputs_told
from runner.commands import run_command
from runner.experiment.drawing import subject_of
from runner.experiment.experiment import build
from runner.experiment.replaying import replayed, states_at
from runner.experiment.running import QUIETLY, run_experiment
from runner.replay import main
from runner.resume import main as resume_main
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import load_network
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from tests.end_to_end.commands import InProcess, composed
from tests.faults.forging import reforge

STEPS = ("stopping.target=null", "stopping.max_steps=300")
DIGITS = ("dataset=digits", "topology=in-16-out", "stopping.max_epochs=2", "dataset.validation=0.2")
CASES: dict[str, tuple[str, ...]] = {
    "the default run": STEPS,
    "mini-batches, Adam and dropout": (*DIGITS, "network.dropout.rate=0.2", "optimizer=adam"),
    "stopped by a metric on held-out data": (
        *(*DIGITS, "stopping.max_epochs=9"),
        *("stopping.target=0.5", "stopping.metric=val_accuracy"),
    ),
    "early stopping": (
        *(*DIGITS, "stopping.metric=val_loss"),
        *("stopping.patience=2", "stopping.restore_best=true", "stopping.max_epochs=5"),
        *("schedule=plateau", "schedule.patience=1"),
    ),
    "diverged": (*STEPS, "network.activation.output=linear", "optimizer.learning_rate=1e200"),
}


def trained(run: InProcess, *arguments: str) -> Path:
    """The folder of a run."""
    ended = run(*arguments, "hydra.run.dir=r")
    assert ended.code in (0, 7), ended.err
    return run.cwd / "r"


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("case", CASES)
def test_every_moment_has_the_bytes_of_a_run_that_recorded_it(
    case: str, engine: str, run: InProcess
) -> None:
    folder = trained(run, *CASES[case], "recording.snapshots.epochs=1", f"engine={engine}")
    paths = RunFolder(folder).snapshots
    found = replayed(folder)
    both = [(step, row) for row, step in enumerate(found.steps) if step in paths]
    assert len(both) >= 2 or case == "diverged"
    for step, row in both:
        assert found.parameters[row].tobytes() == load_snapshot(paths[step]).parameters.tobytes()
    assert found.steps[-1] == max(paths)
    assert found.notes[0].endswith(f"byte for byte those of its {len(paths)} snapshots.") or (
        case == "diverged" and "byte for byte" in found.notes[0]
    )


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_halting_at_moments_changes_nothing_whatever_they_are(engine: str) -> None:
    config = composed(*CASES["mini-batches, Adam and dropout"], f"engine={engine}")
    at_once, halting = (build(config) for _ in range(2))
    (end,) = (s.parameters.copy() for s in states_at(at_once, [90], lambda _: None))
    for state in states_at(halting, [0, 1, 2, 7, 50, 57, 58, 89, 90], lambda _: None):
        last = state.parameters
    assert last.tobytes() == end.tobytes()


def test_the_restored_weights_are_a_moment_of_their_own_which_is_marked(run: InProcess) -> None:
    early = ("stopping.metric=val_loss", "stopping.restore_best=true", "stopping.max_epochs=40")
    folder = trained(run, *DIGITS, *early, "stopping.patience=6", "optimizer.learning_rate=0.02")
    found = replayed(folder)
    *_, told = found.notes
    epoch = subject_of(folder).best_epoch
    assert found.restored is not None
    assert found.epochs[found.restored] == epoch
    step = f"{found.steps[found.restored]:,}"
    assert told.startswith(f"The run's result is the weights of epoch {epoch} (step {step}), the b")
    assert found.parameters[found.restored].tobytes() == load_network(folder).parameters.tobytes()
    assert list(found.steps) == sorted(set(found.steps))
    value = float(read_row(folder / "results.csv")["val_loss"])
    assert found.metrics["val_loss"][found.restored] == value
    assert replay_content(found)["restored"] == found.restored
    row = ("-m", *DIGITS, *early, "stopping.patience=6", "optimizer.learning_rate=0.02")
    assert run(*row, "sweep.record=rows", "hydra.sweep.dir=s", "seed=1").code == 0
    assert subject_of(run.cwd / "s/0").best_epoch == epoch


def test_samples_of_a_table_are_told_by_the_names_of_its_columns(run: InProcess) -> None:
    rows = "".join(f"{x},{-x / 2},{'ab'[x % 2]},{x}\n" for x in range(20))
    (run.cwd / "t.csv").write_text(f"rooms,how-far,city,price\n{rows}")
    table = (
        "dataset=csv",
        f"dataset.path={run.cwd}/t.csv",
        "dataset.target=price",
        "topology=in-2-out",
    )
    found = replayed(trained(run, *table, "stopping.max_steps=1"))
    inputs = [each["inputs"] for each in replay_content(found)["samples"]["rows"]]
    assert [name for name, _ in inputs[0]][:2] == ["rooms", "how-far"]
    assert {len(each) for each in inputs} == {3}
    assert {each[2] for each in inputs} == {("city=a", ""), ("city=b", "")}
    assert all(value.startswith("−") or value in "-00" for _, (_, value), _ in inputs)
    unnamed = replace(found.dataset, named=False)
    assert inputs_told(unnamed, np.array([1, -0.5, 0, 1])) == [("", "1  −0.5  0  1")]


def test_a_run_that_was_resumed_is_replayed_as_one(run: InProcess) -> None:
    folder = trained(run, *STEPS)
    assert resume_main([str(folder), "stopping.max_steps=500"]) == 0
    found = replayed(folder)
    assert found.steps[-1] == 500
    last = load_snapshot(RunFolder(folder).snapshots[500]).parameters
    assert found.parameters[-1].tobytes() == last.tobytes()


def test_a_job_that_is_a_row_needs_no_folder(run: InProcess) -> None:
    rows = ("-m", "seed=1,2", *STEPS, "sweep.record=rows", "hydra.sweep.dir=s")
    assert run(*rows).code == 0
    found = replayed(run.cwd / "s/1")
    assert found.notes == ["Computed again; the weights are byte for byte those in its row."]
    assert found.results["seed"] == "2"
    assert not (run.cwd / "s/1").exists()


def test_of_other_bytes_it_says_so(run: InProcess) -> None:
    folder = trained(run, *STEPS)
    (path,) = [path for step, path in RunFolder(folder).snapshots.items() if step == 300]
    reforge(path, parameters=load_snapshot(path).parameters * 1.01)
    (told, nothing) = replayed(folder).notes
    assert told == (
        "Computed again, and not to the same bytes: the weights are not those of its 2 snapshots, "
        "first at step 300; they differ by up to 0.01 of the largest weight."
    )
    assert nothing == "Nothing else that is known is otherwise than then."
    about = json.loads((folder / "run.json").read_text())
    about["versions"]["numpy"] = "1.0"
    (folder / "run.json").write_text(json.dumps(about))
    assert any("numpy 1.0, now" in note for note in replayed(folder).notes)


REFUSED: dict[str, tuple[list[str], int, str]] = {
    "no run": (["none"], 4, "none holds no run"),
    "another file's name": (["r", "-o", "page.pdf"], 2, r"-o page\.pdf: expected a name .* \.html"),
    "a GIF's name": (["r", "--gif", "page.html"], 2, r"--gif page\.html: .* \.gif"),
    "a film without ffmpeg": (["r", "--mp4", "x.mp4"], 2, "--mp4 needs ffmpeg.*take --gif"),
    "a run's own file": (["r", "-o", "r/run.html"], 0, ""),
    "other data": (["other"], 3, "the data set is not the one"),
    "a failed run": (["failed"], 3, "failed cannot be replayed, for it failed: "),
}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs: one that is sound, one of other data, and one that failed."""
    cwd = tmp_path_factory.mktemp("three")
    for folder in ("r", "other", "failed"):
        run_experiment(composed(*STEPS, "stopping.max_steps=5"), cwd / folder, {}, QUIETLY)
    for folder, key in (("other", "checksums"), ("failed", "status")):
        path = cwd / folder / "run.json"
        about = json.loads(path.read_text())
        about[key] = {**about[key], "data": "0" * 64} if key == "checksums" else "failed"
        path.write_text(json.dumps(about))
    return cwd


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_replayed_is_told_in_one_line(
    name: str, three: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(film, "FFMPEG", "no-such-ffmpeg")
    arguments, code, told = REFUSED[name]
    monkeypatch.chdir(three)
    capfd.readouterr()
    assert run_command(main, arguments) == code
    said = capfd.readouterr().err
    assert re.search(told, said)
    assert said.count("\n") == (code != 0)


@pytest.mark.parametrize(
    ("last", "parameters", "expected"),
    [
        (0, 10, [0]),
        (1, 10, [0, 1]),
        (5, 10, [0, 1, 2, 3, 4, 5]),
        (10**9, 2**26, [0, 10**9]),
    ],
)
def test_of_few_steps_or_large_networks_there_are_fewer_moments(
    last: int, parameters: int, expected: list[int]
) -> None:
    found = moments.moments_of(last, parameters, 8)
    assert found[0] == 0
    assert found[-1] == last
    assert set(expected) >= set(found) or len(found) <= 3


def test_a_long_training_has_about_as_many_as_there_may_be() -> None:
    for last in (200, 1187471, 10**12):
        found = moments.moments_of(last, 16, 8)
        assert 0.9 * moments.MOST <= len(found) <= moments.MOST + 1
        assert found == sorted(set(found))


def test_a_notebook_shows_it_inline(run: InProcess) -> None:
    replay = runner.Run(trained(run, *STEPS, "dataset=xor")).replay()
    shown = replay._repr_html_()
    assert shown.startswith("<iframe ")
    assert 'sandbox="allow-scripts"' in shown
    assert "<script" not in shown
    replay.save(run.cwd / "kept.html")
    assert (run.cwd / "kept.html").read_text().startswith("<!DOCTYPE html>")


def test_a_gif_has_a_frame_for_each_of_some_moments(
    run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film, "FRAMES", 4)
    found = replayed(trained(run, *STEPS, "dataset=xor"))
    image = Image.open(io.BytesIO(film.gif(found)))
    assert image.n_frames == 4  # type: ignore[attr-defined]
    assert not (np.array(image.size) % 2).any()  # a film needs even sides


@pytest.mark.parametrize(
    ("overrides", "count"),
    [(["dataset=digits", "topology=in-20-out"], 20), (["topology=3-4-1"], 0)],
    ids=["images of weights", "a drawn network"],
)
def test_a_gif_has_one_scale_and_one_order_of_units_at_all_moments(
    run: InProcess, monkeypatch: pytest.MonkeyPatch, overrides: list[str], count: int
) -> None:
    figures = []

    def looked_at(picture: Picture, subject: Subject) -> Image.Image:
        figures.append(picture.draw(subject))
        return Image.new("RGB", (2, 2))

    monkeypatch.setattr(film, "FRAMES", 3)
    monkeypatch.setattr(film, "opened", looked_at)
    found = replayed(trained(run, *STEPS, *overrides))
    list(film.frames(found))
    axes = [figure.axes[0] for figure in figures[::2]]  # a curve is beside each
    drawn = [[*each.images, *each.collections[:-1]] for each in axes]
    scales = [[shape.get_clim() for shape in shapes] for shapes in drawn]
    assert scales[0] == scales[1] == scales[2]
    assert len({figure.get_figheight() for figure in figures[::2]}) == 1
    weights = [found.network.topology.layers[0].weight_matrix(p) for p in found.parameters]
    order = np.argsort(-np.linalg.norm(weights[-1], axis=0), kind="stable")
    for place, image in enumerate(drawn[0][:count]):
        assert np.asarray(image.get_array()).ravel() == pytest.approx(weights[0][:, order[place]])

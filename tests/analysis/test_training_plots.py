"""Pictures of how a training went: statistics of layers, the straight line, what was restored."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runner.analysis.plots.calibration import bins_of, reliability_diagram, share_interval
from runner.analysis.plots.layer_statistics import statistics_over_time
from runner.analysis.plots.learning import learning_curve
from runner.analysis.plots.pictures import PICTURES, png
from runner.analysis.plots.straight_line import PLACES, loss_along_line
from runner.analysis.plots.style import DARK, LIGHT, Look, drawn_in, look
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.units import units_over_plane
from runner.data.dataset import Dataset
from runner.experiment.drawing import best_epoch, subject_of
from runner.network.network import Network
from runner.network.topology import Topology
from tests.analysis.test_plots import CASES, CURVES, axes_of, classes, heat_maps, history, subject
from tests.analysis.test_plots_command import finished

STATISTICS = history(
    **{f"L{layer}.gradient_norm": [4.0, 2, 1, 0.5] for layer in (1, 3)},
    **{f"L{layer}.weight_norm": [10.0, 10, 10, 0] for layer in (1, 3)},
    **{f"L{layer}.update_norm": [0.1, 0.2, 0.3, 0] for layer in (1, 3)},
    **{f"L{layer}.sign_changes": [0.5, 0, 0, 0.25] for layer in (1, 3)},
    **{"L1.dead": [0, 0.25, 0.5, 0.5]},
)


def watched() -> Subject:
    return replace(CASES["three classes"][0], history={**CURVES, **STATISTICS})


def test_statistics_of_layers_are_a_panel_each_and_a_line_a_layer() -> None:
    axes = axes_of(statistics_over_time(watched()))
    shown = {each.get_title(loc="left"): each for each in axes}
    assert list(shown) == [
        "gradient norm",
        "update norm / weight norm",
        "gradients that change sign (%)",
        "dead units (%)",
    ]
    ratio = shown["update norm / weight norm"].lines[0].get_xydata()
    assert ratio == pytest.approx(np.array([[1, 0.01], [10, 0.02], [100, 0.03]]))  # |w| = 0: none
    labels = [line.get_label() for line in shown["gradient norm"].lines]
    assert labels == ["1", "3"]
    assert shown["dead units (%)"].lines[0].get_ydata() == pytest.approx([0, 25, 50, 50])
    assert len(shown["dead units (%)"].lines) == 1


def test_the_epoch_whose_weights_were_restored_is_marked_and_the_test_stands_there() -> None:
    run = replace(watched(), best_epoch=500)
    results = {**run.results, "test_loss": "0.75", "val_loss": "0.125"}
    run = replace(run, results=results, history={**run.history, "val_loss": np.ones(4)})
    loss = axes_of(learning_curve(run))[0]
    lines = {line.get_label(): line for line in loss.lines}
    assert lines["restored: epoch 500"].get_xdata() == [500, 500]
    assert lines["test, restored"].get_xydata().tolist() == [[500, 0.75]]
    # Of that epoch the history has no row: the curve goes through what the run came to.
    assert [500, 0.125] in lines["validation"].get_xydata().tolist()
    assert list(lines["validation"].get_xdata()) == sorted(lines["validation"].get_xdata())
    unknown = {**results, "stopping.restore_best": "true"}
    curve = axes_of(learning_curve(replace(run, best_epoch=None, results=unknown)))[0]
    assert [line.get_label() for line in curve.lines][-1] == "test"
    last = axes_of(learning_curve(replace(run, best_epoch=1000)))[0]
    assert not any("restored" in str(line.get_label()) for line in last.lines)


def likely(points: int = 400) -> Subject:
    dataset = classes(2, ("x", "y", "z"), points)
    assert dataset.test is not None
    whole = replace(dataset, test=dataset.train)
    return of_softmax(whole)


def of_softmax(dataset: Dataset) -> Subject:
    run = subject((2, 5, 3), dataset)
    network = Network(Topology((2, 5, 3), bias=True), output="softmax")
    return replace(run, network=network, results={**run.results, "loss.name": "cross_entropy"})


def test_the_straight_line_has_the_losses_of_both_ends() -> None:
    run = likely()
    start = np.random.default_rng(1).normal(size=run.parameters.shape)
    run = replace(run, start=start)
    axes = axes_of(loss_along_line(run))[0]
    along = dict(zip(PLACES.tolist(), axes.lines[0].get_ydata().tolist(), strict=True))
    targets = run.dataset.train.targets
    for place, weights in ((0.0, start), (1.0, run.parameters)):
        outputs = run.network.predict(weights, run.dataset.train.inputs)
        expected = -np.log((outputs * targets).sum(axis=1)).mean()
        nearest = min(along, key=lambda a, place=place: abs(a - place))  # type: ignore[misc]
        assert nearest == pytest.approx(place)
        assert along[nearest] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("case", "picture", "there"),
    [
        (likely(), "calibration", True),
        (likely(60), "calibration", False),  # too few
        (replace(likely(), dataset=replace(likely().dataset, test=None)), "calibration", False),
        (subject((2, 5, 3), classes(2, ("x", "y", "z"), 900)), "calibration", False),  # no softmax
        (likely(), "straight_line", False),  # its start is not known
        (replace(likely(), start=np.zeros(33)), "straight_line", True),
        (replace(likely(), start=np.full(33, np.nan)), "straight_line", False),
        (CASES["numbers from many inputs"][0], "units", False),
        (subject((2, 3), classes(2, ("x", "y", "z"))), "units", False),  # no hidden layer
        (watched(), "layer_statistics", True),
        (CASES["images"][0], "layer_statistics", False),
    ],
)
def test_a_picture_is_drawn_where_it_says_something_true(
    case: Subject, picture: str, there: bool
) -> None:
    assert PICTURES[picture].applies(case) == there


def test_the_error_of_calibration_is_the_mean_distance_of_right_and_sure() -> None:
    run = likely()
    bins = bins_of(run)
    sure = run.outputs.max(axis=1)
    right = run.outputs.argmax(axis=1) == run.samples.targets.argmax(axis=1)
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low) & (sure <= low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    assert bins.counts.sum() == 400
    assert bins.error == pytest.approx(expected)
    told = axes_of(reliability_diagram(run))[0].get_title(loc="left")
    assert told.startswith(f"expected calibration error {100 * expected:.1f} %")


def test_the_interval_of_a_share_is_wilson_s() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263, and 0 of 20.
    low, high = share_interval(np.array([81 / 263, 0]), np.array([263, 20]))
    assert low == pytest.approx([0.2553, 0], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1611], abs=5e-5)


def test_a_unit_s_tile_is_its_activation_over_the_plane() -> None:
    run = CASES["a truth table"][0]
    (axes,) = axes_of(units_over_plane(run))
    tiles = heat_maps([axes])
    assert len(tiles) == 3
    corner = run.through_layers(np.array([[-0.08, 1.08]]))[1][0]  # top left
    assert [tile[0, 0] for tile in tiles] == pytest.approx(2 * corner - 1)
    counts = run.network.topology.layers[1].weight_matrix(run.parameters)[:, 0]
    names = [text.get_text() for text in axes.texts]
    assert names[0] == f"1: {counts[0]:+.2g}".replace("-", "−")
    assert names[-1] == "layer 1, sigmoid"


def test_tiles_tell_which_input_is_across_and_which_is_up() -> None:
    run = CASES["numbers in the plane"][0]
    named = replace(run.dataset, input_names=("petal width", "petal length in cm"))
    for dataset, text in (
        (run.dataset, "across column 0, up column 1; orange high"),
        (named, "across petal width, up petal leng…; orange high"),
    ):
        figure = units_over_plane(replace(run, dataset=dataset))
        assert figure.texts[-1].get_text().startswith(text)


def test_the_start_and_the_restored_epoch_come_from_the_run_s_snapshots(tmp_path: Path) -> None:
    kept = ("stopping.metric=val_loss", "stopping.restore_best=true")
    best = ("dataset=moons", "dataset.validation=0.3", *kept)
    found = subject_of(finished(tmp_path / "run", *best))
    assert found.start is not None
    assert not np.array_equal(found.start, found.parameters)
    assert found.best_epoch is not None
    assert 1 <= found.best_epoch <= 20
    for snapshot in sorted((tmp_path / "run" / "snapshots").iterdir())[:-1]:
        snapshot.unlink()
    alone = subject_of(tmp_path / "run")
    assert alone.start is None
    assert "straight_line" not in [name for name, each in PICTURES.items() if each.applies(alone)]


RESTORED = {"stopping.restore_best": "true", "stopping.metric": "val_loss", "epochs": "30"}
SHARES = {**RESTORED, "stop_reason": "max_epochs", "stopping.metric": "val_accuracy"}


@pytest.mark.parametrize(
    ("results", "epoch"),
    [
        ({"stopping.restore_best": "false"}, None),
        ({**RESTORED, "stop_reason": "patience", "stopping.patience": "5"}, 25),
        ({**RESTORED, "stop_reason": "max_epochs", "val_loss": "0.25"}, 14),
        ({**RESTORED, "stop_reason": "max_epochs", "val_loss": "0.125"}, None),
        ({**RESTORED, "stop_reason": "max_epochs", "stopping.metric": "val_accuracy"}, None),
        ({**SHARES, "val_accuracy": "0.75"}, 2),
        ({**SHARES, "val_accuracy": "0.875"}, None),  # which epochs of 3 to 13 may have had
    ],
)
def test_a_row_s_restored_epoch_follows_from_its_history(
    results: dict[str, str], epoch: int | None
) -> None:
    history = {
        "epoch": np.array([1.0, 2, 14, 30]),
        "val_loss": np.array([0.5, 0.4, 0.25, 0.3]),
        "val_accuracy": np.array([0.5, 0.75, 0.875, 0.75]),
    }
    assert best_epoch(results, history) == epoch


def test_what_is_drawn_on_dark_paper_leaves_the_look_as_it_was() -> None:
    before = look()
    with drawn_in(DARK):
        assert look() is DARK
    assert look() is before


@pytest.mark.parametrize("look", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["network", "units"])  # in a palette, and in all shades
def test_the_paper_has_its_colour_to_the_bit(name: str, look: Look) -> None:
    image = Image.open(BytesIO(png(PICTURES[name], CASES["a truth table"][0], look)))
    corner = image.convert("RGB").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert "#{:02x}{:02x}{:02x}".format(*corner) == look.paper

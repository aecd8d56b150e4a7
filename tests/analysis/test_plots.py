"""Pictures of a run: which are drawn, and that each shows the data it should."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from runner.analysis.plots.confusion import confusion_matrix
from runner.analysis.plots.decisions import decision_surface, fit
from runner.analysis.plots.drawn_network import network_graph
from runner.analysis.plots.learning import learning_curve, loss_by_rate
from runner.analysis.plots.mistakes import worst_mistakes, worst_samples
from runner.analysis.plots.pictures import PICTURES, Picture, draw_pictures, draw_run, png
from runner.analysis.plots.style import LIGHT, plain
from runner.analysis.plots.subject import Subject, data_name
from runner.analysis.plots.weights import first_layer_images, weight_maps
from runner.data.dataset import Dataset, Part
from runner.network.arrays import Array
from runner.network.labels import confusion_counts
from runner.network.network import Network
from runner.network.topology import Topology
from runner.network.trained import TrainedNetwork
from runner.training.metrics import correct
from runner.training.range_test import loss_curve

RESULTS = {
    "topology": "3-4-1",
    "dataset.name": "eight_samples",
    "seed": "1",
    "optimizer.name": "sgd",
    "optimizer.learning_rate": "10.0",
    "status": "completed",
    "stop_reason": "target",
    "steps": "1187471",
    "mae": "0.25",
    "accuracy": "0.75",
    "stopping.metric": "mean_accuracy",
    "stopping.target": "0.9999",
}


def history(**columns: list[float]) -> dict[str, Array]:
    return {name: np.array(values, float) for name, values in columns.items()}


CURVES = history(
    step=[1, 10, 100, 1000],
    epoch=[1, 10, 100, 1000],
    loss=[4, 2, 1, 0.25],
    mae=[0.5, 0.25, 0.1, 0.01],
    accuracy=[0.5, 0.5, 0.75, 1],
)


def subject(
    sizes: tuple[int, ...], dataset: Dataset, parameters: Array | None = None, bias: bool = True
) -> Subject:
    """A network on the data set, with given weights or drawn ones."""
    topology = Topology(sizes, bias)
    if parameters is None:
        parameters = np.random.default_rng(5).normal(size=topology.parameters)
    fitted = dataset.for_outputs(sizes[-1])
    return Subject(RESULTS, CURVES, Network(topology), parameters, fitted)


def test_an_output_of_exactly_half_is_the_same_class_everywhere() -> None:
    """The first one: the second takes more than 0.5."""
    undecided = subject((2, 1), classes(2, ("no", "yes")), np.zeros(3))
    outputs, targets = undecided.outputs, undecided.samples.targets
    assert (outputs == 0.5).all()
    assert confusion_counts(targets, outputs).tolist() == [[6, 0], [6, 0]]
    assert undecided.wrong.tolist() == (targets[:, 0] == 1).tolist()
    assert correct(outputs, targets) == 6
    network = TrainedNetwork(undecided.network, undecided.parameters, classes=("no", "yes"))
    assert set(network.labels(outputs)) == {"no"}


def numbers(inputs: int, outputs: int = 1, samples: int = 30) -> Dataset:
    generator = np.random.default_rng(3)
    names = tuple(f"column {i}" for i in range(inputs)), tuple(f"y{i}" for i in range(outputs))
    part = Part(generator.normal(size=(samples, inputs)), generator.normal(size=(samples, outputs)))
    return Dataset(part, (inputs,), *names)


def classes(inputs: int, names: tuple[str, ...], samples: int = 30) -> Dataset:
    labels = np.arange(samples) % len(names)
    points = np.random.default_rng(3).normal(size=(samples, inputs)) + labels[:, None]
    test = Part(points[:12], labels[:12])
    return Dataset(
        Part(points, labels),
        (inputs,),
        tuple(map(str, range(1, inputs + 1))),
        ("kind",),
        test=test,
        classes=names,
    )


def images(channels: int = 1) -> Dataset:
    pixels = np.random.default_rng(3).integers(0, 256, (20, 12 * channels)).astype(np.uint8)
    part = Part(pixels, np.arange(20) % 3)
    names = tuple(map(str, range(12 * channels)))
    return Dataset(part, (channels, 4, 3), names, ("class",), classes=("a", "b", "c"))


def truth_table() -> Dataset:
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    return Dataset(Part(inputs, np.array([[0], [1], [1], [0]], float)), (2,), ("1", "2"), ("1",))


CASES = {
    "a truth table": (subject((2, 3, 1), truth_table()), {"network", "decision_surface", "units"}),
    "many units": (subject((2, 40, 1), truth_table()), {"decision_surface", "units"}),
    "numbers from one input": (
        subject((1, 5, 1), numbers(1)),
        {"network", "fit", "worst_mistakes"},
    ),
    "numbers from many inputs": (subject((4, 5, 2), numbers(4, 2)), {"network", "worst_mistakes"}),
    "numbers in the plane": (
        subject((2, 5, 2), numbers(2, 2)),
        {"network", "decision_surface", "units", "worst_mistakes"},
    ),
    "two classes, one output": (
        subject((2, 5, 1), classes(2, ("no", "yes"))),
        {"network", "decision_surface", "units", "confusion_matrix"},
    ),
    "three classes": (
        subject((2, 5, 3), classes(2, ("x", "y", "z"))),
        {"network", "decision_surface", "units", "confusion_matrix"},
    ),
    "images": (subject((12, 5, 3), images()), {"network", "first_layer", "confusion_matrix"}),
    "colour images": (subject((36, 70, 3), images(3)), {"first_layer", "confusion_matrix"}),
}
ALWAYS = {"learning_curve", "weights"}


@pytest.mark.parametrize("case", CASES)
def test_pictures_are_drawn_where_they_say_something(case: str, tmp_path: Path) -> None:
    run, expected = CASES[case]
    assert list(draw_pictures(run, tmp_path)) == []
    drawn = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert drawn - {"worst_mistakes"} == (expected | ALWAYS) - {"worst_mistakes"}
    wrong = not run.decides or bool(run.wrong.any())
    assert ("worst_mistakes" in drawn) == wrong
    for path in (tmp_path / "plots").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size < 300_000


def axes_of(figure: Figure) -> list[Any]:
    """A figure's axes, whatever artists they hold."""
    return list(figure.axes)


def test_a_title_tells_the_run() -> None:
    figure = learning_curve(CASES["a truth table"][0])
    title, ending = (text.get_text() for text in figure.texts)
    assert title == "3-4-1  ·  eight_samples  ·  seed 1"
    assert ending == "sgd, learning rate 10, 1,187,471 steps (target), training mae 0.25"


@pytest.mark.parametrize(
    ("name", "path", "shown"),
    [("csv", "data/brakes.csv", "brakes.csv"), ("csv", "", "csv"), ("mine", "a.csv", "mine")],
)
def test_a_table_without_a_name_goes_by_that_of_its_file(name: str, path: str, shown: str) -> None:
    results = {"dataset.name": name, "dataset.kind": "csv", "dataset.path": path}
    assert data_name(results) == shown


def test_a_name_that_looks_like_mathematics_is_shown_as_it_is(tmp_path: Path) -> None:
    run = CASES["three classes"][0]
    name = "$\\frac{$ <b>\n" + 100 * "x"
    hostile = replace(run, results={**RESULTS, "dataset.name": name, "topology": "$$"})
    assert list(draw_pictures(hostile, tmp_path)) == []
    assert "\n" not in plain(name)
    assert len(plain(name)) < 50


def test_the_learning_curve_shows_training_and_validation() -> None:
    run = CASES["a truth table"][0]
    validated = replace(run, history={**CURVES, "val_loss": CURVES["loss"] + 1})
    loss, error = axes_of(learning_curve(validated))
    training, validation = loss.lines
    assert training.get_xydata() == pytest.approx(np.array([CURVES["step"], CURVES["loss"]]).T)
    assert validation.get_ydata() == pytest.approx(CURVES["loss"] + 1)
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]
    assert error.lines[0].get_ydata() == pytest.approx(CURVES["mae"])
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("step", "loss")
    assert error.get_ylabel() == "mean absolute error"
    target = error.lines[1].get_ydata()
    assert target == pytest.approx([1e-4, 1e-4])


def test_the_learning_curve_ends_in_what_the_test_part_came_to() -> None:
    run = CASES["images"][0]
    tested = replace(run, results={**run.results, "test_loss": "0.75", "test_accuracy": "0.5"})
    loss, accuracy = axes_of(learning_curve(tested))
    for axes, value in ((loss, 0.75), (accuracy, 50)):
        (end,) = [line for line in axes.lines if line.get_label() == "test, at the end"]
        assert end.get_xydata().tolist() == [[1000, value]]
    assert "test, at the end" in [text.get_text() for text in loss.get_legend().get_texts()]
    assert len(axes_of(learning_curve(run))[0].lines) == 1


def test_a_range_test_is_shown_as_loss_over_rate_with_its_suggestion(tmp_path: Path) -> None:
    rates, losses = np.geomspace(1e-4, 10, 40), np.linspace(2, 1, 40)
    tested = {"schedule.name": "range", "suggested_rate": "0.25"}
    run = replace(
        CASES["three classes"][0],
        results={**RESULTS, **tested},
        history={**CURVES, "learning_rate": rates, "loss": losses},
    )
    (axes,) = axes_of(loss_by_rate(run))
    steps, smoothed, suggestion = axes.lines
    assert steps.get_xydata() == pytest.approx(np.array([rates, losses]).T)
    assert smoothed.get_xydata() == pytest.approx(np.array([rates, loss_curve(losses)]).T)
    assert suggestion.get_xdata() == [0.25, 0.25]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "learning rate")
    assert list(draw_pictures(run, tmp_path)) == []
    drawn = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert "learning_rate" in drawn
    assert "learning_curve" not in drawn


@pytest.mark.parametrize(("last", "scale"), [(1000, "log"), (100, "linear")])
def test_long_runs_are_shown_on_logarithmic_axes(last: int, scale: str) -> None:
    shorter = {name: values[CURVES["step"] <= last] for name, values in CURVES.items()}
    loss, _ = axes_of(learning_curve(replace(CASES["a truth table"][0], history=shorter)))
    assert loss.get_xscale() == scale


def test_a_single_epoch_is_a_mark() -> None:
    first = {name: values[:1] for name, values in CURVES.items()}
    loss, _ = axes_of(learning_curve(replace(CASES["a truth table"][0], history=first)))
    assert [(line.get_marker(), *line.get_xydata()[0]) for line in loss.lines] == [("o", 1, 4)]


def test_a_long_title_fits_a_narrow_picture() -> None:
    names = {
        "topology": "1x28x28-8C5-MP2-16C5-MP2-128-10",
        "dataset.name": "leaves_of_forty_trees_in_four_seasons",
    }
    run = replace(CASES["three classes"][0], results={**RESULTS, **names})
    figure = confusion_matrix(run)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    title, below = (text.get_window_extent() for text in figure.texts)
    assert max(title.x1, below.x1) <= figure.bbox.width
    assert title.y0 >= below.y1


def test_accuracy_is_shown_in_percent_over_epochs() -> None:
    curves = {**CURVES, "step": CURVES["epoch"] * 7}
    _, accuracy = axes_of(learning_curve(replace(CASES["images"][0], history=curves)))
    assert accuracy.lines[0].get_ydata() == pytest.approx([50, 50, 75, 100])
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy (%)")
    assert accuracy.get_yscale() == "linear"


def heat_maps(axes: list[Any]) -> list[Array]:
    return [np.asarray(image.get_array()) for place in axes for image in place.images]


def test_weight_maps_show_each_matrix_and_its_biases() -> None:
    run = CASES["three classes"][0]
    axes = axes_of(weight_maps(run))
    first, second = heat_maps(axes)
    layers = run.network.topology.layers
    for shown, layer in zip((first, second), layers, strict=True):
        assert shown[:-1] == pytest.approx(layer.weight_matrix(run.parameters))
        assert shown[-1] == pytest.approx(layer.bias_vector(run.parameters))
    image = axes[0].images[0]
    assert image.get_clim() == pytest.approx((-np.abs(first).max(), np.abs(first).max()))
    assert axes[0].get_title() == "layer 1: 2 × 5"
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["1", "2", "bias"]
    assert axes[0].texts[0].get_text() == f"{first[0, 0]:.3g}"


def ticks(axes: Axes) -> tuple[list[str], list[str]]:
    """What stands along the axes, across and down."""
    return (
        [text.get_text() for text in axes.get_xticklabels()],
        [text.get_text() for text in axes.get_yticklabels()],
    )


def test_inputs_and_outputs_that_have_names_are_told_by_them() -> None:
    first, second = axes_of(weight_maps(subject((3, 4, 2), numbers(3, 2))))[:2]
    assert ticks(first) == (["1", "2", "3", "4"], ["column 0", "column 1", "column 2", "bias"])
    assert ticks(second) == (["y0", "y1"], ["1", "2", "3", "4", "bias"])
    assert (first.get_ylabel(), second.get_xlabel()) == ("from input", "to output")


def test_units_in_another_order_are_told_by_their_own_numbers() -> None:
    run = subject((3, 40, 30, 2), numbers(3, 2))
    first, second, third = axes_of(weight_maps(run))[:3]
    matrices = [layer.weight_matrix(run.parameters) for layer in run.network.topology.layers]
    for axes, across, matrix in ((first, True, matrices[0]), (third, False, matrices[1])):
        places = axes.get_xticks() if across else axes.get_yticks()[:-1]
        names = ticks(axes)[0] if across else ticks(axes)[1][:-1]
        strongest = 1 + np.argsort(-np.linalg.norm(matrix, axis=0))
        assert [int(name) for name in names] == [strongest[int(place) - 1] for place in places]
        assert len(names) > 3
    assert ticks(third)[1][-1] == "bias"
    assert second.get_xlabel() == "to unit, strongest first"


def test_of_many_inputs_as_many_are_named_as_there_is_room_for() -> None:
    names = [ticks(axes_of(weight_maps(subject((n, 2), numbers(n, 2))))[0])[1] for n in (30, 200)]
    assert names[0] == [*(f"column {place}" for place in range(30)), "bias"]
    assert 3 < len(names[1]) < 12
    assert all(name.startswith("column ") for name in names[1][:-1])


def test_the_network_has_a_circle_a_unit_and_a_line_a_weight() -> None:
    run = CASES["three classes"][0]
    (axes,) = axes_of(network_graph(run))
    first, second, units = axes.collections
    assert len(units.get_offsets()) == 2 + 5 + 3
    layers = run.network.topology.layers
    for lines, layer in zip((first, second), layers, strict=True):
        shown = np.asarray(lines.get_array())
        weights = layer.weight_matrix(run.parameters).ravel()
        assert sorted(shown) == pytest.approx(sorted(weights))
        widths = np.asarray(lines.get_linewidths())
        assert widths[np.abs(shown).argmax()] == widths.max()
    assert [text.get_text() for text in axes.texts] == ["1", "2", "x", "y", "z"]


def test_lines_of_the_network_join_the_units_of_their_weight() -> None:
    parameters = np.zeros(Topology((2, 3, 1)).parameters)
    parameters[4] = 9.0  # from the second input to the second hidden unit
    (axes,) = axes_of(network_graph(subject((2, 3, 1), truth_table(), parameters, bias=False)))
    strongest = np.asarray(axes.collections[0].get_segments()[-1])
    assert strongest == pytest.approx(np.array([[0, -0.25], [1, 0]]))


def test_first_layer_images_are_laid_out_as_the_inputs_are() -> None:
    run = CASES["images"][0]
    axes = axes_of(first_layer_images(run))
    matrix = run.network.topology.layers[0].weight_matrix(run.parameters)
    assert len(heat_maps(axes)) == 5
    strongest = np.argsort(-np.linalg.norm(matrix, axis=0))
    for unit, shown in zip(strongest, heat_maps(axes), strict=True):
        assert shown == pytest.approx(matrix[:, unit].reshape(4, 3))


def test_the_confusion_matrix_counts_samples_of_the_test_part() -> None:
    run = CASES["three classes"][0]
    axes, _ = axes_of(confusion_matrix(run))
    said = run.network.predict(run.parameters, run.samples.inputs).argmax(axis=1)
    meant = np.arange(12) % 3
    counts = np.array([[np.sum((meant == i) & (said == j)) for j in range(3)] for i in range(3)])
    assert heat_maps([axes])[1] == pytest.approx(np.where(np.eye(3), 0, counts / 4))
    assert axes.images[1].get_clim() == (0, np.where(np.eye(3), 0, counts / 4).max())
    written = sorted(int(text.get_text()) for text in axes.texts)
    assert written == sorted(counts[counts > 0].tolist())
    assert axes.get_xlabel() == "taken for (12 test samples)"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["x", "y", "z"]


@pytest.mark.parametrize(
    "names", [("x", "y", "z"), ("versicolor", "virginica", "a rather long name of a class")]
)
def test_the_confusion_matrix_has_room_for_its_classes(names: tuple[str, ...]) -> None:
    run = CASES["three classes"][0]
    figure = confusion_matrix(replace(run, dataset=replace(run.dataset, classes=names)))
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    axes = axes_of(figure)[0]
    labels = [axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
    for label in labels:
        box = label.get_window_extent()
        assert box.x0 >= 0 <= box.y0
    assert axes.get_yticklabels()[0].get_text() == names[0]


def test_worst_mistakes_are_the_wrong_ones_with_the_largest_error() -> None:
    run = CASES["images"][0]
    places = worst_samples(run, 5)
    assert run.wrong[places].all()
    assert (np.diff(run.errors[places]) <= 0).all()
    assert run.errors[places[0]] == run.errors[run.wrong].max()


def test_mistaken_images_are_shown_with_what_they_are_and_were_taken_for() -> None:
    run = CASES["images"][0]
    (axes,) = axes_of(worst_mistakes(run))
    place = worst_samples(run, 1)[0]
    image = np.asarray(run.samples.inputs[place], float).reshape(4, 3)
    assert heat_maps([axes])[0] == pytest.approx(image / image.max())
    said = run.outputs[place].argmax()
    assert axes.texts[0].get_text() == (
        f"{'abc'[place % 3]} → {'abc'[said]}\n{run.outputs[place].max():.2f}"
    )


def test_mistaken_numbers_are_bars_as_long_as_their_error() -> None:
    run = CASES["numbers from many inputs"][0]
    axes, beside = axes_of(worst_mistakes(run))
    lengths = [bar.get_width() for bar in axes.patches]
    assert lengths == pytest.approx(sorted(run.errors, reverse=True)[: len(lengths)])
    assert axes.get_yticklabels()[0].get_text().startswith(f"sample {run.errors.argmax() + 1}:")
    worst = run.samples.inputs[run.errors.argmax()]
    assert [text.get_text() for text in beside.texts[:4]] == [f"{value:.3g}" for value in worst]
    names = [text.get_text() for text in beside.get_xticklabels()]
    assert names == list(run.dataset.input_names)


@pytest.mark.parametrize("size", [1.0, 1e-3, 123456.0, 1e12])
def test_the_names_of_bars_fit_into_the_picture(size: float) -> None:
    run = CASES["numbers from many inputs"][0]
    part = replace(run.samples, targets=size * run.samples.targets)
    dataset = replace(run.dataset, train=part, validation=None, test=None)
    figure = worst_mistakes(replace(run, dataset=dataset))
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    names = figure.axes[0].get_yticklabels()
    assert min(name.get_window_extent().x0 for name in names) > 0


def test_a_surface_is_what_the_network_says_at_its_points() -> None:
    run = CASES["a truth table"][0]
    axes = axes_of(decision_surface(run))[0]
    (shown,) = heat_maps([axes])
    left, right, bottom, top = axes.images[0].get_extent()
    corners = np.array([[left, bottom], [right, bottom], [left, top], [right, top]])
    expected = run.network.predict(run.parameters, corners).ravel()
    assert shown[[0, 0, -1, -1], [0, -1, 0, -1]] == pytest.approx(expected)
    sides = {
        dots.get_label(): np.asarray(dots.get_offsets()).tolist() for dots in axes.collections[-2:]
    }
    assert sides == {"target 0": [[0, 0], [1, 1]], "target 1": [[0, 1], [1, 0]]}
    assert len(axes.get_legend().get_texts()) == 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input 1", "input 2")


def test_regions_have_the_colour_of_the_class_that_is_said_there() -> None:
    run = CASES["three classes"][0]
    axes = axes_of(decision_surface(run))[0]
    (shown,) = heat_maps([axes])
    left, _, bottom, _ = axes.images[0].get_extent()
    said = run.network.predict(run.parameters, np.array([[left, bottom]])).argmax()
    darkest = np.argmin(shown[0, 0])
    assert darkest == np.argmin(to_rgb(LIGHT.colours[said]))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["x", "y", "z"]


def test_a_fit_is_the_output_over_the_input() -> None:
    run = CASES["numbers from one input"][0]
    (axes,) = axes_of(fit(run))
    x, y = axes.lines[0].get_xydata().T
    assert y == pytest.approx(run.network.predict(run.parameters, x[:, None]).ravel())
    assert np.asarray(axes.collections[0].get_offsets())[:, 1] == pytest.approx(
        run.samples.targets[:, 0]
    )


def test_weights_that_are_not_finite_leave_the_learning_curve() -> None:
    run = CASES["three classes"][0]
    lost = replace(run, parameters=np.full_like(run.parameters, np.nan))
    assert [name for name, picture in PICTURES.items() if picture.applies(lost)] == [
        "learning_curve"
    ]


def test_a_picture_that_fails_is_named_and_the_others_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Subject) -> None:
        raise ZeroDivisionError("no such picture")

    monkeypatch.setitem(PICTURES, "weights", Picture(lambda _: True, failing))  # type: ignore[arg-type]
    run = CASES["a truth table"][0]
    assert list(draw_pictures(run, tmp_path)) == [
        "plots/weights.png is not drawn: ZeroDivisionError: no such picture"
    ]
    assert (tmp_path / "plots" / "network.png").is_file()


def test_a_run_without_results_has_no_pictures_and_says_so(tmp_path: Path) -> None:
    run = CASES["a truth table"][0]
    (problem,) = draw_run(tmp_path, run.network, run.parameters, run.dataset)
    assert "results.csv" in problem
    assert not (tmp_path / "plots").exists()


def test_signs_that_the_font_lacks_do_not_disturb() -> None:
    run = replace(CASES["a truth table"][0], results={**RESULTS, "dataset.name": "数字"})
    assert png(PICTURES["network"], run)

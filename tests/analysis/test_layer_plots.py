"""Pictures of nets with convolutions and recurrent layers: which there are, and what they show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.analysis.plots.confusion import confusion_matrix
from runner.analysis.plots.maps import maps_of_layers
from runner.analysis.plots.mistakes import worst_mistakes
from runner.analysis.plots.pictures import draw_pictures
from runner.analysis.plots.states import states_over_time
from runner.analysis.plots.subject import Subject
from runner.analysis.plots.weights import first_layer_images, weight_maps
from runner.data.dataset import Dataset, Part
from runner.data.preparing import prepare
from runner.data.splits import Split
from runner.data.texts import TextOptions, load_text
from runner.network.arrays import Array
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Topology, parse_topology
from tests.analysis.test_plots import ALWAYS, CURVES, RESULTS, axes_of, heat_maps

GENERATOR = np.random.default_rng(3)


def images(channels: int) -> Dataset:
    pixels = GENERATOR.integers(1, 256, (20, channels * 42)).astype(np.uint8)
    pixels[:] = pixels // 2
    pixels[1] = np.where(pixels[1] > 60, 255, 0)  # the one with the most contrast
    names = tuple(map(str, range(channels * 42)))
    part = Part(pixels, np.arange(20) % 3)
    scaling = Scaling(np.array(0.0), np.array(1 / 255))
    shape, classes = (channels, 7, 6), ("a", "b", "c")
    return Dataset(part, shape, names, ("class",), classes=classes, scaling=scaling, named=False)


def sequences(steps: int | None) -> Dataset:
    inputs, targets = GENERATOR.normal(size=(20, 10)), GENERATOR.random((20, 2 * (steps or 1)))
    names = tuple(map(str, range(10)))
    return Dataset(Part(inputs, targets), (5, 2), names, ("y", "z"), steps=steps, named=False)


def subject(written: str, dataset: Dataset, *, batch_norm: bool = False) -> Subject:
    topology = Topology(parse_topology(written), bias=True, batch_norm=batch_norm)
    parameters = np.random.default_rng(5).normal(0, 0.5, topology.size)
    for layer in topology.layers:
        parameters[layer.place("variance")] = 1
    results = {**RESULTS, "topology": written}
    fitted = dataset.for_outputs(topology.outputs)
    return Subject(results, CURVES, Network(topology, ("tanh",)), parameters, fitted)


CASES = {
    "grey": (
        subject("1x7x6-8C3-MP2-3", images(1)),
        {"first_layer", "maps", "confusion_matrix", "worst_mistakes"},
    ),
    "colour": (
        subject("3x7x6-20C3s2p1-4C1-GAP-5-3", images(3), batch_norm=True),
        {"first_layer", "maps", "confusion_matrix", "worst_mistakes"},
    ),
    "two channels": (
        subject("2x7x6-4C3-AP2-3", images(2)),
        {"first_layer", "maps", "confusion_matrix", "worst_mistakes"},
    ),
    "pooling first": (
        subject("1x7x6-MP2-3", images(1)),
        {"maps", "confusion_matrix", "worst_mistakes"},
    ),
    "image rows": (
        subject("7x6-4RNN-3", images(1)),
        {"states", "confusion_matrix", "worst_mistakes"},
    ),
    "a target a sequence": (
        subject("5x2-4LSTM-3GRU-2", sequences(None)),
        {"states", "worst_mistakes"},
    ),
    "a target a step": (subject("5x2-4GRU-6-5x2", sequences(5), batch_norm=True), {"states"}),
}


@pytest.mark.parametrize("case", CASES)
def test_pictures_are_drawn_where_they_say_something(case: str, tmp_path: Path) -> None:
    run, expected = CASES[case]
    assert list(draw_pictures(run, tmp_path)) == []
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == expected | ALWAYS


def sorted_units(weights: Array) -> Array:
    return weights[:, np.argsort(-np.linalg.norm(weights, axis=0))]


def test_filters_are_laid_out_as_a_window_is() -> None:
    run, _ = CASES["grey"]
    weights = run.network.topology.layers[0].weight_matrix(run.parameters)
    shown = heat_maps(axes_of(first_layer_images(run)))
    np.testing.assert_array_equal(shown, sorted_units(weights).T.reshape(8, 3, 3))


def test_filters_over_colours_are_in_colour() -> None:
    run, _ = CASES["colour"]
    weights = run.network.topology.layers[0].weight_matrix(run.parameters)
    shown = heat_maps(axes_of(first_layer_images(run)))
    assert [image.shape for image in shown] == [(3, 3, 3)] * 20
    green = sorted_units(weights).reshape(3, 3, 3, 20)[1, :, :, 4]
    np.testing.assert_allclose(shown[4][..., 1], 0.5 + 0.5 * green / np.abs(weights).max())


def test_filters_over_other_channels_are_a_row_each() -> None:
    run, _ = CASES["two channels"]
    weights = run.network.topology.layers[0].weight_matrix(run.parameters)
    figure = first_layer_images(run)
    shown = heat_maps(axes_of(figure))
    np.testing.assert_array_equal(shown, sorted_units(weights).T.reshape(8, 3, 3))
    assert "weights into 4 maps, a row each" in figure.texts[-1].get_text()


def test_the_sample_that_is_shown_is_right_and_of_middling_contrast() -> None:
    run, _ = CASES["grey"]
    place, right = run.example_place, np.flatnonzero(~run.wrong)
    assert 0 < len(right) < 20
    contrasts = run.samples.inputs.std(axis=1)
    assert place in right
    assert contrasts[place] == np.sort(contrasts[right])[len(right) // 2]
    numbers, _ = CASES["a target a sequence"]
    contrasts = numbers.samples.inputs.std(axis=1)
    assert contrasts[numbers.example_place] == np.sort(contrasts)[10]


def test_maps_are_what_layers_make_of_the_sample() -> None:
    run, _ = CASES["grey"]
    figure = maps_of_layers(run)
    above, convolved, pooled = axes_of(figure)
    place = run.example_place
    sample = run.samples.inputs[place : place + 1]
    np.testing.assert_array_equal(heat_maps([above]), sample.reshape(1, 7, 6))
    x = sample / 255
    _, a = run.network.layer_forward(run.parameters, 0, x)
    np.testing.assert_allclose(heat_maps([convolved]), a.reshape(8, 5, 4))
    expected = a.reshape(8, 5, 4)[:, :4].reshape(8, 2, 2, 2, 2).max(axis=(2, 4))
    np.testing.assert_allclose(heat_maps([pooled]), expected)
    titles = [axes.get_title(loc="left") for axes in (above, convolved, pooled)]
    assert titles == ["input: 1x7x6", "layer 1, 8C3: 8x5x4", "layer 2, MP2: 8x2x2"]
    name = "abc"[place % 3]
    told = f"training sample {place + 1}, {name} → {name};"
    assert figure.texts[-1].get_text().startswith(told)


def test_of_many_maps_the_first_are_shown() -> None:
    _, convolved, _ = axes_of(maps_of_layers(CASES["colour"][0]))
    assert len(convolved.images) == 16
    assert convolved.get_title(loc="left") == "layer 1, 20C3s2p1: 20x4x3, the first 16"


def test_states_are_those_of_every_step_also_where_the_last_alone_goes_on() -> None:
    run, _ = CASES["a target a sequence"]
    first, lstm, gru = heat_maps(axes_of(states_over_time(run)))
    np.testing.assert_array_equal(first, run.example_part.inputs.reshape(5, 2))
    np.testing.assert_array_equal(lstm, run.example[1].reshape(5, 4))
    assert gru.shape == (5, 3)
    np.testing.assert_allclose(gru[-1], run.example[2][0])


def test_outputs_and_targets_of_every_step_are_beside_the_states() -> None:
    run, _ = CASES["a target a step"]
    axes = axes_of(states_over_time(run))
    _, states, outputs, targets = heat_maps(axes)
    np.testing.assert_allclose(outputs, run.outputs[run.example_place].reshape(5, 2))
    np.testing.assert_array_equal(targets, run.example_part.targets.reshape(5, 2))
    assert np.abs(states).max() < 1  # of the units, before they are normalised
    assert [place.get_title().splitlines()[0] for place in axes] == [
        "input",
        "layer 1, 4GRU",
        "output",
        "target",
    ]


def test_a_text_s_steps_and_numbers_are_told_by_letters(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("ab a$b", encoding="utf-8")
    run = subject(
        "5x4-3RNN-5x4", prepare(load_text(TextOptions(str(tmp_path / "text"), 5)), Split())
    )
    axes = axes_of(states_over_time(run))
    letters = ["␣", "\\$", "a", "b"]
    inputs, outputs, targets = (
        [text.get_text() for text in place.get_yticklabels()] for place in (*axes[:1], *axes[2:])
    )
    assert inputs == ["a", "b", "␣", "a", "\\$"]
    assert outputs == [letters[place] for place in run.outputs.reshape(5, 4).argmax(axis=1)]
    assert targets == ["b", "␣", "a", "\\$", "b"]
    assert [text.get_text() for text in axes[2].get_xticklabels()] == letters


def test_weights_are_told_by_their_layer() -> None:
    run, _ = CASES["a target a sequence"]
    axes = [place for place in axes_of(weight_maps(run)) if place.get_title()]
    assert [place.get_title() for place in axes] == [
        "layer 1, 4LSTM: 2 × 16",
        "layer 1, state: 4 × 16",
        "layer 2, 3GRU: 4 × 9",
        "layer 2, state: 3 × 9",
        "layer 3: 3 × 2",
    ]
    own = run.network.topology.layers[1].views(run.parameters)
    weights, state = heat_maps(axes)[2:4]
    np.testing.assert_array_equal(weights, np.vstack([own["weights"], own["bias"]]))
    np.testing.assert_array_equal(state, own["recurrent"])
    convolved = [place.get_title() for place in axes_of(weight_maps(CASES["grey"][0]))]
    assert [title for title in convolved if title] == ["layer 1, 8C3: 9 × 8", "layer 3: 32 × 3"]


def test_of_padded_sequences_with_one_target_each_the_answer_at_their_ends_is_told() -> None:
    lengths, names = np.arange(20) % 5 + 1, tuple(map(str, range(10)))
    labels = np.repeat(np.arange(20) % 2, 5).reshape(20, 5)
    part = Part(GENERATOR.normal(size=(20, 10)), labels, lengths=lengths)
    dataset = Dataset(part, (5, 2), names, ("class",), classes=("a", "b"), steps=5, last_only=True)
    run = subject("5x2-3RNN-5x2", dataset)
    ends = run.outputs.reshape(20, 5, 2)[np.arange(20), lengths - 1]
    np.testing.assert_array_equal(run.wrong, ends.argmax(axis=1) != labels[:, 0])
    assert 0 < run.wrong.sum() < 20
    assert not run.wrong[run.example_place]
    name = dataset.classes[labels[run.example_place, 0]] if dataset.classes else ""
    figure = states_over_time(run)
    assert [place.get_title().splitlines()[0] for place in axes_of(figure)] == [
        "input",
        "layer 1, 3RNN",
    ]
    told = figure.texts[-1].get_text()
    assert told.startswith(f"training sample {run.example_place + 1}, {name} → {name};")
    assert len(axes_of(worst_mistakes(run))[0].patches) == min(run.wrong.sum(), 12)


@pytest.mark.parametrize("last_only", [False, True])
def test_what_is_behind_the_end_of_a_sequence_is_not_among_the_counts(last_only: bool) -> None:
    lengths = np.arange(20) % 5 + 1
    part = Part(GENERATOR.normal(size=(20, 10)), np.zeros((20, 5), int), lengths=lengths)
    names = tuple(map(str, range(10)))
    dataset = Dataset(part, (5, 2), names, ("class",), classes=("a", "b"), steps=5)
    run = subject("5x2-3RNN-5x2", replace(dataset, last_only=last_only))
    axes = axes_of(confusion_matrix(run))[0]
    told = "taken for (20 training samples)" if last_only else "taken for (60 training steps)"
    assert axes.get_xlabel() == told


def test_nothing_is_drawn_of_weights_that_are_not_finite(tmp_path: Path) -> None:
    run, _ = CASES["grey"]
    broken = replace(run, parameters=np.full_like(run.parameters, np.nan))
    assert list(draw_pictures(broken, tmp_path)) == []
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == {"learning_curve"}

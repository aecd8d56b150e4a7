"""Sequences of different lengths, which a file pads with NaN."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.configuration.composing import compose
from runner.data.dataset import Dataset
from runner.data.description import description
from runner.data.preparing import prepare
from runner.data.sample_weights import training_weights
from runner.data.shapes import AUTO
from runner.data.splits import Split
from runner.errors import DataError, SettingsError
from runner.experiment.building import build_engine, build_problem, build_state
from runner.experiment.loading import load_dataset, samples_of, whole_topology
from runner.experiment.running import run_experiment
from runner.network.arrays import Array
from runner.settings import parse_settings
from runner.training.evaluation import evaluate, outputs_of
from runner.training.tasks import CLASSIFICATION
from tests.data.small_files import load_csv
from tests.problems import ENGINE_NAMES

LENGTHS = np.array([5, 2, 3, 1, 5, 4, 2, 3])
BEHIND = np.arange(5) >= LENGTHS[:, None]
INPUTS = np.random.default_rng(5).normal(size=(8, 5, 2))
LABELS = np.arange(8) % 3
STEPS = np.arange(40).reshape(8, 5) % 3
NUMBERS = np.random.default_rng(6).normal(size=(8, 5, 2))


def padded(values: Array) -> Array:
    """The same with NaN behind the ends."""
    values = values.astype(float).copy()
    values[BEHIND] = np.nan
    return values


TARGETS: dict[str, tuple[Array, dict[str, Any]]] = {
    "a class a sequence": (LABELS, {}),
    "numbers a sequence": (NUMBERS[:, 0], {}),
    "a class a step": (np.where(BEHIND, 2, STEPS), {}),
    "a class a step, padded": (padded(STEPS), {"task": "classification"}),
    "numbers a step": (NUMBERS, {}),
    "numbers a step, padded": (padded(NUMBERS), {"scale_targets": "standardise"}),
}


def load(folder: Path, y: Array, split: Split | None = None, **options: Any) -> Dataset:
    np.savez(folder / "data.npz", x=padded(INPUTS), y=y)
    pool = load_csv(str(folder / "data.npz"), ("y",), shape=AUTO, **options)
    return prepare(pool, split or Split())


@pytest.mark.parametrize("case", TARGETS)
def test_what_is_behind_the_end_is_blank_and_does_not_count(case: str, tmp_path: Path) -> None:
    array, options = TARGETS[case]
    dataset = load(tmp_path, array, **options)
    train = dataset.train
    assert dataset.steps == 5
    assert train.lengths is not None
    assert train.lengths.tolist() == LENGTHS.tolist()
    assert (train.inputs.reshape(8, 5, 2)[BEHIND] == 0).all()
    assert (train.inputs.reshape(8, 5, 2)[~BEHIND] == INPUTS[~BEHIND]).all()
    assert np.isfinite(train.targets).all()
    assert (train.targets >= 0).all() or dataset.classes is None
    there = dataset.there(train)
    assert there is not None
    assert there.sum(1).tolist() == (LENGTHS if "step" in case else np.ones(8)).tolist()
    assert not there[BEHIND].any()
    assert there[np.arange(8), LENGTHS - 1].all()


def test_scales_are_of_what_is_there(tmp_path: Path) -> None:
    array, options = TARGETS["numbers a step, padded"]
    dataset = load(tmp_path, array, scale="standardise", **options)
    assert dataset.scaling is not None
    assert dataset.target_scaling is not None
    assert dataset.scaling.shift == pytest.approx(np.tile(INPUTS[~BEHIND].mean(0), 5))
    assert dataset.target_scaling.shift == pytest.approx(np.tile(NUMBERS[~BEHIND].mean(0), 5))


def run_of(folder: Path, y: Array, *overrides: str) -> tuple[Any, Dataset]:
    np.savez(folder / "data.npz", x=padded(INPUTS), y=y)
    table = ("dataset=csv", f"dataset.path={folder / 'data.npz'}", "dataset.target=y")
    whole = ("dataset.test=null", "dataset.validation=null", "batch_size=null", "engine=numpy")
    settings = parse_settings(compose([*table, *whole, "dataset.scale=none", *overrides]))
    return settings, load_dataset(settings.dataset)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
@pytest.mark.parametrize("layer", ["4RNN", "4LSTM", "4GRU"])
def test_a_padded_sequence_teaches_what_it_would_alone(
    layer: str, engine_name: str, tmp_path: Path
) -> None:
    settings, dataset = run_of(tmp_path, LABELS, f"topology=in-{layer}-out", "loss.reduction=sum")
    problem = build_problem(settings, dataset)
    engine, state = build_engine(engine_name, problem), build_state(settings, problem)
    before, fitted = state.parameters.copy(), dataset.for_outputs(3)
    losses, right = 0.0, 0.0
    for number, length in enumerate(LENGTHS):
        rows = slice(number, number + 1)
        alone = replace(
            dataset,
            train=replace(
                dataset.train,
                inputs=INPUTS[rows, :length].reshape(1, -1),
                targets=LABELS[rows],
                lengths=None,
            ),
            shape=(int(length), 2),
            steps=None,
        ).for_outputs(3)
        single = build_engine(engine_name, build_problem(settings, alone))
        values = evaluate(single, before, samples_of("", alone.train, alone))
        losses, right = losses + values["loss"], right + values["accuracy"]
        outputs = outputs_of(engine, before, samples_of("", fitted.train, fitted))
        own = outputs.reshape(8, 5, 3)[number, length - 1]
        assert outputs_of(single, before, samples_of("", alone.train, alone))[0] == pytest.approx(
            own
        )
    found = evaluate(engine, before, samples_of("", fitted.train, fitted))
    assert found["loss"] == pytest.approx(losses)
    assert found["accuracy"] == pytest.approx(right / 8)
    report = engine.advance(state, 1, None)
    assert report.metrics["loss"] == pytest.approx(losses)
    assert report.metrics["accuracy"] == pytest.approx(right / 8)


@pytest.mark.parametrize(
    ("case", "x", "topology"),
    [
        ("padded, a class a sequence", padded(INPUTS), "5x2-32GRU-5x3"),
        ("of one length", INPUTS, "5x2-32GRU-3"),
        ("flat", INPUTS.reshape(8, -1), "10-32-3"),
    ],
)
def test_the_topology_that_data_choose_of_sequences_is_recurrent(
    case: str, x: Array, topology: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "data.npz", x=x, y=LABELS)
    own = ["dataset=csv", f"dataset.path={tmp_path / 'data.npz'}", "dataset.target=y"]
    settings = parse_settings(compose(own))
    assert str(whole_topology(settings, load_dataset(settings.dataset))) == topology, case


def test_what_stands_behind_the_end_changes_nothing(tmp_path: Path) -> None:
    weights = []
    for y in (np.where(BEHIND, 2, STEPS), np.where(BEHIND, 0, STEPS)):
        settings, dataset = run_of(tmp_path, y, "topology=in-4GRU-out")
        problem = build_problem(settings, dataset)
        state = build_state(settings, problem)
        build_engine("numpy", problem).advance(state, 5, None)
        weights.append(state.parameters.tobytes())
    assert weights[0] == weights[1]


def test_balanced_weights_are_by_the_labels_that_count(tmp_path: Path) -> None:
    array, options = TARGETS["a class a step, padded"]
    weights = training_weights(load(tmp_path, array, **options), "balanced")
    assert weights is not None
    counts = np.bincount(STEPS[~BEHIND])
    assert weights[~BEHIND] == pytest.approx((counts.sum() / (3 * counts))[STEPS[~BEHIND]])


@pytest.mark.parametrize("case", ["a class a sequence", "a class a step, padded"])
def test_the_description_counts_what_counts(case: str, tmp_path: Path) -> None:
    array, options = TARGETS[case]
    lines = list(description("own", load(tmp_path, array, **options)))
    labels = LABELS if case == "a class a sequence" else STEPS[~BEHIND]
    counted = [line.split() for line in lines if line[:1].isdigit()]
    assert counted == [[str(label), str(n)] for label, n in enumerate(np.bincount(labels))]


def test_the_task_and_its_loss_are_by_the_targets_that_count(tmp_path: Path) -> None:
    topology, loss = "topology=in-4RNN-out", "loss=cross_entropy"
    raw = "dataset.scale_targets=none"
    settings, dataset = run_of(tmp_path, padded(np.eye(3)[STEPS]), topology, loss, raw)
    assert build_problem(settings, dataset).reduction.task is CLASSIFICATION
    far = padded(NUMBERS + 10)  # 0, behind the ends, is out of the range of those that count
    scaled = "dataset.scale_targets=minmax"
    settings, dataset = run_of(tmp_path, far, topology, "loss=binary_cross_entropy", scaled)
    assert build_problem(settings, dataset).targets.min() < 0


def test_batch_norm_does_not_go_with_them(tmp_path: Path) -> None:
    settings, dataset = run_of(tmp_path, STEPS, "topology=in-4RNN-4-out", "network.batch_norm=true")
    with pytest.raises(SettingsError, match="behind the ends of sequences"):
        build_problem(settings, dataset)


FAULTS = {
    # where NaN is among inputs and targets of steps, words
    "a gap within a sequence": ((0, 2, 1), None, r"row 1 column 'x\.6'"),
    "no step at all": ((0, slice(None)), None, "row 1: a sequence without any step"),
    "a target missing before the end": (None, (2, 1), r"row 3 column 'y\.2': a target is missing"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_gaps_that_are_no_padding_are_told(case: str, tmp_path: Path) -> None:
    of_inputs, of_targets, words = FAULTS[case]
    x, y = padded(INPUTS), padded(STEPS)
    if of_inputs is not None:
        x[of_inputs] = np.nan
    if of_targets is not None:
        y[of_targets] = np.nan
    np.savez(tmp_path / "data.npz", x=x, y=y)
    with pytest.raises(DataError, match=words):
        load_csv(str(tmp_path / "data.npz"), ("y",), shape=AUTO, task="classification")


def test_lengths_go_with_their_sequences_and_into_the_checksum(tmp_path: Path) -> None:
    dataset = load(tmp_path, LABELS, Split(test=3))
    for part in dataset.parts.values():
        assert part.lengths is not None
        held = part.inputs.reshape(-1, 5, 2)
        assert ((held != 0).any(2).sum(1) == part.lengths).all()
    longer = replace(dataset.train, lengths=np.full(5, 5))
    assert replace(dataset, train=longer).checksum != dataset.checksum


@pytest.mark.parametrize("case", ["a class a sequence", "a class a step", "numbers a step, padded"])
def test_no_row_of_a_run_shows_what_is_behind_an_end(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "data.npz", x=padded(INPUTS), y=TARGETS[case][0])
    table = ["dataset=csv", f"dataset.path={tmp_path / 'data.npz'}", "dataset.target=y"]
    whole = ["dataset.test=null", "dataset.validation=null", "engine=numpy", "batch_size=null"]
    config = compose([*table, *whole, "topology=in-3RNN-out", "stopping.max_steps=1"])
    run_experiment(config, tmp_path / "run", {})
    steps = LENGTHS if "step" in case else np.ones(8, int)
    each = 2 if "numbers" in case else 3
    predictions = pd.read_csv(tmp_path / "run" / "predictions.csv")
    for kind in ("target_", "output_"):
        shown = predictions.filter(like=kind).notna().to_numpy().reshape(8, 5, each)
        assert shown.all(2).sum(1).tolist() == shown.any(2).sum(1).tolist() == steps.tolist()
        assert not shown[BEHIND].any()
    cases = capsys.readouterr().out.split("TRAINING CASES RESULTS")[1].split("Folder")[0]
    assert len(cases.split("\n")[2:-2]) == steps.sum() * each

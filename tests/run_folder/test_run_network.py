from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner import load_network
from runner.configuration.composing import compose
from runner.errors import DataError, SnapshotError
from runner.experiment.running import QUIETLY, run_experiment
from runner.network.activations import ACTIVATIONS
from runner.network.trained import network_arrays, trained_network
from runner.run_folder.snapshots import Snapshot, save_snapshot
from tests.problems import make_problem, make_state

TABLE = """height,colour,price
1.5,red,10
2.5,green,20
,red,11
3.5,blue,31
2.0,green,19
1.0,,9
"""

CASES: dict[str, list[str]] = {
    "the default run": ["stopping.max_steps=50"],
    "biases, mini-batches, scales, fills, categories": [
        *("dataset=csv", "dataset.path=table.csv", "dataset.target=price", "dataset.test=0.3"),
        *("dataset.missing=mean", "dataset.validation=null", "batch_size=2"),
    ],
    "classes, a part of 8 bits": ["dataset=digits", "stopping.max_epochs=1"],
    "float32": ["dtype=float32", "stopping.max_steps=50"],
    "batch normalisation, an activation a layer": [
        *("dataset=moons", "topology=2-8-8-2", "network.batch_norm=true", "stopping.max_epochs=3"),
        "network.activation.hidden=[tanh,relu]",
    ],
    "two classes and one output": ["dataset=moons", "topology=2-3-1", "stopping.max_epochs=3"],
    "the best weights restored at a step that has a snapshot": [
        *("dataset=spirals", "dataset.validation=0.2", "stopping.max_epochs=6"),
        *("stopping.patience=5", "stopping.restore_best=true", "stopping.metric=val_loss"),
        *("recording.snapshots.epochs=1", "optimizer.learning_rate=20"),
    ],
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with numbers, categories and gaps, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("case", CASES)
def test_a_loaded_network_predicts_what_its_run_did(case: str, tmp_path: Path) -> None:
    run_experiment(
        compose([*CASES[case], "recording.predictions=100000"]), tmp_path / "run", {}, QUIETLY
    )
    recorded = pd.read_csv(tmp_path / "run" / "predictions.csv")
    inputs = recorded.filter(regex="^input_").to_numpy()
    outputs = recorded.filter(regex="^output_").to_numpy()
    predicted = load_network(tmp_path / "run").predict(inputs)
    np.testing.assert_allclose(predicted, outputs, rtol=1e-6, atol=1e-12)


@pytest.mark.usefixtures("table")
def test_missing_inputs_are_filled_and_scaled_as_in_training(tmp_path: Path) -> None:
    run_experiment(compose(CASES[list(CASES)[1]]), tmp_path / "run", {}, QUIETLY)
    network = load_network(tmp_path / "run")
    assert network.input_names == ("height", "colour=blue", "colour=green", "colour=red")
    assert network.input_groups == (slice(1, 4),)
    assert network.target_names == ("price",)
    assert network.fill is not None
    gap = network.predict(np.array([[np.nan, 1, 0, 0]]))
    np.testing.assert_array_equal(gap, network.predict(np.array([[network.fill[0], 1, 0, 0]])))


def test_classes_have_their_names(tmp_path: Path) -> None:
    run_experiment(compose(CASES["classes, a part of 8 bits"]), tmp_path, {}, QUIETLY)
    network = load_network(tmp_path)
    outputs = np.eye(10)[[3, 8]]
    assert network.labels(outputs).tolist() == ["3", "8"]
    images = np.zeros((2, 64), np.uint8)
    assert network.classify(images).tolist() == network.labels(network.predict(images)).tolist()


def test_a_single_output_has_the_threshold_of_accuracy() -> None:
    network = trained_network(
        {
            **network_arrays(make_problem().network),
            "parameters": np.zeros(16),
            "classes": np.array(["no", "yes"]),
        }
    )
    assert network.labels(np.array([[0.5], [0.51]])).tolist() == ["no", "yes"]
    assert network.classify(np.zeros((1, 3))).tolist() == ["no"]


def test_any_snapshot_can_be_asked_for_by_its_step(tmp_path: Path) -> None:
    run_experiment(compose(["stopping.max_steps=50"]), tmp_path, {}, QUIETLY)
    first, last = load_network(tmp_path, step=0), load_network(tmp_path)
    assert not np.array_equal(first.parameters, last.parameters)
    with pytest.raises(
        SnapshotError, match=r"of step 7; it has those of 0, 50.*snapshots.epochs=N"
    ):
        load_network(tmp_path, step=7)


@pytest.mark.parametrize("shape", [(3,), (2, 4), (1, 1, 3)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    network = trained_network(
        {**network_arrays(make_problem().network), "parameters": np.zeros(16)}
    )
    with pytest.raises(DataError, match=r"expected \(samples, 3\)"):
        network.predict(np.zeros(shape))


def test_a_missing_input_is_named_where_none_was_trained_with() -> None:
    arrays = {**network_arrays(make_problem().network), "parameters": np.zeros(16)}
    inputs = np.zeros((5, 3))
    inputs[3, 1] = np.nan
    with pytest.raises(DataError, match="row 4 column '2': a missing value"):
        trained_network(arrays).predict(inputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_recorded(activation: str) -> None:
    network = make_problem((3, 4, 2), output=activation, loss="cross_entropy").network
    arrays = network_arrays(network)
    parameters = np.zeros(network.topology.parameters)
    assert trained_network({**arrays, "parameters": parameters}).network == network


WRONG = {
    "other sizes": {"topology": np.array([3, 5, 1])},
    "layers of gigabytes": {"topology": np.array(["1x30000x30000", "999999999C3", "1"])},
    "states of gigabytes": {"topology": np.array(["999999x999999", "999999999LSTM", "1"])},
    "two thousand layers": {"topology": np.array(["1x8x8", *["1C1"] * 2000, "1"])},
    "three million layers": {"topology": np.ones(3_000_000, "i1")},
    "inputs of gigabytes": {"topology": np.array(["1x20000x20000", "GAP", "9"])},
    "groups of columns without names": {"input_groups": np.array([[0, 2]])},
    "ends that only data know": {"topology": np.array(["in", "4", "out"])},
    "digits that are not ASCII": {"topology": np.array(["1x8x8", "３C３", "1"])},
    "another number of activations": {"activations": np.array(["tanh"])},
    "categories of no one column": {
        "input_names": np.array(["a=1", "b=1", "c"]),
        "input_groups": np.array([[0, 2]]),
    },
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_snapshot_that_contradicts_itself_is_refused(wrong: str, tmp_path: Path) -> None:
    problem = make_problem()
    arrays = {**network_arrays(problem.network), **WRONG[wrong]}
    save_snapshot(tmp_path, Snapshot(make_state(problem)), arrays)
    with pytest.raises(SnapshotError, match="is not a sound snapshot") as refused:
        load_network(tmp_path)
    assert len(str(refused.value)) < 600


def test_a_network_with_an_activation_of_another_version_is_told_to_be_that(tmp_path: Path) -> None:
    problem = make_problem()
    arrays = {**network_arrays(problem.network), "activations": np.array(["swish", "tanh"])}
    save_snapshot(tmp_path, Snapshot(make_state(problem)), arrays)
    with pytest.raises(SnapshotError, match="knows no activation 'swish'; use the version"):
        load_network(tmp_path)


def test_a_snapshot_without_a_topology_is_refused(tmp_path: Path) -> None:
    save_snapshot(tmp_path, Snapshot(make_state(make_problem())))
    with pytest.raises(SnapshotError, match="topology"):
        load_network(tmp_path)


def test_a_sweep_is_no_run_and_its_runs_are_named(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "run.json").write_text("{}")
    with pytest.raises(
        SnapshotError, match=f"is a sweep; expected one of its runs, .* {tmp_path}/0"
    ):
        load_network(tmp_path)

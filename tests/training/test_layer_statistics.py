from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.experiment.building import engine_named
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.history import history_columns
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.training.layer_statistics import PROBE, LayerStatistics
from tests.end_to_end.commands import composed
from tests.problems import (
    ENGINE_NAMES,
    content,
    make_engine,
    make_problem,
    make_state,
    random_data,
)

RUNS = [
    ["stopping.max_steps=300"],
    ["stopping.max_steps=300", "engine=numpy", "batch_size=3", "network=tanh"],
    ["dataset=digits", "stopping.max_epochs=3", "schedule=exponential"],
    ["dataset=digits", "stopping.max_epochs=3", "network.batch_norm=true"],
    ["stopping.max_steps=300", "engine=numpy", "batch_size=3", "network.batch_norm=true"],
]


@pytest.mark.parametrize("overrides", RUNS)
def test_looking_changes_no_byte_of_a_run(overrides: list[str], tmp_path: Path) -> None:
    states = []
    for wanted in ("false", "true"):
        config = composed(*overrides, f"recording.layer_statistics={wanted}")
        run_experiment(config, tmp_path / wanted, {}, QUIETLY)
        states.append(content(load_snapshot(RunFolder(tmp_path / wanted).snapshot())))
    assert states[0]["parameters"] == states[1]["parameters"]
    assert states[0]["generator_key"] == states[1]["generator_key"]
    history = tmp_path / "true" / "history.csv"
    header = history.read_text().splitlines()[0].split(",")
    norms = [name for name in header if name.startswith("L")]
    assert {"L1.weight_norm", "L2.gradient_norm", "L2.update_norm"} <= set(norms)
    columns = history_columns(history.parent)
    assert all(np.isfinite(columns[name]).all() for name in norms)


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_norms_are_those_of_the_step_that_follows(batch_norm: bool, engine_name: str) -> None:
    problem = make_problem(bias=True, batch_norm=batch_norm, learning_rate=0.5)
    state, engine = make_state(problem), make_engine(engine_name, problem)
    engine.advance(state, 5, None)  # running means and variances are under way
    before, found = (
        state.parameters.copy(),
        LayerStatistics(problem, engine_named(engine_name)).measure(state),
    )
    engine.advance(state, 1, None)
    for number, layer in enumerate(problem.network.topology.layers, 1):
        moved = np.linalg.norm(layer.weight_matrix(state.parameters - before))
        assert found[f"L{number}.update_norm"] == pytest.approx(moved, rel=1e-12)
        assert found[f"L{number}.gradient_norm"] == pytest.approx(2 * moved, rel=1e-9)


def test_norms_are_of_weights_from_state_to_state_too() -> None:
    problem = make_problem("3x1-4RNN-1")
    state = make_state(problem)
    own = problem.network.topology.layers[0].views(state.parameters)
    weights = np.concatenate([own["weights"], own["recurrent"]])
    found = LayerStatistics(problem, engine_named("numpy")).measure(state)
    assert found["L1.weight_norm"] == pytest.approx(np.linalg.norm(weights))


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_weights_of_more_samples_than_are_looked_at_do_not_matter(engine_name: str) -> None:
    inputs, targets = random_data(PROBE + 40, 3, 1)
    weights = np.linspace(0, 2, len(inputs))[:, None]
    problem = replace(make_problem(data=(inputs, targets)), weights=weights)
    first = (inputs[:PROBE], targets[:PROBE])
    alone = replace(make_problem(data=first), weights=weights[:PROBE])
    state, engine = make_state(problem), engine_named(engine_name)
    found = LayerStatistics(problem, engine).measure(state)
    assert found == LayerStatistics(alone, engine).measure(state)
    unweighted = LayerStatistics(replace(problem, weights=None), engine).measure(state)
    assert found["L1.gradient_norm"] != unweighted["L1.gradient_norm"]


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
@pytest.mark.parametrize(
    ("hidden", "weight", "name", "share"),
    [
        ("sigmoid", 1e3, "saturated", 1.0),
        ("sigmoid", 0.0, "saturated", 0.0),
        ("tanh", -1e3, "saturated", 1.0),
        ("relu", -1.0, "dead", 1.0),
        ("relu", 1.0, "dead", 0.0),
    ],
)
def test_stuck_units_are_counted(
    hidden: str, weight: float, name: str, share: float, engine_name: str
) -> None:
    problem = make_problem(hidden=hidden)
    state = make_state(problem)
    state.parameters[:] = weight
    statistics = LayerStatistics(problem, engine_named(engine_name))
    assert statistics.measure(state)[f"L1.{name}"] == share


@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
@pytest.mark.parametrize(
    ("hidden", "gamma", "bias", "name", "share"),
    [
        ("sigmoid", 1.0, 1e3, "saturated", 1.0),
        ("sigmoid", 1.0, 0.0, "saturated", 0.0),
        ("tanh", 0.0, 1e3, "saturated", 1.0),
        ("relu", 0.0, -1.0, "dead", 1.0),
        ("relu", 1.0, -1e3, "dead", 1.0),
        ("relu", 1.0, 0.0, "dead", 0.0),
    ],
)
def test_stuck_units_are_counted_after_batch_normalisation(
    hidden: str, gamma: float, bias: float, name: str, share: float, engine_name: str
) -> None:
    problem = make_problem(hidden=hidden, batch_norm=True)
    state = make_state(problem)
    state.parameters[:] = 1e3  # large weights saturate nothing once normalised
    layer = problem.network.topology.layers[0]
    state.parameters[layer.place("gamma")], state.parameters[layer.bias] = gamma, bias
    statistics = LayerStatistics(problem, engine_named(engine_name))
    assert statistics.measure(state)[f"L1.{name}"] == share

"""The compiled engine against the reference on nets of layers of every kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from runner.network.activations import ELEMENTWISE
from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.network.topology import Topology, parse_topology
from runner.training.engine import Penalty, Problem
from tests.problems import content, make_engine, make_problem, make_state, random_targets
from tests.training.test_agreement import (
    STEPS,
    TO_UNIT,
    assert_close,
    assert_same_training,
    images,
    numbers,
    trained,
)

MAP_NETS = {
    "convolution": "2x7x6-5C3-3",
    "one map": "1x6x6-1C3-1C2-3",
    "even size": "2x6x7-6C2-4C4-3",
    "of one place": "2x5x5-6C5-3",
    "of 1 x 1": "3x4x5-7C1-3",
    "larger than its maps": "2x3x3-4C5p2-4C3p2-3",
    "padding": "1x7x6-5C3p1-4C5p2-3",
    "stride": "2x11x10-5C3s2-4C2s2-3",
    "stride and padding": "2x11x10-5C3s2p1-4C4s3p2-3",
    "stride that leaves some over": "2x12x9-5C3s2-4C2s3-3",
    "largest": "1x12x12-6C5-MP2-7-3",
    "largest of odd maps": "2x11x11-6C3-MP2-5C2-MP2-3",
    "largest of overlapping windows": "1x10x10-4C3p1-MP3s2-4C3p1-3",
    "largest, with gaps between": "1x11x11-4C3-MP2s4-3",
    "largest of the input": "2x8x8-MP2-5C2-3",
    "mean": "1x10x10-4C3-AP2-4C3p1-AP3s1-3",
    "mean of each map": "2x7x6-6C3-GAP-3",
    "pooled twice": "1x12x12-4C3p1-MP2-AP2-3",
    "many maps": "3x8x8-33C3-20C3-24-3",
}
RECURRENT = ("RNN", "LSTM", "GRU")
SEQUENCE_NETS = {
    **{f"last state, {kind}": f"5x3-6{kind}-3" for kind in RECURRENT},
    **{f"every step, {kind}": f"5x3-6{kind}-5x3" for kind in RECURRENT},
    **{f"one step, {kind}": f"1x3-6{kind}-3" for kind in RECURRENT},
    **{f"one unit of one feature, {kind}": f"4x1-1{kind}-3" for kind in RECURRENT},
    **{f"more units than vectors, {kind}": f"9x5-37{kind}-3" for kind in RECURRENT},
    **{f"more features than units, {kind}": f"6x70-3{kind}-6x3" for kind in RECURRENT},
    **{f"twice, {kind}": f"6x3-8{kind}-5{kind}-3" for kind in RECURRENT},
    "many steps": "70x2-5LSTM-70x3",
    "all kinds": "6x3-9LSTM-7GRU-8RNN-3",
    "dense layers before and behind": "6x3-4-5LSTM-6GRU-4-6x3",
    "dense layers behind the last state": "6x3-5GRU-9-4-3",
}
DEEP = "1x12x12-6C3p1-MP2-5C3-9-3"
DEEP_SEQUENCE = "6x4-9LSTM-7GRU-8RNN-5-6x3"
NETS = {**MAP_NETS, **SEQUENCE_NETS, "deep": DEEP, "deep, sequences": DEEP_SEQUENCE}
OF_ALL: dict[str, dict[str, Any]] = {
    "batches of one": {"batch_size": 1},
    "batches of less than a vector": {"batch_size": 5},
    "batches of whole vectors": {"batch_size": 16},
    "batches of uneven blocks": {"batch_size": 27},
    "full batches": {"batch_size": None},
    "no biases": {"bias": False},
    "summed loss": {"mean_loss": False, "learning_rate": 0.001},
    "adam": {"optimizer": "adam", "learning_rate": 0.003},
    "adamw and penalties": {
        "optimizer": "adamw",
        "learning_rate": 0.003,
        "penalty": Penalty(l1=0.001, l2=0.02, clip_value=0.1, clip_norm=0.3, max_norm=0.9),
    },
    "forward dropout": {"rate": 0.3},
    "backward dropout": {"rate": 0.3, "stage": "backward"},
    "dropout in blocks": {"rate": 0.3, "batch_size": 27},
    "backward dropout in blocks": {"rate": 0.3, "stage": "backward", "batch_size": 27},
    "dropout of each layer's own": {"rate": (0.0, 0.4, 0.2, 0.0)},
    "batch norm": {"batch_norm": True},
    "batch norm in one block": {"batch_norm": True, "batch_size": 27, "rate": 0.2},
    "batch norm, a last batch of one": {"batch_norm": True, "batch_size": 39},
    **{f"loss {name}": {"loss": name} for name in LOSSES},
}
OF_MAPS: dict[str, dict[str, Any]] = {
    "an activation for each layer": {"hidden": ("relu", "tanh", "gelu")},
    "backward dropout before a pooling": {"rate": (0.4, 0.2, 0.0, 0.1), "stage": "backward"},
    "bytes": {"data": images(40, 144, 0.3), "scaling": TO_UNIT},
    **{f"hidden {name}": {"hidden": name} for name in ELEMENTWISE},
}
OF_SEQUENCES: dict[str, dict[str, Any]] = {
    "bytes": {"data": images(40, 24, 0.3), "scaling": TO_UNIT},
    **{f"within, {name}": {"hidden": (name, "tanh")} for name in ELEMENTWISE},
}
VARIATIONS = {
    **{f"maps, {name}": (DEEP, changes) for name, changes in {**OF_ALL, **OF_MAPS}.items()},
    **{
        f"sequences, {name}": (DEEP_SEQUENCE, changes)
        for name, changes in {**OF_ALL, **OF_SEQUENCES}.items()
    },
}
deep = pytest.mark.parametrize("net", [DEEP, DEEP_SEQUENCE])
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def problem_of(written: str, **changes: Any) -> Problem:
    """Mini-batches of 12 of 40 samples, with changes."""
    topology = Topology(parse_topology(written))
    loss = changes.get("loss", "cross_entropy")
    inputs: Array = changes.pop("data", numbers(40, topology.sizes[0]))
    options: dict[str, Any] = {
        "bias": True,
        "hidden": "tanh",
        "output": LOSSES[loss].output or "linear",
        "loss": loss,
        "data": (inputs, targets_of(topology, loss, len(inputs))),
        "mean_loss": True,
        "learning_rate": 0.05,
        "batch_size": 12,
    }
    return make_problem(written, **options | changes)


def varied(variation: str, **changes: Any) -> Problem:
    """A deep net with that variation."""
    net, own = VARIATIONS[variation]
    return problem_of(net, **own | changes)


def targets_of(topology: Topology, loss: str, samples: int) -> Array:
    """Of each sample, or of each of its steps."""
    targets = random_targets(loss, samples * topology.steps, topology.outputs)
    return targets.reshape(samples, -1)


def assert_engines_agree(problem: Problem) -> None:
    """After 5 steps in single precision, else after STEPS.

    The last bit soon decides which number of a window is the largest, or on which side of its
    target an output is, and from then on nets of single precision go different ways.
    """
    steps = 5 if problem.targets.dtype == np.float32 else STEPS
    assert_same_training(trained("compiled", problem, steps), trained("numpy", problem, steps))


@dtypes
@pytest.mark.parametrize("net", NETS)
def test_the_engines_agree_on_every_kind_of_layer(net: str, dtype: str) -> None:
    problem = problem_of(NETS[net], dtype=dtype)
    assert_engines_agree(problem)


BEHIND_EACH_OTHER = {
    **{f"{net}, behind a layer": written for net, written in NETS.items()},
    "padding behind a convolution": "1x8x8-4C3p1-4C3p1-GAP-3",
    "padding and stride behind a convolution": "2x9x9-4C3p1-5C3s2p1-3C2p1-3",
}


@pytest.mark.parametrize("stage", ["forward", "backward"])
@pytest.mark.parametrize("net", BEHIND_EACH_OTHER)
def test_the_engines_agree_where_hidden_outputs_are_dropped(net: str, stage: str) -> None:
    problem = problem_of(BEHIND_EACH_OTHER[net], rate=0.3, stage=stage, dtype="float64")
    assert_engines_agree(problem)


@dtypes
@pytest.mark.parametrize("variation", VARIATIONS)
def test_the_engines_agree_however_such_a_net_is_trained(variation: str, dtype: str) -> None:
    problem = varied(variation, dtype=dtype)
    assert_engines_agree(problem)


@pytest.mark.parametrize("slices", [[1] * 30, [7, 22, 1]])
@pytest.mark.parametrize("variation", VARIATIONS)
def test_slices_of_training_such_a_net_come_to_the_same_bytes(
    variation: str, slices: list[int]
) -> None:
    problem = varied(variation)
    whole, sliced = make_state(problem), make_state(problem)
    make_engine("compiled", problem).advance(whole, 30, None)
    engine = make_engine("compiled", problem)
    for steps in slices:
        engine.advance(sliced, steps, None)
    assert content(sliced) == content(whole)


@dtypes
@pytest.mark.parametrize("net", NETS)
def test_the_engines_see_samples_alike(net: str, dtype: str) -> None:
    problem = problem_of(NETS[net], dtype=dtype, batch_norm=True)
    topology = problem.network.topology
    state, more = trained("numpy", problem, 5), numbers(600, topology.sizes[0])
    wanted = targets_of(topology, "cross_entropy", 600).astype(dtype)
    looked = [
        make_engine(engine, problem).look(state.parameters, more.astype(dtype), wanted)
        for engine in ("compiled", "numpy")
    ]
    tolerance = {"float64": 1e-10, "float32": 1e-4}[dtype]
    for found, expected in zip(*looked, strict=True):
        assert_close(found, expected, tolerance)


@deep
@pytest.mark.parametrize("batch_norm", [False, True])
def test_activations_of_a_full_batch_are_the_references(batch_norm: bool, net: str) -> None:
    problem = problem_of(net, batch_norm=batch_norm, batch_size=None, dtype="float64")
    shown: list[list[Array]] = []
    for name in ("compiled", "numpy"):
        engine: Any = make_engine(name, problem)
        engine.advance(make_state(problem), 1, None)
        shown.append(engine.activations)
    for found, expected in zip(*shown, strict=True):
        assert_close(found, expected, 1e-10)


def not_a_number(inputs: Array) -> None:
    inputs[3] = np.nan


def endless(inputs: Array) -> None:
    inputs[3, :5] = np.inf


@deep
@pytest.mark.parametrize("spoil", [not_a_number, endless])
def test_samples_that_are_not_numbers_leave_nothing_behind(
    spoil: Callable[[Array], None], net: str
) -> None:
    problem = problem_of(net, batch_size=5)
    expected, state, spoilt = (make_state(problem) for _ in range(3))
    make_engine("compiled", problem).advance(expected, 9, None)
    engine = make_engine("compiled", problem)
    good = problem.inputs.copy()
    spoil(problem.inputs)
    assert not engine.advance(spoilt, problem.steps_per_epoch, None).finite
    problem.inputs[:] = good
    engine.inputs_changed()
    engine.advance(state, 9, None)
    assert content(state) == content(expected)

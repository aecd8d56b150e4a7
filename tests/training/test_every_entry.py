"""Every entry of every table has its row in each test that the table drives.

A test is driven by a table where it is parametrized over it or takes its rows from one of its own.
These are both, held against the tables: an entry without a row is named here, and so is a row
whose entry is gone.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields

import pytest

from runner.compiled import structures
from runner.compiled.kernels import functions_by_address
from runner.compiled.map_shapes import SERVED
from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.initializers import BIASES, INITIALIZERS
from runner.network.layers.kinds import LAYERS
from runner.network.losses import LOSSES
from runner.network.topology import Topology, parse_topology
from runner.training.engine import Penalty
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from runner.training.stopping import Stopping
from tests.end_to_end import test_resuming as end_to_end
from tests.network import test_activations, test_initializers, test_losses
from tests.network.layers import test_batch_norm, test_layers
from tests.problems import DIFFERENTIATED, ENGINE_NAMES
from tests.training import (
    test_agreement,
    test_engines,
    test_gradients,
    test_loop,
    test_optimizers,
    test_restraint,
    test_resuming,
    test_schedules,
    test_watching,
)
from tests.training.test_layer_agreement import NETS

COMPILED_KINDS = {served.name for served in SERVED.values()}
PENALTIES = [field.name for field in fields(Penalty)]
NO_CRITERIA = {"rung"}  # where a halved sweep has runs wait
CRITERIA = [*({field.name for field in fields(Stopping)} - NO_CRITERIA), "patience", "plateau"]


def given(test: Callable[..., object], argument: str) -> set[str]:
    """What a test is parametrized over."""
    marks = getattr(test, "pytestmark", [])
    [values] = [mark.args[1] for mark in marks if mark.args[0] == argument]
    return set(values)


def named(prefix: str, rows: Iterable[str]) -> set[str]:
    """The entries that rows called `prefix entry` stand for."""
    return {row.removeprefix(prefix) for row in rows if row.startswith(prefix)}


def penalties(used: Iterable[Penalty]) -> set[str]:
    """The penalties that are not left alone in at least one of these."""
    pairs = {(name, getattr(penalty, name)) for penalty in used for name in PENALTIES}
    return {name for name, value in pairs if value != getattr(Penalty(), name)}


def reasons(test: Callable[..., object]) -> set[str]:
    """The last value of each row of a test's only table of several arguments."""
    [rows] = [mark.args[1] for mark in test.pytestmark if len(mark.args[0]) > 1]  # type: ignore[attr-defined]
    return {row[-1] for row in rows} - {None, "diverged"}


# What is checked, the table's entries, those that have a row.
ROWS: dict[str, tuple[Iterable[object], Iterable[object]]] = {
    "activations: gradient": (
        DIFFERENTIATED,
        given(test_gradients.test_a_step_follows_the_gradient_of_the_loss, "activation"),
    ),
    "activations: worked by hand": (ELEMENTWISE, test_activations.HAND_WORKED),
    "activations: extremes": (ELEMENTWISE, test_activations.SATURATED),
    "activations: engines agree": (ELEMENTWISE, named("hidden ", test_agreement.VARIATIONS)),
    "output activations: engines agree": (
        ELEMENTWISE,
        named("output ", test_agreement.VARIATIONS),
    ),
    "activations: resumed": (ELEMENTWISE, named("hidden ", test_engines.CASES)),
    "losses: gradient": (LOSSES, given(test_gradients.test_every_loss_is_followed_down, "loss")),
    "losses: worked by hand": (LOSSES, test_losses.HAND_WORKED),
    "losses: engines agree": (LOSSES, named("loss ", test_agreement.VARIATIONS)),
    "losses: resumed": (LOSSES, named("loss ", test_engines.CASES)),
    "initializers: spread": (INITIALIZERS, test_initializers.STANDARD_DEVIATIONS),
    "initializers: engines agree": (
        INITIALIZERS,
        given(test_agreement.test_the_engines_agree_from_any_start, "name"),
    ),
    "initializers: resumed": (
        INITIALIZERS,
        given(test_resuming.test_a_run_from_any_start_resumes_to_the_same_bytes, "initializer"),
    ),
    "starting biases": (BIASES, test_initializers.STARTING_BIASES),
    "layers: what they make, and gradients": (LAYERS, test_layers.KINDS),
    "layers: engines agree": (
        LAYERS.values(),
        {type(kind) for net in NETS.values() for kind in Topology(parse_topology(net)).kinds},
    ),
    "layers: shapes of the compiled engine": (structures.SHAPES, COMPILED_KINDS),
    "layers: sums of the compiled engine": (functions_by_address.SUMS, COMPILED_KINDS),
    "layers: gradient of the compiled engine": (functions_by_address.GRADIENT, COMPILED_KINDS),
    "layers: deltas below of the compiled engine": (
        functions_by_address.DELTAS_BELOW,
        COMPILED_KINDS,
    ),
    "optimizers: worked by hand": (OPTIMIZERS, test_optimizers.HAND_WORKED),
    "optimizers: engines agree": (OPTIMIZERS, named("optimizer ", test_agreement.VARIATIONS)),
    "optimizers: resumed": (
        OPTIMIZERS,
        given(test_resuming.test_a_run_resumed_amid_an_epoch_ends_with_the_same_bytes, "optimizer"),
    ),
    "schedules: worked by hand": (SCHEDULES, test_schedules.HAND_WORKED),
    "schedules: engines agree": (SCHEDULES, named("schedule ", test_agreement.VARIATIONS)),
    "schedules: resumed": (SCHEDULES, named("schedule ", test_engines.CASES)),
    "penalties: gradient": (["l1", "l2"], test_gradients.PENALTIES),
    "penalties: worked by hand": (
        PENALTIES,
        penalties(case.penalty for case in test_restraint.CASES.values()),
    ),
    "penalties: engines agree": (
        PENALTIES,
        named("", test_agreement.VARIATIONS) & set(PENALTIES),
    ),
    "penalties: resumed": (
        PENALTIES,
        penalties(problem.penalty for problem in test_engines.CASES.values()),
    ),
    "criteria: worked by hand": (
        CRITERIA,
        reasons(test_loop.test_the_first_criterion_met_is_the_reason)
        | reasons(test_watching.test_training_stops_after_an_epoch_for_a_reason),
    ),
    "criteria: resumed": (CRITERIA, set(end_to_end.ENDINGS) & set(CRITERIA)),
    "engines: gradient": (
        ENGINE_NAMES,
        given(test_gradients.test_batch_normalisation_is_followed_down, "engine_name"),
    ),
    "engines: batch normalisation worked by hand": (
        ENGINE_NAMES,
        given(test_batch_norm.test_a_step_is_the_one_worked_by_hand, "engine_name"),
    ),
}


@pytest.mark.parametrize("check", ROWS)
def test_every_entry_has_a_row(check: str) -> None:
    entries, rows = ROWS[check]
    assert set(rows) == set(entries)


def test_batch_normalisation_has_its_rows() -> None:
    for rows in (test_agreement.VARIATIONS, test_engines.CASES):
        assert len([row for row in rows if row.startswith("batch norm")]) >= 3


def test_every_entry_that_pytorch_has_is_held_against_it() -> None:
    pytest.importorskip("torch")
    from tests.benchmarks import torch_agreement as peers
    from tests.benchmarks import torch_nets

    assert set(torch_nets.PEER_ACTIVATIONS) == set(ACTIVATIONS)
    assert set(torch_nets.PEER_LAYERS) == set(LAYERS.values())
    assert set(peers.PEER_LOSSES) == set(LOSSES)
    assert set(peers.PEER_INITIALIZERS) == set(INITIALIZERS)
    assert set(peers.PEER_OPTIMIZERS) == set(OPTIMIZERS)
    assert {*peers.PEER_SCHEDULES, "plateau"} == set(SCHEDULES)
    # It has no l1 and no max_norm.
    nets = penalties(options.get("penalty", Penalty()) for options in peers.NETS.values())
    assert nets == set(PENALTIES) - {"l1", "max_norm"}

"""Many nets in one call of the compiled engine come to the bytes of each by itself."""

from typing import Any

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.initializers import BIASES, INITIALIZERS, Start, initial_parameters
from runner.training.engine import LearningRate, Problem
from runner.training.first_states import first_states
from runner.training.many_states import ManyStates
from runner.training.metrics import Target
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import TrainingState, new_state, seeded_generator
from tests.problems import content, make_problem, random_data
from tests.training.test_engines import CASES

pytest.importorskip("numba")
from runner.compiled import machine_code
from runner.compiled.compiled_engine import CompiledEngine
from runner.compiled.many_nets import seeded_draws

STARTS = [Start("uniform")]
SEEDS, STEPS, EPOCHS = range(3, 8), 23, (1, 2, 5, 20, 1000)
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "convolution": ("2x6x6-3C3-MP2-2", {"rate": 0.2}),
    "convolution and batch norm": ("2x6x6-3C3-MP2-4-2", {"batch_norm": True}),
}
MAPS = {
    name: make_problem(
        written, bias=True, batch_size=3, learning_rate=0.1, data=random_data(8, 72, 2), **changes
    )
    for name, (written, changes) in NETS.items()
}
PROBLEMS = CASES | MAPS


def first(problem: Problem, seed: int, starts: list[Start] = STARTS) -> TrainingState:
    """The first state of a seed, made by itself."""
    generator = seeded_generator(seed)
    parameters = initial_parameters(problem.network.topology, starts, generator)
    slots = OPTIMIZERS[problem.optimizer].slots
    dtype = problem.targets.dtype
    return new_state(parameters.astype(dtype), slots, problem.samples, generator)


def many(problem: Problem, limit: int, epochs: tuple[int, ...] = EPOCHS) -> ManyStates:
    """The first states of all seeds."""
    states = first_states(problem, STARTS, SEEDS, draws=seeded_draws)
    states.places["limit"] = limit
    states.kept = np.empty((len(states), len(epochs), 4))
    return states


def advanced(engine: CompiledEngine, states: ManyStates, until: Target | None, most: int) -> None:
    """To the end of all, in as many calls as that takes."""
    done = 0
    while done < len(states):
        done += engine.advance_many(states.part(slice(done, None)), until, EPOCHS, most)


@pytest.mark.parametrize("most", [1_000_000, 23, 7])
@pytest.mark.parametrize("case", PROBLEMS)
def test_nets_trained_together_come_to_the_bytes_of_each_alone(case: str, most: int) -> None:
    problem = PROBLEMS[case]
    together, engine = many(problem, STEPS), CompiledEngine(problem)
    advanced(engine, together, None, most)
    for net, seed in enumerate(SEEDS):
        alone = first(problem, seed)
        report = engine.advance(alone, STEPS, None, EPOCHS)
        assert content(together.state(net)) == content(alone)
        passed = together.places["passed"][net]
        assert [epoch for epoch, _ in report.passed] == list(EPOCHS[:passed])
        sums = np.array([sums for _, sums in report.passed]).reshape(-1, 4)
        assert together.kept[net, :passed].tobytes() == sums.tobytes()


@pytest.mark.parametrize("most", [1_000_000, 50])
@pytest.mark.parametrize("batch_size", [None, 3])
def test_each_net_ends_where_it_meets_the_target(batch_size: int | None, most: int) -> None:
    problem = make_problem(batch_size=batch_size, learning_rate=10.0)
    target, together = Target("mean_accuracy", 0.97), many(problem, 400)
    engine = CompiledEngine(problem)
    advanced(engine, together, target, most)
    ends = set()
    for net, seed in enumerate(SEEDS):
        alone = first(problem, seed)
        report = engine.advance(alone, 400, target)
        assert content(together.state(net)) == content(alone)
        assert bool(together.places["met"][net]) == report.reached
        ends.add(alone.step)
    assert len(ends) > 2


@pytest.mark.parametrize("sizes", [(3, 4, 1), (3, 40, 1)])
def test_a_net_that_diverges_leaves_those_behind_it_alone(sizes: tuple[int, ...]) -> None:
    problem = make_problem(
        sizes, hidden="linear", output="linear", batch_size=3, learning_rate=0.01
    )
    together, engine = many(problem, 200), CompiledEngine(problem)
    together.parameters[[1, 3]] *= 1e30
    advanced(engine, together, None, 1_000_000)
    assert together.places["finite"].tolist() == [1, 0, 1, 0, 1]
    for net in (0, 2, 4):
        alone = first(problem, SEEDS[net])
        CompiledEngine(problem).advance(alone, 200, None)
        assert content(together.state(net)) == content(alone)


def test_a_schedule_goes_on_from_call_to_call() -> None:
    problem = make_problem(batch_size=3, schedule=LearningRate("cosine", (0.1,), 7.0))
    together, engine = many(problem, STEPS), CompiledEngine(problem)
    advanced(engine, together, None, 5)
    for net, seed in enumerate(SEEDS):
        alone = first(problem, seed)
        engine.advance(alone, STEPS, None)
        assert content(together.state(net)) == content(alone)


def test_threads_that_divide_one_net_are_not_for_many() -> None:
    problem = make_problem((3, 40, 1))
    assert CompiledEngine(problem).serves_many
    assert not CompiledEngine(problem, threads=2).serves_many


LOOKED_AT: dict[str, tuple[Any, dict[str, Any]]] = {
    "small": ((3, 4, 2), {}),
    "small, float32": ((3, 4, 2), {"dtype": "float32"}),
    "wide": ((3, 40, 2), {"bias": True}),
    "batch norm": ((3, 4, 2), {"batch_norm": True}),
    "convolution": ("1x6x6-3C3-MP2-2", {}),
    "recurrent, an output a step": ("5x2-4LSTM-5x3", {}),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("net", LOOKED_AT)
def test_many_nets_looked_at_together_give_the_bytes_of_each_alone(
    net: str, weighted: bool
) -> None:
    written, changes = LOOKED_AT[net]
    topology = make_problem(written, data=random_data(2, 3, 2)).network.topology
    data = random_data(700, topology.sizes[0], topology.sizes[-1])
    problem = make_problem(written, data=data, **changes)
    inputs, targets = data  # in double precision, whatever the net's is
    weights = (inputs[:, :1] + np.zeros(topology.steps)).astype(int) if weighted else None
    parameters = first_states(problem, STARTS, range(9)).parameters
    parameters[[2, 7], 0] = np.nan, np.inf
    engine = CompiledEngine(problem)
    outputs, sums = engine.look_many(parameters, inputs, targets, weights)
    for own, own_outputs, own_sums in zip(parameters, outputs, sums, strict=True):
        alone = CompiledEngine(problem).look(own, inputs, targets, weights)
        assert alone[0].tobytes() == own_outputs.tobytes()
        assert alone[1].tobytes() == own_sums.tobytes()


def starting(problem: Problem, states: ManyStates, starts: list[Start], seeds: list[int]) -> None:
    """Fails where a state is not what its seed gives."""
    for net, seed in enumerate(seeds):
        assert content(states.state(net)) == content(first(problem, seed, starts))


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_first_states_are_those_that_each_seed_gives(initializer: str, bias: str) -> None:
    seeds, starts = [0, 1, 17, 2**31, 2**32 - 1], [Start(initializer, 0.7, bias)]
    for written in ((3, 20, 40, 1), "5x2-4LSTM-5x3"):
        problem = make_problem(written, bias=True, optimizer="adam", data=random_data(8, 10, 15))
        states = first_states(problem, starts, seeds, draws=seeded_draws)
        starting(problem, states, starts, seeds)


def test_layers_can_start_otherwise() -> None:
    problem = make_problem((3, 5, 4, 1), bias=True, batch_norm=True, dtype="float32")
    starts = [Start("uniform"), Start("zeros"), Start("he_uniform", 2.0)]
    states = first_states(problem, starts, [1, 2, 3], draws=seeded_draws)
    starting(problem, states, starts, [1, 2, 3])


def drawn(seed: int, count: int) -> Array:
    """By NumPy."""
    return seeded_generator(seed).random(count)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 311, 312, 313, 1000])
def test_doubles_of_many_seeds_are_numpys(count: int) -> None:
    seeds = np.array([0, 5, 2**32 - 1])
    doubles, _, _ = seeded_draws(seeds, count)
    assert (doubles == [drawn(seed, count) for seed in seeds.tolist()]).all()


def test_nothing_is_compiled_after_the_warming_up() -> None:
    problem = make_problem(batch_size=3, optimizer="adam", dtype="float32")
    engine = CompiledEngine(problem)
    list(engine.warm_up_many())
    before = list(machine_code.compiled)
    states = many(problem, STEPS)
    advanced(engine, states, None, 1000)
    engine.look_many(states.parameters, problem.inputs, problem.targets)
    assert machine_code.compiled == before
    assert list(engine.warm_up_many()) == []

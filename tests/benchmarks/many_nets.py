"""1,000 seeds of 3-4-1 to 99 % mean accuracy, without dropout, on one core: a net's time.

    python -m tests.benchmarks.many_nets [--rounds 20] [--nets 1000]

From a seed to the final weights, with the history's sums on the way; JAX is given the first weights
and gives the last ones, 100 nets at once.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from runner.configuration.composing import compose
from runner.experiment.building import build_state
from runner.experiment.experiment import Experiment, build
from runner.network.arrays import Array
from runner.training.first_states import first_states
from runner.training.loop import Wanted, train
from runner.training.many_loop import ManyEngine, train_many
from tests.benchmarks.small_net import check_equal
from tests.benchmarks.timing import Claim, alternate, installed, print_timings, seconds_of

SETTINGS = ("topology=3-4-1", "network.dropout.rate=0", "stopping.target=0.99", "engine=compiled")
LONGEST = 10_000
"""Epochs that none of them takes."""
AT_ONCE = 100


def one_by_one(experiment: Experiment, nets: int) -> Array:
    """The final weights [nets, parameters] of nets that are trained each by itself."""
    engine, weights = experiment.engine, []
    wanted = Wanted(lambda _epoch: None, experiment.occasions.history.between)
    for seed in range(nets):
        settings = experiment.settings
        object.__setattr__(settings, "seed", seed)
        state = build_state(settings, engine.problem)
        for _ in train(state, engine, experiment.stopping, time.perf_counter, wanted):
            pass
        weights.append(state.parameters)
    return np.array(weights)


def together(experiment: Experiment, nets: int) -> Array:
    """The same of nets that are trained in few calls."""
    engine = experiment.engine
    assert isinstance(engine, ManyEngine)
    starts = experiment.settings.network.initializer.starts
    states = first_states(engine.problem, starts, range(nets), draws=engine.draw_many)
    epochs = experiment.occasions.history.between(0, LONGEST)
    ended = list(train_many(engine, [states], experiment.stopping, epochs))
    return np.concatenate([each.states.parameters for each in ended])


def jax_together(experiment: Experiment, first: Array) -> Callable[[], Array]:
    """JAX, from first weights [nets, parameters]: nets that have ended stay as they are."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    problem = experiment.engine.problem
    x, y, rate = problem.inputs, problem.targets, problem.learning_rate

    def step(v: Any, w: Any, goes_on: Any) -> Any:
        hidden = jax.nn.sigmoid(x @ v)
        out = jax.nn.sigmoid(hidden @ w)
        error = y - out
        d_out = error * out * (1 - out)
        d_hidden = (d_out @ w.T) * hidden * (1 - hidden)
        factor = jnp.where(goes_on, rate, 0.0)
        reached = 1 - jnp.mean(jnp.abs(error)) >= 0.99
        new = v + factor * x.T @ d_hidden, w + factor * hidden.T @ d_out
        return *new, goes_on & ~reached

    def trained(v: Any, w: Any) -> Any:
        begin = v, w, jnp.ones(len(v), bool)
        return jax.lax.while_loop(
            lambda carry: carry[2].any(), lambda carry: jax.vmap(step)(*carry), begin
        )

    run: Any = jax.jit(trained)
    parts = np.split(first, range(AT_ONCE, len(first), AT_ONCE))

    def weights() -> Array:
        done = [run(part[:, :12].reshape(-1, 3, 4), part[:, 12:, None]) for part in parts]
        last = [np.hstack([v.reshape(-1, 12), w.reshape(-1, 4)]) for v, w, _ in done]
        return np.concatenate(last)

    return weights


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--nets", type=int, default=1000)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    experiment, nets = build(compose([*SETTINGS, "seed=1"])), options.nets
    ways: dict[str, Callable[[], Array]] = {
        "one by one": lambda: one_by_one(experiment, nets),
        "together": lambda: together(experiment, nets),
    }
    alone = ways["one by one"]()
    if together(experiment, nets).tobytes() != alone.tobytes():
        raise SystemExit("nets trained together have other bytes than each by itself")
    if installed("jax"):
        problem, starts = experiment.engine.problem, experiment.settings.network.initializer.starts
        ways["JAX vmap"] = jax_together(
            experiment, first_states(problem, starts, range(nets)).parameters
        )
        check_equal("JAX", ways["JAX vmap"](), alone)
    contestants = {name: lambda way=way: seconds_of(way) / nets for name, way in ways.items()}
    timings = alternate(contestants, options.rounds)
    claims = [Claim("one by one", "together")]
    claims += [Claim("JAX vmap", "together", 1.5)] if "JAX vmap" in ways else []
    print_timings("3-4-1 to 99 % without dropout, one core: a net", timings, claims)


if __name__ == "__main__":
    main()

"""A small net on many samples at once: 4-32-16-4, tanh, 10,000 samples, full batch, Adam, float32.

    python -m tests.benchmarks.full_batch [--rounds 5] [--threads 1]

The case that SimpleChains.jl is told by. JAX takes part twice, with samples as rows and as columns.
"""

import argparse
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from tests.benchmarks.dense_epochs import square_rate
from tests.benchmarks.timing import Claim, alternate, installed, print_timings, seconds_of

SIZES, SAMPLES, RATE, STEPS = (4, 32, 16, 4), 10_000, 0.001, 50


def jax_epochs(x: Any, y: Any, weights: list[Any], *, columns: bool) -> Callable[[], float]:
    """Seconds of an epoch; the loop over epochs is inside one jitted function."""
    import jax
    import jax.numpy as jnp

    x, y = (jnp.array(each.T if columns else each) for each in (x, y))
    start = [(jnp.array(w), jnp.array(b)) for w, b in weights]

    def loss(weights: Any) -> Any:
        a = x
        for number, (w, b) in enumerate(weights):
            a = w.T @ a + b[:, None] if columns else a @ w + b
            a = a if number == len(weights) - 1 else jnp.tanh(a)
        return 0.5 * jnp.sum((a - y) ** 2) / SAMPLES

    def step(number: Any, carried: Any) -> Any:
        weights, m, v = carried
        g = jax.grad(loss)(weights)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate, scale = RATE / (1 - 0.9 ** (number + 1.0)), jnp.sqrt(1 - 0.999 ** (number + 1.0))
        moved = jax.tree.map(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v) / scale + 1e-8), weights, m, v
        )
        return moved, m, v

    zeros = jax.tree.map(jnp.zeros_like, start)
    run = jax.jit(lambda carried: jax.lax.fori_loop(0, STEPS, step, carried))
    jax.block_until_ready(run((start, zeros, zeros)))
    return lambda: seconds_of(lambda: jax.block_until_ready(run((start, zeros, zeros)))) / STEPS


def torch_epochs(x: Any, y: Any, weights: list[Any]) -> Callable[[], float]:
    """Seconds of an epoch, eagerly, with the fused optimizer."""
    import torch

    layers: list[Any] = []
    for w, b in weights:
        linear = torch.nn.Linear(*w.shape)
        linear.weight.data, linear.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
        layers += [linear, torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    inputs, targets = torch.tensor(x), torch.tensor(y)

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            (0.5 * ((model(inputs) - targets) ** 2).sum() / SAMPLES).backward()
            optimizer.step()

    return lambda: seconds_of(steps) / STEPS


def main() -> None:
    """The table, and the share of a square product's rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # before peers count the cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    with threadpool_limits(options.threads):
        compare(options.threads, options.rounds)


def compare(threads: int, rounds: int) -> None:
    """All contestants, in turn."""
    from runner.compiled import CompiledEngine
    from tests.problems import make_problem, make_state

    generator = np.random.default_rng(1)
    x = generator.standard_normal((SAMPLES, SIZES[0])).astype(np.float32)
    y = generator.standard_normal((SAMPLES, SIZES[-1])).astype(np.float32)
    problem = make_problem(
        SIZES,
        bias=True,
        hidden="tanh",
        output="linear",
        mean_loss=True,
        optimizer="adam",
        learning_rate=RATE,
        dtype="float32",
        data=(x, y),
    )
    engine, state = CompiledEngine(problem, threads), make_state(problem, 1, "glorot_uniform")
    layers = problem.network.topology.layers
    weights = [
        (each.weight_matrix(state.parameters).copy(), each.bias_vector(state.parameters).copy())
        for each in layers
    ]
    engine.advance(state, 1, None)
    ours = {
        "compiled engine": lambda: seconds_of(lambda: engine.advance(state, STEPS, None)) / STEPS
    }
    peers: dict[str, Callable[[], float]] = {}
    if installed("jax"):
        peers["JAX, rows"] = jax_epochs(x, y, weights, columns=False)
        peers["JAX, columns"] = jax_epochs(x, y, weights, columns=True)
    if installed("torch"):
        peers["PyTorch"] = torch_epochs(x, y, weights)
    timings = alternate({**peers, **ours}, rounds)
    claims = [Claim(name, "compiled engine", 1.0) for name in peers]
    print_timings(f"{'-'.join(map(str, SIZES))}, an epoch", timings, claims, unit="ms")
    products = [below * above for below, above in pairwise(SIZES)]
    flops = SAMPLES * (6 * sum(products) - 2 * products[0])
    rate, best = flops * 1e-9 / timings["compiled engine"].minimum, square_rate()
    Console().print(f"compiled engine: {rate:.0f} GFLOP/s of {best:.0f} in a square product")


if __name__ == "__main__":
    main()

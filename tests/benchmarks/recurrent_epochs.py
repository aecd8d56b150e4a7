"""Epochs of recurrent nets, softmax, SGD, float32, batches of 32: seconds an epoch beside PyTorch.

    python -m tests.benchmarks.recurrent_epochs [--rounds 7] [--only 0 1]

Sequences of random numbers and a class each, but the last: characters one-hot, 65 of them, and the
next one asked for at every step. Both sides shuffle, and start from the same weights; after the
first step they must agree. One thread is one processor core for everybody. Beside the ratio stands
the rate of the products, and that of NumPy's own product of two square matrices.
"""

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from runner.network.arrays import Array
from tests.benchmarks.dense_epochs import square_rate
from tests.benchmarks.runs import Contestant
from tests.benchmarks.timing import Claim, alternate, installed, print_timings

NETS = [
    "100x1-64LSTM-10",
    "100x64-64LSTM-10",
    "100x64-64GRU-10",
    "100x64-64RNN-10",
    "64x65-128LSTM-64x65",
]
BATCH, STEPS, LEARNING_RATE = 32, 16, 0.1
TIMES_PYTORCH = 3.0


def new_run(topology: str) -> Contestant:
    """Our side, before its first step."""
    from runner.network.topology import Topology, parse_topology
    from tests.problems import make_engine, make_problem, make_state

    shape, generator = Topology(parse_topology(topology)), np.random.default_rng(1)
    samples, (steps, features) = BATCH * STEPS, shape.shape
    inputs = generator.standard_normal((samples, shape.sizes[0]))
    classes = generator.integers(shape.outputs, size=(samples, shape.steps))
    if shape.steps == steps:
        inputs = np.eye(features)[generator.integers(features, size=(samples, steps))]
    problem = make_problem(
        topology,
        bias=True,
        hidden="tanh",
        mean_loss=True,
        batch_size=BATCH,
        dtype="float32",
        learning_rate=LEARNING_RATE,
        loss="cross_entropy",
        output="softmax",
        data=(inputs.reshape(samples, -1), np.eye(shape.outputs)[classes].reshape(samples, -1)),
    )
    state = make_state(problem, initializer="glorot_uniform")
    return Contestant(make_engine("compiled", problem), state)


class TorchNet:
    """The same net and weights in PyTorch."""

    def __init__(self, ours: Contestant) -> None:
        import torch

        self._torch, problem = torch, ours.engine.problem
        recurrent, dense = problem.network.topology.layers
        (self._steps, features), units = recurrent.kind.below, recurrent.kind.units  # type: ignore[attr-defined]
        kind = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}
        self._recurrent = kind[recurrent.kind.letters](features, units, batch_first=True)  # type: ignore[attr-defined]
        outputs = problem.network.topology.outputs
        self._dense = torch.nn.Linear(units, outputs)
        self._every = recurrent.kind.sequence  # type: ignore[attr-defined]
        own, last = recurrent.views(ours.state.parameters), dense.views(ours.state.parameters)
        layer = self._recurrent
        pairs = [
            (layer.weight_ih_l0, own["weights"].T),
            (layer.weight_hh_l0, own["recurrent"].T),
            (layer.bias_ih_l0, own["bias"]),
            (layer.bias_hh_l0, np.zeros_like(own["bias"])),
            (self._dense.weight, last["weights"].T),
            (self._dense.bias, last["bias"]),
        ]
        with torch.no_grad():
            for parameter, values in pairs:
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
        self._parameters = [*layer.parameters(), *self._dense.parameters()]
        self._optimizer = torch.optim.SGD(self._parameters, LEARNING_RATE)
        self._inputs = torch.from_numpy(problem.inputs).reshape(-1, self._steps, features)
        rows = problem.targets.reshape(len(problem.targets), -1, outputs)
        self._classes = torch.from_numpy(rows.argmax(2))

    def train(self, batches: Array) -> float:
        """A step for each row of numbers of samples -> seconds."""
        torch = self._torch
        started = time.perf_counter()
        for chosen in torch.from_numpy(batches):
            inputs, wanted = self._inputs[chosen], self._classes[chosen]
            self._optimizer.zero_grad()
            states, _ = self._recurrent(inputs)
            outputs = self._dense(states if self._every else states[:, -1:])
            loss = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), wanted.flatten())
            loss.backward()
            self._optimizer.step()
        return time.perf_counter() - started

    @property
    def recurrent_weights(self) -> Array:
        """[units, gates units]."""
        weights: Array = self._recurrent.weight_hh_l0.detach().numpy().T
        return weights


def contestants(ours: Contestant) -> dict[str, Callable[[], float]]:
    """By name what makes an epoch -> seconds. Ends where the sides do not agree."""
    found: dict[str, Callable[[], float]] = {}
    problem, state = ours.engine.problem, ours.state
    theirs = TorchNet(ours) if installed("torch") else None
    before = problem.network.topology.layers[0].views(state.parameters)["recurrent"].copy()
    ours.engine.advance(state, 1, None)
    if theirs is not None:
        theirs.train(state.order[:BATCH].reshape(1, BATCH))
        after = problem.network.topology.layers[0].views(state.parameters)["recurrent"]
        moved = np.abs(after - before).max()
        if not np.abs(theirs.recurrent_weights - after).max() < 1e-3 * moved:
            raise SystemExit("PyTorch's weights are not ours after a step")
        generator = np.random.default_rng(2)
        orders = (generator.permutation(problem.samples) for _ in iter(int, 1))
        found["PyTorch"] = lambda: theirs.train(next(orders).reshape(-1, BATCH))
    found["compiled engine"] = lambda: ours.seconds_a_step(STEPS, until=None) * STEPS
    return found


def products(ours: Contestant) -> int:
    """Multiply-adds of an epoch: forward, gradients, and back through what is not the input."""
    topology = ours.engine.problem.network.topology
    weights = topology.layers[0].weight_matrix(ours.state.parameters)  # [features, gates units]
    return BATCH * STEPS * (3 * topology.products - topology.shape[0] * weights.size)


def compare(topology: str, rounds: int) -> None:
    """One net's table."""
    ours = new_run(topology)
    timings = alternate(contestants(ours), rounds)
    claims = [Claim("PyTorch", "compiled engine", TIMES_PYTORCH)]
    title = f"{topology}, batch {BATCH}: an epoch of {BATCH * STEPS} sequences"
    print_timings(title, timings, claims, unit="ms")
    work, best = 2e-9 * products(ours), square_rate()
    rates = ", ".join(f"{name} {work / each.minimum:.0f}" for name, each in timings.items())
    Console().print(f"GFLOP/s, {best:.0f} in a square product: {rates}\n", highlight=False)


def main() -> None:
    """A table for each net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=int, nargs="*", default=range(len(NETS)))
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # before peers count the cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    with threadpool_limits(1):
        for index in options.only:
            compare(NETS[index], options.rounds)


if __name__ == "__main__":
    main()

"""Epochs of small convolutional nets, ReLU, float32: seconds an epoch against PyTorch and JAX.

    python -m tests.benchmarks.convolution_epochs [--rounds 3] [--only lenet] [--samples 9600]

Images of MNIST's size, of which a fifth is not zero; one thread, of one processor core. Seconds are
of 60,000 images, scaled from the samples that are trained on. GFLOP/s: six times the multiply-adds
of a way forward, which counts the first layer's deltas below that nobody computes; told beside the
rate of NumPy's product of two square matrices.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from runner.network.initializers import Start, initial_parameters
from runner.training.engine import Problem
from runner.training.state import new_state, seeded_generator
from tests.benchmarks.convolution_peers import PEERS, Epoch, Task
from tests.benchmarks.dense_epochs import square_rate
from tests.benchmarks.runs import Contestant
from tests.benchmarks.timing import Claim, alternate, installed, print_timings

WHOLE = 60_000
CHECKED = 10
"""Steps after which all must have the same weights; later rounding decides which is the largest."""


@dataclass(frozen=True)
class Net:
    """One to be timed."""

    topology: str
    batch: int
    optimizer: str
    learning_rate: float
    dropout: float = 0.0  # before the last layer
    times_torch: float | None = None
    """How many times PyTorch's speed is asked for."""
    share: float | None = None
    """How much of the square product's rate."""


NETS = {
    "lenet": Net("1x28x28-6C5-MP2-16C5-MP2-120-84-10", 96, "adam", 3e-4, times_torch=3),
    "nielsen": Net("1x28x28-20C5-MP2-40C5-MP2-100-10", 10, "sgd", 0.03, times_torch=3),
    "keras": Net("1x28x28-32C3-MP2-64C3-MP2-10", 128, "adam", 1e-3, 0.5, share=0.5),
}


def problem_of(net: Net, samples: int) -> Problem:
    """The net on made-up images."""
    from tests.problems import make_problem

    generator = np.random.default_rng(1)
    shown = generator.random((samples, 784)) < 0.2
    layers = net.topology.count("-")
    return make_problem(
        net.topology,
        bias=True,
        hidden="relu",
        output="softmax",
        loss="cross_entropy",
        mean_loss=True,
        rate=(*[0.0] * (layers - 2), net.dropout),
        optimizer=net.optimizer,
        learning_rate=net.learning_rate,
        batch_size=net.batch,
        dtype="float32",
        data=(
            shown * generator.random((samples, 784)),
            np.eye(10)[generator.integers(10, size=samples)],
        ),
    )


def prepared(problem: Problem) -> Contestant:
    """Our side, at the start of an epoch whose order is drawn."""
    from runner.compiled import CompiledEngine
    from runner.training.optimizers import OPTIMIZERS

    generator = seeded_generator(1)
    starts = [Start("glorot_uniform")]
    parameters = initial_parameters(problem.network.topology, starts, generator)
    slots = OPTIMIZERS[problem.optimizer].slots
    state = new_state(parameters.astype(np.float32), slots, problem.samples, generator)
    return Contestant(CompiledEngine(problem), state)


def task_of(net: Net, ours: Contestant) -> Task:
    """The same epoch for the peers: our starting weights and first epoch, begun by now."""
    problem, state = ours.engine.problem, ours.state
    topology = problem.network.topology
    start = state.parameters.copy()
    ours.engine.advance(state, CHECKED, None)
    own = [layer.views(start) for layer in topology.layers if layer.parts]
    whole = problem.samples // net.batch * net.batch
    return Task(
        problem.inputs.reshape(-1, *topology.shape),
        problem.targets.argmax(1),
        topology.kinds,
        [(views["weights"].copy(), views["bias"].copy()) for views in own],
        net.optimizer == "adam",
        net.learning_rate,
        net.dropout,
        state.order[:whole].reshape(-1, net.batch).copy(),
    )


def check_same_work(who: str, make: Callable[[Task], Epoch], task: Task, ours: Contestant) -> None:
    """A peer's first layer after the first steps must be ours."""
    layer = ours.engine.problem.network.topology.layers[0]
    _, weights = make(replace(task, batches=task.batches[:CHECKED]))()
    difference = float(np.abs(weights - layer.weight_matrix(ours.state.parameters)).max())
    if not difference < 1e-5:
        raise SystemExit(f"{who}: weights differ from ours by {difference:.2g}")


def compare(name: str, samples: int, rounds: int) -> None:
    """One net's table, and each one's rate beside that of a square product."""
    net = NETS[name]
    problem = problem_of(net, samples // net.batch * net.batch)
    ours, scale = prepared(problem), WHOLE / problem.samples
    task, steps = task_of(net, ours), problem.steps_per_epoch
    contestants: dict[str, Callable[[], float]] = {}
    for who, (package, make) in PEERS.items():
        if installed(package):
            epoch = make(task)
            if net.dropout == 0:
                check_same_work(who, make, task, ours)
            contestants[who] = lambda epoch=epoch: scale * epoch()[0]  # type: ignore[misc]
    us = "compiled engine"
    ours.engine.advance(ours.state, steps - CHECKED, None)
    contestants[us] = lambda: scale * steps * ours.seconds_a_step(steps, until=None)
    timings = alternate(contestants, rounds)
    claims = [
        Claim(who, us, net.times_torch if who == "PyTorch" else None)
        for who in contestants
        if who != us
    ]
    title = f"{net.topology}, batch {net.batch}, {net.optimizer}: an epoch of {WHOLE:,} samples"
    print_timings(title, timings, claims, unit="s")
    flops = 6e-9 * WHOLE * problem.network.topology.products
    best = square_rate()
    rates = {who: flops / each.minimum for who, each in timings.items()}
    shares = ", ".join(f"{who} {rate:.0f} ({rate / best:.0%})" for who, rate in rates.items())
    goal = f"; asked for: {net.share:.0%}" if net.share else ""
    Console().print(f"GFLOP/s of {best:.0f} in a square product: {shares}{goal}\n", highlight=False)


def main() -> None:
    """A table for each net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=NETS, default=list(NETS))
    parser.add_argument("--samples", type=int, default=9600)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # before peers count the cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    with threadpool_limits(1):
        for name in options.only:
            compare(name, options.samples, options.rounds)


if __name__ == "__main__":
    main()

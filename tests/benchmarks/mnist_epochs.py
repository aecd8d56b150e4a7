"""Epochs of MNIST, sigmoid, SGD, float32: seconds an epoch against four peers.

    python -m tests.benchmarks.mnist_epochs [--root FOLDER_WITH_MNIST] [--rounds 5] [--only 0 1]

The peers get float32 images in memory; ours takes the bytes as they come, scales, shuffles and sums
the metrics of every step, on one core. Setting up, once a run, is not counted on either side.
"""

import argparse
from collections.abc import Callable

import numpy as np

from tests.benchmarks.mnist_peers import PEERS, SAME_WORK, Epoch, Task
from tests.benchmarks.runs import Contestant, contestant
from tests.benchmarks.timing import Claim, Timing, alternate, installed, print_timings

NETS = [
    ("784-16-16-10", 10, 1.5),
    ("784-30-10", 10, 1.5),
    ("784-100-10", 100, 1.0),
    ("784-800-10", 128, 1.0),
]
"""Topology, batch size and how many times JAX's speed is asked for."""


def task_of(ours: Contestant) -> Task:
    """The same epoch for the peers: our starting weights, and the order of our next epoch."""
    problem, state = ours.engine.problem, ours.state
    scaled = np.empty(problem.inputs.shape, np.float32)
    if problem.scaling is None:
        scaled[:] = problem.inputs
    else:
        problem.scaling.apply(problem.inputs, scaled)
    order, batch = state.order, problem.batch_size
    return Task(
        scaled,
        problem.targets,
        [
            (
                layer.weight_matrix(state.parameters).copy(),
                layer.bias_vector(state.parameters).copy(),
            )
            for layer in problem.network.topology.layers
        ],
        problem.learning_rate,
        order[: len(order) // batch * batch].reshape(-1, batch).copy(),
    )


def new_run(topology: str, batch: int, root: str | None) -> Contestant:
    """Our side, one step into its first epoch."""
    return contestant(
        "compiled",
        "dataset=mnist",
        f"dataset.root={root or 'null'}",
        "network=sigmoid",
        "loss=squared_error",
        "optimizer=sgd",
        "network.activation.output=sigmoid",
        f"topology={topology}",
        f"batch_size={batch}",
        "dtype=float32",
        "loss.reduction=mean",
        "optimizer.learning_rate=0.5",
    )


def seconds_an_epoch(ours: Contestant) -> float:
    """Of the next whole epoch."""
    steps = ours.engine.problem.steps_per_epoch
    return ours.seconds_a_step(steps, until=None) * steps


def check_same_work(who: str, epoch: Epoch, run: Contestant) -> None:
    """Trains both on the same batches, the first made already; the first layer must agree."""
    _, weights = epoch()
    first = run.engine.problem.network.topology.layers[0]
    ours = first.weight_matrix(run.state.parameters)
    difference = float(np.abs(weights - ours).max())
    if not difference < 0.01:
        raise SystemExit(f"{who}: weights differ from ours by {difference:.2g}")


def compare_epochs(
    title: str, ours: Contestant, times_jax: float, rounds: int
) -> dict[str, Timing]:
    """One net's table. ours: a run, one step into its first epoch."""
    problem, state = ours.engine.problem, ours.state
    ours.engine.advance(state, problem.steps_per_epoch - 1, None)  # to the start of an epoch
    start = state.parameters.copy()
    ours.engine.advance(state, 1, None)  # draws the epoch's order
    after_one = state.parameters.copy()
    state.parameters[:] = start
    task = task_of(ours)
    state.parameters[:] = after_one
    ours.engine.advance(state, len(task.batches) - 1, None)

    contestants: dict[str, Callable[[], float]] = {}
    for name, (package, make) in PEERS.items():
        if installed(package):
            epoch = make(task)
            if name in SAME_WORK:
                check_same_work(name, epoch, ours)
            contestants[name] = lambda epoch=epoch: epoch()[0]  # type: ignore[misc]
    contestants["compiled engine"] = lambda: seconds_an_epoch(ours)
    claims = [
        Claim(name, "compiled engine", times_jax if name == "JAX" else 1.0)
        for name in contestants
        if name != "compiled engine"
    ]
    timings = alternate(contestants, rounds)
    title = f"{title}, batch {problem.batch_size}: an epoch of {problem.samples:,} samples"
    print_timings(title, timings, claims, unit="s")
    return timings


def main() -> None:
    """A table for each net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", help="folder with the MNIST files; without it they are fetched")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=int, nargs="*", default=range(len(NETS)))
    options = parser.parse_args()
    for index in options.only:
        topology, batch, times_jax = NETS[index]
        ours = new_run(topology, batch, options.root)
        compare_epochs(topology, ours, times_jax, options.rounds)


if __name__ == "__main__":
    main()

"""Every table's entries against PyTorch itself, in float64: the largest differences.

    python -m tests.benchmarks.torch_agreement [--steps 100]

Where the runner differs on purpose the comparison says so by what it asks of PyTorch: weights decay
and biases do not; penalties come before clipping; one-cycle ends one step after the last, where
PyTorch's ends with it; a plateau's threshold is absolute.
"""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

from runner.network.activations import ACTIVATIONS
from runner.network.arrays import Array
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.training.engine import Penalty, Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from runner.training.state import TrainingState
from runner.training.watching import Watch
from tests.problems import (
    ENGINE_NAMES,
    OPTIMIZER_SETTINGS,
    make_engine,
    make_problem,
    make_state,
    random_data,
    random_targets,
)

TOLERANCE = 1e-9
SPREAD = 0.01
"""How much the spread of a million drawn weights may differ, relative."""

PEER_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "leaky_relu": F.leaky_relu,
    "linear": lambda z: z,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: F.softmax(z, dim=1),
    "softplus": F.softplus,
    "tanh": torch.tanh,
}
PEER_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "absolute_error": lambda z, y: F.l1_loss(z, y, reduction="sum"),
    "binary_cross_entropy": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    "cross_entropy": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="sum"),
    "squared_error": lambda z, y: 0.5 * F.mse_loss(z, y, reduction="sum"),
}
PEER_INITIALIZERS: dict[str, Callable[[Any], Any]] = {
    "glorot_normal": nn.init.xavier_normal_,
    "glorot_uniform": nn.init.xavier_uniform_,
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "lecun_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"),
    "lecun_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="linear"),
    "normal": nn.init.normal_,
    "orthogonal": nn.init.orthogonal_,
    "uniform": lambda w: nn.init.uniform_(w, -1, 1),
    "zeros": nn.init.zeros_,
}
PEER_OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "momentum": lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.9),
    "nesterov": lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.9, nesterov=True),
    "rmsprop": torch.optim.RMSprop,
    "rprop": torch.optim.Rprop,
    "sgd": torch.optim.SGD,
}
DECAY = {"adamw": OPTIMIZER_SETTINGS["adamw"][3]}
NETS: dict[str, dict[str, Any]] = {
    "biases": {"bias": True},
    "batch normalisation": {"batch_norm": True},
    "l2": {"bias": True, "penalty": Penalty(l2=0.05)},
    "clip_value": {"bias": True, "penalty": Penalty(clip_value=0.01)},
    "clip_norm": {"bias": True, "penalty": Penalty(clip_norm=0.02)},
}
# PyTorch divides by norm + 1e-6.
LOOSER = {"clip_norm": 1e-6}


def activations() -> Iterator[tuple[str, float]]:
    """Values, and slopes but softmax's."""
    z = np.random.default_rng(1).normal(0, 3, (200, 5))
    for name, activation in ACTIVATIONS.items():
        a, slope = np.empty_like(z), np.empty_like(z)
        activation.forward(z, a)
        peer_z = torch.tensor(z, requires_grad=True)
        peer_a = PEER_ACTIVATIONS[name](peer_z)
        difference = largest(a, peer_a)
        if name != "softmax":
            activation.slope(z, a, slope)
            peer_a.sum().backward()
            difference = max(difference, largest(slope, peer_z.grad))
        yield name, difference


def losses() -> Iterator[tuple[str, float]]:
    """Values and gradients with respect to the pre-activations of linear or their own outputs."""
    z = np.random.default_rng(2).normal(0, 3, (200, 5))
    for name, loss in LOSSES.items():
        y = random_targets(name, 200, 5)
        a, gradient = np.empty_like(z), np.empty_like(z)
        ACTIVATIONS[loss.output or "linear"].forward(z, a)
        loss.gradient(a, y, gradient)
        peer_z = torch.tensor(z, requires_grad=True)
        peer = PEER_LOSSES[name](peer_z, torch.tensor(y))
        peer.backward()
        value = loss.value(z, a, y)
        yield name, max(abs(peer.item() / value - 1), largest(gradient, peer_z.grad))


def initializers() -> Iterator[tuple[str, float]]:
    """Standard deviations of a thousand by a thousand weights, relative."""
    torch.manual_seed(1)
    for name, draw in INITIALIZERS.items():
        ours = draw(np.random.default_rng(1), 1200, 800, 1.0).std()
        peer = PEER_INITIALIZERS[name](torch.empty(800, 1200)).std(correction=0).item()
        yield name, abs(ours - peer) / max(peer, 1e-12)


def optimizers(steps: int) -> Iterator[tuple[str, float]]:
    """Weights after so many full batches, the larger difference of the two engines."""
    for name in OPTIMIZERS:
        yield name, trained_apart(steps, optimizer=name, bias=True)


def nets(steps: int) -> Iterator[tuple[str, float]]:
    """What else a step does, with momentum."""
    for name, options in NETS.items():
        yield name, trained_apart(steps, optimizer="momentum", **options)


def trained_apart(steps: int, **options: Any) -> float:
    """The largest difference of parameters to PyTorch's, over both engines and layouts."""
    differences = []
    for sizes in ((3, 6, 5, 2), (3, 24, 5, 2)):
        problem = make_problem(
            sizes,
            hidden="tanh",
            output="linear",
            data=random_data(12, 3, 2),
            mean_loss=True,
            learning_rate=0.001,  # at 0.01 rmsprop blows rounding up
            **options,
        )
        expected = train_peer(problem, make_state(problem), steps)
        for engine in ENGINE_NAMES:
            state = make_state(problem)
            make_engine(engine, problem).advance(state, steps, None)
            differences.append(largest(state.parameters, expected))
    return max(differences)


def train_peer(problem: Problem, state: TrainingState, steps: int) -> Array:
    """The parameter vector after PyTorch's steps from the state's."""
    topology, start = problem.network.topology, torch.tensor(state.parameters)
    layers, modules = topology.layers, []
    for number, layer in enumerate(layers, 1):
        linear = nn.Linear(layer.inputs, layer.outputs, bias=topology.bias, dtype=torch.float64)
        linear.weight.data = start[layer.weights].reshape(layer.inputs, layer.outputs).T.clone()
        if topology.bias:
            linear.bias.data = start[layer.bias].clone()
        modules.append(linear)
        if number < len(layers):
            if topology.batch_norm:
                modules.append(nn.BatchNorm1d(layer.outputs, dtype=torch.float64))
            modules.append(nn.Tanh())
    net = nn.Sequential(*modules)
    inputs, targets = torch.tensor(problem.inputs), torch.tensor(problem.targets)
    optimizer = PEER_OPTIMIZERS[problem.optimizer](groups_of(net, problem), problem.learning_rate)
    penalty = problem.penalty
    for _ in range(steps):
        optimizer.zero_grad()
        loss = PEER_LOSSES[problem.loss](net(inputs), targets) / len(inputs)
        loss.backward()
        if penalty.clip_value is not None:
            nn.utils.clip_grad_value_(net.parameters(), penalty.clip_value)
        if penalty.clip_norm is not None:
            nn.utils.clip_grad_norm_(net.parameters(), penalty.clip_norm)
        optimizer.step()
    return flat(net, problem)


def groups_of(net: nn.Sequential, problem: Problem) -> list[dict[str, Any]]:
    """Weights, which decay, and the rest, which does not."""
    linear = [module for module in net if isinstance(module, nn.Linear)]
    weights = [module.weight for module in linear]
    rest = [p for p in net.parameters() if all(p is not w for w in weights)]
    groups: list[dict[str, Any]] = [{"params": weights}, {"params": rest}]
    decay = DECAY.get(problem.optimizer, problem.penalty.l2)
    if decay:
        groups[0]["weight_decay"], groups[1]["weight_decay"] = decay, 0.0
    return groups


def flat(net: nn.Sequential, problem: Problem) -> Array:
    """PyTorch's parameters in our layout."""
    topology = problem.network.topology
    result = np.empty(topology.size)
    linears = [module for module in net if isinstance(module, nn.Linear)]
    norms = [module for module in net if isinstance(module, nn.BatchNorm1d)]
    for layer, linear in zip(topology.layers, linears, strict=True):
        layer.weight_matrix(result)[...] = linear.weight.detach().numpy().T
        if topology.bias:
            result[layer.bias] = linear.bias.detach().numpy()
    for layer, norm in zip(topology.layers, norms, strict=False):
        result[layer.gamma] = norm.weight.detach().numpy()
        result[layer.bias] = norm.bias.detach().numpy()
        result[layer.mean], result[layer.variance] = norm.running_mean, norm.running_var
    return result


LENGTH, PEAK = 40, 12
ONE_CYCLE = ((PEAK - 1) / (LENGTH - 1), 25.0, 25.0 * 1e4)
# Our settings and PyTorch's schedule, over LENGTH epochs.
PEER_SCHEDULES: dict[str, tuple[tuple[float, ...], Callable[[Any], Any]]] = {
    "constant": ((), lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
    "cosine": (
        (0.1,),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, LENGTH - 1, eta_min=0.1),
    ),
    "exponential": ((0.9,), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
    "one_cycle": (
        ONE_CYCLE,
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=LENGTH, pct_start=PEAK / LENGTH, cycle_momentum=False
        ),
    ),
    "range": (
        (1.0, 10.0),
        lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 10.0 ** (1 / (LENGTH - 1))),
    ),
    "step": ((3.0, 0.5), lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5)),
    "warmup": ((5.0,), lambda o: torch.optim.lr_scheduler.LinearLR(o, 1e-12, 1.0, 5)),
}


def schedules() -> Iterator[tuple[str, float]]:
    """Factors over the run; of plateau, those that a watched loss comes to."""
    for name, schedule in SCHEDULES.items():
        if name == "plateau":
            yield name, plateau()
            continue
        settings, make = PEER_SCHEDULES[name]
        factors = schedule.factor(np.arange(float(LENGTH)), LENGTH - 1.0, settings)
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler, expected = make(optimizer), []
        for _ in range(LENGTH):
            expected.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(expected) < LENGTH:
                scheduler.step()
        yield name, largest(factors, np.array(expected))


def plateau() -> float:
    """Our watch and ReduceLROnPlateau over the same losses."""
    state = make_state(make_problem())
    watch = Watch("val_loss", min_delta=0.01, slowing=(0.5, 2.0))
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=2, threshold=0.01, threshold_mode="abs"
    )
    difference = 0.0
    for value in np.maximum(1 / np.arange(1, 60), 0.1) + 0.02 * np.sin(np.arange(1, 60)):
        watch.observe(state, float(value))
        scheduler.step(float(value))
        rate = optimizer.param_groups[0]["lr"]
        difference = max(difference, abs(state.watch.rate_factor - rate))
    return difference


def largest(ours: Array, peer: Any) -> float:
    """The largest difference of two arrays."""
    other = peer.detach().numpy() if isinstance(peer, torch.Tensor) else peer
    return float(np.abs(ours - other).max())


def main() -> None:
    """A row for each entry of each table; exit 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    steps = parser.parse_args().steps
    torch.set_default_dtype(torch.float64)
    groups = {
        "activation": activations(),
        "loss": losses(),
        "spread of weights": initializers(),
        "schedule": schedules(),
        f"optimizer, {steps} steps": optimizers(steps),
        f"net, {steps} steps": nets(steps),
    }
    table, failed = Table("table", "entry", "largest difference", "tolerance", ""), False
    for group, rows in groups.items():
        for name, difference in rows:
            tolerance = SPREAD if "spread" in group else LOOSER.get(name, TOLERANCE)
            agrees = difference <= tolerance
            failed |= not agrees
            verdict = "agrees" if agrees else "DIFFERS"
            table.add_row(group, name, f"{difference:.1e}", f"{tolerance:g}", verdict)
    Console().print(table, f"PyTorch {torch.__version__}", sep="\n")
    raise SystemExit(failed)


if __name__ == "__main__":
    main()

"""Every table's entries and every kind of layer against PyTorch, in float64: how far apart.

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
from runner.network.layers.parts import LayerPart
from runner.network.losses import LOSSES
from runner.network.topology import Topology, parse_topology
from runner.training.engine import Penalty, Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES
from runner.training.state import TrainingState
from runner.training.watching import Watch
from tests.benchmarks.torch_nets import PEER_ACTIVATIONS, PeerNet
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

PEER_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "absolute_error": lambda z, y: F.l1_loss(z, y, reduction="sum"),
    "binary_cross_entropy": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    "cross_entropy": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="sum"),
    "squared_error": lambda z, y: 0.5 * F.mse_loss(z, y, reduction="sum"),
}
PEER_INITIALIZERS: dict[str, Callable[[Any], Any]] = {
    "fan_out_normal": lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="linear"),
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
# Of each a net, w units or maps wide, and what else there is.
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "C": ("2x7x6-wC3-2", {}),
    "C, stride and border": ("2x7x6-wC3s2p1-4C2-2", {"hidden": "relu"}),
    "C, normalised": ("2x7x6-wC3-MP2-4-2", {"batch_norm": True}),
    "MP": ("1x9x8-wC3p1-MP2-MP3s2-2", {}),
    "AP": ("1x9x8-wC3p1-AP2-AP3s1-2", {}),
    "GAP": ("2x6x6-wC3-GAP-2", {}),
    "RNN, tanh": ("6x3-wRNN-2", {}),
    "RNN, ReLU, a target a step": ("6x3-wRNN-5-6x2", {"hidden": "relu"}),
    "LSTM": ("6x3-wLSTM-2", {}),
    "LSTM, a target a step": ("6x3-wLSTM-6x2", {}),
    "GRU": ("6x3-wGRU-2", {}),
    "GRU, a target a step": ("6x3-wGRU-6x2", {}),
    "RNN, LSTM, GRU": ("6x3-4RNN-wLSTM-3GRU-2", {}),
    "LSTM, normalised": ("6x3-wLSTM-4-6x2", {"batch_norm": True}),
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
    part = LayerPart("weights", (1200, 800), (1200, 800))
    for name, draw in INITIALIZERS.items():
        ours = draw(np.random.default_rng(1), part, 1.0).std()
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


def layers(steps: int) -> Iterator[tuple[str, float]]:
    """Nets of other layers, narrow ones and such as fill vectors."""
    for name, (net, options) in LAYERS.items():
        widths = (net.replace("w", width) for width in ("3", "20"))
        yield (
            name,
            max(
                apart(steps, width, bias=True, optimizer="momentum", **options) for width in widths
            ),
        )


def trained_apart(steps: int, **options: Any) -> float:
    """Of dense nets, over both layouts of the compiled engine."""
    return max(apart(steps, net, **options) for net in ("3-6-5-2", "3-24-5-2"))


def apart(steps: int, net: str, **options: Any) -> float:
    """The largest difference of parameters and outputs to PyTorch's, over both engines."""
    topology = Topology(parse_topology(net))
    problem = make_problem(
        net,
        output="linear",
        data=random_data(12, topology.sizes[0], topology.sizes[-1]),
        mean_loss=True,
        learning_rate=0.001,  # at 0.01 rmsprop blows rounding up
        **{"hidden": "tanh", **options},
    )
    expected, outputs = train_peer(problem, make_state(problem), steps)
    differences = []
    for engine in ENGINE_NAMES:
        state = make_state(problem)
        make_engine(engine, problem).advance(state, steps, None)
        found = problem.network.predict(state.parameters, problem.inputs)
        differences += [largest(state.parameters, expected), largest(found, outputs)]
    return max(differences)


def train_peer(problem: Problem, state: TrainingState, steps: int) -> tuple[Array, Array]:
    """The parameter vector after PyTorch's steps from the state's, and the outputs with it."""
    net = PeerNet(problem.network, state.parameters)
    inputs, targets = torch.tensor(problem.inputs), torch.tensor(problem.targets)
    groups = net.groups(DECAY.get(problem.optimizer, problem.penalty.l2))
    optimizer = PEER_OPTIMIZERS[problem.optimizer](groups, problem.learning_rate)
    penalty, rows = problem.penalty, len(inputs) * problem.network.topology.steps
    for _ in range(steps):
        optimizer.zero_grad()
        loss = PEER_LOSSES[problem.loss](net(inputs), targets) / rows
        loss.backward()
        if penalty.clip_value is not None:
            nn.utils.clip_grad_value_(net.parameters(), penalty.clip_value)
        if penalty.clip_norm is not None:
            nn.utils.clip_grad_norm_(net.parameters(), penalty.clip_norm)
        optimizer.step()
    return net.vector(len(state.parameters)), net.eval()(inputs).detach().numpy()


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
        f"layer, {steps} steps": layers(steps),
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

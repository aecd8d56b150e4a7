"""One epoch of mini-batch SGD on a sigmoid net as other libraries do it, for comparison.

Each takes the data, starting weights and batches [steps, batch], trains one epoch a call and hands
back the seconds it took and the first layer's weights [n_in, n_hidden]. Loss: half the mean over
the batch of the summed squared error.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.network.arrays import Array


@dataclass(frozen=True)
class Task:
    """What an epoch is made of; arrays in float32."""

    inputs: Array  # [n, n_in]
    targets: Array  # [n, n_out]
    weights: list[tuple[Array, Array]]  # [n_in, n_out] and [n_out] a layer
    learning_rate: float
    batches: Array  # [steps, batch]


Epoch = Callable[[], tuple[float, Array]]


def numpy_epoch(task: Task) -> Epoch:
    """Matrix products and a loop over batches."""

    def epoch() -> tuple[float, Array]:
        weights = [(w.copy(), b.copy()) for w, b in task.weights]
        rate = np.float32(task.learning_rate / task.batches.shape[1])
        started = time.perf_counter()
        for chosen in task.batches:
            a = [task.inputs[chosen]]
            for w, b in weights:
                a.append(1 / (1 + np.exp(-(a[-1] @ w + b))))
            delta = (a[-1] - task.targets[chosen]) * a[-1] * (1 - a[-1])
            for layer in reversed(range(len(weights))):
                w, b = weights[layer]
                below = (delta @ w.T) * a[layer] * (1 - a[layer]) if layer else delta
                w -= rate * (a[layer].T @ delta)
                b -= rate * delta.sum(0)
                delta = below
        return time.perf_counter() - started, weights[0][0]

    return epoch


def torch_epoch(task: Task) -> Epoch:
    """torch.nn.Sequential and torch.optim.SGD, eagerly."""
    import torch

    if task.batches.shape[1] < 64:
        torch.set_num_threads(1)  # more would only slow it down here
    inputs, targets = torch.tensor(task.inputs), torch.tensor(task.targets)
    batches = torch.tensor(task.batches)

    def net() -> Any:
        layers: list[Any] = []
        for w, b in task.weights:
            linear = torch.nn.Linear(*w.shape)
            linear.weight.data = torch.tensor(np.ascontiguousarray(w.T))
            linear.bias.data = torch.tensor(b)
            layers += [linear, torch.nn.Sigmoid()]
        return torch.nn.Sequential(*layers)

    def epoch() -> tuple[float, Array]:
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=task.learning_rate)
        started = time.perf_counter()
        for chosen in batches:
            optimizer.zero_grad()
            error = model(inputs[chosen]) - targets[chosen]
            (0.5 * (error * error).sum() / len(chosen)).backward()
            optimizer.step()
        return time.perf_counter() - started, model[0].weight.detach().numpy().T

    return epoch


def jax_epoch(task: Task) -> Epoch:
    """The whole epoch one jitted scan."""
    import jax
    import jax.numpy as jnp

    inputs, targets = jnp.array(task.inputs), jnp.array(task.targets)
    start, batches = jax.tree.map(jnp.array, task.weights), jnp.array(task.batches)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for w, b in weights:
            x = jax.nn.sigmoid(x @ w + b)
        return 0.5 * jnp.sum((x - y) ** 2) / len(x)

    def train(weights: Any, batches: Any) -> Any:
        def step(weights: Any, chosen: Any) -> Any:
            gradient = jax.grad(loss)(weights, inputs[chosen], targets[chosen])
            return jax.tree.map(lambda w, g: w - task.learning_rate * g, weights, gradient), None

        return jax.lax.scan(step, weights, batches)[0]

    run: Any = jax.jit(train)
    jax.block_until_ready(run(start, batches))

    def epoch() -> tuple[float, Array]:
        started = time.perf_counter()
        trained = jax.block_until_ready(run(start, batches))
        return time.perf_counter() - started, np.asarray(trained[0][0])

    return epoch


def sklearn_epoch(task: Task) -> Epoch:
    """MLPClassifier's own: softmax and cross-entropy, weights and order of its own."""
    from sklearn.neural_network import MLPClassifier

    classes = task.targets.argmax(axis=1)
    hidden = tuple(len(b) for _, b in task.weights[:-1])

    def epoch() -> tuple[float, Array]:
        model = MLPClassifier(
            hidden,
            activation="logistic",
            solver="sgd",
            batch_size=task.batches.shape[1],
            learning_rate_init=task.learning_rate,
            momentum=0.0,
            max_iter=1,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch is no convergence
            started = time.perf_counter()
            model.fit(task.inputs, classes)
        return time.perf_counter() - started, model.coefs_[0]

    return epoch


PEERS = {
    "NumPy": ("numpy", numpy_epoch),
    "PyTorch": ("torch", torch_epoch),
    "JAX": ("jax", jax_epoch),
    "scikit-learn": ("sklearn", sklearn_epoch),
}
"""Each by the package it needs."""
SAME_WORK = ("NumPy", "PyTorch", "JAX")
"""Peers that end an epoch with our weights."""

"""One epoch of a small convolutional net as PyTorch and JAX do it, for comparison.

Each takes the net's layers, starting weights and batches, trains one epoch a call, ReLU behind
hidden layers, softmax and cross-entropy, and hands back the seconds it took and the first layer's
weights [taps, maps].
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.network.arrays import Array
from runner.network.layers.convolution import Convolution
from runner.network.layers.parts import LayerKind
from runner.network.layers.pooling import MaxPooling

ADAM = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Task:
    """What an epoch is made of; arrays in float32."""

    inputs: Array  # [n, channels, rows, columns]
    classes: Array  # [n]
    kinds: tuple[LayerKind, ...]
    weights: list[tuple[Array, Array]]  # of the layers that have some
    adam: bool  # else plain descent
    learning_rate: float
    dropout: float  # before the last layer
    batches: Array  # [steps, batch]


Epoch = Callable[[], tuple[float, Array]]


def torch_epoch(task: Task) -> Epoch:
    """torch.nn.Sequential and torch.optim, eagerly."""
    import torch

    inputs, classes = torch.tensor(task.inputs), torch.tensor(task.classes)
    batches, loss = torch.tensor(task.batches), torch.nn.CrossEntropyLoss()

    def layer(kind: LayerKind, own: list[tuple[Array, Array]]) -> list[Any]:
        if isinstance(kind, MaxPooling):
            return [torch.nn.MaxPool2d(kind.size, kind.stride)]
        weights, bias = own.pop(0)
        if isinstance(kind, Convolution):
            made: Any = torch.nn.Conv2d(kind.below[0], kind.maps, kind.size)
            weights = weights.T.reshape(kind.maps, kind.below[0], kind.size, kind.size)
            before = []
        else:
            made, weights = torch.nn.Linear(*weights.shape), weights.T
            last = not own and task.dropout > 0
            before = [torch.nn.Flatten(), *([torch.nn.Dropout(task.dropout)] if last else [])]
        made.weight.data = torch.tensor(np.ascontiguousarray(weights))
        made.bias.data = torch.tensor(bias)
        return [*before, made, *([torch.nn.ReLU()] if own else [])]

    def epoch() -> tuple[float, Array]:
        own = list(task.weights)
        model = torch.nn.Sequential(*(each for kind in task.kinds for each in layer(kind, own)))
        first, rate = model[0], task.learning_rate
        optimizer: Any = torch.optim.SGD(model.parameters(), rate)
        if task.adam:
            optimizer = torch.optim.Adam(model.parameters(), rate)
        started = time.perf_counter()
        for chosen in batches:
            optimizer.zero_grad()
            loss(model(inputs[chosen]), classes[chosen]).backward()
            optimizer.step()
        seconds = time.perf_counter() - started
        weights = first.weight.detach().numpy()
        return seconds, weights.reshape(len(weights), -1).T

    return epoch


def jax_epoch(task: Task) -> Epoch:
    """A jitted step a batch; channels last. One scan of all steps is several times as slow."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    inputs = jnp.asarray(task.inputs.transpose(0, 2, 3, 1))
    classes, batches = jnp.asarray(task.classes), jnp.asarray(task.batches)
    beta, beta_of_squares, epsilon = ADAM

    def start() -> list[Any]:
        own, made = list(task.weights), []
        for kind in task.kinds:
            if kind.parts:
                weights, bias = own.pop(0)
                if isinstance(kind, Convolution):
                    window = kind.below[0], kind.size, kind.size, kind.maps
                    weights = weights.reshape(window).transpose(1, 2, 0, 3)
                made.append((jnp.asarray(weights), jnp.asarray(bias)))
        return made

    def loss(parameters: Any, x: Any, y: Any, key: Any) -> Any:
        own = list(parameters)
        for kind in task.kinds:
            if isinstance(kind, MaxPooling):
                window, step = (1, kind.size, kind.size, 1), (1, kind.stride, kind.stride, 1)
                x = lax.reduce_window(x, -jnp.inf, lax.max, window, step, "VALID")
                continue
            weights, bias = own.pop(0)
            if isinstance(kind, Convolution):
                names = "NHWC", "HWIO", "NHWC"
                x = lax.conv_general_dilated(x, weights, (1, 1), "VALID", dimension_numbers=names)
            else:
                if x.ndim == 4:  # in our order: channel by channel
                    x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
                if not own and task.dropout > 0:
                    kept = jax.random.bernoulli(key, 1 - task.dropout, x.shape)
                    x = jnp.where(kept, x / (1 - task.dropout), 0)
                x = x @ weights
            x = x + bias
            x = jax.nn.relu(x) if own else x
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1))

    def step(carry: Any, chosen: Any) -> Any:
        parameters, means, squares, count, key = carry
        key, own = jax.random.split(key)
        g = jax.grad(loss)(parameters, inputs[chosen], classes[chosen], own)
        count, rate, tree = count + 1, task.learning_rate, jax.tree.map
        if task.adam:
            means = tree(lambda m, g: beta * m + (1 - beta) * g, means, g)
            squares = tree(
                lambda v, g: beta_of_squares * v + (1 - beta_of_squares) * g * g, squares, g
            )
            g = tree(
                lambda m, v: (
                    (m / (1 - beta**count)) / (jnp.sqrt(v / (1 - beta_of_squares**count)) + epsilon)
                ),
                means,
                squares,
            )
        parameters = tree(lambda w, g: w - rate * g, parameters, g)
        return parameters, means, squares, count, key

    one_step: Any = jax.jit(step)

    def run(carry: Any) -> Any:
        for chosen in batches:
            carry = one_step(carry, chosen)
        return jax.block_until_ready(carry)

    def carry() -> Any:
        parameters = start()
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return parameters, zeros, zeros, jnp.float32(0), jax.random.PRNGKey(1)

    run(carry())

    def epoch() -> tuple[float, Array]:
        before = carry()
        started = time.perf_counter()
        trained = run(before)[0]
        seconds = time.perf_counter() - started
        weights = np.asarray(trained[0][0]).transpose(2, 0, 1, 3)
        return seconds, weights.reshape(-1, weights.shape[-1])

    return epoch


PEERS = {"PyTorch": ("torch", torch_epoch), "JAX": ("jax", jax_epoch)}
"""Each by the package it needs."""

"""Four pieces of one's own: python -m runner --plugin swirl dataset=rings optimizer=sign …"""

import numpy as np

import runner

__version__ = "0.1"


@runner.activation(slope=lambda z, a: 1 / (1 + abs(z)) ** 2, scalar=True)  # for both engines
def softsign(z):
    """a = z / (1 + |z|)."""
    return z / (1 + abs(z))


@runner.loss(gradient=lambda a, y: np.tanh(a - y), scalar=True)
def log_cosh(a, y):
    """L = sum log cosh(a - y)."""
    return np.log(np.cosh(a - y))


@runner.optimizer(slots=1, momentum=(0.9, 0, 1))  # a setting: its default, and its range
def sign(step):
    """m <- beta m + (1 - beta) g, w <- w - lr sign(m)."""
    (beta,), (mean,) = step.settings, step.slots
    mean *= beta
    mean += (1 - beta) * step.gradient
    step.parameters -= step.learning_rate * np.sign(mean)


@runner.dataset(brings={"topology": "in-8-out", "network.activation.hidden": "softsign"})
def rings(samples=400, noise=0.1, seed=1):
    """Points within and without a circle of radius 1."""
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(samples, 2))
    radius = np.hypot(*points.T) + noise * generator.normal(size=samples)
    return points, np.where(radius > 1, "outer", "inner")

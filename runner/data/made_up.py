"""Made-up sets of points, from a seed: what a small net can be seen to learn.

Each takes the number of samples, noise (a standard deviation, in the points' own unit) and the
seed; classes take turns, so that they are of one size, give or take one.
"""

import numpy as np

from runner.data.dataset import Pool, labelled, numbered


def spirals(samples: int, noise: float, seed: int, classes: int, turns: float) -> Pool:
    """Arms that wind about each other: r from 0 to 1, angle 2 pi (turns r + class / classes).

    Source: Lang and Witbrock 1988, with two arms of three turns.
    """
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % classes
    radius = np.sqrt(generator.random(samples))  # as many points on every stretch of an arm
    angle = 2 * np.pi * (turns * radius + labels / classes)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return labelled(points + noise * generator.standard_normal((samples, 2)), labels, classes)


def moons(samples: int, noise: float, seed: int) -> Pool:
    """Two half circles of radius 1 that reach into each other."""
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 2
    angle = np.pi * generator.random(samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    points = np.where(labels[:, None] == 0, upper, [1, 0.5] - upper)
    return labelled(points + noise * generator.standard_normal((samples, 2)), labels, 2)


def circles(samples: int, noise: float, seed: int) -> Pool:
    """A circle of radius 1 about one of radius 1/2."""
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 2
    angle = 2 * np.pi * generator.random(samples)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) / (1 + labels[:, None])
    return labelled(points + noise * generator.standard_normal((samples, 2)), labels, 2)


def blobs(samples: int, noise: float, seed: int, classes: int, features: int) -> Pool:
    """Clouds about centres drawn from [-1, 1) in each direction; noise is a cloud's deviation."""
    generator = np.random.default_rng(seed)
    centres = 2 * generator.random((classes, features)) - 1
    labels = np.arange(samples) % classes
    cloud = noise * generator.standard_normal((samples, features))
    return labelled(centres[labels] + cloud, labels, classes)


def checkerboard(samples: int, noise: float, seed: int, squares: int) -> Pool:
    """Points of [-1, 1) x [-1, 1) on a board of squares x squares; the class is the colour."""
    generator = np.random.default_rng(seed)
    board = generator.random((samples, 2))
    labels = np.floor(board * squares).astype(int).sum(1) % 2
    points = 2 * board - 1 + noise * generator.standard_normal((samples, 2))
    return labelled(points, labels, 2)


def sine(samples: int, noise: float, seed: int, periods: float) -> Pool:
    """Regression: y = sin(pi periods x) + noise, x in [-1, 1)."""
    generator = np.random.default_rng(seed)
    x = 2 * generator.random((samples, 1)) - 1
    y = np.sin(np.pi * periods * x) + noise * generator.standard_normal((samples, 1))
    return numbered(x, y)

"""Elastic and affine distortions of images, so that no epoch shows the same picture twice.

Source: Simard, Steinkraus, Platt 2003, Best Practices for Convolutional Neural Networks Applied
to Visual Document Analysis: fields of random displacements, smoothed with a Gaussian of `sigma`
pixels and multiplied by `alpha` pixels, on top of a random affine map, with bilinear sampling.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, radians, sqrt
from typing import Annotated

import numpy as np

from runner.checking.parsing import said
from runner.checking.rules import flag, number
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import cosines, exp, sines, total
from runner.network.layers.parts import Shape
from runner.network.normal_numbers import standard_normal

SLICE = 256
"""Images that are distorted together: their fields stay in the processor's cache."""


@dataclass(frozen=True)
class Distortion:
    """How far images are distorted at random; 0 leaves that out."""

    alpha: Annotated[float, number(at_least=0, at_most=1000)] = said(0.0)
    """Elastic: the displacements' factor in pixels; Simard used 34 for 28 x 28 digits."""
    sigma: Annotated[float, number(at_least=0.01, at_most=1000)] = said(4.0)
    """Elastic: the smoothing in pixels; Simard used 4."""
    rotation: Annotated[float, number(at_least=0, at_most=180)] = said(0.0)
    """Up to so many degrees either way."""
    scaling: Annotated[float, number(at_least=0, below=1)] = said(0.0)
    """Up to this fraction larger or smaller, width and height each."""
    shear: Annotated[float, number(at_least=0, at_most=100)] = said(0.0)
    """Up to this many pixels sideways a pixel of height."""
    shift: Annotated[float, number(at_least=0, at_most=1000)] = said(0.0)
    """Up to so many pixels in each direction."""
    mirror: Annotated[bool, flag] = said(False)
    """Left and right exchanged, in half of the images."""

    @property
    def changes_nothing(self) -> bool:
        """Whether images stay as they are."""
        affine = (self.rotation, self.scaling, self.shear, self.shift)
        return self.alpha == 0 and not any(affine) and not self.mirror


def distort(
    images: Array,
    shape: Shape,
    distortion: Distortion,
    generator: np.random.Generator,
) -> Array:
    """Distorted copies of images [batch, channels * height * width] of a floating-point type.

    shape: (channels, height, width). What comes from beyond the edge is what lies at the edge.
    Drawn from the generator, for every `SLICE` images: their 6 affine numbers each, with `mirror` a
    number each, then all displacements of rows, then all of columns.
    """
    if distortion.changes_nothing:
        return images
    out = np.empty_like(images)
    for start in range(0, len(images), SLICE):
        piece = slice(start, start + SLICE)
        batch = images[piece].reshape(-1, *shape)
        rows, columns = positions(len(batch), shape, distortion, generator)
        sample_bilinear(batch, rows, columns, out[piece].reshape(batch.shape))
    return out


def positions(
    batch: int,
    shape: Shape,
    distortion: Distortion,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """Where each pixel's value is taken from: rows and columns, both [batch, height, width]."""
    _, height, width = shape
    a, b, c, d, down, right = affine_maps(batch, distortion, generator)
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    rows = a * y + b * x + (down + np.float32((height - 1) / 2))
    columns = c * y + d * x + (right + np.float32((width - 1) / 2))
    if distortion.alpha:
        rows += elastic_field(batch, height, width, distortion, generator)
        columns += elastic_field(batch, height, width, distortion, generator)
    return rows, columns


def affine_maps(
    batch: int, distortion: Distortion, generator: np.random.Generator
) -> tuple[Array, ...]:
    """The random map (y, x) -> (a y + b x + down, c y + d x + right) of each image [batch, 1, 1].

    Rotation after shear after scaling after mirroring, about the image's centre.
    """
    drawn = generator.random((batch, 6)).astype(np.float32) * 2 - 1
    angle, tall, wide, lean, down, right = (drawn[:, i, None, None] for i in range(6))
    angle = angle * radians(distortion.rotation)
    cos, sin = cosines(angle).astype(np.float32), sines(angle).astype(np.float32)
    tall, wide = 1 + tall * distortion.scaling, 1 + wide * distortion.scaling
    lean = lean * distortion.shear
    a, b = tall * (cos - sin * lean), -wide * sin
    c, d = tall * (sin + cos * lean), wide * cos
    if distortion.mirror:
        side = np.where(generator.random((batch, 1, 1)) < 0.5, np.float32(-1), np.float32(1))
        b, d = b * side, d * side
    return a, b, c, d, down * distortion.shift, right * distortion.shift


def elastic_field(
    batch: int, height: int, width: int, distortion: Distortion, generator: np.random.Generator
) -> Array:
    """Smooth random displacements [batch, height, width]: alpha G_sigma * N(0, 1/3).

    Simard's are uniform in [-1, 1), of the same variance; smoothed, the two look alike. White
    noise of N(0, 1) in the few directions that the Gaussian G lets through is enough: with
    G = A V^T, V orthonormal, A Z A^T has the law of G (V Z V^T) G^T.
    """
    tall, wide = (
        smooth_directions(height, distortion.sigma),
        smooth_directions(width, distortion.sigma),
    )
    noise = standard_normal(generator, (batch, tall.shape[1], wide.shape[1]))
    rows = in_grains(in_grains(noise) @ wide.T)  # [batch, k, l] @ [l, w]
    smooth: Array = tall @ rows * (distortion.alpha / sqrt(3))  # [h, k] @ [batch, k, w]
    return smooth.astype(np.float32)


def in_grains(numbers: Array, bits: int = 18) -> Array:
    """Rounded to multiples of 2^-bits.

    Products with directions, in multiples of 2^-22, are multiples of 2^-40, and exact: so are sums
    of them up to 2^13, in whatever order linear algebra adds.
    """
    rounded: Array = np.rint(numbers * 2.0**bits) * 2.0**-bits
    return rounded


@lru_cache
def smooth_directions(size: int, sigma: float) -> Array:
    """A [size, k] with A A^T = G G^T to one part in a million: Cholesky's, largest pivots first."""
    smoothing = gaussian(size, sigma)
    left = np.zeros((size, size))
    for column in smoothing.T:
        left += column[:, None] * column
    most, directions = left.diagonal().max(), list[Array]()
    while left.diagonal().max() > 1e-6 * most:
        pivot = int(left.diagonal().argmax())
        direction = left[:, pivot] / sqrt(left[pivot, pivot])
        left -= direction[:, None] * direction
        directions.append(direction)
    return in_grains(np.stack(directions, 1), 22)


@lru_cache
def gaussian(size: int, sigma: float) -> Array:
    """Matrix G [size, size] that smooths a line; beyond its ends the line is mirrored."""
    reach = max(1, ceil(4 * sigma))
    offsets = np.arange(-reach, reach + 1)
    weights = np.array([exp(-0.5 * (offset / sigma) ** 2) for offset in range(-reach, reach + 1)])
    weights /= total(weights)
    matrix = np.zeros((size, size))
    period = 2 * size
    for place in range(size):
        sources = (place + offsets) % period
        mirrored = np.where(sources < size, sources, period - 1 - sources)
        np.add.at(matrix[place], mirrored, weights)
    return matrix


def sample_bilinear(images: Array, rows: Array, columns: Array, out: Array) -> None:
    """out = images at fractional positions, from their four neighbours.

    images, out: [batch, channels, height, width]; rows, columns: [batch, height, width].
    """
    batch, channels, height, width = images.shape
    np.clip(rows, 0, height - 1, out=rows)
    np.clip(columns, 0, width - 1, out=columns)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    np.minimum(top, max(height - 2, 0), out=top)
    np.minimum(left, max(width - 2, 0), out=left)
    rows -= top
    columns -= left
    planes = np.arange(batch * channels, dtype=np.int32).reshape(batch, channels, 1, 1)
    corner = planes * np.int32(height * width) + (top * np.int32(width) + left)[:, None]
    down = np.int32(width if height > 1 else 0)
    right = np.int32(1 if width > 1 else 0)
    pixels, y, x = images.reshape(-1), rows[:, None], columns[:, None]
    upper = pixels.take(corner)
    upper += x * (pixels.take(corner + right) - upper)
    corner += down
    lower = pixels.take(corner)
    lower += x * (pixels.take(corner + right) - lower)
    lower -= upper
    lower *= y
    np.add(upper, lower, out)

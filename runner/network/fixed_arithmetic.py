"""Sums and functions whose every bit is ours: the same on every machine, with any NumPy.

Number by number, adding, subtracting, multiplying, dividing and taking roots round alike everywhere
(IEEE 754). A sum of NumPy's or a product of linear algebra goes in an order that the processor's
vectors decide; sines, logarithms and powers are the C library's, or NumPy's own for a processor.
What decides a byte of weights, history or results comes from here instead, or from compiled code.

Functions are rounded correctly but for one number in a thousand, and so are nearly always those of
good libraries: sines and cosines in pairs (Dekker 1971), functions of single numbers by `decimal`.
"""

from decimal import Context, Decimal
from math import factorial

import numpy as np

from runner.network.arrays import Array

Pair = tuple[Array, Array]
"""Numbers in two parts, the second below the last bit of the first; their sum is what is meant."""
DIGITS = Context(prec=30)
BLOCK = 4096
"""Numbers that are worked on together: they stay in the processor's cache."""


def column_sums(values: Array) -> Array:
    """Sums over the first axis [n, …] -> […], float64: halves are added until one is left."""
    left = values
    while len(left) > 1:
        half = len(left) // 2
        added: Array = np.add(left[:half], left[half : 2 * half], dtype=np.float64)
        if len(left) % 2:
            added[0] += left[-1]
        left = added
    sums: Array = (left[0] if len(left) else np.zeros(left.shape[1:])).astype(np.float64)
    return sums


def total(values: Array) -> float:
    """The sum of all numbers."""
    return float(column_sums(values.reshape(-1)))


def column_means(values: Array) -> Array:
    """Means over the first axis [n, …] -> […]."""
    means: Array = column_sums(values) / len(values)
    return means


def column_variances(values: Array) -> Array:
    """Mean squared distances from the mean over the first axis [n, …] -> […]."""
    away = values - column_means(values)
    return column_means(away * away)


def log(x: float) -> float:
    """ln x, of x > 0."""
    return float(DIGITS.ln(Decimal(x)))


def exp(x: float) -> float:
    """e^x."""
    return float(DIGITS.exp(Decimal(x)))


def power(base: float, exponent: float) -> float:
    """base^exponent, of base > 0."""
    return float(DIGITS.power(Decimal(base), Decimal(exponent)))


def whole_powers(base: float, exponents: Array) -> Array:
    """base^k of whole numbers k >= 0 [n], by squaring."""
    left, square = exponents.astype(np.int64), float(base)
    powers = np.ones(left.shape)
    while left.any():
        np.multiply(powers, square, out=powers, where=left % 2 == 1)
        left, square = left // 2, square * square
    return powers


def sines(angles: Array) -> Array:
    """The sine of each angle in radians, float64."""
    return _turned(angles, 0)


def cosines(angles: Array) -> Array:
    """The cosine of each angle in radians, float64."""
    return _turned(angles, 1)


def _turned(angles: Array, quarters: int) -> Array:
    """sin(angle + quarters pi/2), a block at a time."""
    flat = np.asarray(angles, np.float64).reshape(-1)
    out = np.empty(flat.shape)
    for start in range(0, len(flat), BLOCK):
        part = slice(start, start + BLOCK)
        out[part] = _sine(flat[part], quarters)
    return out.reshape(np.shape(angles))


# Together pi/2: twice 33 bits, which up to 2^20 times are exact, and the rest.
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
TWO_OVER_PI = 0.6366197723675814


def _terms(first: int) -> tuple[float, ...]:
    """(-1)^n / (2n + first)!, as many as count up to pi/4."""
    return tuple((-1) ** n / factorial(2 * n + first) for n in range(1, 12))


# 1/6, 1/24 and 1/120 in pairs: what the rounded number leaves.
SINE, SINE_REST = _terms(1), (-9.25185853854297e-18, 1.1564823173178714e-19)
COSINE, COSINE_REST = _terms(0), (0.0, 2.3129646346357427e-18)


def _sine(angles: Array, quarters: int) -> Array:
    """sin(x) = (-1)^k s(r) or (-1)^k c(r), x = (2 k or 2 k + 1) pi/2 + r, |r| <= pi/4.

    s = r + r u (s1 + u (s2 + …)), c = 1 + u (c1 + u (c2 + …)), u = r^2.
    """
    turns = np.rint(angles * TWO_OVER_PI)
    r = _sum(angles - turns * HALF_PI[0], -(turns * HALF_PI[1]))
    r = _sum(r[0], r[1] - turns * HALF_PI[2])
    u = _product(r, r)
    sine = _sum_of(r, _product(r, _product(u, _series(u, SINE, SINE_REST))))
    cosine = _sum_of(_filled(1.0, 0.0, len(angles)), _product(u, _series(u, COSINE, COSINE_REST)))
    place = turns + quarters - 4 * np.floor((turns + quarters) / 4)
    found: Array = np.where(place % 2 == 0, sine[0], cosine[0])
    return np.where(place < 2, found, -found)


def _series(u: Pair, terms: tuple[float, ...], rest: tuple[float, float]) -> Pair:
    """t1 + u (t2 + u (t3 + …)): the small terms from the third on not in pairs."""
    small = terms[-1] * u[0]
    for term in terms[-2:1:-1]:
        small = (small + term) * u[0]
    second = _sum_of(_filled(terms[1], rest[1], len(small)), (small, np.zeros(len(small))))
    return _sum_of(_filled(terms[0], rest[0], len(small)), _product(u, second))


def _filled(high: float, low: float, count: int) -> Pair:
    """One number in a pair, so many times."""
    return np.full(count, high), np.full(count, low)


def _sum(a: Array, b: Array) -> Pair:
    """a + b, exactly. Source: Knuth 1969."""
    high = a + b
    from_b = high - a
    return high, (a - (high - from_b)) + (b - from_b)


def _sum_of(a: Pair, b: Pair) -> Pair:
    """a + b."""
    high, low = _sum(a[0], b[0])
    return _sum(high, low + (a[1] + b[1]))


def _product(a: Pair, b: Pair) -> Pair:
    """a b. The product of the high parts is exact: of halves of their bits. Source: Dekker 1971."""
    high = a[0] * b[0]
    (a1, a2), (b1, b2) = _halves(a[0]), _halves(b[0])
    low = ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2
    return _sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def _halves(a: Array) -> Pair:
    """a in two parts of 26 bits."""
    shifted = a * 134217729.0  # 2^27 + 1
    high = shifted - (shifted - a)
    return high, a - high

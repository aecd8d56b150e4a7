"""Sigmoid, tanh, exp and logarithms on eight lanes, the same operations in order everywhere.

    x = k ln2 + r,  |r| <= ln2/2;   exp(x) = 2^k (1 + r + r^2 P(r))

k comes from adding M = 1.5*2^52 + 1023: the sum's low mantissa bits are k + 1023, the exponent
field of 2^k, so a shift makes 2^k, and subtracting M gives k as a float. P interpolates
(exp(r) - 1 - r) / r^2 at Chebyshev nodes.
"""

import numpy as np
from numba import types
from numba.extending import overload

from runner.compiled.kernels.lanes import (
    LanesType,
    absolute,
    choose,
    shifted_to_exponent,
    with_sign,
)
from runner.compiled.kernels.numba_options import quick


def reduce_exponent(x):
    """x -> (r, r^2 P(r), 2^k); x within the exponent's range, or NaN, which passes into r."""
    raise NotImplementedError  # compiled code only, by type below


@overload(reduce_exponent, jit_options={"error_model": "numpy"})
def _reduce_exponent(x):
    if isinstance(x, LanesType) and x.dtype == types.float64:
        return _reduce_exponent_64
    if isinstance(x, LanesType) and x.dtype == types.float32:
        return _reduce_exponent_32
    return None


def _reduce_exponent_64(x):
    shifted = x * 1.4426950408889634 + 6755399441056767.0  # 1.5*2^52 + 1023
    k = shifted - 6755399441056767.0
    r = (
        x - k * 0.6931471804855391
    ) - k * 7.440617110012397e-11  # ln2 in two parts: k * first is exact
    r2 = r * r
    r4 = r2 * r2
    low = (r * 0.1666666666666667 + 0.5) + (r * 0.008333333333326136 + 0.04166666666666667) * r2
    middle = (r * 0.00019841269874820627 + 0.0013888888888883748) + (
        r * 2.7557255400206422e-06 + 2.4801587325547743e-05
    ) * r2
    high = (r * 2.5105217004720745e-08 + 2.75572736431103e-07) + r2 * 2.0914686968086876e-09
    return r, r2 * (low + r4 * (middle + r4 * high)), shifted_to_exponent(shifted)


def _reduce_exponent_32(x):
    shifted = x * np.float32(1.4426950408889634) + np.float32(12583039.0)  # 1.5*2^23 + 127
    k = shifted - np.float32(12583039.0)
    r = (x - k * np.float32(0.693145751953125)) - k * np.float32(1.4286068203094173e-06)
    r2 = r * r
    low = r * 0.16666576989698775 + 0.5
    high = (r * 0.008363179052722578 + 0.041666554617204574) + r2 * 0.0013926183587713494
    return r, r2 * (low + r2 * high), shifted_to_exponent(shifted)


def exponent_limit(x):
    """Where exp(x) is clamped: 2^k is infinite above, and still normal below."""
    raise NotImplementedError


@overload(exponent_limit)
def _exponent_limit(x):
    limits = (-708.0, 710.0) if x.dtype == types.float64 else (-87.0, 89.0)
    return lambda x: limits


@quick
def exp(x):
    """e^x; inf above 709.4 (88.3 in float32), e^-708 (e^-87) below, NaN stays."""
    lowest, highest = exponent_limit(x)
    x = choose(x > highest, highest, choose(x < lowest, lowest, x))
    r, rest, scale = reduce_exponent(x)
    return (r + rest + 1.0) * scale


@quick
def sigmoid(z):
    """1 / (1 + e^-z); exactly 0 and 1 at the far ends."""
    return 1.0 / (exp(0.0 - z) + 1.0)


@quick
def tanh(z):
    """(e^2|z| - 1) / (e^2|z| + 1) with z's sign.

    e^y - 1 = 2^k (r + r^2 P) + (2^k - 1) loses nothing near 0.
    """
    y = absolute(z) * 2.0
    y = choose(y > 44.0, 44.0, y)
    r, rest, scale = reduce_exponent(y)
    less_one = (r + rest) * scale + (scale - 1.0)
    return with_sign(less_one / (less_one + 2.0), z)


@quick
def expm1(x):
    """e^x - 1 for x <= 0, losing nothing near 0; -1 far below."""
    lowest, _ = exponent_limit(x)
    r, rest, scale = reduce_exponent(choose(x < lowest, lowest, x))
    return (r + rest) * scale + (scale - 1.0)


@quick
def log1p(u):
    """log(1 + u) for 0 <= u <= 1: 2 atanh(t) = 2 (t + t^3/3 + t^5/5 + …), t = u / (2 + u)."""
    t = u / (u + 2.0)
    t2 = t * t
    series = t2 * (1.0 / 35.0) + 1.0 / 33.0
    for k in range(31, 0, -2):
        series = series * t2 + 1.0 / k
    return t * series * 2.0


@quick
def log(x):
    """log x of one number x >= 1: k ln2 + log1p(u), x = 2^k (1 + u), 0 <= u <= 1."""
    k = 0.0
    while x > 2.0 and k < 1024.0:
        x, k = x * 0.5, k + 1.0
    return k * 0.6931471805599453 + log1p(x - 1.0)


@quick
def whole_power(base, exponent):
    """base^exponent of one number, exponent >= 0 a whole one, by squaring."""
    power = 1.0
    while exponent > 0:
        if exponent & 1:
            power *= base
        base, exponent = base * base, exponent >> 1
    return power

"""Functions are rounded correctly but for one number in a thousand; sums go in one order."""

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import (
    column_means,
    column_sums,
    column_variances,
    cosines,
    exp,
    log,
    power,
    sines,
    total,
    whole_powers,
)
from runner.network.normal_numbers import R, standard_normal

EXACT = Context(prec=60)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def sine(x: Decimal) -> Decimal:
    """By its series, after whole turns are taken away."""
    x = EXACT.remainder_near(x, 2 * PI)
    term = found = x
    for n in range(2, 60, 2):
        term = -EXACT.multiply(EXACT.multiply(term, x), x) / (n * (n + 1))
        found = EXACT.add(found, term)
    return found


@pytest.mark.parametrize("largest", [1e-8, 0.8, 7.0, 3000.0])
@pytest.mark.parametrize(("ours", "ahead"), [(sines, Decimal(0)), (cosines, PI / 2)])
def test_sines_and_cosines_are_rounded_correctly(
    ours: Callable[[Array], Array], ahead: Decimal, largest: float
) -> None:
    angles = largest * (2 * np.random.default_rng(1).random(2000) - 1)
    expected = [float(sine(EXACT.add(Decimal(angle), ahead))) for angle in angles.tolist()]
    wrong = ours(angles) != expected
    assert wrong.mean() <= 1e-3
    np.testing.assert_allclose(ours(angles), expected, rtol=3e-16)


def test_sines_keep_their_shape_and_their_exact_values() -> None:
    assert sines(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert float(cosines(np.array(0.0))) == 1.0
    assert np.isnan(sines(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("ours", "library"),
    [
        (log, math.log),
        (exp, math.exp),
        (lambda x: power(x, 0.3), lambda x: math.pow(x, 0.3)),
        (lambda x: power(0.01, x), lambda x: math.pow(0.01, x)),
    ],
)
def test_functions_of_single_numbers_are_a_librarys(
    ours: Callable[[float], float], library: Callable[[float], float]
) -> None:
    for x in (5 * np.random.default_rng(1).random(300) + 1e-9).tolist():
        assert ours(x) == pytest.approx(library(x), rel=3e-16, abs=1e-18)


def test_whole_powers_are_repeated_products() -> None:
    exponents = np.array([0, 1, 2, 3, 10, 1000, 40_000])
    expected = [float(Fraction(0.999) ** int(k)) for k in exponents]
    np.testing.assert_allclose(whole_powers(0.999, exponents), expected, rtol=1e-12)


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 100, 1025])
@pytest.mark.parametrize("order", ["C", "F"])
def test_sums_do_not_depend_on_how_numbers_lie(samples: int, order: str) -> None:
    values = np.random.default_rng(1).normal(size=(samples, 3))
    laid = np.asarray(values, order=order)  # type: ignore[call-overload]
    expected = [math.fsum(column) for column in values.T.tolist()]
    assert column_sums(laid).tolist() == column_sums(values).tolist()
    assert column_sums(values[:, 0]).tolist() == column_sums(values)[0]
    np.testing.assert_allclose(column_sums(laid), expected, rtol=1e-12, atol=1e-13)
    assert total(values) == pytest.approx(math.fsum(values.ravel()), abs=1e-12)


def test_means_and_variances_are_numpys_to_rounding() -> None:
    values = np.random.default_rng(1).normal(size=(1000, 4)).astype(np.float32) + 100
    doubles = values.astype(float)
    np.testing.assert_allclose(column_means(values), doubles.mean(0), rtol=1e-14)
    np.testing.assert_allclose(column_variances(values), doubles.var(0), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.random.MT19937, np.random.PCG64])
def test_normal_numbers_are_numpys_and_leave_the_generator_where_it_would(
    kind: type[np.random.BitGenerator],
) -> None:
    ours, numpys = (np.random.Generator(kind(5)) for _ in range(2))
    drawn, expected = standard_normal(ours, (300, 1000)), numpys.standard_normal((300, 1000))
    beyond = np.abs(expected) > R
    assert beyond.sum() > 50
    assert (drawn == expected)[~beyond].all()
    np.testing.assert_allclose(drawn, expected, rtol=1e-15)
    assert ours.random() == numpys.random()

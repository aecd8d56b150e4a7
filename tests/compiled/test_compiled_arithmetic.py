"""What the compiled kernels are made of, against NumPy's generator and NumPy's long double."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from runner.network.arrays import Array
from runner.training.state import seeded_generator

numba = pytest.importorskip("numba")


def compiled(*functions: Any) -> tuple[Any, ...]:
    """The same, for other compiled code to call: Numba and not a checker knows their types."""
    return functions


@cache
def pointer_to() -> Any:
    """For compiled code: where a C-contiguous array's numbers begin."""
    from numba.core import cgutils

    from runner.compiled.kernels import pointers

    proxy, kind = compiled(cgutils.create_struct_proxy, pointers.PointerType)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return proxy(sig.args[0])(context, builder, args[0]).data

    def typed(_typing: Any, array: Any) -> Any:
        assert array.layout == "C"
        return kind(array.dtype)(array), emit

    return numba.extending.intrinsic(typed)


@cache
def drawing() -> Any:
    from runner.compiled.kernels import mersenne

    draw, pointer = compiled(mersenne.draw, pointer_to())

    def draw_into(key: Array, position: int, out: Array, count: int) -> Any:
        return draw(pointer(key), position, pointer(out), count)

    return numba.njit(draw_into)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
@pytest.mark.parametrize(
    "counts",
    [[0], [1], [7], [8], [9], [311], [312], [313], [5000], [1] * 700, [311, 3, 309, 1, 620, 8]],
    ids=lambda counts: f"{len(counts)}x{counts[0]}",
)
def test_draws_and_what_is_left_of_the_generator_are_numpys(counts: list[int], seed: int) -> None:
    generator = seeded_generator(seed)
    state = generator.bit_generator.state["state"]
    key, position = state["key"].copy(), state["pos"]
    for count in counts:
        out = np.full(count + 1, -1.0)
        position = drawing()(key, position, out, count)
        assert out[:count].tolist() == generator.random(count).tolist()
        assert out[count] == -1  # nothing is written beyond
        left = generator.bit_generator.state["state"]
        assert (key.tolist(), position) == (left["key"].tolist(), left["pos"])


def test_draws_astride_two_blocks_are_numpys() -> None:
    generator = seeded_generator(3)
    generator.bit_generator.random_raw(1)  # an odd position: a double takes words of two blocks
    state = generator.bit_generator.state["state"]
    key, position = state["key"].copy(), state["pos"]
    out = np.empty(1000)
    position = drawing()(key, position, out, 1000)
    assert out.tolist() == generator.random(1000).tolist()
    assert position == generator.bit_generator.state["state"]["pos"]


@cache
def ordering() -> Any:
    from runner.compiled.kernels import shuffling

    stable_order, pointer = compiled(shuffling.stable_order, pointer_to())

    def order_into(keys: Array, order: Array, scratch: Array) -> None:
        stable_order(pointer(keys), pointer(order), pointer(scratch), len(keys))

    return numba.njit(order_into)


@pytest.mark.parametrize("different", [2, 10**9])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 17, 1000])
def test_an_order_is_numpys_stable_argsort(count: int, different: int) -> None:
    keys = np.random.default_rng(1).integers(different, size=count).astype(float)
    order, scratch = np.empty(count, np.int64), np.empty(count, np.int64)
    ordering()(keys, order, scratch)
    assert order.tolist() == np.argsort(keys, kind="stable").tolist()


@cache
def on_array(name: str) -> Any:
    """The function of that name in `exponentials`, over an array of whole lanes."""
    from runner.compiled.kernels import exponentials, lanes
    from runner.compiled.structures import WIDTH

    load, store, pointer = compiled(lanes.load, lanes.store, pointer_to())
    function = getattr(exponentials, name)

    def apply(x: Array, out: Array) -> None:
        to, values = pointer(out), pointer(x)
        for k in range(0, len(x), WIDTH):
            store(to, k, function(load(values, k)))

    return numba.njit(apply)


def computed(name: str, x: Array) -> Array:
    out = np.empty_like(x)
    on_array(name)(x, out)
    return out


def long_sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# The reference, the ends of the range in float64 and in float32, and the error allowed in units
# of the last place, measured over the range and rounded up.
FUNCTIONS: dict[str, tuple[Callable[[Array], Array], dict[str, tuple[float, float]], float]] = {
    "exp": (np.exp, {"float64": (-707.0, 709.0), "float32": (-86.0, 88.0)}, 1),
    "expm1": (np.expm1, {"float64": (-50.0, 0.0), "float32": (-20.0, 0.0)}, 2),
    "log1p": (np.log1p, {"float64": (0.0, 1.0), "float32": (0.0, 1.0)}, 3),
    "sigmoid": (long_sigmoid, {"float64": (-700.0, 50.0), "float32": (-85.0, 30.0)}, 3),
    "tanh": (np.tanh, {"float64": (-30.0, 30.0), "float32": (-15.0, 15.0)}, 3),
}


@pytest.mark.skipif(np.finfo(np.longdouble).nmant <= 52, reason="needs a longer long double")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_accurate_to_a_few_units_in_the_last_place(name: str, dtype: str) -> None:
    reference, ranges, allowed = FUNCTIONS[name]
    low, high = ranges[dtype]
    spread = np.linspace(low, high, 40_000)
    small = np.geomspace(1e-30, 1, 10_000) * (max(abs(low), abs(high)) ** 0.5)
    near_zero = np.clip(np.concatenate([small, -small]), low, high)
    x = np.concatenate([spread, near_zero]).astype(dtype)
    x = x[: len(x) - len(x) % 8]
    exact = reference(x.astype(np.longdouble))
    unit = np.spacing(np.abs(exact).astype(dtype)).astype(np.longdouble)
    errors = np.abs(computed(name, x).astype(np.longdouble) - exact) / unit
    assert errors.max() <= allowed


# Function, x, f(x) at the ends, exactly; NaN stays everywhere.
ENDS = [
    ("exp", np.inf, np.inf),
    ("exp", 1e4, np.inf),
    ("exp", 0.0, 1.0),
    ("expm1", -1e4, -1.0),
    ("expm1", -np.inf, -1.0),
    ("expm1", 0.0, 0.0),
    ("log1p", 0.0, 0.0),
    ("sigmoid", -np.inf, 0.0),
    ("sigmoid", -1e4, 0.0),
    ("sigmoid", 0.0, 0.5),
    ("sigmoid", 1e4, 1.0),
    ("sigmoid", np.inf, 1.0),
    ("tanh", -np.inf, -1.0),
    ("tanh", -1e4, -1.0),
    ("tanh", 0.0, 0.0),
    ("tanh", np.inf, 1.0),
    *((name, np.nan, np.nan) for name in FUNCTIONS),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "x", "expected"), ENDS)
def test_a_function_is_exact_at_its_ends(name: str, x: float, expected: float, dtype: str) -> None:
    found = computed(name, np.full(8, x, dtype))
    np.testing.assert_array_equal(found, np.full(8, expected, dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_exp_far_below_is_as_good_as_nothing(dtype: str) -> None:
    found = computed("exp", np.array([-1e4, -np.inf] * 4, dtype))
    assert (found >= 0).all()
    assert (found < 1e-37).all()

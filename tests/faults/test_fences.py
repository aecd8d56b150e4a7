"""Compiled code never leaves its arrays, whatever settings, data and snapshots it is given."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from tests.end_to_end.commands import CHECKOUT, ENVIRONMENT
from tests.faults.fence import fenced
from tests.training.test_agreement import DATA

pytest.importorskip("numba")

NUMBERS = {"table": 4 * len(DATA), "layers": 16, "random_problems": 20, "forgeries": 20}
"""Of each plan, in a release: 2,000 random problems, 10,000 forgeries."""
IN_CI = {
    "table": range(0, 4 * len(DATA), 5),
    "layers": range(0, 16, 5),
    "random_problems": range(2),
    "forgeries": range(2),
}
CASES = [
    pytest.param(plan, number, marks=[pytest.mark.release] * (number not in IN_CI[plan]))
    for plan, numbers in NUMBERS.items()
    for number in range(numbers)
]


@pytest.mark.parametrize(("plan", "number"), CASES)
def test_kernels_stay_within_their_arrays(
    plan: str, number: int, counted: Callable[..., None]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.fence", plan, str(number)],
        cwd=CHECKOUT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = ended.stdout.splitlines()[-1:]
    assert ended.returncode == 0, (ended.returncode, last, ended.stderr[-2000:])
    _, done, arrays = last[0].split()
    assert int(done) > 10
    counted(**{f"{plan.replace('_', ' ')} between fences": int(done)})
    counted(**{"arrays between fences": int(arrays)})


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("outside", [False, True])
def test_a_fence_is_one(before: bool, outside: bool) -> None:
    place = (-1 if before else 5) if outside else (0 if before else 4)
    program = (
        "import ctypes, numpy as np; from tests.faults.fence import fenced\n"
        f"array = fenced(np.arange(5.0), before={before})\n"
        f"print(ctypes.c_double.from_address(array.ctypes.data + 8 * {place}).value)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == (-11 if outside else 0)


def test_what_is_between_fences_is_what_was_put_there() -> None:
    for before in (False, True):
        assert fenced(np.arange(6.0).reshape(2, 3), before=before).tolist() == [
            [0, 1, 2],
            [3, 4, 5],
        ]

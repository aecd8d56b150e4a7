import numpy as np
import pandas as pd
import pytest

from runner.analysis.filters import where
from runner.errors import SettingsError

RUNS = pd.DataFrame(
    {
        "topology": pd.array(["3-4-1", "3-8-1", "3-2-1", "3-4-1"], "string"),
        "seed": pd.array([1, 2, 3, None], "Int64"),
        "batch_size": [10.0, np.nan, 20.0, np.nan],
        "network.bias": pd.array([True, False, True, None], "boolean"),
        "optimizer.learning_rate": [0.1, 1.0, 10.0, 0.1],
        "status": pd.Categorical(["completed", "failed", "completed", "diverged"]),
        "started": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01", ""], utc=True),
    }
)

CONDITIONS = {
    'status == "completed"': [0, 2],
    "status == 'completed' and optimizer.learning_rate > 0.1": [2],
    'topology in ["3-4-1", "3-2-1"]': [0, 2, 3],
    'topology not in ("3-4-1",)': [1, 2],
    "seed <= 2": [0, 1],
    "2 <= seed": [1, 2],
    "1 < seed <= 3": [1, 2],
    "seed != 1": [1, 2, 3],
    "not seed > 1": [0, 3],
    "seed == 1 or (seed == 3 and network.bias)": [0, 2],
    "network.bias": [0, 2],
    "network.bias == false": [1],
    "network.bias == True": [0, 2],
    "batch_size == null": [1, 3],
    "batch_size != None": [0, 2],
    "batch_size in [10, null]": [0, 1, 3],
    "seed > -1e3": [0, 1, 2],
    "seed < 99999999999999999999": [0, 1, 2],
    'started >= "2026-02-01"': [1, 2],
    'topology == "\\d"': [],
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_chooses_its_rows(condition: str) -> None:
    assert list(where(RUNS, condition).index) == CONDITIONS[condition]


REFUSED = {
    "": "cannot be read",
    "seed ==": "cannot be read",
    "seed = 1": "cannot be read; is equal is written ==; expected a condition",
    "sed == 1": "did you mean 'seed'",
    "topology == 3-4-1": "a text needs quotes",
    "status == completed": "a text needs quotes",
    "topology > 3": "cannot be compared",
    "seed == 'x'": "cannot be compared",
    "seed < null": "cannot be compared",
    "started > 'yesterday or so'": "cannot be compared",
    "topology": "is not a comparison",
    "1 == 1": "is not a comparison",
    "seed is 1": "is not a comparison",
    "seed in 'abc'": "is not a comparison",
}
HOSTILE = [
    "__import__('os').system('touch /tmp/x')",
    "seed == __import__('os').getpid()",
    "@runs.attrs",
    "seed == @x",
    "`seed` == 1",
    "status.__class__.__mro__",
    "status.str.contains('c')",
    "seed.map(print)",
    "seed == seed.sum()",
    "(lambda: 1)() == seed",
    "[x for x in (1,)] == seed",
    "seed in [x for x in (1,)]",
    "seed == (y := 1)",
    "f'{seed}' == seed",
    "seed == 9**9**9**9",
    "topology == 'a' * 10**12",
    "seed == [*range(10**9)]",
    "seed in {**{}}",
    "seed == 1; import os",
    "seed == 1\nimport os",
    "seed == b'x'",
    "seed == 1j",
    "seed == ...",
    "seed == " + "1" * 1900,
    "(" * 900 + "seed" + ")" * 900,
    "not " * 499 + "x",
    "-" * 1900 + "1 == seed",
    "seed == 1" + " and seed == 1" * 10_000,
    "seed == 1\0",
    "seed == '\ud800",
    "exec('1')",
    "await x",
    "seed[0] == 1",
]


@pytest.mark.parametrize("condition", REFUSED)
def test_what_is_no_condition_is_refused_with_a_way_out(condition: str) -> None:
    with pytest.raises(SettingsError, match=f"--where.*{REFUSED[condition]}"):
        where(RUNS, condition)


@pytest.mark.parametrize("condition", HOSTILE)
def test_nothing_is_ever_executed(condition: str) -> None:
    with pytest.raises(SettingsError) as caught:
        where(RUNS, condition)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500

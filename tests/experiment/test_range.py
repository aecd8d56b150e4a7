"""Numbers that a run's dtype cannot hold."""

import pytest

from tests.end_to_end.commands import InProcess

ROWS = [[1, 2, 3], [1, 3, 1], [2, 1, 1], [4, 5, 6]]
SAID = ("dataset=csv", "dataset.path=table.csv", "dataset.target=y", "batch_size=2")
WHOLE = ("dataset.test=null", "dataset.validation=null", "stopping.max_epochs=2")


@pytest.mark.parametrize("scale", ["none", "standardise"])
@pytest.mark.parametrize("column", ["a", "y"])
def test_numbers_beyond_the_dtype_are_refused_by_their_column(
    column: str, scale: str, run: InProcess
) -> None:
    rows = [[*cells] for cells in ROWS]
    rows[2]["aby".index(column)] = int(1e39)
    lines = ["a,b,y", *(",".join(map(str, cells)) for cells in rows)]
    (run.cwd / "table.csv").write_text("\n".join(lines))
    scaled = (f"dataset.scale={scale}", f"dataset.scale_targets={scale}")
    ended = run(*SAID, *WHOLE, *scaled, "dtype=float32")
    assert ended.code == 3
    assert f"column '{column}' holds 1e+39, which is too large for dtype=float32" in ended.err
    assert run(*SAID, *WHOLE, *scaled).code in (0, 7)

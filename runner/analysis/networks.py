"""The network of a run, ready to predict."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.errors import SnapshotError, printable
from runner.network.trained import TrainedNetwork
from runner.recording.run_directory import check_no_sweep
from runner.recording.snapshots import load_trained, newest_snapshot, snapshot_path, step_of

if TYPE_CHECKING:
    import pandas as pd


def load_network(
    run: "str | os.PathLike[str] | pd.Series[Any]", step: int | None = None
) -> TrainedNetwork:
    """The network that a run trained, with what its inputs go through.

    run: the run's folder, or its row of `load_runs`. step: of a snapshot, or None for the last.
    Raises SnapshotError when there is no such snapshot, or no sound one.

    >>> runs = load_runs("outputs")
    >>> best = runs.loc[runs["steps"].idxmin()]
    >>> network = load_network(best)
    >>> print(network.network.topology)
    3-4-1
    >>> network.predict([[0, 0, 1], [1, 0, 1]]).round(3)
    array([[0.072],
           [0.936]])
    """
    folder = Path(run if isinstance(run, str | os.PathLike) else run["path"])
    check_no_sweep(folder)
    if step is None:
        return load_trained(newest_snapshot(folder))
    path = snapshot_path(folder, step)
    if not path.is_file():
        last = step_of(newest_snapshot(folder))
        steps = [step_of(file) for file in sorted((folder / "snapshots").glob("step-*.npz"))]
        shown = ", ".join(map(str, steps[:10])) + (f", …, {last}" if len(steps) > 10 else "")
        raise SnapshotError(
            f"{printable(folder)} has no snapshot of step {step}; it has those of {shown}"
        )
    return load_trained(path)

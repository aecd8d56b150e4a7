"""The network of a run, ready to predict."""

import os
from pathlib import Path

from runner.errors import SnapshotError, printable
from runner.network.trained import TrainedNetwork
from runner.recording.snapshots import load_trained, newest_snapshot, snapshot_path, step_of


def load_network(run: str | os.PathLike[str], step: int | None = None) -> TrainedNetwork:
    """The network that a run trained, with what its inputs go through.

    run: the run's folder. step: of a snapshot, or None for the last.
    Raises SnapshotError when there is no such snapshot, or no sound one.

    >>> runs = load_runs("outputs")
    >>> best = runs.loc[runs["steps"].idxmin()]
    >>> network = load_network(best["path"])
    >>> print(network.network.topology)
    3-4-1
    >>> network.predict([[0, 0, 1], [1, 0, 1]]).round(3)
    array([[0.072],
           [0.936]])
    """
    folder = Path(run)
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

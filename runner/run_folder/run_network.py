"""The network of a run, ready to predict."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from runner.data.formats.table_file import told_as
from runner.errors import SettingsError
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork
from runner.plugins.loading import load_installed
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_trained

if TYPE_CHECKING:
    import pandas as pd

    from runner.data.new_samples import Samples


@dataclass(frozen=True, repr=False)
class RunNetwork(TrainedNetwork):
    """The network of a run, which takes tables as `python -m runner.predict` does files."""

    folder: Path = Path()
    """The run's."""

    def predict(self, inputs: "ArrayLike | pd.DataFrame") -> Array:
        """Outputs [samples, n_out] for raw inputs, without dropout, in the targets' own units.

        A DataFrame's columns are found by their names, in any order, categories among them as
        they are written; others are ignored. Arrays are [samples, n_in] as the network has its
        inputs, or images [samples, channels, rows, columns] and sequences [samples, time,
        features]; outputs of every step are [samples, time, n_out]. Raises DataError for what is
        missing or cannot be used, by row and column.
        """
        table: Any = inputs
        if not hasattr(table, "columns"):
            return super().predict(table)
        if list(table.columns) == list(range(table.shape[1])):
            return super().predict(table.to_numpy(object, na_value=np.nan))
        from runner.data.formats.frames import Frame  # noqa: PLC0415
        from runner.data.new_samples import read_columns  # noqa: PLC0415 - only for tables

        found = read_columns(self, Frame(table), self.learnt_from, alone=True)
        return super().predict(found.inputs)

    def samples(self, file: str, labels: str | None = None) -> "Samples":
        """The samples in a file: CSV, Parquet, npz or npy, or images in IDX and their labels."""
        from runner.data.new_samples import read_samples  # noqa: PLC0415 - loads pandas

        with told_as(None):
            return read_samples(self, file, labels, self.learnt_from)

    @property
    def learnt_from(self) -> Mapping[str, object]:
        """The configuration of the data set that it learnt from."""
        return RunFolder(self.folder).configuration.get("dataset") or {}


def load_network(
    run: "str | os.PathLike[str] | pd.Series[Any]", step: int | None = None
) -> RunNetwork:
    """The network that a run trained, with what its inputs go through.

    run: the run's folder, or its row of `load_runs`. step: of a snapshot, or None for the last.
    Raises SnapshotError when there is no such snapshot, or no sound one, and SettingsError for
    what is no run, such as several.

    >>> runs = load_runs("outputs")
    >>> best = runs.loc[runs["steps"].idxmin()]
    >>> network = load_network(best)
    >>> print(network.network.topology)
    3-4-1
    >>> network.predict([[0, 0, 1], [1, 0, 1]]).round(3)
    array([[0.072],
           [0.936]])
    """
    place = getattr(run, "path", run)
    if not isinstance(place, str | os.PathLike):
        raise SettingsError(
            f"load_network is given a {type(run).__name__}; expected one run: its folder, or its "
            "row of load_runs, such as runs.iloc[0]"
        )
    load_installed()
    folder = Path(place)
    run_folder = RunFolder(folder)
    kept = run_folder.kept
    if kept is not None and step is None:
        return RunNetwork(**vars(kept.trained), folder=folder)
    if kept is None:
        run_folder.check_there()
    return RunNetwork(**vars(load_trained(run_folder.snapshot(step))), folder=folder)

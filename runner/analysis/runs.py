"""Runs into pandas: one row a run."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

DTYPES = {
    "topology": "string",
    "seed": "Int64",
    "status": "category",
    "steps": "Int64",
    "epochs": "Int64",
    "parameters": "Int64",
}
"""Columns whose type pandas would not find by itself; failed runs have no steps."""


def load_runs(*paths: str | os.PathLike[str]) -> pd.DataFrame:
    """Every run below the given folders, one row each: its configuration and its results.

    paths: run folders, sweep folders, or folders of those such as `outputs` (the default).
    Columns are named as on the command line (`optimizer.learning_rate`), then the results
    (`steps`, `accuracy`, …), then `path`. Folders that cannot be read are named in a warning
    and in `.attrs["unreadable"]`; runs that have not ended have no results and are left out.

    >>> runs = load_runs("outputs")
    >>> runs.groupby("topology")["steps"].mean()
    """
    tables, unreadable = [], []
    for root in paths or ("outputs",):
        if not Path(root).is_dir():
            raise FileNotFoundError(f"{root} is not a folder; expected one with runs")
        for file in result_files(Path(root)):
            try:
                table = read_results(file)
            except (OSError, ValueError) as error:
                unreadable.append(f"{file.parent}: {error}")
                continue
            folder = str(file.parent) + os.sep if "job" in table else str(file.parent)
            table["path"] = folder + table.pop("job") if "job" in table else folder
            tables.append(table)
    if unreadable:
        warnings.warn(f"left out {len(unreadable)}: {'; '.join(unreadable)}", stacklevel=2)
    runs = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    runs = runs.astype({name: kind for name, kind in DTYPES.items() if name in runs})
    runs.attrs["unreadable"] = unreadable
    return runs


def read_results(file: Path) -> pd.DataFrame:
    """The rows of a results.csv. Raises OSError or ValueError when it is damaged."""
    table = pd.read_csv(file, dtype={"topology": "string", "job": "string"})
    if table.empty or "status" not in table or table["status"].isna().any():
        raise ValueError("results.csv is torn: not every row says how its run ended")
    return table


def result_files(folder: Path) -> Iterator[Path]:
    """The results.csv files below a folder; a sweep's stands for those of its jobs."""
    if (folder / "results.csv").is_file():
        yield folder / "results.csv"
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.is_symlink():
            yield from result_files(child)

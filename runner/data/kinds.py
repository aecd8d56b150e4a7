"""The kinds of data set that `dataset.kind` names."""

from runner.data.dataset import Loader
from runner.data.files import load_csv
from runner.data.tables import parity, table

DATASETS: dict[str, Loader] = {"csv": load_csv, "parity": parity, "table": table}
"""Each loader takes the options of its kind by name."""

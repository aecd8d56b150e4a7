"""The kinds of data set that `dataset.kind` names."""

from functools import wraps
from typing import Any

from runner.checking.memory import check_memory
from runner.data.dataset import Loader, Pool
from runner.data.image_sets import IMAGE_SETS
from runner.data.made_up import blobs, checkerboard, circles, moons, sine, spirals
from runner.data.own_tables import load_csv
from runner.data.tables import binary_addition, majority, multiplexer, parity, table
from runner.errors import SettingsError, counted


def within_memory(loader: Loader) -> Loader:
    """The same, which refuses more points than this machine can hold, before any is drawn."""

    @wraps(loader)
    def load(**options: Any) -> Pool:
        samples, features = options["samples"], options.get("features", 2)
        check_memory(
            samples * (2 * features + options.get("classes", 2)) * 8,  # drawn, then divided
            f"dataset.samples={samples} with {counted(features, 'feature')}",
            "choose fewer dataset.samples or dataset.features",
            SettingsError,
        )
        return loader(**options)

    return load


MADE_UP = (blobs, checkerboard, circles, moons, sine, spirals)
DATASETS: dict[str, Loader] = {
    "binary_addition": binary_addition,
    "csv": load_csv,
    "majority": majority,
    "multiplexer": multiplexer,
    "parity": parity,
    "table": table,
    **{loader.__name__: within_memory(loader) for loader in MADE_UP},
    **IMAGE_SETS,
}
"""Each loader takes the options of its kind by name."""

READING_FILES = ("csv",)
"""The kinds whose parts may lie in files of their own: dataset.test=FILE."""

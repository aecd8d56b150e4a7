"""The kinds of data set that `dataset.kind` names."""

from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

from runner.checking.memory import check_memory
from runner.checking.tables import Table
from runner.data import made_up
from runner.data.addition import addition_sequences
from runner.data.dataset import Pool
from runner.data.image_sets import IMAGE_SETS
from runner.data.own_tables import load_csv
from runner.data.texts import load_text
from runner.errors import SettingsError, counted

Loader = Callable[..., Pool]


def within_memory(loader: Loader) -> Loader:
    """The same, which refuses more points than this machine can hold, before any is drawn."""

    @wraps(loader)
    def load(options: made_up.PointsOptions) -> Pool:
        features, classes = getattr(options, "features", 2), getattr(options, "classes", 2)
        check_memory(
            options.samples * (2 * features + classes) * 8,  # drawn, then divided
            f"dataset.samples={options.samples} with {counted(features, 'feature')}",
            "choose fewer dataset.samples or dataset.features",
            SettingsError,
        )
        return loader(options)

    return load


TRUTH_TABLES = (made_up.binary_addition, made_up.majority, made_up.multiplexer, made_up.parity)
POINTS = (
    *(made_up.blobs, made_up.checkerboard, made_up.circles),
    *(made_up.moons, made_up.sine, made_up.spirals),
)
OURS: dict[str, Loader] = {
    "csv": load_csv,
    "table": made_up.table,
    "text": load_text,
    "addition_sequences": addition_sequences,
    **{loader.__name__: loader for loader in TRUTH_TABLES},
    **{loader.__name__: within_memory(loader) for loader in POINTS},
    **IMAGE_SETS,
}
DATASETS = Table("dataset", OURS)
"""Each loader takes the options of its kind."""

DATASET_OPTIONS: dict[str, Any] = {
    kind: get_type_hints(loader)["options"] for kind, loader in sorted(DATASETS.items())
}
"""What each kind takes, checked at the door: in YAML it stands beside `dataset.kind`."""

READING_FILES = ("csv",)
"""The kinds whose parts may lie in files of their own: dataset.test=FILE."""

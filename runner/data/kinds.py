"""The kinds of data set that `dataset.kind` names."""

from runner.data.dataset import Loader
from runner.data.files import load_csv
from runner.data.image_sets import IMAGE_SETS
from runner.data.made_up import blobs, checkerboard, circles, moons, sine, spirals
from runner.data.tables import binary_addition, majority, multiplexer, parity, table

DATASETS: dict[str, Loader] = {
    "binary_addition": binary_addition,
    "blobs": blobs,
    "checkerboard": checkerboard,
    "circles": circles,
    "csv": load_csv,
    "majority": majority,
    "moons": moons,
    "multiplexer": multiplexer,
    "parity": parity,
    "sine": sine,
    "spirals": spirals,
    "table": table,
    **IMAGE_SETS,
}
"""Each loader takes the options of its kind by name."""

READING_FILES = ("csv",)
"""The kinds whose parts may lie in files of their own: dataset.test=FILE."""

"""Numbers as a run's console shows them."""

from collections.abc import Mapping

import numpy as np

from runner.data.dataset import Dataset, ordinals
from runner.errors import printable
from runner.network.arrays import Array
from runner.training.metrics import percent

DIGITS = 6
"""Of losses and errors; files hold all."""
MOST_INPUTS_SHOWN = 8


def input_cells(dataset: Dataset) -> list[str]:
    """The beginnings of the table of training cases: its header's, then that of each case.

    Columns of inputs where they have names and are few, else nothing.
    """
    names, inputs = dataset.input_names, dataset.train.inputs
    if len(names) > MOST_INPUTS_SHOWN or names == ordinals(len(names)):
        return [""] * (1 + len(inputs))
    lines = [list(map(printable, names)), *([f"{x:.6g}" for x in row] for row in inputs)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "".join(f"{cell:>{width}} " for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]


def metric_text(name: str, metrics: Mapping[str, float], samples: int | None = None) -> str:
    """A metric for people: accuracies in percent, where files hold fractions; others shortened.

    samples: of a share of so many, the decimals that tell it from that of one more or less. A mean
    accuracy has twelve digits, as the 2018 script printed it.
    """
    value = metrics[name]
    words = name.replace("_", " ")
    if name.endswith("accuracy"):
        if samples is not None and not name.endswith("mean_accuracy"):
            return f"{words} {percent(value, samples)}"
        return f"{words} {100 * value:.12g} %"
    return f"{words} {value:.{DIGITS}g}"


def matrix(values: Array) -> str:
    """A small matrix with nine significant digits."""
    if values.ndim > 1:
        return "[" + "\n ".join(map(matrix, values)) + "]"
    return "[" + " ".join([f"{value:.9g}" for value in values.tolist()]) + "]"


@np.errstate(over="ignore")  # a deviation beyond all numbers is told as infinite
def summary(values: Array) -> str:
    """Shape and spread of a large matrix."""
    shape = " x ".join(map(str, values.shape))
    return (
        f"{shape}: mean {values.mean():.4g}, std {values.std():.4g}, "
        f"min {values.min():.4g}, max {values.max():.4g}"
    )

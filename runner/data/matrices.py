"""A matrix in an npy file as a data set, which stays on disk."""

import numpy as np

from runner.checking.suggestions import suggestion
from runner.data.chosen_columns import NO_WEIGHT, ChosenColumns, check_weights, chosen_features
from runner.data.columns import number_column
from runner.data.dataset import Part, Pool, blocks
from runner.data.formats.npy import NpyFile
from runner.data.target_classes import classes_of, labels_of
from runner.errors import DataError, printable
from runner.network.arrays import Array


def load_matrix(file: NpyFile, choice: ChosenColumns, task: str) -> Pool:
    """A matrix [samples, columns] in an npy file, columns named 1, 2, …; it stays on disk.

    The features must be neighbours; without dataset.features, all columns but the targets, which
    are then the first ones or the last ones. Numbers only, and all of them finite.
    """
    path, target = file.path, choice.target
    wanted = matrix_features(file, choice)
    places = [int(name) - 1 for name in wanted]
    if not places or places != list(range(places[0], places[0] + len(places))):
        raise DataError(
            f"dataset.features: {printable(path)} stays on disk, so its features must be columns "
            "next to each other, in order; expected such as dataset.features=[1,2,3]"
        )
    inputs = file.matrix[:, places[0] : places[-1] + 1]
    targets = np.array(file.matrix[:, [int(name) - 1 for name in target]], float)
    check_finite(path, inputs, places[0])
    if not np.isfinite(targets).all():
        row = int(np.isfinite(targets).all(1).argmin())
        raise DataError(f"{printable(path)} row {row + 1}: a target is not a finite number")
    columns = [number_column(name, values) for name, values in zip(target, targets.T, strict=True)]
    classes = classes_of(columns, task)
    labels = targets if classes is None else labels_of(columns[0], classes, path)
    samples = Part(inputs, labels, matrix_weights(file, choice))
    return Pool(samples, wanted, target, classes, regression=task == "regression")


def matrix_features(file: NpyFile, choice: ChosenColumns) -> tuple[str, ...]:
    """The names of a matrix's columns to learn from."""
    if choice.exclude or choice.weight:
        return chosen_features(file, choice)
    for key, chosen in (("dataset.target", choice.target), ("dataset.features", choice.features)):
        for name in chosen or ():
            if name not in file.header:
                raise DataError(
                    f"{key}: {printable(file.path)} has no column '{printable(name)}'; "
                    f"{suggestion(name, file.header)}its columns are 1 to {len(file.header)}"
                )
    return choice.features or tuple(name for name in file.header if name not in choice.target)


def matrix_weights(file: NpyFile, choice: ChosenColumns) -> Array | None:
    """[samples] The column of weights, or None where there is none."""
    if choice.weight is None:
        return None
    values = np.array(file.matrix[:, int(choice.weight) - 1], float)
    if not np.isfinite(values).all():
        file.refuse_cell(choice.weight, lambda cell: not np.isfinite(float(cell)), NO_WEIGHT)
    check_weights(file, number_column(choice.weight, values))
    return values


def check_finite(path: str, inputs: Array, first: int) -> None:
    """Refuses NaN and infinity, naming row and column; reads a piece at a time."""
    start = 0
    for block in blocks(inputs):
        finite = np.isfinite(block)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise DataError(
                f"{printable(path)} row {start + row + 1} column {first + column + 1}: "
                f"{block[row, column]} is not a finite number"
            )
        start += len(block)

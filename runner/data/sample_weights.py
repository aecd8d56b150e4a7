"""How much each training sample's loss counts: by its class, and by a column of its table."""

from collections.abc import Mapping

import numpy as np

from runner.checking.rules import number, one_of, refuse, taking
from runner.checking.suggestions import suggestion
from runner.data.dataset import Dataset
from runner.errors import SettingsError, listed, printable
from runner.network.arrays import Array

BALANCED = "balanced"
WEIGHT = number(at_least=0)
ClassWeights = str | tuple[tuple[str, float], ...]


@taking(one_of(BALANCED), {"type": "object", "additionalProperties": WEIGHT.schema})
def class_weights(key: str, value: object) -> ClassWeights:
    """`balanced`, or weights by the names of classes; the others' are 1."""
    expected = f"expected balanced, or weights by class such as '{key}={{yes: 5, no: 1}}'"
    if value == BALANCED:
        return BALANCED
    if not isinstance(value, Mapping) or not value:
        raise refuse(key, value, "are no weights", expected)
    names = [str(name).lower() if isinstance(name, bool) else str(name) for name in value]
    weights = [float(WEIGHT(f"{key}.{printable(name)}", value[name])) for name in value]
    return tuple(zip(names, weights, strict=True))


def training_weights(dataset: Dataset, by_class: ClassWeights | None) -> Array | None:
    """[samples] or [samples, steps] What the training part's losses are multiplied by; None for 1.

    balanced: n / (classes * n of the class), as scikit-learn has it, of labels that count. Weights
    of a table's column are multiplied by those. Raises SettingsError where there are no classes,
    or none of that name.
    """
    own = dataset.train.weights
    if by_class is None:
        return own
    if not dataset.labelled or dataset.classes is None:
        raise SettingsError(
            "dataset.class_weight is by classes, and this data set has numbers to predict; "
            "set dataset.class_weight=null"
        )
    labels = dataset.train.targets
    counted = dataset.counting(dataset.train, labels).ravel()
    of_classes = weights_of_classes(by_class, counted, dataset.classes)
    if not of_classes[counted].any():
        raise SettingsError(
            "dataset.class_weight leaves no training sample a weight; expected above 0 of one class"
        )
    weights = of_classes[labels]
    return weights if own is None else weights * own.reshape(-1, *[1] * (labels.ndim - 1))


def weights_of_classes(by_class: ClassWeights, labels: Array, classes: tuple[str, ...]) -> Array:
    """[classes] Each class's weight, from labels [rows]."""
    if isinstance(by_class, str):
        counts = np.bincount(labels, minlength=len(classes))
        weights: Array = labels.size / (len(classes) * np.maximum(counts, 1))
        return weights
    weights = np.ones(len(classes))
    for name, weight in by_class:
        if name not in classes:
            raise SettingsError(
                f"dataset.class_weight names '{printable(name)}'; {suggestion(name, classes)}"
                f"the classes are {listed(classes, 10)}"
            )
        weights[classes.index(name)] = weight
    return weights

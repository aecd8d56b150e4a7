"""What outputs decide, in one place for tables, predictions and pictures."""

import numpy as np

from runner.network.labels import confusion_counts, decided, labels


def test_an_output_of_exactly_half_says_no() -> None:
    outputs = np.array([[np.nextafter(0.5, 0)], [0.5], [np.nextafter(0.5, 1)]])
    assert decided(outputs)[:, 0].tolist() == [False, False, True]
    assert labels(outputs).tolist() == [0, 0, 1]
    assert confusion_counts(np.ones((3, 1)), outputs).tolist() == [[0, 0], [2, 1]]


def test_of_equal_outputs_the_first_is_the_class() -> None:
    outputs = np.array([[0.5, 0.5], [0.1, 0.2]])
    assert labels(outputs).tolist() == [0, 1]
    assert confusion_counts(np.eye(2), outputs).tolist() == [[1, 0], [0, 1]]

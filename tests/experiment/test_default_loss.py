"""A table of one's own is trained by the loss and output activation that its targets ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.experiment.experiment import build
from tests.end_to_end.commands import composed

COLUMNS: dict[str, Callable[[int], str]] = {
    "three": lambda i: "abc"[i % 3],
    "two": lambda i: "ab"[i % 2],
    "labels": lambda i: str(i % 4),
    "number": lambda i: f"{i % 7}.5",
    "hot": lambda i: str(i % 2),
    "cold": lambda i: str(i // 2 % 2),
}
SEVERAL = ["dataset.target=[hot,cold]", "dataset.scale_targets=none"]
CASES = {
    "several classes": (["dataset.target=three"], "cross_entropy", "softmax"),
    "labels": (["dataset.target=labels"], "cross_entropy", "softmax"),
    "two classes": (["dataset.target=two"], "cross_entropy", "softmax"),
    "two classes, one output": (
        ["dataset.target=two", "topology=in-4-1"],
        "binary_cross_entropy",
        "sigmoid",
    ),
    "a number": (["dataset.target=number"], "squared_error", "linear"),
    "labels that are numbers": (
        ["dataset.target=labels", "dataset.task=regression"],
        "squared_error",
        "linear",
    ),
    "several true at once": (SEVERAL, "binary_cross_entropy", "sigmoid"),
    "a loss that is said": (
        ["dataset.target=three", "loss=squared_error"],
        "squared_error",
        "sigmoid",
    ),
    "an output that is said": (
        ["dataset.target=three", "network.activation.output=tanh"],
        "squared_error",
        "tanh",
    ),
}


def cells_of(row: int) -> list[str]:
    return [cell(row) for cell in COLUMNS.values()]


@pytest.mark.parametrize("case", CASES)
def test_targets_choose_the_loss_that_is_not_said(case: str, tmp_path: Path) -> None:
    said, loss, output = CASES[case]
    rows = (f"{i / 7},{i * i % 11},{','.join(cells_of(i))}\n" for i in range(60))
    (tmp_path / "t.csv").write_text(f"x,z,{','.join(COLUMNS)}\n{''.join(rows)}")
    table = ["dataset=csv", f"dataset.path={tmp_path / 't.csv'}", "dataset.features=[x,z]"]
    experiment = build(composed(*table, *said))
    problem = experiment.engine.problem
    assert (problem.loss, problem.network.output) == (loss, output)
    assert experiment.config["loss"] == {"name": loss, "reduction": "mean"}
    assert experiment.columns["loss.name"] == loss

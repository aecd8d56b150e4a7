"""What `compare` says is true: of ties, halved sweeps, losses of several kinds, and branches."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from runner.analysis.group_table import Comparison, comparison, show_groups
from runner.analysis.report.conclusion import Groups, conclusion
from runner.errors import SnapshotError

FIVE = range(1, 6)
ENDS = {"status": "completed", "stop_reason": "max_epochs", "steps": 400}


def runs(groups: Mapping[str, Sequence[float]], metric: str = "val_accuracy") -> pd.DataFrame:
    """Runs of topologies, a seed each from 1 on, that came to these values of a metric."""
    rows = [
        {"topology": topology, "from": None, "loss.name": "squared_error", "seed": seed}
        | {"stopping.metric": metric.removeprefix("val_"), **ENDS, metric: value}
        for topology, values in groups.items()
        for seed, value in enumerate(values, 1)
    ]
    return pd.DataFrame(rows)


def printed(found: Comparison, capsys: pytest.CaptureFixture[str]) -> str:
    show_groups(found, found.table, 0)
    return " ".join(capsys.readouterr().out.split())


TIES: dict[str, tuple[dict[str, Sequence[float]], list[str]]] = {
    "five that are all equal": ({name: [0.9] * 3 for name in "abcde"}, ["tied best"] * 5),
    "two of three": (
        {"a": [0.5, 0.6, 0.55], "b": [0.9, 0.91, 0.92], "c": [0.92, 0.9, 0.91]},
        ["not best", "tied best", "tied best"],
    ),
    "one run each": ({"a": [0.9], "b": [0.9]}, ["tied best"] * 2),
    "a lucky seed beside three": ({"a": [0.9], "b": [0.9] * 3}, ["too few runs", "best"]),
    "one that is alone": ({"a": [0.9, 0.8, 0.7]}, [""]),
    "by rounding alone": ({"a": [0.1 + 0.2] * 3, "b": [0.3] * 3}, ["tied best"] * 2),
}


@pytest.mark.parametrize("case", TIES)
def test_who_is_best_is_as_many_as_are(case: str) -> None:
    groups, marks = TIES[case]
    table = comparison(runs(groups), ["topology"]).table
    assert table["best"].tolist() == marks


def test_equal_values_are_said_to_be_and_have_no_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = comparison(runs({"a": [0.9] * 3, "b": [0.9] * 3}), ["topology"])
    assert found.table["low"].isna().all()
    text = printed(found, capsys)
    assert "a 3 0.9 all 3 equal 0.0" in text
    assert "Differences from a, tied best: a and b: equal in all 3 seeds" in text
    told, _ = conclusion(runs({"a": [0.9] * 3, "b": [0.9] * 3}))
    assert told["headline"] == (
        "a, like 1 other group, has the best mean val accuracy: 0.9, all 3 equal."
    )


def test_of_a_halved_sweep_it_is_said_that_the_runs_were_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep = runs({"a": [0.9, 0.8, 0.85, 0.9, 0.7], "b": [0.91, 0.8, 0.9, 0.8, 0.8]})
    sweep.loc[[0, 5], "status"] = "pruned"
    text = printed(comparison(sweep, ["topology"]), capsys)
    assert "2 of 10 runs were pruned, so those left are chosen by how they did" in text
    assert "would likely show it" not in text
    sweep.loc[sweep["seed"] > 2, "status"] = "pruned"
    text = printed(comparison(sweep, ["topology"]), capsys)
    assert "From 3 seeds on" not in text
    told, _ = conclusion(sweep)
    assert "sweep.repeats" not in told["verdict"]
    sweep.loc[sweep["topology"] == "a", "status"] = "pruned"
    text = printed(comparison(sweep, ["topology"]), capsys)
    assert "9 of 10 runs were pruned" in text
    assert not text.endswith("best")


def test_a_number_that_makes_a_group_is_told_with_its_name_everywhere() -> None:
    table = runs({"a": [0.5, 0.6, 0.7], "b": [0.9, 0.8, 0.85]})
    table.insert(0, "network.bias", [True] * 3 + [False] * 3)
    table.loc[[0], "status"] = "diverged"
    found = comparison(table, ["network.bias"])
    assert found.left_out == ["left out of bias=true: 1 diverged (of 3 runs)"]
    assert found.differences["sentence"][0].startswith("bias=false cannot be tested against bias=")
    told, _ = conclusion(table, Groups(["network.bias"]))
    assert told["headline"].startswith("bias=false has the best mean")


TRAINING: dict[str, tuple[str, str]] = {
    "loss": ("loss", "loss is of the data that runs learnt from, not of new data; dataset"),
    "held out": ("val_loss", ""),
    "no measure of data": ("steps", "no run stopped at a target: steps tell when they stopped"),
}


@pytest.mark.parametrize("case", TRAINING)
def test_a_measure_says_what_it_is_of(case: str) -> None:
    metric, words = TRAINING[case]
    table = runs({"a": [0.9, 0.8, 0.85], "b": [0.91, 0.8, 0.9]}, metric)
    remarks = comparison(table, ["topology"], metric).remarks
    assert [each for each in remarks if words in each] if words else not remarks


def of_kinds(**columns: Sequence[Any]) -> pd.DataFrame:
    """Two groups of three runs; columns: a value a group."""
    table = runs({"a": [0.5, 0.6, 0.7], "b": [0.3, 0.2, 0.1]}, "val_loss")
    for name, two in columns.items():
        values = [value for value in two for _ in range(3)]
        if name not in table:  # settings stand before the results
            table.insert(0 if "." in name else len(table.columns), name, values)
        table[name] = values
    return table


KINDS: dict[str, tuple[pd.DataFrame, str]] = {
    "losses": (
        of_kinds(**{"loss.name": ("squared_error", "cross_entropy")}),
        "loss.name: squared_error, cross_entropy",
    ),
    "a loss otherwise reduced": (of_kinds(**{"loss.reduction": ("sum", "mean")}), "reduction: sum"),
    "tasks": (of_kinds(mean_accuracy=(0.9, None)), "classification and regression"),
}


@pytest.mark.parametrize("case", KINDS)
def test_losses_of_several_kinds_are_not_compared(case: str) -> None:
    table, words = KINDS[case]
    with pytest.raises(SnapshotError, match=words):
        comparison(table, ["topology"], "val_loss")
    told, found = conclusion(table)
    assert found is None
    assert words in told["none"]


def test_a_metric_that_no_run_has_is_of_no_kind() -> None:
    table = of_kinds(mean_accuracy=(0.9, 0.8)).assign(mae=float("nan"))
    with pytest.raises(SnapshotError, match="none of these runs has a value of mae"):
        comparison(table, ["topology"], "mae")


def test_losses_of_several_kinds_give_way_to_what_all_runs_have() -> None:
    table = of_kinds(**{"loss.name": ("squared_error", "cross_entropy"), "accuracy": (0.9, 0.8)})
    assert comparison(table, ["loss.name"]).measure.name == "accuracy"
    with pytest.raises(SnapshotError, match="--metric accuracy compares"):
        comparison(table, ["loss.name"], "val_loss")
    with pytest.raises(SnapshotError, match="--metric val_accuracy compares"):
        comparison(table.assign(val_accuracy=0.7), ["loss.name"], "val_loss")


def test_the_best_geometric_mean_is_told_where_another_mean_is_better() -> None:
    table = runs({"a": [1.0, 1.0, 13.0], "b": [4.0, 4.0, 4.1]}, "val_loss")
    (words,) = comparison(table, ["topology"]).remarks
    assert words == (
        "factors count, so geometric means are compared: a has the best, though b has the best mean"
    )


def test_runs_that_went_on_from_others_have_no_setting_more() -> None:
    table = runs({"a": [0.9, 0.8, 0.85], "b": [0.91, 0.8, 0.9]})
    table["from"] = table["parent"] = [f"outputs/{seed}" for seed in table["seed"]]
    table.insert(1, "parent", table.pop("parent"))
    (words,) = comparison(table, ["topology"]).remarks
    assert words.startswith("runs of a group went on from different ones (parent: outputs/1,")


@pytest.mark.parametrize("by", [["topology"], ["dataset.name", "topology"]])
def test_data_that_no_group_is_left_of_make_no_difference(by: list[str]) -> None:
    table = runs({"a": [0.9, 0.8, 0.85], "b": [0.91, 0.8, 0.9], "c": [float("nan")] * 3})
    table.insert(0, "dataset.name", ["xor"] * 6 + ["sine"] * 3)
    told = conclusion(table, Groups(by))[0]
    assert any("without a finite val_accuracy" in each for each in told["left_out"])
    assert not any("different data" in each for each in told["remarks"])

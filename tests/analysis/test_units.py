"""What counts once in a comparison, what groups average over, and what the best is chosen by."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner.analysis.compare_answer import compare_answer
from runner.analysis.comparing import grouped, measure_of
from runner.analysis.differences import paired_difference
from runner.analysis.group_table import comparison, show_groups
from runner.analysis.units import share_of
from runner.network.arrays import Array
from tests.analysis.test_compare import said, write_runs

SETTINGS = {"seed": 1, "optimizer.learning_rate": 1.0, "dataset.split_seed": 1, "dataset.fold": 0}
ENDS = {"stopping.metric": "accuracy", "status": "completed", "stop_reason": "max_epochs"}


def sweep(values: dict[str, Sequence[object]], **constant: object) -> pd.DataFrame:
    """Runs of two topologies; 64-8-10 is better by 5 points, each run by chance of its own."""
    generator = np.random.default_rng(1)
    rows = []
    for topology, *chosen in product(("64-4-10", "64-8-10"), *values.values()):
        accuracy = 0.8 + 0.05 * (topology == "64-8-10") + float(generator.normal(0, 0.01))
        own = SETTINGS | dict(zip(values, chosen, strict=True))
        results = {"val_accuracy": accuracy, "test_accuracy": accuracy - 0.02}
        rows.append({"topology": topology, **own, **constant, **ENDS, **results})
    return pd.DataFrame(rows)


FIVE = range(1, 6)
FOLDS = {"dataset.folds": 5}
PARTS = {"dataset.validation": 0.2, "dataset.test": 0.3}
CASES: dict[str, tuple[pd.DataFrame, int, str, str]] = {
    "seeds": (sweep({"seed": FIVE}), 5, "same seed", ""),
    "settings of a seed": (
        sweep({"seed": FIVE, "optimizer.learning_rate": (0.1, 1.0)}),
        5,
        "same seed",
        "groups are averages over settings (optimizer.learning_rate: 0.1, 1); --by topology,optim",
    ),
    "settings alone": (
        sweep({"optimizer.learning_rate": (0.1, 0.3, 1.0)}),
        3,
        "same optimizer.learning_rate",
        "--by topology,optimizer.learning_rate tells them apart",
    ),
    "divisions of a seed": (
        sweep({"seed": FIVE, "dataset.split_seed": (1, 2, 3)}, **PARTS),
        3,
        "same dataset.split_seed",
        "divisions of the same data share most of what they train on: intervals and p-values allow",
    ),
    "two divisions of a seed": (
        sweep({"seed": FIVE, "dataset.split_seed": (1, 2)}, **PARTS),
        5,
        "same seed",
        "runs of a seed on 2 divisions of the data (dataset.split_seed) count once, by their mean",
    ),
    "divisions of a seed, one run lost": (
        sweep({"seed": FIVE, "dataset.split_seed": (1, 2)}, **PARTS)
        .drop([0, 19])
        .reset_index(drop=True),
        5,
        "same seed",
        "what is shown is shown for these divisions",
    ),
    "divisions alone": (
        sweep({"dataset.split_seed": FIVE}, **PARTS),
        5,
        "same dataset.split_seed",
        "divisions of the same data share most of what they train on: intervals and p-values allow",
    ),
    "divisions, and too few seeds": (
        sweep({"seed": (1, 2), "dataset.split_seed": FIVE}, **PARTS),
        5,
        "same dataset.split_seed",
        "intervals and p-values allow for it (Nadeau and Bengio 2003)",
    ),
    "folds": (
        sweep({"dataset.fold": range(5)}, **FOLDS),
        5,
        "same dataset.fold",
        "folds share most of what they train on: intervals and p-values allow for it",
    ),
    "divisions of counts": (
        sweep({"dataset.split_seed": FIVE}, **{"dataset.validation": 100}),
        5,
        "same dataset.split_seed",
        "intervals and p-values are somewhat too sure",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_independent_counts_once(case: str) -> None:
    runs, pairs, paired_by, remark = CASES[case]
    found = comparison(runs, ["topology"])
    (verdict,) = found.verdicts
    assert verdict.pairs == pairs
    assert f"same {' and '.join(found.paired_by)}" == paired_by
    assert remark in "; ".join(found.remarks)
    assert bool(remark) == bool(found.remarks)
    assert found.table["n"].tolist() == [len(runs) / 2] * 2


@pytest.mark.parametrize(
    ("case", "ratio"), [("seeds", 0.0), ("folds", 1 / 4), ("divisions alone", 0.2 / 0.5)]
)
def test_the_error_of_overlapping_divisions_is_the_corrected_one(case: str, ratio: float) -> None:
    (verdict,) = comparison(CASES[case][0], ["topology"]).verdicts
    spread = verdict.difference.spread
    assert verdict.difference.error == pytest.approx(spread * (1 / 5 + ratio) ** 0.5, rel=1e-2)
    assert (verdict.difference.shared > 0) == (ratio > 0)


def test_parts_that_are_files_of_some_runs_are_of_no_known_share() -> None:
    parts = {"dataset.folds": pd.array([5, None]), "dataset.validation": ["val.csv", None]}
    assert share_of(pd.DataFrame(parts, dtype="string"), "val_loss") is None


def test_one_lucky_seed_of_many_runs_is_no_best_group() -> None:
    lucky = sweep({"optimizer.learning_rate": list(range(1, 11))}).query("topology == '64-8-10'")
    runs = pd.concat([lucky.assign(topology="64-6-10"), sweep({"seed": FIVE})], ignore_index=True)
    runs.loc[runs["topology"] == "64-6-10", "val_accuracy"] += 0.05
    standing = comparison(runs, ["topology"]).table.set_index("topology")["best"]
    assert standing["64-6-10"] == "too few runs"
    assert standing["64-8-10"] == "best"


@pytest.mark.parametrize("first", [1, 101])
def test_a_run_that_is_a_step_away_moves_the_mean_of_all_runs(first: int) -> None:
    """Whether seeds of the second group have a partner in the first or not."""
    runs = sweep({"seed": FIVE, "optimizer.learning_rate": (0.1, 1.0)})
    better = runs["topology"] == "64-8-10"
    runs.loc[better, "seed"] += first - 1
    runs["val_accuracy"] = 0.75 + 0.25 * better
    (verdict,) = comparison(runs, ["topology"]).verdicts
    assert (verdict.pairs > 0) == (first == 1)
    assert verdict.difference.error == pytest.approx(0.25 / 10)


@pytest.mark.parametrize(("seeds", "few"), [(1, "a single seed"), (2, "2 seeds")])
def test_what_counts_once_is_told_by_its_name(seeds: int, few: str) -> None:
    rates = {"optimizer.learning_rate": (0.1, 1.0)}
    many = sweep({"seed": FIVE, **rates}).query("topology == '64-4-10'")
    other = sweep({"seed": range(101, 101 + seeds), **rates}).query("topology == '64-8-10'")
    found = comparison(pd.concat([many, other], ignore_index=True), ["topology"])
    assert f"against 64-4-10 with {few} in one of them" in found.differences["sentence"][0]
    more = [other.assign(seed=seed, val_accuracy=0.793 + seed / 9e3) for seed in range(101, 106)]
    enough = pd.concat([many, *more], ignore_index=True)
    found = comparison(enough, ["topology"])
    assert "seeds of each would likely show it" in found.differences["sentence"][0]
    assert "which 5 seeds cannot prove" in found.test


def test_copies_of_seeds_prove_no_more_than_the_seeds() -> None:
    """Ten runs a seed that differ by nothing but a setting without effect."""
    few = sweep({"seed": FIVE})
    many = pd.concat(
        few.assign(**{"optimizer.learning_rate": rate}) for rate in np.arange(10) + 1.0
    ).reset_index(drop=True)
    (one,), (other,) = (comparison(runs, ["topology"]).verdicts for runs in (few, many))
    assert other.p == pytest.approx(one.p, rel=0.01)
    one_table, other_table = (comparison(runs, ["topology"]).table for runs in (few, many))
    assert other_table["low"].tolist() == pytest.approx(one_table["low"].tolist())


def test_the_best_is_chosen_by_validation_data_and_told_by_test_data() -> None:
    found = comparison(sweep({"seed": FIVE}), ["topology"])
    assert found.measure.name == "val_accuracy"
    test = measure_of(sweep({"seed": FIVE}), "test_accuracy", None)
    groups, _ = grouped(sweep({"seed": FIVE}), ["topology"], test)
    assert f"its mean test_accuracy is {groups[1].values.mean():.4f} [" in found.chosen
    assert "on test data, which chose nothing, its" in found.chosen
    pruned = sweep({"seed": FIVE})
    pruned.loc[0, "status"] = "pruned"  # perhaps by sweep.objective=test_accuracy
    unless = "which chose nothing unless sweep.objective named them, its mean test_accuracy is"
    assert unless in comparison(pruned, ["topology"]).chosen
    asked = comparison(sweep({"seed": FIVE}), ["topology"], "test_accuracy")
    assert "chosen by test data" in asked.chosen
    assert "--metric val_accuracy" in asked.chosen
    assert comparison(sweep({"seed": FIVE}), ["topology"], against="64-4-10").chosen == ""


@pytest.mark.parametrize("metric", ["val_accuracy", "test_accuracy"])
def test_all_that_is_printed_below_the_groups_is_in_the_document(
    metric: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sweep({"seed": FIVE, "optimizer.learning_rate": (0.1, 1.0)})
    runs.loc[0, "status"] = "diverged"
    found = comparison(runs, ["topology"], metric)
    show_groups(found, found.table, 0)
    printed = " ".join(capsys.readouterr().out.split())
    answer = compare_answer(found, found.table, 0)
    sentences = [row.sentence for row in answer.differences]
    assert all([answer.left_out, answer.remarks, answer.chosen, sentences, answer.test])
    for each in [*answer.left_out, *answer.remarks, answer.chosen, *sentences, answer.test]:
        assert str(each) in printed
        printed = printed.replace(str(each), "")
    left = printed.partition("Differences from the best:")
    assert left[2].strip() == ""
    assert left[0].split()[-1].startswith(("0.", "best"))  # the last row of the table


def test_runs_that_learnt_nothing_are_told_with_what_they_have_in_common(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sweep({"seed": FIVE, "optimizer.learning_rate": (0.1, 1.0)})
    bad = (runs["optimizer.learning_rate"] == 1) & (runs["topology"] == "64-8-10")
    runs.loc[bad, "val_accuracy"] = 0.11
    folder = write_runs(tmp_path, runs.astype(object).to_numpy().tolist(), [*map(str, runs)])
    text = " ".join(said(capsys, folder, "--by", "topology").split())
    common = "all with optimizer.learning_rate=1"
    assert f"no better than guessing by val_accuracy: 5 of 10 runs of 64-8-10, {common}" in text


def error_of(inputs: Array, targets: Array, train: Array, test: Array) -> float:
    """Of a least-squares classifier: the share of the test samples that it gets wrong."""
    weights = np.linalg.lstsq(inputs[train], targets[train], rcond=None)[0]
    return float((np.sign(inputs[test] @ weights) != targets[test]).mean())


def test_divisions_of_the_same_samples_raise_few_false_alarms() -> None:
    """Two learners that are alike but for which of two equally good columns each sees."""
    ratio = share_of(pd.DataFrame([{"dataset.test": 0.3}]), "test_accuracy")
    assert ratio is not None
    generator, shares = np.random.default_rng(1), {0.0: 0, ratio: 0}
    for _ in range(300):
        targets = np.sign(generator.normal(size=100))
        columns = targets[:, None] * 0.5 + generator.normal(size=(100, 4))
        errors = []
        for _ in range(10):
            order = generator.permutation(100)
            parts = order[:70], order[70:]
            errors.append([error_of(columns[:, c : c + 2], targets, *parts) for c in (0, 2)])
        a, b = np.array(errors).T
        for shared in shares:
            shares[shared] += paired_difference(a, b, 0.0, shared).p <= 0.05
    plain, corrected = (count / 300 for count in shares.values())
    assert plain > 0.3
    assert corrected < 0.1


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_learners_that_differ_on_each_division_alone_are_seldom_told_apart(seeds: int) -> None:
    """Equally good over all divisions: seeds agree with each other on ten divisions of chance."""
    generator, shown, runs = np.random.default_rng(1), 0, 50
    frame = sweep({"seed": range(seeds), "dataset.split_seed": range(10)}, **PARTS)
    for _ in range(runs):
        by_division = np.repeat(generator.normal(0, 0.02, (2, 1, 10)), seeds, axis=1)
        frame["val_accuracy"] = 0.8 + by_division.ravel() + generator.normal(0, 0.002, len(frame))
        (verdict,) = comparison(frame, ["topology"]).verdicts
        shown += verdict.shown
    assert shown <= 0.1 * runs

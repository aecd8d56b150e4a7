"""`python -m runner.predict` on sequences with a target a step."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner.commands import run_command
from runner.configuration.composing import compose
from runner.errors import DataError
from runner.experiment.running import QUIETLY, run_experiment
from runner.network.arrays import Array
from runner.predict import main
from runner.run_folder.run_network import load_network


@pytest.mark.parametrize(
    ("targets", "topology", "scores"),
    [
        (lambda sums: sums % 2 > 0.5, "in-3GRU-out", [r"accuracy \d.* \(\d+ of 120\)"]),
        (lambda sums: sums, "in-3RNN-out", [r"y: R2 \S+, mean absolute error \S+"]),
        (
            lambda sums: np.stack([sums, -sums], -1),
            "in-3RNN-out",
            [r"y.1: R2 \S+, mean .*", r"y.2: R2 \S+, mean .*"],
        ),
    ],
)
def test_targets_of_every_step_in_a_file_are_what_outputs_are_scored_by(
    targets: Callable[[Array], Array],
    topology: str,
    scores: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    inputs = np.random.default_rng(1).random((30, 4, 2)) - 0.3
    np.savez(tmp_path / "s.npz", x=inputs, y=targets(inputs[..., 0].cumsum(1)))
    own = ["dataset=csv", f"dataset.path={tmp_path / 's.npz'}", "dataset.target=y"]
    overrides = [*own, f"topology={topology}", "stopping.max_epochs=1"]
    run_experiment(compose(overrides), tmp_path / "run", {}, QUIETLY)
    arguments = [str(tmp_path / "run"), str(tmp_path / "s.npz"), "-o", str(tmp_path / "o.csv")]
    assert run_command(main, arguments) == 0
    told, *scored = capsys.readouterr().out.splitlines()
    assert ": 30 rows, y.1, y.2, y.3" in told
    assert len(scored) == len(scores)
    for line, expected in zip(scored, scores, strict=True):
        assert re.fullmatch(expected, line)


def padded_sequences() -> tuple[Array, Array]:
    """[30, 4, 2] of 1 to 4 steps, and what is behind their ends [30, 4]."""
    inputs = np.random.default_rng(1).random((30, 4, 2)) - 0.3
    behind = np.arange(4) >= (1 + np.arange(30) % 4)[:, None]
    inputs[behind] = np.nan
    return inputs, behind


@pytest.mark.parametrize("y", ["a class a step", "numbers a step"])
def test_sequences_that_are_padded_are_predicted_up_to_their_ends(
    y: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, behind = padded_sequences()
    sums = np.where(behind, 0, inputs[..., 0].cumsum(1))
    np.savez(tmp_path / "s.npz", x=inputs, y=sums > 0 if "class" in y else sums)
    own = ["dataset=csv", f"dataset.path={tmp_path / 's.npz'}", "dataset.target=y"]
    overrides = [*own, "topology=in-3GRU-out", "stopping.max_epochs=1", "engine=numpy"]
    run_experiment(compose(overrides), tmp_path / "run", {}, QUIETLY)
    arguments = [str(tmp_path / "run"), str(tmp_path / "s.npz"), "-o", str(tmp_path / "o.csv")]
    assert run_command(main, arguments) == 0
    scored = capsys.readouterr().out
    expected = {
        "a class a step": "of 73)",  # 1 + 2 + 3 + 4 steps of four
        "numbers a step": "mean absolute error",
    }
    assert expected[y] in scored
    network = load_network(tmp_path / "run")
    outputs = network.predict(inputs)
    assert (np.isnan(outputs[..., 0]) == behind).all()
    # Of an exponential NumPy gives another last bit where it stands elsewhere in memory.
    first = network.predict(inputs[:1, :1].repeat(4, 1))[:, 0]
    np.testing.assert_allclose(first, outputs[:1, 0], rtol=1e-14)
    assert "nan" not in (tmp_path / "o.csv").read_text()
    table = pd.read_csv(tmp_path / "o.csv")
    for kind in ("output_", "class_") if "class" in y else ("output_",):
        empty = table.filter(regex=f"^{kind}").isna().to_numpy().reshape(30, 4, -1)
        assert (empty == behind[..., None]).all()
    inputs[3, 1, 0] = np.nan
    with pytest.raises(DataError, match=r"row 4 column 'x.3': a missing value"):
        network.predict(inputs)


@pytest.mark.parametrize("y", ["a class a sequence", "numbers a sequence"])
def test_a_padded_sequence_with_one_target_has_one_answer(
    y: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs, behind = padded_sequences()
    sums = np.where(behind, 0, inputs[..., 0]).sum(1)
    np.savez(tmp_path / "s.npz", x=inputs, y=sums > 0 if "class" in y else sums)
    own = ["dataset=csv", f"dataset.path={tmp_path / 's.npz'}", "dataset.target=y"]
    run_experiment(
        compose([*own, "stopping.max_epochs=1", "engine=numpy"]), tmp_path / "run", {}, QUIETLY
    )
    arguments = [str(tmp_path / "run"), str(tmp_path / "s.npz"), "-o", str(tmp_path / "o.csv")]
    assert run_command(main, arguments) == 0
    assert ("of 30)" if "class" in y else "y: R2 ") in capsys.readouterr().out
    network = load_network(tmp_path / "run")
    answers = network.predict(inputs)
    assert str(network.network.topology) == f"4x2-32GRU-4x{2 if 'class' in y else 1}"
    assert answers.shape == (30, network.network.topology.outputs)
    table = pd.read_csv(tmp_path / "o.csv")
    outputs = ["output_false", "output_true", "class"] if "class" in y else ["output_y"]
    assert list(table.columns) == ["y", *outputs]
    assert table.filter(like="output_").to_numpy() == pytest.approx(answers)
    with pytest.raises(DataError, match=r"shorter sequences are padded with NaN .* to 4 steps"):
        network.predict(inputs[:, :2])
    np.savez(tmp_path / "short.npz", x=inputs[:, :2])
    assert run_command(main, [str(tmp_path / "run"), str(tmp_path / "short.npz")]) == 3
    assert "no column 'x.5', which the network learnt from; shorter" in capsys.readouterr().err
    shorter = np.where(np.arange(4)[:, None] < 2, inputs[3], np.nan)
    longer = np.where(np.arange(4)[:, None] < 2, inputs[3], 9.0)
    every_step = replace(network, last_only=False)
    assert (network.predict([shorter])[0] == every_step.predict([longer])[0, 1]).all()

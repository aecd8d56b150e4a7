import io
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from runner.experiment.console import Console
from runner.experiment.console_texts import metric_text
from runner.experiment.running import Manner, run_experiment
from runner.run_folder.history import history_column
from runner.run_folder.tables import named_rows, read_row
from runner.training.engine import StepReport
from runner.training.stopping import Stopping
from tests.end_to_end.commands import ENVIRONMENT, composed

SMALL = ["stopping.max_steps=1000"]
LARGE = ["topology=3-300-1", "stopping.max_steps=5"]


def log_of(folder: Path, overrides: list[str], *, quiet: bool = False) -> str:
    run_experiment(composed(*overrides), folder, {}, Manner(shown="nothing" if quiet else "all"))
    return (folder / "run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("overrides", [SMALL, LARGE])
def test_the_log_has_the_sections_in_order(overrides: list[str], tmp_path: Path) -> None:
    log = log_of(tmp_path, overrides)
    sections = ["INITIATING NETWORK", "STARTING WEIGHTS", "NETWORK TRAINING", "CALCULATED WEIGHTS"]
    sections += ["TRAINING CASES RESULTS", "Folder"]
    places = [log.index(section) for section in sections]
    assert places == sorted(places)


def test_a_small_net_shows_its_weights_and_cases(tmp_path: Path) -> None:
    log = log_of(tmp_path, SMALL)
    # The 2018 script's starting weights with seed 1, as its README prints them, to nine digits.
    assert "[[-0.165955991 0.440648987 -0.99977125 -0.395334855]" in log
    assert "L0=>L1 weights:" in log
    assert "L1=>L2 weights:" in log
    assert log.index("STARTING WEIGHTS") < log.index("[-0.591095501]")
    assert "topology    3-4-1, 16 parameters, no biases" in log
    assert "dropout     0.1 in the backward pass" in log
    assert "training    sgd, learning rate 10, loss squared_error\n" in log
    cases = log.split("difference\n")[1].split("\n\n")[0].splitlines()
    assert len(cases) == 8
    for case in cases:
        output, expected, difference = map(float, case.split())
        assert output - expected == pytest.approx(difference, abs=1e-9)


def test_who_follows_the_log_sees_each_line_of_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    told = Console.progress

    def looked_at(console: Console, report: StepReport) -> None:
        told(console, report)
        seen.append((tmp_path / "run.log").read_text(encoding="utf-8"))

    monkeypatch.setattr("runner.experiment.console.SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(Console, "progress", looked_at)
    log_of(tmp_path, ["stopping.max_steps=4", "stopping.target=null"], quiet=True)
    assert [log.count(" steps   mean accuracy") for log in seen[1:]] == [1, 2, 3]


def test_cases_of_a_table_begin_with_their_inputs(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("size,age,price,rooms\n1.5,30,900,2\n2,4,1500,3\n3,9,2100,5\n")
    table = ["dataset=csv", f"dataset.path={tmp_path / 't.csv'}", "dataset.target=[price,rooms]"]
    table += ["dataset.test=null", "dataset.validation=null", "stopping.max_epochs=2"]
    table += ["batch_size=null"]
    log = log_of(tmp_path / "run", table)
    _, header, *cases = log.split("TRAINING CASES")[1].split("\n\n")[0].splitlines()
    assert header.split() == ["size", "age", "output", "expected", "difference"]
    assert [case.split()[:2] for case in cases[::2]] == [["1.5", "30"], ["2", "4"], ["3", "9"]]
    assert [float(case.split()[3]) for case in cases] == [900, 2, 1500, 3, 2100, 5]


def test_several_scaled_targets_are_told_in_their_own_units(tmp_path: Path) -> None:
    rows = "".join(f"{i},{1000 * i + i % 7},{i % 5}\n" for i in range(50))
    (tmp_path / "t.csv").write_text(f"a,price,rooms\n{rows}")
    table = ["dataset=csv", f"dataset.path={tmp_path / 't.csv'}", "dataset.target=[price,rooms]"]
    log = log_of(tmp_path / "run", [*table, "stopping.max_epochs=3"])
    samples = named_rows(tmp_path / "run" / "predictions.csv")
    for part in ("train", "validation", "test"):
        line = next(line for line in log.splitlines() if f"own units, {part} part" in line)
        for name in ("price", "rooms"):
            squares = [
                (float(row[f"output_{name}"]) - float(row[f"target_{name}"])) ** 2
                for row in samples
                if row["part"] == part
            ]
            told = float(line.split(f"{name} ")[1].split()[0].rstrip(","))
            assert told == pytest.approx(math.sqrt(sum(squares) / len(squares)), rel=1e-5)
    one = log_of(tmp_path / "one", [*table[:2], "dataset.target=price", "stopping.max_epochs=3"])
    assert "own units" not in one


def test_every_layers_activation_is_shown(tmp_path: Path) -> None:
    layers = ["topology=3-4-4-1", "network.activation.hidden=[relu,tanh]"]
    assert "activation  relu tanh, output sigmoid" in log_of(tmp_path, SMALL + layers)
    results = read_row(tmp_path / "results.csv")
    assert results["network.activation.hidden"] == '["relu", "tanh"]'


def test_layers_are_listed_where_they_are_not_all_dense(tmp_path: Path) -> None:
    images = ["dataset=digits", "stopping.max_epochs=1"]
    log = log_of(tmp_path / "maps", [*images, "topology=in-8C3-MP2-out"])
    layers = log[log.index("\nLAYERS\n") : log.index("\nSTARTING WEIGHTS")]
    rows = [" ".join(line.split()) for line in layers.splitlines()[3:]]
    assert rows == [
        "input 1x8x8",
        "8C3 8x6x6 80 2,592",
        "MP2 8x3x3 0 0",
        "10 10 730 720",
        "total 810 3,312",
    ]
    assert "LAYERS" not in log_of(tmp_path / "dense", images)


def test_batch_normalisation_is_shown(tmp_path: Path) -> None:
    log = log_of(tmp_path, [*SMALL, "network.batch_norm=true"])
    assert "topology    3-4-1, 24 parameters, no biases" in log
    assert "batch norm  hidden layers, momentum 0.1, epsilon 1e-05" in log
    assert "L0=>L1 gammas:\n[1 1 1 1]" in log
    assert read_row(tmp_path / "results.csv")["parameters"] == "24"


def test_a_large_net_shows_a_summary_a_layer(tmp_path: Path) -> None:
    log = log_of(tmp_path, LARGE)
    assert "L0=>L1 weights: 3 x 300: mean " in log
    assert "[[" not in log
    assert max(map(len, log.splitlines())) < 300


def test_a_large_data_set_shows_no_cases(tmp_path: Path) -> None:
    log = log_of(tmp_path, ["dataset=parity", "dataset.bits=5", "stopping.max_steps=5"])
    assert "TRAINING CASES RESULTS" not in log
    assert "CALCULATED WEIGHTS" in log


def test_the_line_at_the_end_names_reason_steps_and_accuracy_in_percent(tmp_path: Path) -> None:
    log = log_of(tmp_path, ["stopping.target=0.9"])
    (line,) = [line for line in log.splitlines() if line.startswith("Target")]
    assert line.startswith("Target mean accuracy 90 % reached: ")
    assert " steps, mean accuracy 9" in line
    assert line.endswith(" seconds")


def test_one_step_is_no_steps(tmp_path: Path) -> None:
    assert "reached: 1 step, " in log_of(tmp_path, ["stopping.max_steps=1"])


@pytest.mark.parametrize("limit", ["stopping.patience=2", "stopping.max_steps=300"])
def test_early_stopping_says_which_epochs_weights_are_restored(limit: str, tmp_path: Path) -> None:
    watching = ["stopping.metric=val_loss", "stopping.restore_best=true", "stopping.max_epochs=9"]
    rate = "optimizer.learning_rate=0.03"
    log = log_of(tmp_path, ["dataset=digits", "dataset.validation=0.2", *watching, rate, limit])
    losses = history_column(tmp_path, "val_loss")  # of every epoch, here
    step = min(losses, key=losses.__getitem__)
    epoch = int(history_column(tmp_path, "epoch")[step])
    assert 1 < epoch < max(history_column(tmp_path, "epoch").values())
    line = f"The weights of epoch {epoch}, the best, are restored: val loss {losses[step]:.6g}\n"
    assert line in log


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    config = composed(*SMALL, "dataset.name=harmless")
    config["dataset"]["name"] = "a\u202eb"  # turns the writing direction round
    with pytest.raises(Exception, match="control character"):
        run_experiment(config, tmp_path / "run", {})


def test_the_screen_shows_what_the_log_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(tmp_path, SMALL)
    assert capsys.readouterr().out == log


def test_a_job_of_a_sweep_is_quiet_on_the_screen_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(tmp_path, SMALL, quiet=True)
    assert capsys.readouterr().out == ""
    assert "CALCULATED WEIGHTS" in log


def on_a_terminal(arguments: list[str], folder: Path) -> str:
    """What the runner writes to a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    written = io.BytesIO()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written.write(piece)
    os.close(ours)
    assert process.wait() == 0
    return written.getvalue().decode()


def test_a_terminal_shows_a_progress_bar_that_the_log_does_not_keep(tmp_path: Path) -> None:
    arguments = ["stopping.target=null", "stopping.max_seconds=1.5", "hydra.run.dir=run"]
    shown = on_a_terminal(arguments, tmp_path)
    assert "━" in shown
    assert "steps   mean accuracy" in shown
    log = (tmp_path / "run" / "run.log").read_text(encoding="utf-8")
    assert "━" not in log
    assert "\x1b" not in log
    assert "steps   mean accuracy" in log  # the line a second is kept


def test_a_net_without_hidden_units_says_that_nothing_is_dropped(tmp_path: Path) -> None:
    log = log_of(tmp_path, ["topology=3-1", "stopping.max_steps=5"])
    assert "dropout     none: there are no hidden units" in log


DIGITS = [
    # metric, value, of how many samples, in words
    ("accuracy", 349 / 359, 359, "accuracy 97.2 %"),
    ("test_accuracy", 0.9641, 10_000, "test accuracy 96.41 %"),
    ("val_top_5_accuracy", 1.0, 359, "val top 5 accuracy 100 %"),
    ("accuracy", 358 / 359, 359, "accuracy 99.7 %"),
    ("accuracy", 59_999 / 60_000, 60_000, "accuracy 99.998 %"),
    ("accuracy", 7 / 8, 8, "accuracy 87.5 %"),
    ("accuracy", 1.0, 1, "accuracy 100 %"),
    ("mean_accuracy", 0.999900000027, 8, "mean accuracy 99.9900000027 %"),
    ("val_mean_accuracy", 0.999900000027, 8, "val mean accuracy 99.9900000027 %"),
    ("accuracy", 0.99995, None, "accuracy 99.995 %"),
    ("loss", 0.136359892184, 359, "loss 0.13636"),
]


@pytest.mark.parametrize(("name", "value", "samples", "words"), DIGITS)
def test_shares_of_samples_have_the_digits_that_so_many_carry(
    name: str, value: float, samples: int | None, words: str
) -> None:
    assert metric_text(name, {name: value}, samples) == words


def test_a_single_sample_is_counted_as_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n", encoding="utf-8")
    table = ["dataset=csv", f"dataset.path={tmp_path / 't.csv'}", "dataset.target=y"]
    parts = ["dataset.validation=1", "dataset.test=null", "stopping.max_epochs=2"]
    log = log_of(tmp_path / "run", [*table, *parts, "batch_size=1"])
    assert "csv, 1 sample, 1 for validation, full batch" in log


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_enormous_weights_end_a_run_as_diverged_without_a_warning(
    engine: str, tmp_path: Path
) -> None:
    enormous = ["dataset=digits", "network.initializer.scale=1e30", "stopping.max_epochs=2"]
    log = log_of(tmp_path, [*enormous, "topology=in-16-out", f"engine={engine}"])
    assert "std inf" in log
    assert "Diverged: " in log


def test_accuracies_of_a_run_have_the_digits_of_their_parts(tmp_path: Path) -> None:
    log = log_of(tmp_path, ["dataset=digits", "dataset.validation=0.1", "stopping.max_epochs=1"])
    assert re.search(r"val accuracy \d+(\.\d)? %,", log)
    assert re.search(r"Test part: test accuracy \d+(\.\d)? %, ", log)


def test_a_run_that_misses_its_target_says_what_to_try(tmp_path: Path) -> None:
    log = log_of(tmp_path, ["dataset=xor", "topology=2-1-1", "stopping.max_steps=2000"])
    assert "The target, mean accuracy 99.99 %, is not reached; try another seed, more hidden" in log


@pytest.mark.parametrize("overrides", [["stopping.target=0.6"], ["stopping=steps"]])
def test_others_are_given_no_advice(overrides: list[str], tmp_path: Path) -> None:
    assert "is not reached" not in log_of(tmp_path, overrides)


def test_a_run_whose_held_out_loss_still_falls_says_what_to_raise(tmp_path: Path) -> None:
    held_out = ["dataset=digits", "dataset.validation=0.1", "stopping.metric=val_loss"]
    told = r"The loss on held-out data still fell, by \d+% in the last fifth of the epochs: "
    few = log_of(tmp_path / "few", [*held_out, "stopping.max_epochs=5"])
    assert re.search(told + "stopping.max_epochs can be raised\n", few)
    many = log_of(tmp_path / "many", [*held_out, "stopping.max_epochs=100"])
    assert "still fell" not in many


@pytest.mark.parametrize(("step", "words"), [(1, "1 step "), (2, "2 steps ")])
def test_a_line_counts_one_step_and_two_steps(
    step: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.experiment.console.SECONDS_BETWEEN_LINES", 0)
    report = StepReport(step, step, True, {"loss": 1.0}, np.empty((0, 0)), False, True)
    with Console(tmp_path, "nothing") as console:
        console.begin_training(Stopping(max_steps=9), "loss")
        console.progress(report)
    assert words in (tmp_path / "run.log").read_text(encoding="utf-8")

"""A text as a run goes on writing it."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.analysis.sampling import chosen, sampled_text
from runner.commands import run_command
from runner.errors import SettingsError
from runner.experiment.running import QUIETLY, run_experiment
from runner.face.results import Run
from runner.sample import main
from tests.end_to_end.commands import composed

TEXT = "abcabcabc." * 40


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows a text of one line by heart."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "line.txt").write_text(TEXT)
    said = (
        *("dataset=text", f"dataset.path={folder / 'line.txt'}", "dataset.window=12"),
        *("topology=in-12GRU-out", "dataset.validation=null", "batch_size=4"),
        *("optimizer.learning_rate=0.03", "stopping.max_epochs=60", "recording.plots=false"),
    )
    run_experiment(composed(*said), folder / "run", {}, QUIETLY)
    return folder / "run"


def test_what_was_learnt_by_heart_is_written(run: Path) -> None:
    assert (
        "".join(sampled_text(run, 30, 0, "abcabc", 1))
        == ("abcabc" + "abc." + "abcabcabc." * 3)[:36]
    )


def test_a_seed_draws_the_same_text_and_another_one_another(run: Path) -> None:
    texts = ["".join(sampled_text(run, 200, 2.0, "a", seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_the_command_prints_the_text_and_the_first_snapshots_is_none_yet(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []
    for more in ([], ["--step", "0"]):
        command = [str(run), "--length", "40", "--start", "abc", "--temperature", "0.5", *more]
        assert run_command(main, command) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0].startswith("abcabcabc.")
    assert len(shown[0]) == len(shown[1]) == 3 + 40 + 1
    assert shown[0] != shown[1]


def test_a_run_in_python_writes_what_the_command_prints(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {
        "length": 40,
        "temperature": 0.5,
        "start": "abc",
        "seed": 3,
        "step": 0,
    }
    said = [f"--{name}={value}" for name, value in options.items()]
    assert run_command(main, [str(run), *said]) == 0
    text = Run(run).sample(**options)
    assert text == capsys.readouterr().out[:-1]
    assert len(Run(run).sample()) == 501
    of_numpy: tuple[Any, ...] = np.int64(3), np.float32(1), "\n", np.uint8(1)
    assert len(Run(run).sample(*of_numpy)) == 4


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"length": 0}, "length=0 is out of range; expected a whole number of at least 1 and"),
        ({"length": 2.5}, "length=2.5 is not a whole number; expected a whole number of"),
        ({"length": "a"}, "length='a' is not a whole number; expected"),
        ({"temperature": "x"}, "temperature='x' is not a number; expected a number of at least 0"),
        ({"seed": 1.5}, "seed=1.5 is not a whole number; expected"),
        ({"seed": True}, "seed=true is not a whole number; expected"),
        ({"start": 5}, "start=5 is not a text; expected characters"),
        ({"step": "last"}, "step='last' is not a whole number; expected"),
    ],
)
def test_arguments_that_mean_nothing_are_named_with_what_is_expected(
    said: dict[str, Any], words: str, run: Path
) -> None:
    with pytest.raises(SettingsError, match=f"^{re.escape(words)}"):
        Run(run).sample(**said)


def test_draws_fall_to_classes_as_often_as_they_are_likely() -> None:
    likely, draws = np.array([0.5, 0.0, 0.2, 0.3]), (np.arange(1000) + 0.5) / 1000
    counts = Counter(chosen(likely, 1.0, draw) for draw in draws)
    assert counts == {0: 500, 2: 200, 3: 300}
    colder = Counter(chosen(likely, 0.5, draw) for draw in draws)
    assert colder == pytest.approx({0: 1000 * 25 / 38, 2: 1000 * 4 / 38, 3: 1000 * 9 / 38}, abs=1)


def test_however_cold_the_likeliest_is_taken() -> None:
    likely = np.array([0.2, 0.5, 0.0, 0.3])
    assert [chosen(likely, cold, 0.99) for cold in (0.0, 1e-3, 1e-308, 5e-324)] == [1] * 4


def run_of_two(folder: Path, *more: str) -> Path:
    """A run that learnt from a text of two characters for a step."""
    (folder / "two.txt").write_text("abaab" * 30)
    said = ("dataset=text", f"dataset.path={folder / 'two.txt'}", "dataset.window=8")
    small = ("batch_size=4", "stopping.max_steps=1", "recording.plots=false", "engine=numpy")
    run_experiment(composed(*said, *small, *more), folder / "run", {}, QUIETLY)
    return folder / "run"


def test_one_output_tells_two_characters_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("loss=binary_cross_entropy", "stopping.metric=loss", "topology=in-2GRU-1")
    run = run_of_two(tmp_path, *more)
    assert run_command(main, [str(run), "--length", "40", "--start", "a"]) == 0
    assert set(capsys.readouterr().out.strip()) == {"a", "b"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            ("loss=squared_error", "network.activation.output=linear"),
            "network.activation.output=linear; expected a run with softmax or sigmoid",
        ),
        (
            (
                *("loss=squared_error", "network.activation.output=sigmoid", "seed=2"),
                *("network.initializer.name=normal", "network.initializer.scale=[1,1e30]"),
            ),
            "has no character likely behind 'a'; expected a run that did not diverge",
        ),
    ],
)
def test_outputs_that_are_no_likelihoods_are_refused_in_one_line(
    more: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of_two(tmp_path, "topology=in-2GRU-out", *more)
    assert run_command(main, [str(run), "--start", "a"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--length", "0", "=0 is out of range; expected a whole number of at least 1 and at most"),
        ("--temperature", "-1", "expected a number of at least 0"),
        ("--temperature", "nan", "is not finite"),
        ("--seed", "-1", "expected a whole number of at least 0 and at most"),
        ("--start", "xyz", "has 'x', which .* expected some of .abc"),
        ("--start", "", "is empty"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(
    option: str, value: str, words: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(main, [str(run), f"{option}={value}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {option[2:]}")
    assert re.search(words, line)


def test_a_run_that_learnt_no_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_experiment(composed("stopping.max_steps=10"), tmp_path / "run", {}, QUIETLY)
    assert run_command(main, [str(tmp_path / "run")]) == 2
    assert "did not learn a text; expected a run of dataset=text" in capsys.readouterr().err

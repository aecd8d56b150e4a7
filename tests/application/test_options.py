"""The options of `python -m runner`."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runner import __version__
from runner.application.options import options_parser
from tests.benchmarks.runs import python
from tests.end_to_end.commands import InProcess


@pytest.fixture
def checking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14's check: an option's help text is expanded as soon as it is given."""
    given = argparse.ArgumentParser.add_argument

    def checked(self: argparse.ArgumentParser, *names: Any, **how: Any) -> argparse.Action:
        action = given(self, *names, **how)
        if action.help and "%" in action.help:  # TypeError where it is no text
            self._get_formatter()._expand_help(action)
        return action

    monkeypatch.setattr(argparse.ArgumentParser, "add_argument", checked)


@pytest.mark.usefixtures("checking")
@pytest.mark.parametrize("arguments", [("stopping.max_steps=2",), ("--help",), ("--hydra-help",)])
def test_help_texts_pass_the_check_of_python_3_14(
    arguments: tuple[str, ...], run: InProcess
) -> None:
    with suppress(SystemExit):  # Hydra's way, once it has shown a text
        assert run(*arguments).code == 0


def without_newer(choices: Any) -> Any:
    """The choices without what Hydra 1.4 tells besides: of aliases, of which there are none."""
    return choices and [choice for choice in choices if choice != "aliases"]


def test_the_options_are_those_of_hydra() -> None:
    utils = pytest.importorskip("hydra._internal.utils")
    try:
        theirs = utils.get_args_parser()
    except ValueError as error:
        pytest.skip(f"Hydra's own parser cannot be made with this Python: {error}")
    taken = {
        name: (option.dest, option.nargs, option.choices, option.const)
        for option in options_parser()._actions
        for name in option.option_strings or [option.dest]
    }
    expected = {
        name: (option.dest, option.nargs, without_newer(option.choices), option.const)
        for option in theirs._actions
        for name in option.option_strings or [option.dest]
    }
    assert expected.pop("--experimental-rerun")
    assert taken.pop("--plugin")  # ours
    assert taken == expected


def test_the_version_is_the_runners(run: InProcess, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run("--version")
    assert capfd.readouterr().out == f"runner {__version__}\n"


@pytest.mark.parametrize(
    ("argument", "code", "without"),
    [
        ("--help", 0, {"numpy"}),
        ("optimizer=adma", 2, {"numpy"}),
        ("--topology", 2, {"numpy", "hydra"}),
        ("--version", 0, {"numpy", "hydra"}),
    ],
)
def test_who_needs_no_run_does_not_wait_for_what_it_takes(
    argument: str, code: int, without: set[str], tmp_path: Path
) -> None:
    program = """
import sys
from runner.__main__ import main
try:
    code = main()
except SystemExit as ending:
    code = ending.code
print(f"\\n{code}", *{"numpy", "hydra"} - set(sys.modules))
"""
    printed = python("-c", program, argument, cwd=tmp_path).splitlines()[-1].split()
    assert printed[0] == str(code)
    assert set(printed[1:]) == without

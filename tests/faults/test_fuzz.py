"""Any text is a topology, any mapping a configuration, any bytes a run; or refused in one line."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.analysis.runs import load_runs
from runner.configuration.composing import compose
from runner.errors import RunnerError
from runner.network.topology import parse_sizes
from runner.recording.run_directory import read_run
from runner.settings import parse_settings

CASES = 2000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def fuzzed(cases: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Tries so many cases."""
    tried = given(strategy)(check)
    settings(max_examples=cases, database=None, suppress_health_check=list(HealthCheck))(tried)()


@pytest.mark.parametrize("cases", [CASES])
def test_any_text_is_a_topology_or_refused(cases: int, counted: Callable[..., None]) -> None:
    def check(text: str) -> None:
        try:
            sizes = parse_sizes(text)
        except ValueError as error:
            assert str(error).startswith(("expected", "every"))  # noqa: PT017 - both ways out
        else:
            assert min(sizes) >= 1
            assert len(sizes) >= 2

    fuzzed(cases, st.text("0123456789-inout x٣\n") | st.text(), check)
    counted(**{"fuzzed topologies": cases})


def places(config: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every section and value of a configuration."""
    found = []
    for name, value in config.items():
        found.append((*prefix, name))
        if isinstance(value, dict):
            found += places(value, (*prefix, name))
    return found


@pytest.mark.parametrize("cases", [CASES])
def test_any_configuration_is_settings_or_refused_in_one_line(
    cases: int, counted: Callable[..., None]
) -> None:
    sound = json.dumps(compose([]))
    changes = st.lists(st.tuples(st.sampled_from(places(json.loads(sound))), VALUES), min_size=1)

    def check(changed: list[tuple[tuple[str, ...], Any]]) -> None:
        config = json.loads(sound)
        for (*sections, name), value in changed:
            section = config
            for part in sections:
                section = section.setdefault(part, {}) if isinstance(section, dict) else {}
            if isinstance(section, dict):
                section[name] = value
        try:
            parse_settings(config)
        except RunnerError as error:
            assert str(error).isprintable()  # noqa: PT017 - both ways out are fine
            assert len(str(error)) < 1000  # noqa: PT017

    fuzzed(cases, changes, check)
    counted(**{"fuzzed configurations": cases})


@pytest.mark.parametrize("cases", [CASES])
@pytest.mark.parametrize("name", ["run.json", "results.csv"])
def test_any_run_directory_is_read_or_named(
    name: str, cases: int, memory: Path, counted: Callable[..., None]
) -> None:
    run = memory / "run"
    run.mkdir()
    about = {"status": "completed", "stop_reason": "target", "error": None}
    results = b"topology,seed,status,stop_reason,steps\n3-4-1,1,completed,target,5\n"
    sound = {"run.json": json.dumps(about).encode(), "results.csv": results}
    for file, content in sound.items():
        (run / file).write_bytes(content)

    def check(change: tuple[int, int, bytes]) -> None:
        place, length, piece = change
        content = bytearray(sound[name])
        content[place : place + length] = piece
        (run / name).write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs = load_runs(memory)
        if runs.empty:
            assert name == "results.csv"
            assert all(reason.isprintable() for reason in runs.attrs["unreadable"].values())
        try:
            read_run(run)
        except (OSError, ValueError):
            assert name == "run.json"

    change = st.tuples(st.integers(0, 90), st.integers(0, 90), st.binary(max_size=20))
    fuzzed(cases, change, check)
    counted(**{"fuzzed run directories": cases})

"""Any text is a topology, any mapping a configuration, any bytes a run; or refused in one line."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.analysis.runs import load_runs
from runner.analysis.tidy_tables import load_history
from runner.configuration.composing import compose
from runner.errors import RunnerError, SettingsError, SnapshotError
from runner.network.topology import Topology, parse_topology, shape_of
from runner.run_folder.run import RunFolder
from runner.settings import parse_settings
from runner.sweeping.job_files import read_jobs

CASES = [500, pytest.param(2000, marks=pytest.mark.release)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def fuzzed(cases: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Tries so many cases."""
    tried = given(strategy)(check)
    settings(max_examples=cases, database=None, suppress_health_check=list(HealthCheck))(tried)()


PIECES = st.one_of(
    st.builds("{}C{}".format, st.integers(0, 9), st.integers(0, 6)),
    st.builds("{}C{}s{}p{}".format, *[st.integers(0, 9)] * 2, *[st.integers(0, 4)] * 2),
    st.builds("{}{}".format, st.sampled_from(["MP", "AP"]), st.integers(0, 5)),
    st.builds("{}P{}s{}".format, st.sampled_from("MA"), *[st.integers(0, 5)] * 2),
    st.builds("{}{}".format, st.integers(0, 99), st.sampled_from(["", "RNN", "LSTM", "GRU"])),
    st.just("GAP"),
)
ENDS = st.lists(st.integers(1, 40), min_size=1, max_size=3).map(
    lambda shape: "x".join(map(str, shape))
)


@pytest.mark.parametrize("cases", CASES)
def test_layers_in_any_order_make_a_net_or_are_refused(
    cases: int, counted: Callable[..., None]
) -> None:
    def check(pieces: tuple[str, list[str], str]) -> None:
        first, hidden, last = pieces
        text = "-".join([first, *hidden, last])
        try:
            topology = Topology(parse_topology(text), bias=True, batch_norm=True)
            layers = topology.layers
        except ValueError as error:
            expected = "layer [0-9]+, |its last layer gives|every layer needs|expected as its last"
            assert re.match(expected, str(error))  # noqa: PT017 - both ways out are fine
        else:
            assert topology.size == sum(part.size for layer in layers for part in layer.parts)
            assert min(topology.sizes) >= 1

    fuzzed(cases, st.tuples(ENDS, st.lists(PIECES, max_size=5), ENDS), check)
    counted(**{"fuzzed nets": cases})


@pytest.mark.parametrize("cases", CASES)
def test_any_text_is_a_topology_or_refused(cases: int, counted: Callable[..., None]) -> None:
    def check(text: str) -> None:
        try:
            pieces = parse_topology(text)
        except ValueError as error:
            assert str(error).startswith(("expected", "every", "'"))  # noqa: PT017 - both ways out
        else:
            assert len(pieces) >= 2
            for end in {pieces[0], pieces[-1]} - {"in", "out"}:
                assert min(shape_of(end)) >= 1

    fuzzed(cases, st.text("0123456789-inoutxCMPAGLSTRUNsp ٣\n") | st.text(), check)
    counted(**{"fuzzed topologies": cases})


def places(config: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every section and value of a configuration."""
    found = []
    for name, value in config.items():
        found.append((*prefix, name))
        if isinstance(value, dict):
            found += places(value, (*prefix, name))
    return found


@pytest.mark.parametrize("cases", CASES)
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


ABOUT: dict[str, Any] = {
    "status": "running",
    "error": None,
    "started": "2026-11-22T14:46:04.000+00:00",
    "resumed": [],
    "engine": "numpy",
    "checksums": {},
    "configuration": {},
}


def read_about(run: Path) -> str:
    """Reads run.json, and gives why it cannot be."""
    try:
        RunFolder(run).about()
    except SnapshotError as error:
        return str(error)
    return ""


def read_results(run: Path) -> str:
    """Reads results.csv among others, and gives why it cannot be."""
    runs = load_runs(run.parent)
    return "" if len(runs) else runs.attrs["unreadable"][str(run)]


def read_history(run: Path) -> str:
    """Reads history.csv, and gives why it cannot be."""
    return " ".join(load_history([run]).attrs["unreadable"].values())


RUN_FILES: dict[str, tuple[bytes, Callable[[Path], str]]] = {
    "run.json": (json.dumps(ABOUT).encode(), read_about),
    "results.csv": (
        b"topology,seed,status,stop_reason,steps\n3-4-1,1,completed,target,5\n",
        read_results,
    ),
    "history.csv": (b"step,epoch,seconds,loss\n1,1,0.5,0.25\n2,2,0.7,0.125\n", read_history),
}


@pytest.mark.filterwarnings("ignore:left out")
@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("name", RUN_FILES)
def test_any_run_directory_is_read_or_named(
    name: str, cases: int, memory: Path, counted: Callable[..., None]
) -> None:
    sound, read = RUN_FILES[name]
    run = memory / "run"
    run.mkdir()

    def check(change: tuple[int, int, bytes]) -> None:
        place, length, piece = change
        content = bytearray(sound)
        content[place : place + length] = piece
        (run / name).write_bytes(content)
        reason = read(run)
        assert not reason or reason.isprintable()
        assert len(reason) < 1000

    change = st.tuples(st.integers(0, 160), st.integers(0, 90), st.binary(max_size=20))
    fuzzed(cases, change, check)
    counted(**{"fuzzed run directories": cases})


JOBS = {
    ".csv": b"topology,seed\n3-4-1,1\n'in-8-out',2\n",
    ".yaml": b"- {topology: 3-4-1, seed: 1}\n",
}


@pytest.mark.parametrize("suffix", JOBS)
@pytest.mark.parametrize("cases", [500])
def test_any_file_of_jobs_is_read_or_refused_in_one_line(
    suffix: str, cases: int, memory: Path, counted: Callable[..., None]
) -> None:
    def check(change: tuple[int, int, bytes]) -> None:
        place, length, piece = change
        content = bytearray(JOBS[suffix])
        content[place : place + length] = piece
        path = memory / f"jobs{suffix}"
        path.write_bytes(content)
        try:
            read_jobs(path, 10)
        except SettingsError as error:
            assert str(error).isprintable()  # noqa: PT017 - both ways out
            assert len(str(error)) < 1000  # noqa: PT017

    fuzzed(cases, st.tuples(st.integers(0, 40), st.integers(0, 20), st.binary(max_size=20)), check)
    counted(**{"fuzzed files of jobs": cases})

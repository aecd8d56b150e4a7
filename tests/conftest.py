"""Settings of the whole suite."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from runner.experiment import ending
from runner.experiment.experiment import Experiment
from tests.end_to_end.commands import InProcess

# No deadline: a busy machine is not a failure. The same cases every time: a red test is news.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--every N`: of all tests a sample, for what is tried beside the whole suite."""
    parser.addoption("--every", type=int, default=1, metavar="N", help="runs each Nth test alone")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps each Nth test of those that markers and words have left, so of most files some."""
    every = config.getoption("every")
    left_out = [item for place, item in enumerate(items) if place % every]
    config.hook.pytest_deselected(items=left_out)
    items[:] = items[::every]


@pytest.fixture(scope="session", autouse=True)
def pictures_where_asked_for() -> Iterator[None]:
    """In this process `recording.plots=auto` draws nothing: pictures take most of a short run."""

    def draw(experiment: Experiment, *arguments: Any) -> None:
        if experiment.settings.recording.plots:
            ending.draw_plots(experiment, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runner.experiment.running.draw_plots", draw)
        yield


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """It draws what it draws for people."""
    monkeypatch.setattr("runner.experiment.running.draw_plots", ending.draw_plots)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> InProcess:
    """`python -m runner …` in this process, in an empty folder."""
    return InProcess(monkeypatch, capfd, tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the fault injection has tried, in numbers."""
    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "counted" and report.when == "call":
                    counts.update(value)
    if counts:
        terminalreporter.section("faults tried")
        for name, count in sorted(counts.items()):
            terminalreporter.line(f"{count:>9,}  {name}")

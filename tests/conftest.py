"""Settings of the whole suite."""

from collections import Counter

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a failure. The same cases every time: a red test is news.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


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

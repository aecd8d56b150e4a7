"""The report's HTML: content, style and scripts in one file that loads nothing from elsewhere."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from runner.analysis.pages.one_file import own_source, whole_page
from runner.analysis.report.conclusion import ANY_GROUPS, Groups
from runner.analysis.report.content import report_content
from runner.analysis.report.embedded_pictures import Drawing
from runner.analysis.runs import read_runs, tell_left_out
from runner.errors import SnapshotError, counted, printable
from runner.standard_output import forgiving
from runner.storage.files import write_output

source = partial(own_source, __package__)
"""One of the page's source files."""
SOURCES = (
    "runs.js",
    "groups.js",
    "table.js",
    "charts.js",
    "curves.js",
    "parallel.js",
    "brushes.js",
    "panels.js",
    "start.js",
)
"""The page's own scripts, in the order in which they build on each other."""


def write_report(
    paths: Sequence[str],
    output: Path,
    plotly: Callable[[], str],
    groups: Groups = ANY_GROUPS,
    drawing: Drawing | None = None,
) -> None:
    """Writes the report of all runs below the paths that have ended, and says so.

    plotly: gives the source of plotly.js. drawing: which runs get pictures beside those they have.
    Raises SnapshotError where there are no runs, SettingsError for groups that there are not.
    """
    runs = read_runs(paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(paths))}: no run has ended; expected folders with results.csv"
        )
    title = f"Runs in {', '.join(printable(path) for path in paths[:3])}" + ", …" * (len(paths) > 3)
    content = report_content(runs, groups, drawing)
    told = runs.attrs["unreadable"]
    tell_left_out({name: why for name, why in content["unreadable"].items() if name not in told})
    page = report_page(content, title, plotly()).encode()
    write_output(output, page)
    several = counted(len(runs), "run")
    if content["sampled"]:
        several = f"{len(content['paths']):,} of {several}"
    if content["without_pictures"]:
        without = counted(content["without_pictures"], "run")
        print(f"no room for the pictures of {without}", file=forgiving(sys.stderr))
    print(f"{printable(output)}: {several}, {len(page) / 1e6:.1f} MB")


def report_page(content: Mapping[str, Any], title: str, plotly: str) -> str:
    """The whole page.

    plotly: the source of plotly.js. Names from runs reach the page only as JSON without `<`, and
    the page writes them as text; a policy lets no other script run and nothing be loaded.
    """
    own = "\n".join(source(name) for name in SOURCES)
    return whole_page(source("page.html"), title, source("page.css"), content, [plotly, own])

"""The report's HTML: content, style and scripts in one file that loads nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from runner.analysis.report.content import report_content
from runner.analysis.runs import read_runs, tell_left_out
from runner.errors import SnapshotError, counted, printable
from runner.storage.files import write_output

SOURCES = ("runs.js", "table.js", "charts.js", "parallel.js", "brushes.js", "panels.js", "start.js")
"""The page's own scripts, in the order in which they build on each other."""


def write_report(paths: Sequence[str], output: Path, plotly: Callable[[], str]) -> None:
    """Writes the report of all runs below the paths that have ended, and says so.

    plotly: gives the source of plotly.js. Raises SnapshotError where there are no runs.
    """
    runs = read_runs(paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(paths))}: no run has ended; expected folders with results.csv"
        )
    title = f"Runs in {', '.join(printable(path) for path in paths[:3])}" + ", …" * (len(paths) > 3)
    content = report_content(runs)
    told = runs.attrs["unreadable"]
    tell_left_out({name: why for name, why in content["unreadable"].items() if name not in told})
    page = report_page(content, title, plotly()).encode()
    write_output(output, page)
    several = counted(len(runs), "run")
    if content["sampled"]:
        several = f"{len(content['paths']):,} of {several}"
    print(f"{printable(output)}: {several}, {len(page) / 1e6:.1f} MB")


def report_page(content: Mapping[str, Any], title: str, plotly: str) -> str:
    """The whole page.

    plotly: the source of plotly.js. Names from runs reach the page only as JSON without `<`, and
    the page writes them as text; a policy lets no other script run and nothing be loaded.
    """
    scripts = [script_text(plotly), script_text("\n".join(source(name) for name in SOURCES))]
    hashes = " ".join(f"'sha256-{sha256(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": escape(title),
        "style": source("page.css"),
        "content": json_text(content),
        "plotly": scripts[0],
        "script": scripts[1],
    }
    pieces = source("page.html").split("%%")
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def source(name: str) -> str:
    """One of the page's source files."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def script_text(code: str) -> str:
    """JavaScript as it may stand in a page."""
    return "\n" + code.replace("\r\n", "\n").replace("</script", "<\\/script") + "\n"


def json_text(content: object) -> str:
    """JSON as it may stand in a page: without anything that HTML would read."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def sha256(text: str) -> str:
    """The hash of a script, as the page's policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

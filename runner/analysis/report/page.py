"""The report's HTML: content, style and scripts in one file that loads nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

SOURCES = ("runs.js", "table.js", "charts.js", "parallel.js", "brushes.js", "panels.js", "start.js")
"""The page's own scripts, in the order in which they build on each other."""


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

"""A replay's HTML: moments of a training in one file that loads nothing from elsewhere."""

from functools import partial

from runner.analysis.pages.one_file import own_source, whole_page
from runner.analysis.plots.subject import data_name
from runner.analysis.replay.content import replay_content
from runner.analysis.replay.moments import Moments
from runner.errors import printable

source = partial(own_source, __package__)
"""One of the page's source files."""
SOURCES = ("reading.js", "player.js", "net.js", "curve.js", "panels.js", "samples.js", "start.js")
"""The page's own scripts, in the order in which they build on each other."""


def replay_page(moments: Moments) -> str:
    """The whole page."""
    results = moments.results
    named = (str(moments.network.topology), data_name(results), f"seed {results['seed']}")
    title = "  ·  ".join(printable(name) for name in named)
    own = "\n".join(source(name) for name in SOURCES)
    content = replay_content(moments)
    return whole_page(source("page.html"), title, source("page.css"), content, [own])

"""The site of these pages: `sphinx-build -W docs site`."""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))  # for what stands beside this file

from key_tables import keys_of

import runner

project, author = "runner", "the authors of runner"
version = release = runner.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "**/.*"]
html_theme, html_title = "furo", "runner"
html_show_copyright = False
html_copy_source = False
myst_heading_anchors = 3
autodoc_member_order = "bysource"
suppress_warnings = ["config.cache"]


class KeysDirective(SphinxDirective):
    """`{keys} optimizer`: the tables of a group; without a name, of what stands at the top.

    What it holds is for who reads the page without Sphinx: the command that prints them.
    """

    optional_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """What stands there."""
        return self.parse_text_to_nodes(keys_of("".join(self.arguments)))


def setup(app: Sphinx) -> None:
    """Tells Sphinx of it."""
    app.add_directive("keys", KeysDirective)

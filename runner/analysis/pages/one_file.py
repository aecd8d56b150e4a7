"""A page as one file: content, style and scripts, and nothing that is loaded from elsewhere."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from runner.analysis.colours import DARK, LIGHT, Colours

IN_COLOURS = {"light": LIGHT._asdict(), "dark": DARK._asdict()}
OF_STYLE = ("paper", "ink", "faint", "line")
"""Colours that a page's style has as properties, --paper and so on."""


def whole_page(
    template: str, title: str, style: str, content: Mapping[str, Any], scripts: Sequence[str]
) -> str:
    """The page of a template, where `%%name%%` stands for a part.

    style: what the page has beside the look of all. scripts: libraries, which elements.js unpacks,
    and last the page's own.
    Names from runs reach the page only as JSON without `<`, and the page writes them as text; a
    policy lets no other script run and nothing be loaded.
    """
    *libraries, written = scripts
    drawn_in = f"const COLOURS = {json_text(IN_COLOURS)};\n"
    own = script_text(look("elements.js") + drawn_in + written)
    hashes = " ".join(f"'sha256-{sha256(text)}'" for text in (*libraries, own))
    policy = (
        f"default-src 'none'; script-src {hashes}; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": escape(title),
        "style": properties(LIGHT, DARK) + look("look.css") + style,
        "content": json_text(content),
        "scripts": "\n".join([*map(packed_script, libraries), f"<script>{own}</script>"]),
    }
    pieces = template.split("%%")
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def properties(light: Colours, dark: Colours) -> str:
    """The properties of a style that are colours."""
    ways = (":root {%s}", "@media (prefers-color-scheme: dark) {:root {%s}}")
    return "".join(
        way % " ".join(f"--{name}: {getattr(own, name)};" for name in OF_STYLE) + "\n"
        for way, own in zip(ways, (light, dark), strict=True)
    )


def look(name: str) -> str:
    """One of the files that all pages have."""
    return own_source(__package__, name)


def own_source(package: str, name: str) -> str:
    """One of a page's source files."""
    return (files(package) / name).read_text(encoding="utf-8")


def packed_script(code: str) -> str:
    """A library as a page holds it: compressed, and data until elements.js runs it.

    In a third of its room. What runs is its own text, whose hash the policy names.
    """
    packed = base64.b64encode(zlib.compress(code.encode(), 9)).decode()
    return f'<script type="text/plain" class="library">{packed}</script>'


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

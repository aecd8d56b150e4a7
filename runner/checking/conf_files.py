"""Where the runner's own configuration files lie."""

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


@cache
def conf_folder() -> str:
    """The folder of YAML files: inside the package once installed, beside it in a checkout."""
    inside = PACKAGE / "conf"
    return str(inside if inside.is_dir() else PACKAGE.parent / "conf")

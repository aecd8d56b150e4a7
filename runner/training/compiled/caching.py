"""Keeping compiled code on disk, where that can be had."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba


@cache
def cache_folder() -> str | None:
    """A folder for compiled code that can be written to, or None.

    Named by a digest of the kernels' sources: Numba looks at one file only and would go on using
    code compiled from an older version of the others.
    """
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"runner-kernels-{digest.hexdigest()[:16]}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    for place in (home / "runner", Path(tempfile.gettempdir()) / f"runner-{owner}"):
        try:
            folder = place / name
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.stat().st_uid == owner or owner == "user":
                with tempfile.TemporaryFile(dir=folder):
                    return str(folder)
        except OSError:
            continue
    return None


def keep_on_disk(decorator: Callable[..., Callable[..., object]], *arguments, **options):
    """`decorator`, its compiled code kept in `cache_folder()`, or in memory where there is none."""
    folder = cache_folder()
    if folder is None:
        return decorator(*arguments, **options)

    def decorate(function):
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = folder
        try:
            return decorator(*arguments, cache=True, **options)(function)
        finally:
            numba.config.CACHE_DIR = before

    return decorate

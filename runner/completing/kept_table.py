"""The table that completes, kept on disk: making it takes the imports of a run."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).absolute().parents[1]


def table(commands: Mapping[str, str]) -> dict[str, Any]:
    """The table, as it was kept, or made anew where anything that it says may have changed.

    commands: by name their modules.
    """
    kept = kept_table()
    return made_anew(commands) if kept is None else kept


def kept_table() -> dict[str, Any] | None:
    """The one on disk; None where there is none, or it is of another state of the files."""
    try:
        found: dict[str, Any] = json.loads(place().read_text(encoding="utf-8"))
        return found if found["state"] == state(found["conf"]) else None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def made_anew(commands: Mapping[str, str]) -> dict[str, Any]:
    """The table, made and kept where a file can be written."""
    from runner.completing.table import made_table  # noqa: PLC0415 - slow

    found = made_table(commands)
    found["state"] = state(found["conf"])
    with suppress(OSError, RuntimeError):  # the latter where there is no home
        half = place().with_suffix(f".{os.getpid()}")
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(found), encoding="utf-8")
        half.replace(place())
    return found


def place() -> Path:
    """Where it is kept: a file for each installation."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = sha256(f"{PACKAGE} {sys.prefix}".encode()).hexdigest()[:16]
    return caches / "runner" / f"completion-{name}.json"


def state(conf: str) -> str:
    """A digest of names and times of what the table is made of, and of what is installed."""
    digest = sha256()
    for line in (*times(PACKAGE, ".py"), *times(conf, ".yaml"), *installed()):
        digest.update(line.encode("utf-8", "replace"))
    return digest.hexdigest()


def times(folder: str | Path, ending: str) -> Iterator[str]:
    """Of every file below a folder its path, and when it was written."""
    for each in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if each.is_dir() and not each.name.startswith(("__", ".")):
            yield from times(each.path, ending)
        elif each.name.endswith(ending):
            yield f"{each.path} {each.stat().st_mtime_ns}\n"


def installed() -> Iterator[str]:
    """When packages were last installed, which may have brought pieces."""
    for folder in sys.path:
        if folder.endswith("-packages") and Path(folder).is_dir():
            yield f"{folder} {Path(folder).stat().st_mtime_ns}\n"

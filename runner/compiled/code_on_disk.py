"""Keeping machine code on disk, where that can be had."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm

from runner import network
from runner.training import many_states

OWNED = hasattr(os, "getuid")
"""Whether files have owners here."""
FOR_ANOTHER = (
    *("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX"),
    *("NUMBA_OPT", "NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE"),
)
"""What the environment may have Numba compile for instead of this processor, or otherwise."""


class Code(NamedTuple):
    """A compiled function."""

    symbol: str
    """Its name in the object file."""
    content: bytes
    """The object file."""


@cache
def cache_folder() -> str | None:
    """A folder for machine code that can be written to, or None.

    Named by a digest of all that makes the code: the kernels' sources and those with the constants
    that are compiled in, Numba, the processor, and what Numba is told of it by the environment.
    """
    digest = hashlib.sha256()
    here = Path(__file__).parent
    sources = [here / f"{name}.py" for name in ("many_structures", "numba_inside", "structures")]
    sources.append(Path(many_states.__file__))
    for folder in (here / "kernels", Path(network.__file__).parent):
        sources += sorted(folder.rglob("*.py"))
    for source in sources:
        digest.update(source.read_bytes())
    asked = [f"{name}={os.environ[name]}" for name in FOR_ANOTHER if name in os.environ]
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), *asked
    digest.update(" ".join((version("numba"), version("llvmlite"), *processor)).encode())
    name = f"runner-kernels-{digest.hexdigest()[:16]}"
    for place in (in_home, in_temporary):
        try:
            folder = place() / name
            for each in (folder.parent, folder):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            if is_ours_alone(folder.parent) and is_ours_alone(folder):
                with tempfile.TemporaryFile(dir=folder):
                    return str(folder)
        except (OSError, RuntimeError):  # the latter where nobody has a home
            continue
    return None


def in_home() -> Path:
    """Where caches belong. Raises RuntimeError where there is no home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "runner")


def in_temporary() -> Path:
    """For who has no home that can be written to. Raises OSError where there is no such folder."""
    return Path(tempfile.gettempdir(), f"runner-{os.getuid() if OWNED else 'user'}")


def is_ours_alone(folder: Path) -> bool:
    """Whether nobody else can put code there, which would be run."""
    about = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    is_folder = stat.S_ISDIR(about.st_mode)  # and no link to one
    return not OWNED or (is_folder and about.st_uid == os.getuid() and not about.st_mode & others)


def place_of(key: Sequence[str]) -> Path | None:
    """The file of that name; None where nothing can be kept."""
    folder = cache_folder()
    return None if folder is None else Path(folder, "-".join(key))


def kept(key: Sequence[str]) -> Code | None:
    """What is on disk of that name, or None where nothing is, or it is not whole."""
    place = place_of(key)
    if place is None or not place.is_file():  # a pipe or a device would be read without end
        return None
    try:
        written = place.read_bytes()
    except OSError:
        return None
    digest, _, rest = written.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        return None
    symbol, _, content = rest.partition(b"\n")
    return Code(symbol.decode(), content)


def keep(key: Sequence[str], code: Code) -> None:
    """Puts it on disk for other processes, where that can be done."""
    place = place_of(key)
    if place is None:
        return
    rest = b"\n".join((code.symbol.encode(), code.content))
    new = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            new.write_bytes(b"\n".join((hashlib.sha256(rest).hexdigest().encode(), rest)))
            new.replace(place)
        finally:
            new.unlink(missing_ok=True)

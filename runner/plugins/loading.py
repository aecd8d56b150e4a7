"""Modules with pieces of a person's own: imported where the person says so, and nowhere else."""

import re
import sys
import traceback
from collections.abc import Iterable
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

from runner.errors import RunnerError, SettingsError, printable, warn_caller

GROUP = "runner.plugins"
"""The entry points of installed packages that name modules to import."""
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Named(NamedTuple):
    """A module that a person has named, and where this process has found it."""

    module: str
    folder: str
    """Where modules are looked for besides, as the current folder is."""


NAMED: list[Named] = []
"""What has been named, for processes of other launchers."""


VERSIONS: dict[str, str] = {}
"""Of installed packages, by the module that they offer."""


def load_plugins(names: Iterable[str]) -> None:
    """Imports the modules that a person has named, found here or among what is installed.

    Raises SettingsError where one cannot be, or what it registers is not sound.
    """
    for name in names:
        load(Named(name, str(Path.cwd())))


def load(named: Named) -> None:
    """Imports one of them. Raises SettingsError where it cannot be."""
    name = named.module
    if not MODULE.fullmatch(name):
        raise SettingsError(f"--plugin {printable(name)} is no module's name{meant_by(name)}")
    if named.folder not in sys.path:  # behind what is installed: it stands in for nothing
        sys.path.append(named.folder)
    try:
        import_module(name)
    except RunnerError as error:
        raise SettingsError(f"--plugin {name}: {error}") from error
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise SettingsError(f"--plugin {name}: {failed(error)}") from error
        raise SettingsError(
            f"--plugin {name}: there is no module '{error.name}' in this folder or installed"
            f"{meant_by(name)}"
        ) from error
    except (Exception, SystemExit) as error:
        raise SettingsError(f"--plugin {name}: {failed(error)}") from error
    if named not in NAMED:
        NAMED.append(named)


def meant_by(name: str) -> str:
    """Which module may be meant, such as by the name of its file."""
    module = name.removesuffix(".py").replace("/", ".")
    if name.endswith(".py") and MODULE.fullmatch(module):
        return f"; did you mean --plugin {module}?"
    path = Path(name)
    if path.suffix == ".py" and MODULE.fullmatch(path.stem):
        before = f"PYTHONPATH={printable(path.parent)} before the command"
        return f"; one of another folder: {before}, --plugin {path.stem}"
    return "; expected one as in Python's import, my.module"


def failed(error: BaseException) -> str:
    """What went wrong while a module was imported, and in which line of it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" (line {frames[-1].lineno} of {frames[-1].filename})" if frames else ""
    return printable(f"{type(error).__name__}: {error}{place}")


@cache
def load_installed() -> None:
    """Imports what installed packages offer, once a process; warns of what cannot be."""
    for point in metadata.entry_points(group=GROUP):
        if point.dist is not None:
            VERSIONS[point.module.partition(".")[0]] = point.dist.version
        try:
            point.load()
        except (Exception, SystemExit) as error:
            package = "" if point.dist is None else f" of {point.dist.name} {point.dist.version}"
            why = str(error) if isinstance(error, RunnerError) else failed(error)
            warn_caller(f"the plugin {point.value}{package} cannot be loaded: {printable(why)}")

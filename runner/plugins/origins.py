"""Where pieces of a person's own come from, as runs record it."""

import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from runner.checking.tables import Origin, Table
from runner.data.kinds import DATASETS
from runner.errors import SettingsError, printable
from runner.network.activations import ACTIVATIONS
from runner.network.initializers import INITIALIZERS
from runner.network.layers.kinds import LAYERS
from runner.network.losses import LOSSES
from runner.plugins.loading import VERSIONS
from runner.settings import Settings
from runner.training.engine import Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES

TABLES: Mapping[str, Table[Any]] = {
    table.kind: table
    for table in (ACTIVATIONS, DATASETS, INITIALIZERS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES)
}
PLUGINS = "plugins"
"""The entry of run.json that tells of them: by kind and name their modules."""


def origin_of(function: Any) -> Origin:
    """The module of a function, with version and SHA-256 as they are now."""
    module = str(getattr(function, "__module__", None) or "__main__")
    top = module.partition(".")[0]
    version = getattr(sys.modules.get(top), "__version__", VERSIONS.get(top))
    if version is None:
        try:
            version = metadata.version(top)
        except (metadata.PackageNotFoundError, ValueError):
            version = None
    source = source_of(function, module)
    digest = None if source is None else hashlib.sha256(source).hexdigest()
    return Origin(module, None if version is None else str(version), digest)


def source_of(function: Any, module: str) -> bytes | None:
    """A module's file; of one without, as a notebook is, the function's own text."""
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        if file is not None:
            return Path(file).read_bytes()
        return inspect.getsource(function).encode()
    except (OSError, TypeError):
        return None


def used_pieces(settings: Settings, problem: Problem) -> dict[str, dict[str, str | None]]:
    """What a run uses that is a person's own, by kind and name, for run.json."""
    layers = {type(layer) for layer in problem.network.topology.kinds}
    chosen: dict[str, tuple[str, ...]] = {
        "activation": problem.network.activation_names,
        "dataset": (settings.dataset.kind,),
        "initializer": settings.network.initializer.name,
        "layer": tuple(name for name, kind in LAYERS.items() if kind in layers),
        "loss": (problem.loss,),
        "optimizer": (problem.optimizer,),
        "schedule": (problem.schedule.name,),
    }
    return {
        f"{kind} {name}": vars(TABLES[kind].origins[name]).copy()
        for kind, names in chosen.items()
        for name in dict.fromkeys(names)
        if name in TABLES[kind].origins
    }


def recorded(about: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Kind, name and origin of the pieces that a run.json tells of, which nobody vouches for."""
    found = about.get(PLUGINS)
    for what, told in found.items() if isinstance(found, Mapping) else ():
        kind, _, name = str(what).partition(" ")
        if kind in TABLES and isinstance(told, Mapping):
            yield kind, name, {str(key): printable(value)[:100] for key, value in told.items()}


def missing_piece(about: Mapping[str, Any]) -> str | None:
    """What a run needs that nothing here has registered, and where it came from."""
    for kind, name, told in recorded(about):
        if name not in TABLES[kind]:
            module, version = told.get("module", "?"), told.get("version", "None")
            since = "" if version == "None" else f" {version}"
            return (
                f"the {kind} '{printable(name)[:60]}' is not here: it came from the module "
                f"{module}{since}; give --plugin {module}, install its package, or import it in "
                "Python"
            )
    return None


def check_pieces(about: Mapping[str, Any]) -> None:
    """Raises SettingsError where a run needs what nothing here has registered."""
    if (problem := missing_piece(about)) is not None:
        raise SettingsError(problem)


def changed_pieces(about: Mapping[str, Any]) -> list[str]:
    """The pieces of a run whose modules are others than then, as `loss mine of mine 1.0, now …`."""
    found = changed_modules(about).items()
    return [f"{', '.join(pieces)} {change}" for change, pieces in found]


def changed_modules(about: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same, by the change of a module the pieces that are of it; none that is not here."""
    found: dict[str, list[str]] = {}
    for kind, name, told in recorded(about):
        origin = TABLES[kind].origins.get(name)
        now = {} if origin is None else {key: str(value) for key, value in vars(origin).items()}
        if name in TABLES[kind] and now != told:
            then, here = (shown(each) for each in (told, now))
            pieces = found.setdefault(f"of {then}, now {here}", [])
            pieces.append(f"{kind} {printable(name)[:60]}")
    return found


def shown(origin: Mapping[str, str]) -> str:
    """An origin in a few words."""
    version, digest = origin.get("version", "None"), origin.get("sha256", "None")
    words = [origin.get("module", "the runner")]
    words += [version] * (version != "None") + [f"SHA-256 {digest[:12]}…"] * (digest != "None")
    return " ".join(words)

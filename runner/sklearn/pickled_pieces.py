"""Pieces of a person's own, for whoever unpickles an estimator elsewhere."""

import re
from collections.abc import Mapping
from importlib import import_module

from runner.errors import SettingsError
from runner.plugins.origins import TABLES


def modules_of_pieces(params: Mapping[str, object]) -> dict[str, str]:
    """The modules that pieces come from, each with the one that these parameters name, if any.

    All of them: a search over parameters names pieces later, where the estimator has been sent.
    """
    text = " ".join(map(str, params.values()))
    words = {*re.findall(r"[A-Za-z_]\w*", text), *re.findall(r"[A-Za-z]+", text)}
    found: dict[str, str] = {}
    for kind, table in TABLES.items():
        for name, origin in table.origins.items():
            if origin.module != "__main__":  # which nobody can import
                named = f"{kind} '{name}'" if name in words else ""
                found[origin.module] = found.get(origin.module) or named
    return found


def bring_in(modules: Mapping[str, str]) -> None:
    """Imports them. Raises SettingsError for one that is not here and whose piece is named."""
    for module, piece in modules.items():
        try:
            import_module(module)
        except ImportError as error:
            if piece:
                raise SettingsError(
                    f"the {piece} is not here: it came from the module {module}, which cannot be "
                    f"imported ({error}); install it or put it on sys.path"
                ) from error

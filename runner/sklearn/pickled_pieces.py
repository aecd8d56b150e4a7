"""Pieces of a person's own, for whoever unpickles an estimator elsewhere."""

import re
from collections.abc import Mapping
from importlib import import_module

from runner.errors import SettingsError
from runner.plugins.origins import TABLES

ENDS = {"in", "out"}
"""Words of every topology."""


def modules_of_pieces(params: Mapping[str, object]) -> dict[str, str]:
    """The modules that pieces come from, each with the one that these parameters name, if any.

    All of them: a search over parameters names pieces later, where the estimator has been sent.
    """
    text = " ".join(map(str, params.values()))
    words = {*re.findall(r"[A-Za-z_]\w*", text), *re.findall(r"[A-Za-z]+", text)} - ENDS
    found: dict[str, str] = {}
    for kind, table in TABLES.items():
        for name, origin in table.origins.items():
            if origin.module != "__main__":  # which nobody can import
                named = f"{kind} '{name}'" if name in words else ""
                found[origin.module] = found.get(origin.module) or named
    return found


def bring_in(modules: Mapping[str, str]) -> None:
    """Imports those whose pieces are not here.

    Raises SettingsError for one that cannot be imported and whose piece is named.
    """
    here = {origin.module for table in TABLES.values() for origin in table.origins.values()}
    for module, piece in modules.items():
        try:
            if module not in here:
                import_module(module)
        except (Exception, SystemExit) as error:  # of a person's own, which may raise either
            if piece:
                raise SettingsError(
                    f"the {piece} is not here: it came from the module {module}, which cannot be "
                    f"imported ({error}); install it or put it on sys.path"
                ) from error

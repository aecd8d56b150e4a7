"""What only extras of the package bring, and how to get what is missing."""

from importlib import import_module
from types import ModuleType

from runner.errors import SettingsError


def installing(extra: str) -> str:
    """How to get what is missing. The package index has another project of the name runner."""
    return f"in a clone of runner: pip install '.[{extra}]'"


def extra(module: str, name: str) -> ModuleType:
    """A module that an extra of the package brings. Raises SettingsError that says which."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"this needs {error.name}, which is not installed; {installing(name)}"
        ) from error

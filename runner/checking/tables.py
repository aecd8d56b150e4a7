"""Tables of what can be chosen by name, which know where each entry comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runner.checking.conf_files import conf_folder
from runner.errors import SettingsError

T = TypeVar("T")

MEANING = ("auto", "null", "none", "true", "false", "nan", "inf", "yes", "no", "on", "off")
"""What stands for something else in a configuration."""


@dataclass(frozen=True)
class Origin:
    """The module that a piece of a person's own comes from."""

    module: str
    version: str | None
    """That of its package; None where it has none."""
    sha256: str | None
    """Of the module's source; None where that is in no file."""

    def __str__(self) -> str:
        """`waves 1.2`"""
        return self.module if self.version is None else f"{self.module} {self.version}"


class Table(dict[str, T]):
    """Entries by name; those of a person's own with their origin."""

    def __init__(self, kind: str, entries: Mapping[str, T]) -> None:
        """kind: what an entry is, such as `loss`."""
        super().__init__(entries)
        self.kind = kind
        self.origins: dict[str, Origin] = {}

    def register(self, name: str, entry: T, origin: Origin) -> None:
        """Adds an entry of a person's own; of the same module's, in the place of the one before.

        Raises SettingsError for a name that is taken, or is none.
        """
        if not (name.isidentifier() and name.isascii()) or name.lower() in MEANING:
            raise SettingsError(
                f"{origin}: {self.kind} '{name}': expected a name of letters, digits and _, not "
                f"{', '.join(MEANING)}"
            )
        owner = self.origins.get(name)
        shipped = (Path(conf_folder()) / self.kind / f"{name}.yaml").exists()
        if shipped or (name in self and (owner is None or owner.module != origin.module)):
            raise SettingsError(
                f"{origin}: the {self.kind} '{name}' is there already, of "
                f"{owner or 'the runner'}; choose another name"
            )
        self[name] = entry
        self.origins[name] = origin

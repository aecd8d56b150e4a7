"""What the jobs of a sweep have in common: composed once, plain values put into it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from runner.configuration.composing import overrides_text, plain, task_of, unresolved
from runner.configuration.overrides import parsed_override
from runner.configuration.resolvers import RESOLVERS
from runner.configuration.yaml_writing import Form

Keys = tuple[str, ...]
"""The keys on the way to a value."""


WHEN_ASKED = "${hydra_override_dirname:}"
"""What Hydra 1.4 has for a folder's name."""


@dataclass
class Base:
    """What jobs have in common that differ in plain values only."""

    written: dict[str, Any]
    """The task's values, references to others as they are written."""
    config: Form
    """The same as YAML."""
    about: Form
    """Hydra's own part, as YAML."""
    hydra: dict[str, Any]
    """The same."""
    naming: Mapping[str, Any]
    """How Hydra makes a folder's name from overrides."""
    references: tuple[Keys, ...]
    """The values that refer to others."""
    by_hydra: bool
    """Whether only Hydra can tell what jobs' values are."""
    _resolved: dict[str, dict[Keys, object]] = field(default_factory=dict)

    def is_leaf(self, keys: Keys) -> bool:
        """Whether these lead to a plain value."""
        inner: Any = self.written
        for key in keys:
            if not isinstance(inner, dict) or key not in inner:
                return False
            inner = inner[key]
        return not isinstance(inner, dict | list)

    def refers_to(self, keys: Keys) -> bool:
        """Whether other values may follow from the one that these lead to."""
        return feeds(keys, tuple(str(at(self.written, each)) for each in self.references))

    def plain(self, overrides: Sequence[str]) -> dict[Keys, object]:
        """The plain values that overrides give to keys that are there."""
        parsed = [parsed_override(text) for text in overrides]
        found = {keys_of(each): each.value() for each in parsed if is_plain(each)}
        return {keys: value for keys, value in found.items() if self.is_leaf(keys)}

    def values(self, changed: Mapping[Keys, object]) -> dict[str, Any]:
        """The task's values with these, references resolved.

        Raises SettingsError for those that cannot be.
        """
        written = replaced(self.written, changed)
        references = [keys for keys in self.references if keys not in changed]
        if not references:
            return written
        texts = tuple(str(at(self.written, keys)) for keys in references)
        fed = repr([(k, v) for k, v in changed.items() if feeds(k, texts)] + references)
        if fed not in self._resolved:
            values = plain(OmegaConf.create(written))
            self._resolved[fed] = {keys: at(values, keys) for keys in references}
        return replaced(written, self._resolved[fed])

    def documents(
        self, changed: Mapping[Keys, object], overrides: Sequence[str], number: int, folder: Path
    ) -> dict[str, str]:
        """What is kept of a job beside its run, by file name."""
        own: dict[Keys, object] = {
            ("hydra", "job", "id"): str(number),
            ("hydra", "job", "num"): number,
            **self._named(overrides),
            ("hydra", "overrides", "task"): list(overrides),
            ("hydra", "runtime", "output_dir"): str(folder),
        }
        return {
            ".hydra/config.yaml": self.config.text(changed),
            ".hydra/hydra.yaml": self.about.text(own),
            ".hydra/overrides.yaml": overrides_text(overrides),
        }

    def _named(self, overrides: Sequence[str]) -> dict[Keys, object]:
        """What Hydra makes of overrides for a folder's name, where it does so unasked."""
        if self.hydra["hydra"]["job"]["override_dirname"] == WHEN_ASKED:
            return {}
        return {("hydra", "job", "override_dirname"): override_dirname(overrides, self.naming)}


def base_of(config: DictConfig) -> Base:
    """What the jobs have in common that are made of this configuration."""
    written = unresolved(task_of(config))
    about = unresolved(numbered(OmegaConf.masked_copy(config, ["hydra"]), 0, "/"))
    return base_from(written, about)


def base_from(written: dict[str, Any], about: dict[str, Any]) -> Base:
    """The same from its parts as they are kept."""
    found = [(keys, value) for keys, value in leaves(written) if isinstance(value, str)]
    references = tuple(keys for keys, value in found if "${" in value)
    # Only mappings are filled in: a list's elements are for Hydra.
    by_hydra = any(isinstance(key, int) for keys in references for key in keys) or any(
        value == "???" or not RESOLVERS.keys() >= set(re.findall(r"\$\{\s*([^{}:]*?)\s*:", value))
        for _, value in found
    )
    naming = about["hydra"]["job"]["config"]["override_dirname"]
    return Base(written, Form(written), Form(about), about, naming, references, by_hydra)


def override_dirname(overrides: Sequence[str], naming: Mapping[str, Any]) -> str:
    """What Hydra makes of overrides for a folder's name."""
    excluded = naming["exclude_keys"]
    named = [text for text in overrides if parsed_override(text).key_or_group not in excluded]
    return str(naming["item_sep"].join(sorted(named)).replace("=", naming["kv_sep"]))


def numbered(config: DictConfig, number: int, folder: str) -> DictConfig:
    """The same configuration, which now says which job's it is."""
    with open_dict(config), read_write(config.hydra.job), read_write(config.hydra.runtime):
        config.hydra.job.id, config.hydra.job.num = str(number), number
        config.hydra.runtime.output_dir = folder
    return config


def is_plain(override: Override) -> bool:
    """Whether this gives a key that exists a plain value, whatever else is composed."""
    value = override.value()
    if override.package is not None or override.type != OverrideType.CHANGE:
        return False
    if isinstance(value, str):
        return "${" not in value and value != "???"
    return value is None or isinstance(value, bool | int | float)


def keys_of(override: Override) -> Keys:
    """The keys on the way to what it gives a value."""
    return tuple(override.key_or_group.split("."))


@lru_cache(maxsize=1024)
def feeds(keys: Keys, texts: tuple[str, ...]) -> bool:
    """Whether a reference in the texts may be to a value at `keys`, or to what holds it."""
    computed = r"\$\{\s*[.$]|[.[]\s*\$\{"  # relative, or a name from a value
    return any(re.search(computed, text) or any(key in text for key in keys) for text in texts)


def leaves(value: object, keys: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], object]]:
    """The plain values in nested mappings and lists, each with the keys that lead to it."""
    inner: Any = value
    if isinstance(value, dict | list):
        for key, below in inner.items() if isinstance(value, dict) else enumerate(inner):
            yield from leaves(below, (*keys, key))
    else:
        yield keys, value


def at(values: Mapping[str, Any], keys: Keys) -> Any:
    """The value that these keys lead to."""
    inner: Any = values
    for key in keys:
        inner = inner[key]
    return inner


def replaced(values: dict[str, Any], changed: Mapping[Keys, object]) -> dict[str, Any]:
    """`values` with some replaced; what is not on their way is shared."""
    result = dict(values)
    copied: set[Keys] = set()
    for keys, value in changed.items():
        inner = result
        for depth, key in enumerate(keys[:-1], start=1):
            if keys[:depth] not in copied:
                inner[key] = dict(inner[key])
                copied.add(keys[:depth])
            inner = inner[key]
        inner[keys[-1]] = value
    return result

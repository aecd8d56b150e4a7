"""A composed configuration into which many jobs' own values are put, without composing again."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from runner.configuration.documents import Path, Template
from runner.settings import Settings, parse_again, parse_settings

NUMBERED: tuple[Path, ...] = (
    ("hydra", "job", "id"),
    ("hydra", "job", "num"),
    ("hydra", "job", "override_dirname"),
    ("hydra", "overrides", "task"),
    ("hydra", "runtime", "output_dir"),
)
"""What differs between the `hydra.yaml` of jobs that were composed alike."""


RESOLVERS = {"times", "held_out", "watching"}
"""Those whose results follow from a job's own values, not from Hydra's, the clock or chance."""


@dataclass
class Base:
    """What jobs have in common that differ in plain values only."""

    task: DictConfig
    values: dict[str, Any]
    """Of the task; references to other values as they are written."""
    texts: tuple[str, str, dict[str, Any]]
    """`config.yaml` and `hydra.yaml`, and what the latter was written from."""
    naming: Mapping[str, Any]
    """How Hydra makes a folder's name from overrides."""
    references: tuple[Path, ...] | None
    """The values that refer to others; None where only Hydra can tell what jobs' values are."""
    forms: dict[tuple[Path, ...], "Form"] = field(default_factory=dict)

    def form(self, changed: tuple[Path, ...]) -> "Form":
        """What jobs share in which these values are replaced."""
        if changed not in self.forms:
            self.forms[changed] = Form(self, changed)
        return self.forms[changed]

    def leaf(self, path: Path) -> bool:
        """Whether `path` leads to a plain value."""
        inner: Any = self.values
        for key in path:
            if not isinstance(inner, dict) or key not in inner:
                return False
            inner = inner[key]
        return not isinstance(inner, dict | list)


class Form:
    """A base in which some values are to be filled in."""

    def __init__(self, base: Base, changed: tuple[Path, ...]) -> None:
        config, about, about_values = base.texts
        self.config = Template(config, base.values, changed)
        self.about = Template(about, about_values, NUMBERED)
        self._base = base
        self._references = [path for path in base.references or () if path not in changed]
        self._task = copy.deepcopy(base.task) if self._references else base.task
        texts = [str(value) for _, value in leaves(base.values) if "${" in str(value)]
        self._feeding = [path for path in changed if any(feeds(path, text) for text in texts)]
        self._sections = sorted({path[0] for path in changed})
        self._resolved: dict[str, dict[str, Any]] = {}
        self._parsed: dict[str, tuple[dict[str, str], Settings]] = {}

    def filled(self, changed: Mapping[Path, object]) -> dict[str, Any]:
        """The task's values with these, references resolved.

        Raises what OmegaConf raises for those that cannot be.
        """
        fed = self._fed(changed)
        if fed not in self._resolved:
            for path in self._feeding:
                above(self._task, path)[path[-1]] = changed[path]
            found = {path: self._value(path) for path in self._references}
            self._resolved[fed] = with_values(self._base.values, found)
        return with_values(self._resolved[fed], changed)

    def settings(self, changed: Mapping[Path, object], values: dict[str, Any]) -> Settings | None:
        """Those of the values that `changed` was filled in, or None for a branch: its parent's.

        Raises SettingsError for values that are unsound.
        """
        if values.get("from") is not None:
            return None
        fed, written = self._fed(changed), {name: repr(values[name]) for name in self._sections}
        if fed not in self._parsed:
            self._parsed[fed] = written, parse_settings(values)
        before, settings = self._parsed[fed]
        differing = [name for name in written if written[name] != before[name]]
        return parse_again(settings, values, differing)

    def _fed(self, changed: Mapping[Path, object]) -> str:
        """What the values that refer to others depend on."""
        return repr([changed[path] for path in self._feeding])

    def _value(self, path: Path) -> object:
        value = above(self._task, path)[path[-1]]
        if isinstance(value, DictConfig | ListConfig):
            return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
        return value


def references(values: Mapping[str, Any]) -> tuple[Path, ...] | None:
    """Where `values` refer to others; None where one is missing or only Hydra can resolve it."""
    found = []
    for path, value in leaves(values):
        text = value if isinstance(value, str) else ""
        if text == "???" or not RESOLVERS.issuperset(re.findall(r"\$\{\s*([^{}:]*?)\s*:", text)):
            return None
        if "${" in text:
            found.append(path)
    # Only mappings are filled in: a list's elements are for Hydra.
    return None if any(isinstance(key, int) for path in found for key in path) else tuple(found)


def feeds(path: Path, text: str) -> bool:
    """Whether a reference may be to a value at `path`, or to what holds it."""
    computed = re.search(r"\$\{\s*[.$]|[.[]\s*\$\{", text)  # relative, or a name from a value
    return computed is not None or any(key in text for key in path)


def leaves(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], object]]:
    """The plain values in nested mappings and lists, each with the keys that lead to it."""
    inner: Any = value
    if isinstance(value, dict | list):
        for key, below in inner.items() if isinstance(value, dict) else enumerate(inner):
            yield from leaves(below, (*path, key))
    else:
        yield path, value


def above(config: DictConfig, path: Path) -> DictConfig:
    """The mapping that holds the value at `path`."""
    inner: Any = config
    for key in path[:-1]:
        inner = inner[key]
    mapping: DictConfig = inner
    return mapping


def with_values(values: dict[str, Any], changed: Mapping[Path, object]) -> dict[str, Any]:
    """`values` with some replaced; what is not on their way is shared."""
    result = dict(values)
    copied: set[Path] = set()
    for path, value in changed.items():
        inner = result
        for depth, key in enumerate(path[:-1], start=1):
            if path[:depth] not in copied:
                inner[key] = dict(inner[key])
                copied.add(path[:depth])
            inner = inner[key]
        inner[path[-1]] = value
    return result

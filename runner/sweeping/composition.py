"""A job's configuration: each distinct choice of groups composed once, plain values put into it."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict, read_write

from runner.settings import Settings, parse_again, parse_settings
from runner.sweeping.documents import Path, Template, list_text

NUMBERED: tuple[Path, ...] = (
    ("hydra", "job", "id"),
    ("hydra", "job", "num"),
    ("hydra", "job", "override_dirname"),
    ("hydra", "overrides", "task"),
    ("hydra", "runtime", "output_dir"),
)
"""What differs between the `hydra.yaml` of jobs that were composed alike."""


WHOLE_NUMBER = re.compile(r"([a-z_]+(?:\.[a-z_]+)*)=(-?[1-9]\d{0,17}|0)", re.ASCII)
"""Overrides that need no grammar: most of a large sweep's, such as seeds."""

RESOLVERS = {"times"}
"""Those whose results follow from a job's own values, not from Hydra's, the clock or chance."""


class Composition(NamedTuple):
    """A job, composed."""

    values: dict[str, Any]
    documents: dict[str, str]
    """What Hydra keeps of a job, by file name."""
    settings: Callable[[], Settings | None]
    """Gives those of the values, as `Form.settings` does."""


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


class Composer:
    """Composes the jobs of a sweep as Hydra does, without doing the same work twice."""

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        assert isinstance(loader, ConfigLoaderImpl)
        self._loader = loader
        self._master = master
        self._bases: dict[tuple[str, ...], Base] = {}
        self._groups: dict[str, bool] = {}

    def checked(self, overrides: Sequence[str]) -> tuple[dict[str, Any], Settings | None] | None:
        """The task's configuration and settings, or None where only Hydra itself can compose it.

        Raises SettingsError for values that are unsound, and as `compose` does.
        """
        base, changed = self._divide(overrides)
        if base.references is None:
            return None
        form = base.form(tuple(changed))
        values = form.filled(changed)
        return values, form.settings(changed, values)

    def compose(self, overrides: Sequence[str], number: int, folder: str) -> Composition | None:
        """The job with these overrides, or None where only Hydra itself can compose it.

        Raises what Hydra raises for overrides that cannot be applied.
        """
        base, changed = self._divide(overrides)
        if base.references is None:
            return None
        parsed = [parsed_override(text) for text in overrides]
        dirname: str = get_overrides_dirname(
            overrides=parsed,
            kv_sep=base.naming["kv_sep"],
            item_sep=base.naming["item_sep"],
            exclude_keys=base.naming["exclude_keys"],
        )
        numbered = (str(number), number, dirname, list(overrides), folder)
        form = base.form(tuple(changed))
        documents = {
            ".hydra/config.yaml": form.config.text(changed),
            ".hydra/hydra.yaml": form.about.text(dict(zip(NUMBERED, numbered, strict=True))),
            ".hydra/overrides.yaml": list_text(list(overrides)),
        }
        values = form.filled(changed)
        return Composition(values, documents, partial(form.settings, changed, values))

    def _divide(self, overrides: Sequence[str]) -> tuple[Base, dict[Path, object]]:
        """What Hydra composes, and the plain values to put into that."""
        parsed = [parsed_override(text) for text in overrides]
        plain = {
            index: tuple(override.key_or_group.split("."))
            for index, override in enumerate(parsed)
            if self._is_plain(override)
        }
        others = [
            tuple(override.key_or_group.split("."))
            for index, override in enumerate(parsed)
            if index not in plain
        ]
        plain = {index: path for index, path in plain.items() if not touches(path, others)}
        while True:
            base = self._base(tuple(t for i, t in enumerate(overrides) if i not in plain))
            unknown = [index for index, path in plain.items() if not base.leaf(path)]
            if not unknown:
                return base, {path: parsed[index].value() for index, path in plain.items()}
            plain = {index: path for index, path in plain.items() if index not in unknown}

    def _is_plain(self, override: Override) -> bool:
        """Whether this gives a key that exists a plain value, whatever else is composed."""
        value = override.value()
        if override.package is not None or override.type != OverrideType.CHANGE:
            return False
        if isinstance(value, str):
            if "${" in value or value == "???":
                return False
        elif value is not None and not isinstance(value, bool | int | float):
            return False
        return not self._is_group(override.key_or_group)

    def _is_group(self, name: str) -> bool:
        if name not in self._groups:
            self._groups[name] = self._loader.repository.group_exists(name)
        return self._groups[name]

    def _base(self, overrides: tuple[str, ...]) -> Base:
        if overrides not in self._bases:
            self._bases[overrides] = self._composed(overrides)
        return self._bases[overrides]

    def _composed(self, overrides: tuple[str, ...]) -> Base:
        config = job_config(self._loader, self._master, overrides, 0, "/")
        about = OmegaConf.masked_copy(config, ["hydra"])
        task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        values, hydra_values = plain_values(task), plain_values(about)
        return Base(
            task,
            values,
            (OmegaConf.to_yaml(task), OmegaConf.to_yaml(about), hydra_values),
            hydra_values["hydra"]["job"]["config"]["override_dirname"],
            references(values),
        )


def job_config(
    loader: ConfigLoader,
    master: DictConfig,
    overrides: Sequence[str],
    number: int,
    folder: str,
) -> DictConfig:
    """A job's whole configuration, composed by Hydra."""
    config: DictConfig = loader.load_sweep_config(master, list(overrides))
    with open_dict(config), read_write(config.hydra.runtime):
        config.hydra.job.id, config.hydra.job.num = str(number), number
        config.hydra.runtime.output_dir = folder
    return config


@lru_cache(maxsize=65536)
def parsed_override(text: str) -> Override:
    """An override as Hydra's grammar reads it, which takes milliseconds."""
    if (whole := WHOLE_NUMBER.fullmatch(text)) is not None:
        key, digits = whole.groups()
        return Override(
            OverrideType.CHANGE,
            key_or_group=key,
            value_type=ValueType.ELEMENT,
            _value=int(digits),
            input_line=text,
        )
    return override_parser().parse_override(text)


@cache
def override_parser() -> OverridesParser:
    """Hydra's parser of overrides."""
    return OverridesParser.create()


def plain_values(config: DictConfig) -> dict[str, Any]:
    """A configuration as dictionaries, as it stands; what is written of it."""
    values: Any = OmegaConf.to_container(config, enum_to_str=True)
    return dict(values)


def touches(path: Path, others: Sequence[Path]) -> bool:
    """Whether one of the others is the same key, or lies above or below it."""
    return any(path[: len(o)] == o[: len(path)] for o in others)


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

"""The jobs of a sweep: each distinct choice of groups composed once, plain values put into it."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.utils import run_job
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from runner.configuration.composing import documents, overrides_text, plain, task_of, unresolved
from runner.configuration.hydra_inside import BASIC_SWEEPER, CheckedLoader
from runner.configuration.overrides import number_given, parsed_override, swept_values
from runner.configuration.resolvers import RESOLVERS
from runner.configuration.trust import GRID_SWEEPER
from runner.configuration.yaml_writing import Form

T = TypeVar("T")
Keys = tuple[str, ...]
"""The keys on the way to a value."""


class JobComposer:
    """Composes the jobs of a sweep as Hydra does, without doing the same work twice."""

    def __init__(
        self, loader: CheckedLoader, master: DictConfig, context: HydraContext | None = None
    ) -> None:
        """master: the sweep's own configuration. context: what Hydra surrounds a job with."""
        self._loader, self._master, self._context = loader, master, context
        texts: Any = OmegaConf.to_container(master.hydra.overrides.task)  # unresolved
        params = master.hydra.sweeper.get("params") or {}
        self.texts = [*(f"{key}={values}" for key, values in params.items()), *texts]
        """What the sweep is told, by a preset's own sweep and on the command line."""
        said = [parsed_override(text) for text in texts]
        self._said = [
            (keys_of(each), each.input_line) for each in said if not each.is_sweep_override()
        ]
        self._bases: dict[tuple[str, ...] | None, Base] = {}
        self._divided: tuple[list[str], tuple[Base, dict[Keys, object]]] | None = None
        self._alike: dict[tuple[object, ...], tuple[Base, dict[int, Keys]]] = {}
        self._surrounded = asks_for_hydra(master.hydra)
        self.is_search = master.hydra.sweeper._target_ not in (GRID_SWEEPER, BASIC_SWEEPER)
        """Whether the sweeper learns from some jobs which others to launch."""

    @property
    def folder(self) -> Path:
        """The sweep's."""
        return Path(self._master.hydra.sweep.dir).absolute()

    def value(self, key: str) -> Any:
        """What the sweep's own configuration has at a key such as `recording.on_sigusr1`."""
        return OmegaConf.select(self._master, key)

    def section(self, name: str) -> Any:
        """A section of it as a mapping, or what stands in its place."""
        section = self._master[name]
        return OmegaConf.to_container(section) if isinstance(section, DictConfig) else section

    def sweep_of(self, overrides: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a sweep with these overrides is like: its `sweep` section, and the values it brings.

        Raises what Hydra raises for overrides that cannot be applied.
        """
        config = self._alone(overrides)
        sweeper: Any = OmegaConf.to_container(config.hydra.sweeper)
        return unresolved(config.sweep), sweeper.get("params") or {}

    @property
    def document(self) -> str:
        """multirun.yaml, as Hydra's own sweepers write it."""
        return OmegaConf.to_yaml(self._master)

    def divide(self, overrides: Sequence[str]) -> "tuple[Base, dict[Keys, object]]":
        """What a job has in common with others, and the plain values that it has of its own.

        Raises what Hydra raises for overrides that cannot be applied.
        """
        return self._divide(overrides)

    def values(self, overrides: Sequence[str]) -> dict[str, Any]:
        """A job's configuration.

        Raises what Hydra raises for overrides that cannot be applied, and SettingsError.
        """
        base, changed = self._divide(overrides)
        if base.by_hydra:
            return plain(task_of(self._composed(overrides, 0, "")))
        return base.values(changed)

    def documents(self, overrides: Sequence[str], number: int, folder: Path) -> dict[str, str]:
        """What is kept of a job beside its run, by file name."""
        base, changed = self._divide(overrides)
        return base.documents(changed, overrides, number, folder)

    def needs_hydra(self, overrides: Sequence[str]) -> bool:
        """Whether a job is to be surrounded by what only Hydra does: folders, variables, logs."""
        return self._surrounded or self._divide(overrides)[0].by_hydra

    def surrounded(
        self,
        overrides: Sequence[str],
        number: int,
        folder: Path,
        task: Callable[[DictConfig, dict[str, str]], T],
    ) -> T:
        """Does a job's task, with its configuration and documents, within what Hydra does."""
        assert self._context is not None  # what asks for it is refused without
        returned = run_job(
            lambda config: task(config, documents(config)),
            self._composed(overrides, number, str(folder)),
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=self._context,
        )
        ended: T = returned.return_value
        return ended

    def swept(self, texts: Sequence[str], own: Sequence[str] = ()) -> dict[str, list[str]]:
        """By name the values that these overrides give to each key, as `swept_values` says."""
        return swept_values(texts, own, self._loader)

    def _alone(self, overrides: Sequence[str]) -> DictConfig:
        """What a sweep of this folder with these overrides would have as its own configuration."""
        return self._loader.load_sweep_config(self._master, list(overrides))

    def _composed(self, overrides: Sequence[str], number: int, folder: str) -> DictConfig:
        """A job's whole configuration, composed by Hydra."""
        return numbered(self._alone(overrides), number, folder)

    def _divide(self, overrides: Sequence[str]) -> "tuple[Base, dict[Keys, object]]":
        """What Hydra composes, and the plain values to put into that."""
        if self._divided is None or self._divided[0] != overrides:  # asked several times a job
            self._divided = list(overrides), self._divide_anew(overrides)
        return self._divided[1]

    def _divide_anew(self, overrides: Sequence[str]) -> "tuple[Base, dict[Keys, object]]":
        """What jobs have in common that give numbers to the same keys is found once."""
        numbers = [number_given(text) for text in overrides]
        pattern = tuple(
            text if number is None else number[:1]
            for text, number in zip(overrides, numbers, strict=True)
        )
        base, places = self._alike.get(pattern) or self._places(overrides)
        if all(index in places for index, number in enumerate(numbers) if number is not None):
            self._alike[pattern] = base, places  # else what is composed depends on a number
        changed: dict[Keys, object] = {}
        for index, keys in places.items():
            number = numbers[index]
            value = parsed_override(overrides[index]).value() if number is None else number[1]
            changed[keys] = value
        return base, changed

    def _places(self, overrides: Sequence[str]) -> "tuple[Base, dict[int, Keys]]":
        """What Hydra composes of some, and to which keys the others give plain values."""
        parsed = [parsed_override(text) for text in overrides]
        plain = {
            index: keys_of(override)
            for index, override in enumerate(parsed)
            if is_plain(override) and not self._loader.decides(override.key_or_group)
        }
        others = [keys_of(override) for index, override in enumerate(parsed) if index not in plain]
        plain = {index: keys for index, keys in plain.items() if not touches(keys, others)}
        while True:
            rest = tuple(text for index, text in enumerate(overrides) if index not in plain)
            base = self._base(rest, set(plain.values()))
            unknown = [index for index, keys in plain.items() if not base.is_leaf(keys)]
            if not unknown:
                return base, plain
            plain = {index: keys for index, keys in plain.items() if index not in unknown}

    def _base(self, overrides: tuple[str, ...], given: Collection[Keys]) -> "Base":
        """What Hydra composes of these: the sweep's own, where only what is `given` differs."""
        left = tuple(text for keys, text in self._said if keys not in given)
        key = None if left == overrides else overrides
        if key not in self._bases:
            config = self._master if key is None else self._alone(key)
            self._bases[key] = base_of(config)
        return self._bases[key]


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
            ("hydra", "job", "override_dirname"): override_dirname(overrides, self.naming),
            ("hydra", "overrides", "task"): list(overrides),
            ("hydra", "runtime", "output_dir"): str(folder),
        }
        return {
            ".hydra/config.yaml": self.config.text(changed),
            ".hydra/hydra.yaml": self.about.text(own),
            ".hydra/overrides.yaml": overrides_text(overrides),
        }


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


def asks_for_hydra(about: DictConfig) -> bool:
    """Whether jobs are to have what only Hydra makes: folders, variables, logs, callbacks."""
    job = about.job
    asked = job.chdir or job.env_set or about.output_subdir or about.verbose
    return bool(asked) or set(about.callbacks or {}) != {"sweep_folder"}


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


def touches(keys: Keys, others: Sequence[Keys]) -> bool:
    """Whether one of the others is the same key, or lies above or below it."""
    return any(keys[: len(o)] == o[: len(keys)] for o in others)


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

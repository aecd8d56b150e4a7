"""A job's configuration: each distinct choice of groups composed once, plain values put into it."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from runner.configuration.documents import Path, list_text
from runner.configuration.forms import NUMBERED, Base, references
from runner.settings import Settings

WHOLE_NUMBER = re.compile(r"([a-z_]+(?:\.[a-z_]+)*)=(-?[1-9]\d{0,17}|0)", re.ASCII)
"""Overrides that need no grammar: most of a large sweep's, such as seeds."""


class Composition(NamedTuple):
    """A job, composed."""

    values: dict[str, Any]
    documents: dict[str, str]
    """What Hydra keeps of a job, by file name."""
    settings: Callable[[], Settings | None]
    """Gives those of the values, as `Form.settings` does."""


class Composer:
    """Composes the jobs of a sweep as Hydra does, without doing the same work twice."""

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        assert isinstance(loader, ConfigLoaderImpl)
        self._loader = loader
        self._master = master
        texts: Any = OmegaConf.to_container(master.hydra.overrides.task)
        said = [parsed_override(text) for text in texts]
        self._said = [
            (path_of(each), each.input_line) for each in said if not each.is_sweep_override()
        ]
        self._bases: dict[tuple[str, ...] | None, Base] = {}
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
            index: path_of(override)
            for index, override in enumerate(parsed)
            if self._is_plain(override)
        }
        others = [path_of(override) for index, override in enumerate(parsed) if index not in plain]
        plain = {index: path for index, path in plain.items() if not touches(path, others)}
        while True:
            rest = tuple(text for index, text in enumerate(overrides) if index not in plain)
            base = self._base(rest, set(plain.values()))
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

    def _base(self, overrides: tuple[str, ...], replaced: Collection[Path]) -> Base:
        """What Hydra composes of these: the sweep's own, where only what is replaced differs."""
        left = tuple(text for path, text in self._said if path not in replaced)
        key = None if left == overrides else overrides
        if key not in self._bases:
            config = self._master
            if key is not None:
                config = self._loader.load_sweep_config(self._master, list(key))
            self._bases[key] = base_of(config)
        return self._bases[key]


def base_of(config: DictConfig) -> Base:
    """What the jobs have in common that are made of this configuration."""
    about = numbered(OmegaConf.masked_copy(config, ["hydra"]), 0, "/")
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
    return numbered(loader.load_sweep_config(master, list(overrides)), number, folder)


def numbered(config: DictConfig, number: int, folder: str) -> DictConfig:
    """The same configuration, which now says which job's it is."""
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


def path_of(override: Override) -> Path:
    """The keys on the way to what it gives a value."""
    return tuple(override.key_or_group.split("."))


def touches(path: Path, others: Sequence[Path]) -> bool:
    """Whether one of the others is the same key, or lies above or below it."""
    return any(path[: len(o)] == o[: len(path)] for o in others)

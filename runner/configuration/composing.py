"""From overrides and the YAML under `conf/` to plain values; Hydra ends here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.checking.conf_files import conf_folder
from runner.configuration.checked_loader import loader_of
from runner.configuration.hydra_errors import explaining
from runner.configuration.hydra_inside import Checks, patched, set_checks
from runner.configuration.own_choices import store_choices
from runner.configuration.resolvers import register_resolvers
from runner.configuration.trust import check_hydra
from runner.configuration.yaml_checks import check_loaded, check_yaml
from runner.configuration.yaml_writing import yaml_text
from runner.errors import SettingsError
from runner.plugins.loading import load_installed

set_checks(Checks(check_yaml, check_loaded, check_hydra))  # here, for launchers' processes too


@cache
def groups() -> frozenset[str]:
    """What takes the name of a choice: `dataset`, `optimizer`, …"""
    return frozenset(place.name for place in Path(conf_folder()).iterdir() if place.is_dir())


@contextmanager
def prepared_hydra() -> Iterator[None]:
    """While entered, what Hydra reads is checked; with the resolvers that `conf/` uses."""
    load_installed()
    with patched(Path(conf_folder()), register):
        yield


def register() -> None:
    """Makes known to Hydra what is no file under `conf/`."""
    register_resolvers()
    store_choices()


def compose(overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration that these command-line overrides give, as plain dictionaries.

    Raises SettingsError, in one line, when they give none.
    """
    with prepared_hydra():
        return plain(task_of(loaded(overrides)))


def loaded(overrides: Sequence[str], mode: RunMode = RunMode.RUN) -> DictConfig:
    """What Hydra composes while prepared, with its part. Raises SettingsError where it cannot."""
    given = [*overrides, f"hydra.mode={mode.name}"]  # as Hydra does it
    with explaining():
        return loader_of(conf_folder()).load_configuration("config", given, mode)


def task_of(config: DictConfig) -> DictConfig:
    """A composed configuration without Hydra's own part."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def plain(config: DictConfig) -> dict[str, Any]:
    """The configuration as dictionaries, interpolations resolved.

    Raises SettingsError when a value is missing or cannot be resolved.
    """
    with explaining():
        values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    if not isinstance(values, dict):
        raise SettingsError("the configuration is not a mapping; expected key: value lines")
    return {str(key): value for key, value in values.items()}


def unresolved(config: DictConfig) -> dict[str, Any]:
    """The configuration as dictionaries, as it stands; what is written of it."""
    values = OmegaConf.to_container(config, enum_to_str=True)
    return {str(k): v for k, v in values.items()} if isinstance(values, dict) else {}


def documents(task: DictConfig, about: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What is kept of a run or job, by the names that Hydra gives.

    about: Hydra's own part; by default that of what Hydra runs at the moment.
    """
    hydra = unresolved(OmegaConf.create({"hydra": HydraConfig.get() if about is None else about}))
    return {
        ".hydra/config.yaml": yaml_text(unresolved(task)),
        ".hydra/hydra.yaml": yaml_text(hydra),
        ".hydra/overrides.yaml": overrides_text(hydra["hydra"]["overrides"]["task"]),
    }


def overrides_text(overrides: Sequence[str]) -> str:
    """overrides.yaml: a list, empty where nothing was said."""
    return yaml_text(list(overrides)) or "[]\n"

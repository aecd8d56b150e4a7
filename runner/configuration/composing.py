"""From overrides and the YAML under `conf/` to plain values; Hydra ends here."""

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from runner.configuration.documents import yaml_text
from runner.configuration.hydra_errors import COMPOSING_ERRORS, explained
from runner.configuration.hydra_internals import Checks, loader_of, prepare_loading
from runner.configuration.trust import check_hydra
from runner.configuration.yaml_files import check_loaded, check_yaml
from runner.errors import SettingsError
from runner.training.metrics import VALIDATION

PACKAGE = Path(__file__).resolve().parents[1]


class Composed(NamedTuple):
    """A run's configuration as plain values, and where it is to be recorded."""

    values: dict[str, Any]
    documents: dict[str, str]
    """What is kept of it beside the run, by file name."""
    folder: Path


@cache
def conf_folder() -> str:
    """The folder of YAML files: inside the package once installed, beside it in a checkout."""
    inside = PACKAGE / "conf"
    return str(inside if inside.is_dir() else PACKAGE.parent / "conf")


def prepare_hydra() -> None:
    """Checks what Hydra reads, and adds the resolvers that the YAML under `conf/` uses.

    `${unique:}` is ten letters and digits, to keep runs apart; `${times:a,b}` a product to six
    digits; `${held_out:validation,folds,a,b}` a where there is a validation part, else b;
    `${watching:metric,a,b}` a where the metric is measured on that part, else b.
    """
    prepare_loading(Path(conf_folder()), Checks(check_yaml, check_loaded, check_hydra))
    OmegaConf.register_new_resolver(
        "unique", lambda: secrets.token_hex(5), use_cache=True, replace=True
    )
    OmegaConf.register_new_resolver("times", lambda a, b: float(f"{a * b:.6g}"), replace=True)
    OmegaConf.register_new_resolver("held_out", held_out, replace=True)
    OmegaConf.register_new_resolver("watching", watching, replace=True)


def held_out(validation: object, folds: object, there: object, otherwise: object) -> object:
    """`there` where samples are held out to validate with, else `otherwise`."""
    return otherwise if validation is None and folds is None else there


def watching(metric: object, there: object, otherwise: object) -> object:
    """`there` where the metric is measured on held-out samples, else `otherwise`."""
    return there if str(metric).startswith(VALIDATION) else otherwise


def compose(overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration that these command-line overrides give, as plain dictionaries.

    Raises SettingsError, in one line, when they give none.
    """
    return plain(task_of(loaded(overrides)))


def composed(overrides: Sequence[str]) -> Composed:
    """A single run with these overrides, as the command line composes it.

    Raises SettingsError as `compose` does.
    """
    config = loaded(overrides)
    try:
        with open_dict(config), read_write(config.hydra.runtime):
            config.hydra.mode = RunMode.RUN
            folder = Path(OmegaConf.select(config, "hydra.run.dir")).absolute()
            config.hydra.runtime.output_dir = str(folder)
    except COMPOSING_ERRORS as error:
        raise explained(error) from error
    task = task_of(config)
    return Composed(plain(task), documents(task, config.hydra), folder)


def loaded(overrides: Sequence[str], mode: RunMode = RunMode.RUN) -> DictConfig:
    """What Hydra composes, its own part with it. Raises SettingsError when it composes nothing."""
    prepare_hydra()
    given = [f"hydra.mode={mode.name}", *overrides] if mode is RunMode.MULTIRUN else overrides
    try:
        return loader_of(conf_folder()).load_configuration("config", list(given), mode)
    except COMPOSING_ERRORS as error:
        raise explained(error) from error


def task_of(config: DictConfig) -> DictConfig:
    """A composed configuration without Hydra's own part."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def plain(config: DictConfig) -> dict[str, Any]:
    """The configuration as dictionaries, interpolations resolved.

    Raises SettingsError when a value is missing or cannot be resolved.
    """
    try:
        values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except COMPOSING_ERRORS as error:
        raise explained(error) from error
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

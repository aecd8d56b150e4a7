"""How to sweep, refused where nothing would read it."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.checking.rules import shown
from runner.errors import SettingsError

OWN = ("sweep.repeats", "sweep.zip", "sweep.jobs", "sweep.plan")
"""The options that only the runner's own sweeper reads; they are no part of a job."""
OF_POOL = ("sweep.workers", "sweep.fail_fast")
"""Those that only its own launcher reads."""


def check_in_single_run(config: DictConfig) -> None:
    """Raises SettingsError where a single run is told how to sweep."""
    for override in said(config):
        if name_of(override).partition(".")[0] == "sweep":
            raise SettingsError(
                f"{shown(override)} would change nothing of a single run; "
                "add -m, which makes it a sweep"
            )


def check_in_sweep(config: DictConfig) -> None:
    """Raises SettingsError where sweeper or launcher are not those that read them."""
    readers = (
        ("sweeper", "GridSweeper", "grid", OWN),
        ("launcher", "PoolLauncher", "pool", OF_POOL),
    )
    for kind, plugin, name, options in readers:
        if config.hydra[kind]._target_ == f"runner.sweeping.plugins.{plugin}":
            continue
        for override in said(config):
            if name_of(override) in options:
                chosen = config.hydra.runtime.choices[f"hydra/{kind}"]
                raise SettingsError(
                    f"{shown(override)} is for hydra/{kind}={name}; "
                    f"hydra/{kind}={chosen} would not read it"
                )


def said(config: DictConfig) -> list[str]:
    """What the command line says, unresolved, as it is typed."""
    texts: Any = OmegaConf.to_container(config.hydra.overrides.task)
    return [str(text) for text in texts]


def name_of(override: str) -> str:
    """The key of an override as it is typed."""
    return override.partition("=")[0].lstrip("+~")

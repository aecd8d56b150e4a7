"""How to sweep, refused where nothing would read it."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.checking.rules import shown
from runner.configuration.overrides import name_of
from runner.configuration.trust import GRID_SWEEPER, POOL_LAUNCHER
from runner.errors import SettingsError
from runner.settings import WHICH_JOBS
from runner.training.metrics import metric_in

OWN_FOLDER = "${hydra.job.num}"
"""Where a job of a sweep lies in it."""
OF_POOL = ("sweep.workers", "sweep.fail_fast")
"""Those that only its own launcher reads."""
OF_OTHERS = "sweep.slices"
"""What only other launchers read."""


def check_in_single_run(config: DictConfig) -> None:
    """Raises SettingsError where a single run is told how to sweep."""
    for override in said(config):
        if name_of(override).partition(".")[0] == "sweep":
            raise SettingsError(
                f"{shown(override)} would change nothing of a single run; "
                "add -m, which makes it a sweep"
            )


def check_in_sweep(config: DictConfig) -> None:
    """Raises SettingsError where sweeper or launcher would not read an option, or search amiss."""
    readers = (
        ("sweeper", GRID_SWEEPER, "grid", WHICH_JOBS),
        ("launcher", POOL_LAUNCHER, "pool", OF_POOL),
    )
    for kind, plugin, name, options in readers:
        if config.hydra[kind]._target_ == plugin:
            continue
        for override in said(config):
            if name_of(override) in options:
                chosen = config.hydra.runtime.choices[f"hydra/{kind}"]
                raise SettingsError(
                    f"{shown(override)} is for hydra/{kind}={name}; "
                    f"hydra/{kind}={chosen} would not read it"
                )
    for override in said(config):
        if name_of(override) == OF_OTHERS and config.hydra.launcher._target_ == POOL_LAUNCHER:
            raise SettingsError(
                f"{shown(override)} is for other launchers; hydra/launcher=pool would not read it"
            )
    check_halving(config)
    values: Any = OmegaConf.to_container(config.hydra.sweep)
    subdir = values["subdir"]
    if subdir != OWN_FOLDER:
        raise SettingsError(
            f"hydra.sweep.subdir={shown(subdir)} would give a job another folder than its "
            "number's; give hydra.sweep.dir, and leave that as it is"
        )


def check_halving(config: DictConfig) -> None:
    """Raises SettingsError where jobs cannot be ranked on their way."""
    if OmegaConf.select(config, "sweep.halving.first") is None:
        if any(name_of(override) == "sweep.halving.factor" for override in said(config)):
            raise SettingsError(
                "sweep.halving.factor would not be read without sweep.halving.first, the epochs to "
                "the first rung; give both"
            )
        return
    if config.hydra.sweeper._target_ != GRID_SWEEPER:
        chosen = config.hydra.runtime.choices["hydra/sweeper"]
        raise SettingsError(
            f"sweep.halving.first={config.sweep.halving.first} is for hydra/sweeper=grid: "
            f"hydra/sweeper={chosen} waits for each job's end and has no pruner; leave one out"
        )
    objective = config.sweep.objective
    if objective is not None and metric_in(str(objective)) is None:
        raise SettingsError(
            f"sweep.objective={shown(objective)}: sweep.halving ranks jobs by a metric; "
            "expected e.g. val_loss, accuracy, or null for that of stopping.metric"
        )


def said(config: DictConfig) -> list[str]:
    """What the command line says, unresolved, as it is typed."""
    texts: Any = OmegaConf.to_container(config.hydra.overrides.task)
    return [str(text) for text in texts]

"""From swept values to the overrides of each job."""

import math
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf

from runner.checking.rules import refuse
from runner.errors import SettingsError


def sweep_grid(
    loader: ConfigLoader, config: DictConfig, launcher: Launcher, texts: Sequence[str]
) -> Sequence[JobReturn]:
    """Launches all combinations of the values that `texts` give to their keys.

    Raises SettingsError when there are more than `sweep.max_jobs`.
    """
    axes = axes_of(OverridesParser.create(config_loader=loader).parse_overrides(list(texts)))
    refuse_too_many(axes, config.sweep.max_jobs)
    jobs = [list(job) for job in product(*axes.values())]
    folder = Path(config.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(config, folder / "multirun.yaml")
    return launcher.launch(jobs, initial_job_idx=0)


def axes_of(overrides: Sequence[Override]) -> dict[str, list[str]]:
    """Of each key its overrides, one a value; a key's last word counts, in its first's place."""
    axes: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if override.is_discrete_sweep():
            values = islice(override.sweep_string_iterator(), 10**7)
            axes[key] = [f"{key}={value}" for value in values]
        elif override.is_sweep_override():
            raise refuse(
                key,
                override.get_value_string(),
                "is a range without steps",
                "expected values, e.g. 0.1,1,10 or range(1,11); hydra/sweeper=optuna takes ranges",
            )
        else:
            axes[key] = [f"{key}={override.get_value_element_as_str()}"]
    return axes


def refuse_too_many(axes: dict[str, list[str]], most: Any) -> None:
    """Refuses a grid of more jobs than `most`, before any is started."""
    jobs = math.prod(len(values) for values in axes.values())
    if jobs > most:
        raise SettingsError(
            f"the sweep has {jobs:,} jobs, sweep.max_jobs={most} at most; "
            "sweep over fewer values, or raise sweep.max_jobs"
        )

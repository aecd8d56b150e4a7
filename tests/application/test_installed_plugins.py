"""Launchers and sweepers of Hydra's own plugins: their configurations, and what is missing."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.plugins import Plugins

from runner.application.installed_plugins import EXTRAS
from runner.configuration.composing import conf_folder
from tests.end_to_end.commands import InProcess

CONF = Path(conf_folder()) / "hydra"
CHOICES = {
    "launcher/joblib": ("hydra_joblib_launcher", "JobLibLauncherConf"),
    "launcher/ray": ("hydra_ray_launcher", "RayLauncherConf"),
    "launcher/submitit_local": ("hydra_submitit_launcher", "LocalQueueConf"),
    "launcher/submitit_slurm": ("hydra_submitit_launcher", "SlurmQueueConf"),
    "sweeper/optuna": ("hydra_optuna_sweeper", "OptunaSweeperConf"),
    "sweeper/sampler/tpe": ("hydra_optuna_sweeper", "TPESamplerConfig"),
}
"""Our files: the plugin and its own configuration."""


@pytest.mark.parametrize("choice", CHOICES)
def test_a_file_has_the_keys_of_the_plugins_own_configuration(choice: str) -> None:
    package, name = CHOICES[choice]
    place = "_config" if package == "hydra_ray_launcher" else "config"
    module = pytest.importorskip(f"hydra_plugins.{package}.{place}")
    theirs = getattr(module, name)
    ours = yaml.safe_load((CONF / f"{choice}.yaml").read_text())
    expected = {field.name for field in fields(theirs)} - {"sampler"}  # a group of its own
    assert ours.keys() == expected
    assert ours["_target_"] == theirs._target_


def plugin_of(choice: str) -> Any:
    return yaml.safe_load((CONF / f"{choice}.yaml").read_text())["_target_"]


@pytest.mark.parametrize("choice", [name for name in CHOICES if "sampler" not in name])
def test_a_plugin_that_is_missing_is_named_with_what_to_install(
    choice: str, run: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, name = choice.split("/")
    known = Plugins.instance().class_name_to_class
    monkeypatch.delitem(known, plugin_of(choice), raising=False)
    ended = run("-m", f"hydra/{kind}={name}", "seed=1,2")
    assert ended.code == 2
    assert ended.err == (
        f"error: hydra/{kind}={name} needs what is not installed; "
        f"in a clone of runner: pip install '.[{EXTRAS[CHOICES[choice][0]]}]'\n"
    )
    assert list(run.cwd.iterdir()) == []

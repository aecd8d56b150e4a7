"""Launchers and sweepers of Hydra's own plugins: their configurations, and what is missing."""

from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from runner.application import installed_plugins
from runner.application.installed_plugins import CHANGED, EXTRAS, check_release
from runner.checking.conf_files import conf_folder
from runner.configuration.composing import loaded, prepared_hydra
from runner.errors import SettingsError
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
def test_a_choice_has_the_keys_of_the_plugins_own_configuration(choice: str) -> None:
    package, name = CHOICES[choice]
    place = "_config" if package == "hydra_ray_launcher" else "config"
    theirs = getattr(pytest.importorskip(f"hydra_plugins.{package}.{place}"), name)
    group, _, chosen = f"hydra/{choice}".rpartition("/")
    said = {"hydra/sweeper": "optuna", group: chosen}  # which has the samplers
    with prepared_hydra():
        config = loaded([f"{key}={value}" for key, value in said.items()])
    found = OmegaConf.select(config, group.replace("/", "."))
    assert set(found) == {field.name for field in fields(theirs)} - {"defaults"}
    assert found._target_ == theirs._target_


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


VERSIONS = {("1.4.0rc3", "1.3.0"): True, ("1.4.0", "1.4.0rc3"): False, ("1.3.8", "1.3.0"): False}
"""Of Hydra and of its Optuna sweeper, and whether these do not go together."""


@pytest.mark.parametrize("versions", VERSIONS)
def test_a_sweeper_from_before_hydras_release_is_told_with_a_way_out(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = dict(zip(("hydra-core", "hydra_optuna_sweeper"), versions, strict=True))
    monkeypatch.setattr(installed_plugins, "version", installed.__getitem__)
    said = (
        r"sweeper=optuna: hydra-optuna-sweeper 1\.3\.0 is installed, and Hydra 1\.4\.0rc3 expects"
    )
    with pytest.raises(SettingsError, match=said) if VERSIONS[versions] else nullcontext():
        check_release("hydra/sweeper=optuna", *next(iter(CHANGED.items())))

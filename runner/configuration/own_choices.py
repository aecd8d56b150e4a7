"""Choices of groups that are a person's own, beside the files under `conf/`."""

from pathlib import Path

from hydra.core.config_store import ConfigStore

from runner.errors import SettingsError
from runner.plugins.choices import CHOICES


def store_choices(conf: Path) -> None:
    """Makes Hydra know them. Raises SettingsError for one that has the name of a file.

    conf: the folder of the runner's own.
    """
    for (group, name), choice in CHOICES.items():
        if (conf / group / f"{name}.yaml").exists():
            raise SettingsError(
                f"the {group} '{name}' of a plugin: there is one of the runner's; choose another "
                "name"
            )
        ConfigStore.instance().store(
            name, dict(choice.values), group, choice.package or group, provider="plugin"
        )

"""Choices of groups that are a person's own, beside the files under `conf/`."""

from hydra.core.config_store import ConfigStore

from runner.plugins.choices import CHOICES


def store_choices() -> None:
    """Makes Hydra know them, where no file of that name comes first."""
    for (group, name), choice in CHOICES.items():
        ConfigStore.instance().store(
            name, dict(choice.values), group, choice.package or group, provider="plugin"
        )

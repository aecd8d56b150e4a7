"""Launchers and sweepers that are installed beside the runner, and what to install for each."""

from pathlib import Path

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig

from runner.errors import SettingsError, installing, printable

EXTRAS = {
    "hydra_joblib_launcher": "joblib",
    "hydra_optuna_sweeper": "optuna",
    "hydra_ray_launcher": "ray",
    "hydra_submitit_launcher": "slurm",
}
"""By package of a plugin, the extra that brings it."""


def check_installed(config: DictConfig) -> None:
    """Raises SettingsError where the launcher or sweeper asked for is not installed."""
    for kind in ("launcher", "sweeper"):
        target = config.hydra[kind]._target_
        extra = EXTRAS.get(package_of(target))
        if extra is not None and target not in Plugins.instance().class_name_to_class:
            choice = printable(config.hydra.runtime.choices[f"hydra/{kind}"])
            raise SettingsError(
                f"hydra/{kind}={choice} needs what is not installed; {installing(extra)}"
            )


def package_of(target: str) -> str:
    """`ray` of `hydra_plugins.ray.launcher.Launcher`."""
    return target.split(".")[1] if target.startswith("hydra_plugins.") else ""


def prefer_files(conf: Path) -> None:
    """Lets the files of `conf` stand for plugins' own configurations of the same names.

    With both, Hydra would take the plugin's for a schema of the file's and warn, or refuse.
    """
    Plugins.instance()  # finds them
    for path in (conf / "hydra").rglob("*.yaml"):
        group = ConfigStore.instance().repo
        for name in path.relative_to(conf).parent.parts:
            group = group.get(name, {})
        group.pop(path.name, None)

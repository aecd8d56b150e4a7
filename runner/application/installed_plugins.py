"""Launchers and sweepers that are installed beside the runner, and what to install for each."""

from hydra.core.plugins import Plugins
from omegaconf import DictConfig

from runner.checking.extras import installing
from runner.errors import SettingsError, printable

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

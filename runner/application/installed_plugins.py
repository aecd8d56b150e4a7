"""Launchers and sweepers that are installed beside the runner, and what to install for each."""

import re
from importlib.metadata import PackageNotFoundError, version

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
CHANGED = {"hydra_optuna_sweeper": (1, 4)}
"""By package, the release of Hydra that only its own of that release or a later one goes with.

Hydra 1.4 hands a sweeper its sampler as a configuration, which 1.3's takes for the sampler itself.
"""


def check_installed(config: DictConfig) -> None:
    """Raises SettingsError where the launcher or sweeper asked for is not installed, or too old."""
    for kind in ("launcher", "sweeper"):
        target = config.hydra[kind]._target_
        package = package_of(target)
        choice = f"hydra/{kind}={printable(config.hydra.runtime.choices[f'hydra/{kind}'])}"
        extra = EXTRAS.get(package)
        if extra is not None and target not in Plugins.instance().class_name_to_class:
            raise SettingsError(f"{choice} needs what is not installed; {installing(extra)}")
        if package in CHANGED:
            check_release(choice, package, CHANGED[package])


def check_release(choice: str, package: str, since: tuple[int, int]) -> None:
    """Raises SettingsError where a package of before a release is with a Hydra from it on."""
    try:
        ours, hydras = version(package), version("hydra-core")
    except PackageNotFoundError:  # brought in otherwise
        return
    if release_of(ours) < since <= release_of(hydras):
        name, line = package.replace("_", "-"), ".".join(map(str, since))
        raise SettingsError(
            f"{choice}: {name} {ours} is installed, and Hydra {hydras} expects one from {line} on; "
            f"pip install '{name}>={line}.0rc3', or 'hydra-core<{line}' for the one that is there"
        )


def release_of(text: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def package_of(target: str) -> str:
    """`ray` of `hydra_plugins.ray.launcher.Launcher`."""
    return target.split(".")[1] if target.startswith("hydra_plugins.") else ""

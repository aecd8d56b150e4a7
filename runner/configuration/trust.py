"""What configuration files may not ask of Hydra: import, run, or write outside this folder.

Hydra calls whatever a `_target_` names, Python's logging whatever a `()` or `class` does, and
launchers hand shell commands on. A preset from somebody else may hold any of these. What is known
passes; what a person may well want passes from the command line, which is the person's own word.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.checking.rules import refuse, shown
from runner.errors import SettingsError

TARGETS = (
    "hydra._internal.core_plugins.",
    "hydra_plugins.",
    "optuna.samplers.",
    "runner.sweeping.",
)
"""Where the classes come from that Hydra may make."""
LOGGING = {
    "()": ("colorlog.ColoredFormatter",),
    "class": ("logging.FileHandler", "logging.NullHandler", "logging.StreamHandler"),
    "filename": ("${hydra.runtime.output_dir}/${hydra.job.name}.log",),
    "stream": ("ext://sys.stdout", "ext://sys.stderr"),
}
"""What the keys of logging that import, run or write may hold: what Hydra's own choices do."""
ASKED_FOR = (
    "_temp_dir",  # where Ray writes
    "additional_parameters",  # options of sbatch
    "address",  # of a Ray cluster, which is handed the code and the data
    "custom_search_space",  # a function that Optuna's sweeper imports
    "env_set",
    "runtime_env",  # packages and folders that Ray's workers import
    "setup",  # shell commands of a Slurm job
    "storage",  # the database that Optuna's sweeper writes
    "submitit_folder",
    "temp_folder",  # where joblib writes
)
"""Keys of launchers and sweepers that reach further than a run; given on the command line only."""
HARMLESS = (None, "${hydra.sweep.dir}/.submitit/%j")
"""What those keys may hold nevertheless."""
FOLDERS = ("run.dir", "sweep.dir")
NAMES = ("job.name", "output_subdir", "sweep.subdir")
"""What Hydra appends to a folder: of a file's choice, plain names below it."""
JOB_NUMBER = "${hydra.job.num}"
"""What such a name may hold, besides: it is not known yet."""


def check_hydra(config: DictConfig, overrides: list[str]) -> None:
    """Refuses what Hydra would import or run, and folders outside this one that a file chose."""
    said = {override.lstrip("+").partition("=")[0] for override in overrides}

    def asked_for(key: str) -> bool:
        return any(
            key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.") for name in said
        )

    written = list(leaves(OmegaConf.to_container(config.hydra), "hydra"))
    for key, value in written:
        check_leaf(key, value, asked_for)
    for name in FOLDERS:
        key = f"hydra.{name}"
        if not asked_for(key) and outside(folder := resolved(config, key)):
            raise refuse(
                key,
                folder,
                "comes from a file and lies outside the current folder",
                f"give it on the command line: {key}=…",
            )
    for name in NAMES:
        key = f"hydra.{name}"
        if not asked_for(key) and climbs(text := dict(written).get(key)):
            raise refuse(
                key,
                text,
                "comes from a file and may lie outside the run's folder",
                f"give it on the command line: {key}=…",
            )


def check_leaf(key: str, value: object, asked_for: Callable[[str], bool]) -> None:
    """Refuses one value below `hydra`. Interpolations are none of what is known, so they fail."""
    *above, name = key.split(".")
    if name == "_target_" and not str(value).startswith(TARGETS):
        raise refuse(key, value, "would run code", f"expected a class of {' '.join(TARGETS)}")
    if any(place in ("job_logging", "hydra_logging") for place in above):
        check_logging(key, name, value)
    named = [place for place in (*above, name) if place in ASKED_FOR]
    if named and value not in HARMLESS and not asked_for(key):
        raise refuse(
            key,
            value,
            "comes from a file and reaches further than a run",
            f"give it on the command line: {key}=…",
        )


def check_logging(key: str, name: str, value: object) -> None:
    """Refuses a value of logging that is not in its table, or a text that logging would import."""
    text = str(value)
    known = LOGGING.get(name)
    if (text not in known) if known else ("://" in text or "${" in text):
        expected = f"one of {' '.join(known)}" if known else "a plain text"
        raise refuse(key, value, "would run code or write outside the run", f"expected {expected}")


def leaves(values: object, prefix: str) -> Iterator[tuple[str, object]]:
    """Every value below, with its key; of lists, the items under the list's key."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from leaves(value, f"{prefix}.{name}")
    elif isinstance(values, list):
        for value in values:
            yield from leaves(value, prefix)
    else:
        yield prefix, values


def resolved(config: DictConfig, key: str) -> Any:
    """The value, or None where it cannot be told yet."""
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None


def climbs(text: object) -> bool:
    """Whether a name may lead out of the folder that it is appended to."""
    path = str(text or ".").replace(JOB_NUMBER, "0")
    return "${" in path or Path(path).is_absolute() or ".." in Path(path).parts


def outside(folder: object) -> bool:
    """Whether a path leaves the current folder; links in it are the person's own."""
    here = Path.cwd()
    # abspath takes `..` away by name and follows no link, which resolve() would.
    return not Path(os.path.abspath(here / str(folder or "."))).is_relative_to(here)  # noqa: PTH100


def check_search_path(config: DictConfig, name: str) -> None:
    """Refuses modules in a file's hydra.searchpath, which Hydra would import to look for YAML."""
    for place in resolved(config, "hydra.searchpath") or ():
        if not str(place).startswith("file://") and "://" in str(place):
            raise SettingsError(
                f"{name}: hydra.searchpath: {shown(place)} would import a module; "
                "expected folders, file://…"
            )

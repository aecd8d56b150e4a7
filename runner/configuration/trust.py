"""What configuration files may not ask of Hydra: import, run, or write outside this folder.

Hydra calls whatever a `_target_` names, Python's logging whatever a `()` or `class` does, and
launchers hand shell commands on. A preset from somebody else may hold any of these. What is known
passes, by its whole name and in its own place: a module's names are also those that it imports.
What a person may well want passes from the command line, which is the person's own word.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.checking.rules import refuse, shown
from runner.configuration.hydra_inside import BASIC_LAUNCHER, BASIC_SWEEPER
from runner.configuration.resolvers import RESOLVERS
from runner.errors import SettingsError

GRID_SWEEPER = "runner.application.plugins.GridSweeper"
POOL_LAUNCHER = "runner.application.plugins.PoolLauncher"
PLUGINS = "hydra_plugins.hydra_"
TARGETS: dict[str, tuple[str, ...]] = {
    "hydra.callbacks.sweep_folder": ("runner.application.folder_guard.FolderGuard",),
    "hydra.launcher": (
        POOL_LAUNCHER,
        BASIC_LAUNCHER,
        f"{PLUGINS}joblib_launcher.joblib_launcher.JoblibLauncher",
        f"{PLUGINS}ray_launcher.ray_launcher.RayLauncher",
        f"{PLUGINS}submitit_launcher.submitit_launcher.LocalLauncher",
        f"{PLUGINS}submitit_launcher.submitit_launcher.SlurmLauncher",
    ),
    "hydra.sweeper": (
        GRID_SWEEPER,
        BASIC_SWEEPER,
        f"{PLUGINS}optuna_sweeper.optuna_sweeper.OptunaSweeper",
    ),
    "hydra.sweeper.sampler": (
        *(
            f"optuna.samplers.{name}Sampler"
            for name in ("CmaEs", "GP", "Grid", "MOTPE", "NSGAII", "QMC", "Random", "TPE")
        ),
        f"{PLUGINS}optuna_sweeper._impl.create_nsgaii_sampler",  # as of 1.4
        f"{PLUGINS}optuna_sweeper._impl.create_nsgaiii_sampler",
        f"{PLUGINS}optuna_sweeper.config.raise_motpe_removed",
    ),
}
"""The classes that Hydra may make, by where."""
MADE = ("callbacks", "launcher", "sweeper")
"""The sections of Hydra's of which it makes objects."""
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
    "env_copy",  # shows a variable of the environment
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
KNOWN = (*RESOLVERS, "hydra", "now", "oc.select")
"""What files may compute with: nothing that reads the environment, or makes of a text what would.
`oc.create` and `oc.dict` do: they read a text that was computed, or a key, as an interpolation.
`unique`, which names folders, is below `hydra` only."""
TYPED = ("hydra.overrides.", "hydra.job.override_dirname")
"""Where Hydra itself keeps what has been typed."""
INTERPOLATION = re.compile(r"\$\{\s*(?P<name>[^:{}]*?)\s*(?P<end>[:{}]|$)")


def allowed(overrides: Sequence[str]) -> list[str]:
    """What Hydra may make or call: of what files name, what passes below; and what was typed."""
    pairs = (text.partition("=") for text in overrides)
    typed = [value.strip("'\"") for key, _, value in pairs if key.endswith("custom_search_space")]
    known = [name for names in TARGETS.values() for name in names]
    return [*known, *LOGGING["()"], *LOGGING["class"], f"{PLUGINS.partition('.')[0]}.*", *typed]


def check_hydra(config: DictConfig, overrides: list[str]) -> None:
    """Refuses what Hydra would import or run, and folders outside this one that a file chose."""
    said = {override.lstrip("+").partition("=")[0] for override in overrides}

    def asked_for(key: str) -> bool:
        return any(
            key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.") for name in said
        )

    copied = copied_variables(config, asked_for)
    written = [
        (key, value)
        for key, value in leaves(OmegaConf.to_container(config.hydra), "hydra")
        if key not in copied
    ]
    for key, value in written:
        check_leaf(key, value, asked_for)
        if key.startswith("hydra.overrides.") and value not in overrides:
            raise refuse(key, value, "comes from a file", "expected only what has been typed")
    for key, value in parts(config):
        if not asked_for(key):
            raise refuse(key, value, "stands for another part of a file", "expected a plain value")
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
    if not asked_for("from") and (run := resolved(config, "from")) is not None:
        raise refuse("from", run, "comes from a file", "give it on the command line: from=…")
    check_values(config, said)
    check_guard(config)


def check_guard(config: DictConfig) -> None:
    """Refuses to do without what sees to it that a folder is nobody else's, or to change it."""
    if list(config) == ["hydra"]:  # Hydra's own help, without a configuration of anybody's
        return
    key = "hydra.callbacks.sweep_folder"
    there = resolved(config, key)
    if there != {"_target_": TARGETS[key][0]}:
        raise refuse(key, there, "is not the runner's own", f"expected _target_: {TARGETS[key][0]}")


def copied_variables(config: DictConfig, asked_for: Callable[[str], bool]) -> set[str]:
    """The keys that Hydra has filled with variables of the environment.

    Raises SettingsError, which shows none of them, where nobody has asked for that.
    """
    names = resolved(config, key := "hydra.job.env_copy") or ()
    for name in names:
        check_leaf(key, name, asked_for)
    return {f"hydra.job.env_set.{name}" for name in names}


def check_values(config: DictConfig, said: Set[str]) -> None:
    """Refuses interpolations of a file's that would read the environment, and have it recorded."""
    for key, value in leaves(OmegaConf.to_container(config), ""):
        if key in said or key.startswith(TYPED) or "$" not in str(value):
            continue
        # What is swept becomes overrides, whose grammar has escapes of its own.
        if "hydra.sweeper.params." in key:
            raise refuse(key, value, "is computed", "expected plain values; give it with -m")
        for found in INTERPOLATION.finditer(str(value)):
            name, end = found["name"], found["end"]
            known = name in KNOWN or (name == "unique" and key.startswith("hydra."))
            if end == "{" or (end == ":" and not known):
                problem = (
                    "comes from a file and could read the environment, which would be recorded"
                )
                raise refuse(key, value, problem, f"give it on the command line: {key}=…")


def check_leaf(key: str, value: object, asked_for: Callable[[str], bool]) -> None:
    """Refuses one value below `hydra`. Interpolations are none of what is known, so they fail."""
    *above, name = key.split(".")
    place, target, below = key.partition("._target_")
    plugin = str(value).startswith("hydra_plugins.") and asked_for(key)
    if target and (below or value not in TARGETS.get(place, ())) and not plugin:
        known = " ".join(TARGETS.get(place, ("no _target_ there",)))
        raise refuse(key, value, "would run code", f"expected {known}")
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
            yield from leaves(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(values, list):
        for value in values:
            yield from leaves(value, prefix)
    else:
        yield prefix, values


def parts(config: DictConfig) -> Iterator[tuple[str, str]]:
    """The interpolations below `hydra` that bring in more than a value, or may when it is made."""
    for path, text in interpolations(OmegaConf.to_container(config.hydra), ("hydra",)):
        node: Any = config
        try:
            for name in path:
                node = node[name]
        except OmegaConfBaseException:  # not known yet
            if path[1] not in MADE:
                continue
        else:
            if not isinstance(node, Container):
                continue
        yield ".".join(map(str, path)), text


def interpolations(
    values: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is nothing but an interpolation, below, and where."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from interpolations(value, (*path, name))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from interpolations(value, (*path, index))
    elif isinstance(values, str) and values.lstrip().startswith("${"):
        yield path, values


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

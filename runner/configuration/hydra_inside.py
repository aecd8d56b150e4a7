"""What we use of Hydra's inside, for it offers no other way; seen with 1.3.7 and 1.3.8.

- `SourcesRegistry` and `FileConfigSource`: a YAML file is to be looked at before it is loaded.
- `ConfigLoaderImpl`, put in its own place in `hydra._internal.hydra`: what is composed is to be
  looked at before Hydra imports or makes anything that it names. Composing twice is spared as well,
  and `_compose_config_from_defaults_list` gives what a branch's overrides are applied to.
- `Callbacks`: what a launcher of another package is set up with.
- `create_config_search_path`: composing in Python without Hydra's global state.
- `get_args_parser` of `hydra.main`: Hydra's own gives a help text that is no text, which Python
  3.14 does not take.
- `Plugins.is_in_toplevel_plugins_module` and `.instantiate_launcher`: plugins of ours that need no
  package of the name `hydra_plugins`, and other packages' launchers in what surrounds our own.
- `VersionBase`: to leave it as it was.
- `ConfigStore.repo`: our YAML instead of a plugin's own, which Hydra would take for its schema.
"""

import argparse
import copy
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import hydra._internal.hydra as hydra_itself
import yaml
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins import file_config_source
from hydra._internal.sources_registry import SourcesRegistry
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.config_source import ConfigResult
from hydra.plugins.launcher import Launcher
from hydra.plugins.plugin import Plugin
from hydra.types import HydraContext, RunMode, TaskFunction
from hydra.version import VersionBase, setbase
from omegaconf import DictConfig, OmegaConf

from runner.configuration.branches import FROM, Branch, branch_of
from runner.configuration.omegaconf_inside import OWN, QUICK, own_resolvers, substituted
from runner.errors import SettingsError

NO_CALLBACKS = Callbacks()
"""For a launcher whose tasks are none of Hydra's jobs."""
CORE_PLUGINS = "hydra._internal.core_plugins"
BASIC_LAUNCHER = f"{CORE_PLUGINS}.basic_launcher.BasicLauncher"
BASIC_SWEEPER = f"{CORE_PLUGINS}.basic_sweeper.BasicSweeper"
MODES: tuple[list[str], ...] = ([], ["hydra.mode=RUN"], ["hydra.mode=MULTIRUN"])
"""What Hydra adds to the overrides once it knows the mode."""


class Checks(NamedTuple):
    """What looks at all that Hydra loads, and raises SettingsError for what may not be."""

    file: Callable[[Path], None]
    """A YAML file before it is loaded."""
    loaded: Callable[[Any, Mapping[str, str | None], str, Path], None]
    """A file's content, its `# @` lines, its name among the choices, and where it lies."""
    composed: Callable[[DictConfig, list[str]], None]
    """A composed configuration and its overrides."""


_checks: list[Checks] = []


def set_checks(checks: Checks) -> None:
    """Says what looks at all that is loaded from now on, in this process."""
    _checks[:] = [checks]


class FileConfigSource(file_config_source.FileConfigSource):
    """Hydra's reader of configuration folders, each file checked first.

    It has Hydra's class name because Hydra takes one class a name and keeps the first.
    """

    def load_config(self, config_path: str) -> ConfigResult:
        """The file's content. Raises SettingsError when it is not a sound mapping."""
        path = Path(self.path, self._normalize_file_name(config_path))
        if not path.is_file():
            return super().load_config(config_path)
        version = (path, path.stat().st_mtime_ns)
        if version not in _loaded:  # a command composes two or three times, refused or not
            try:
                _checks[0].file(path)
                try:
                    loaded = super().load_config(config_path)
                except yaml.YAMLError:  # of which OmegaConf's own tells more
                    with substituted(OWN):
                        loaded = super().load_config(config_path)
                _checks[0].loaded(loaded.config, loaded.header, config_path, path)
                _loaded[version] = loaded
            except SettingsError as error:
                _loaded[version] = error
        found = _loaded[version]
        if isinstance(found, SettingsError):
            raise found
        return copy.deepcopy(found)

    def is_group(self, config_path: str) -> bool:
        """Whether there is such a folder; Hydra's looks at every folder above it as well."""
        return os.path.isdir(f"{self.path}/{config_path}")  # noqa: PTH112 - also where none may look

    def is_config(self, config_path: str) -> bool:
        """Whether there is such a file."""
        return os.path.isfile(f"{self.path}/{self._normalize_file_name(config_path)}")  # noqa: PTH113


_loaded: dict[tuple[Path, int], ConfigResult | SettingsError] = {}


class CheckedLoader(ConfigLoaderImpl):
    """Hydra's loader, each composed configuration checked before anything in it is acted on.

    For a run or a sweep Hydra composes twice, the first time only to learn which of them it is
    to be; the second time is spared.
    """

    _for_mode: tuple[str | None, list[str], DictConfig | Exception] | None = None
    """What was composed to learn that: its name, overrides, and configuration or what is wrong."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._groups: dict[str, bool] = {}
        self._ground: dict[str, Any] = {}
        """What stands in the place of sections that are composed, while a branch is."""

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
        **others: Any,
    ) -> DictConfig:
        """The configuration. Raises SettingsError where it asks for what it may not.

        others: what Hydra 1.4 asks besides.
        """
        before, self._for_mode = self._for_mode, None
        if before is not None and before[:2] == (config_name, overrides[: len(before[1])]):
            mode, found = overrides[len(before[1]) :], before[2]
            if mode in MODES and serves_a_run(found):
                parsed = OverridesParser.create().parse_overrides(overrides)
                self.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
                return in_mode(sound(found), mode)
        try:
            found = self._on_its_ground(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides, **others
            )
            _checks[0].composed(found, overrides)
        except Exception as error:
            found = error
        if not validate_sweep_overrides:
            self._for_mode = config_name, list(overrides), found
        return sound(found)

    def _on_its_ground(
        self, name: str | None, overrides: list[str], mode: RunMode, *how: Any, **too: Any
    ) -> DictConfig:
        """What Hydra composes; of a branch, on its run's configuration."""
        branch = branch_of(overrides)
        if branch is None:
            return super().load_configuration(name, overrides, mode, *how, **too)
        self._ground = self._ground_of(branch, name, mode)
        try:
            config = super().load_configuration(name, overrides, mode, *how, **too)
        finally:
            self._ground = {}
        config[FROM] = branch.start
        return config

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """A job's configuration, as Hydra 1.3 has it: 1.4's own way leaves out what is above."""
        overrides = [*master_config.hydra.overrides.hydra, *sweep_overrides]
        name = master_config.hydra.job.config_name
        config = self.load_configuration(name, overrides, RunMode.RUN)
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    def _ground_of(self, branch: Branch, config_name: str | None, mode: RunMode) -> dict[str, Any]:
        """The run's configuration, with what choices made anew bring to it."""
        hydras = [str(each.input_line) for each in branch.said if each.is_hydra_override()]
        groups = [
            each
            for each in branch.said
            if not each.is_hydra_override()
            and not each.is_sweep_override()
            and self.is_group(each.key_or_group)
        ]
        chosen = branch.chosen(groups, self.get_group_options("dataset"))
        brought = super().load_configuration(config_name, [*hydras, *chosen], mode, True, False)
        return branch.ground(brought, groups)

    def _compose_config_from_defaults_list(self, defaults: list[Any], repo: Any) -> DictConfig:
        """What the choices come to, before overrides are applied to it."""
        config = super()._compose_config_from_defaults_list(defaults, repo)
        for name, section in self._ground.items():
            config[name] = section
        return config

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """The choices of a group; Hydra would copy all it knows for each, to change nothing."""
        if config_name is None and not overrides:
            return self.repository.get_group_options(group_name, results_filter)
        return super().get_group_options(group_name, results_filter, config_name, overrides)

    def decides(self, name: str) -> bool:
        """Whether a key's value decides which others there are: a choice, or a branch's run."""
        return name == FROM or self.is_group(name)

    def is_group(self, name: str) -> bool:
        """Whether there is a group of that name, such as `optimizer`."""
        if name not in self._groups:
            self._groups[name] = bool(self.repository.group_exists(name))
        return self._groups[name]


def serves_a_run(found: DictConfig | Exception) -> bool:
    """Whether a run comes to the same; where a choice is missing only a sweep does."""
    return isinstance(found, Exception) or not OmegaConf.missing_keys(found.hydra.runtime.choices)


def sound(found: DictConfig | Exception) -> DictConfig:
    """The configuration. Raises what was wrong with it."""
    if isinstance(found, Exception):
        raise found
    return found


def in_mode(config: DictConfig, mode: list[str]) -> DictConfig:
    """The configuration with one of `MODES` added to its overrides."""
    for override in mode:
        config.hydra.mode = override.rpartition("=")[2]
        config.hydra.overrides.hydra.append(override)
    return config


@contextmanager
def patched(conf: Path, register: Callable[[], None]) -> Iterator[None]:
    """While entered, Hydra loads files through the class above, and ours instead of plugins'.

    register: makes resolvers of ours known. Afterwards these and the rest are what they were, for
    who else uses Hydra in the process; of threads that overlap, once the last has left.
    """
    with _lock:
        if not _within:
            _undoing.enter_context(changed(conf, register))
        _within.append(conf)
    try:
        yield
    finally:
        with _lock:
            _within.pop()
            if not _within:
                _undoing.close()


_lock, _within, _undoing = threading.Lock(), list[Path](), ExitStack()


@contextmanager
def changed(conf: Path, register: Callable[[], None]) -> Iterator[None]:
    """The same for one after the other."""
    Plugins.instance()  # finds them
    types, store = SourcesRegistry.instance().types, ConfigStore.instance()
    scheme, repository = FileConfigSource.scheme(), store.repo
    given, versions = types[scheme], VersionBase.instance()
    version = versions.version_base
    try:
        types[scheme], store.repo = FileConfigSource, without(repository, conf)
        setbase("1.3")
        with substituted((*QUICK, *own_resolvers())):
            setup_globals()  # Hydra's resolvers, `now` and `hydra`
            register()
            yield
    finally:
        types[scheme], store.repo = given, repository
        versions.version_base = version  # setbase() refuses what stands there at first


def without(repository: dict[str, Any], conf: Path) -> dict[str, Any]:
    """What plugins have stored, but for what there is a YAML file of ours of the same name."""
    left = {
        name: without(group, conf / name) if isinstance(group, dict) else group
        for name, group in repository.items()
    }
    return {name: node for name, node in left.items() if not (conf / name).is_file()}


@cache
def loader_of(conf: str) -> CheckedLoader:
    """A loader of a folder of YAML files that leaves Hydra's global state as it is."""
    return CheckedLoader(create_config_search_path(conf))


def prepare_command_line(parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Makes Hydra read the command line with a parser of ours, and load through the class above."""
    hydra_itself.ConfigLoaderImpl = CheckedLoader  # type: ignore[attr-defined]
    sys.modules["hydra.main"].get_args_parser = parser  # type: ignore[attr-defined]


def prepare_plugins(
    own: Sequence[type[Plugin]], wrap: Callable[[Launcher], Launcher] = lambda launcher: launcher
) -> None:
    """Makes plugins of ours known to Hydra, which by itself takes those of `hydra_plugins` only.

    wrap: gives the launcher that stands for one that a sweeper asks for.
    """
    names = tuple(f"{plugin.__module__}." for plugin in own)
    known = (*names, "hydra_plugins.", f"{CORE_PLUGINS}.")

    def instantiate_launcher(
        plugins: Plugins,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> Launcher:
        given = _instantiate_launcher(plugins, hydra_context, task_function, config)
        launcher = wrap(given)
        if launcher is not given:
            launcher.setup(hydra_context=hydra_context, task_function=task_function, config=config)
        return launcher

    for plugin in own:
        Plugins.instance().register(plugin)
    is_known = staticmethod(lambda name: name.startswith(known))
    setattr(Plugins, "is_in_toplevel_plugins_module", is_known)  # noqa: B010
    setattr(Plugins, "instantiate_launcher", instantiate_launcher)  # noqa: B010


_instantiate_launcher = Plugins.instantiate_launcher

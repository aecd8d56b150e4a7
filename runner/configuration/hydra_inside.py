"""What we use of Hydra's inside, for it offers no other way; seen with 1.3.7, 1.3.8, 1.4.0rc3.

- `SourcesRegistry` and `FileConfigSource`: a YAML file is to be looked at before it is loaded.
- `ConfigLoaderImpl`, whose `_compose_config_from_defaults_list` gives what a branch's overrides are
  applied to.
- `Callbacks`: what a launcher of another package is set up with.
- `create_config_search_path`: composing in Python without Hydra's global state.
- `_run_hydra` and `Hydra.create_main_hydra2`: a parser and a loader of ours, which `hydra.main` has
  no place for; Python 3.14 does not take the help texts of Hydra 1.3's own parser. No words of
  `hydra.main` about `version_base` are good in 1.3 and in 1.4 either.
- `Plugins.is_in_toplevel_plugins_module` and `.instantiate_launcher`: plugins of ours that need no
  package of the name `hydra_plugins`, and other packages' launchers in what surrounds our own.
- `VersionBase`: to leave it as it was.
- `ConfigStore.repo`: our YAML over a plugin's own, which Hydra would take for its schema.
"""

import argparse
import copy
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import hydra._internal.hydra as hydra_itself
import hydra.utils
import yaml
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins import file_config_source
from hydra._internal.sources_registry import SourcesRegistry
from hydra._internal.utils import _run_hydra, create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.config_source import ConfigResult
from hydra.plugins.launcher import Launcher
from hydra.plugins.plugin import Plugin
from hydra.types import HydraContext, TaskFunction
from hydra.version import VersionBase, _get_version
from omegaconf import DictConfig, OmegaConf

from runner.configuration.omegaconf_inside import OWN, QUICK, own_resolvers, substituted
from runner.errors import SettingsError

NO_CALLBACKS = Callbacks()
"""For a launcher whose tasks are none of Hydra's jobs."""
CORE_PLUGINS = "hydra._internal.core_plugins"
BASIC_LAUNCHER = f"{CORE_PLUGINS}.basic_launcher.BasicLauncher"
BASIC_SWEEPER = f"{CORE_PLUGINS}.basic_sweeper.BasicSweeper"


class Checks(NamedTuple):
    """What looks at all that Hydra loads, and raises SettingsError for what may not be."""

    file: Callable[[Path], None]
    """A YAML file before it is loaded."""
    loaded: Callable[[Any, Mapping[str, str | None], str, Path], None]
    """A file's content, its `# @` lines, its name among the choices, and where it lies."""
    composed: Callable[[DictConfig, list[str]], None]
    """A composed configuration and its overrides."""


_checks: list[Checks] = []


def set_checks(given: Checks) -> None:
    """Says what looks at all that is loaded from now on, in this process."""
    _checks[:] = [given]


def checks() -> Checks:
    """What has been said so."""
    return _checks[0]


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
                checks().file(path)
                try:
                    loaded = super().load_config(config_path)
                except yaml.YAMLError:  # of which OmegaConf's own tells more
                    with substituted(OWN):
                        loaded = super().load_config(config_path)
                checks().loaded(loaded.config, loaded.header, config_path, path)
                loaded.config = over_a_plugins(loaded.config, path)
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


class GroundLoader(ConfigLoaderImpl):
    """Hydra's loader, which puts other sections in the place of what choices come to."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._ground: Mapping[str, Any] = {}

    @contextmanager
    def standing_on(self, ground: Mapping[str, Any]) -> Iterator[None]:
        """While entered, these sections stand there, and overrides are applied to them."""
        self._ground = ground
        try:
            yield
        finally:
            self._ground = {}

    def _compose_config_from_defaults_list(self, defaults: list[Any], repo: Any) -> DictConfig:
        """What the choices come to, before overrides are applied to it."""
        config = super()._compose_config_from_defaults_list(defaults, repo)
        for name, section in self._ground.items():
            config[name] = section
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
        _stored[:] = [(conf, repository)]
        types[scheme], store.repo = FileConfigSource, without(repository, conf)
        versions.setbase(_get_version("1.3"))  # setbase() would warn of it in 1.4
        with substituted((*QUICK, *own_resolvers())):
            setup_globals()  # Hydra's resolvers, `now` and `hydra`
            register()
            yield
    finally:
        types[scheme], store.repo = given, repository
        versions.version_base = version  # it refuses what stands there at first


def without(repository: dict[str, Any], conf: Path) -> dict[str, Any]:
    """What plugins have stored, but for what there is a YAML file of ours of the same name."""
    left = {
        name: without(group, conf / name) if isinstance(group, dict) else group
        for name, group in repository.items()
    }
    return {name: node for name, node in left.items() if not (conf / name).is_file()}


def over_a_plugins(config: Any, path: Path) -> Any:
    """A file of ours laid over what a plugin has stored by that name.

    So a file says what differs, and all that the plugin's release knows may be set.
    """
    for conf, repository in _stored:
        if not path.is_relative_to(conf):
            continue
        node: Any = repository
        for part in path.relative_to(conf).parts:
            node = node.get(part, {}) if isinstance(node, dict) else {}
        if not isinstance(node, dict):
            own: Any = OmegaConf.to_container(node.node, enum_to_str=True)
            known = {name: own[name] for name in own if name != "defaults" and own[name] != "???"}
            return OmegaConf.merge(known, config)
    return config


_stored: list[tuple[Path, dict[str, Any]]] = []
"""Our folder of files, and what plugins have stored beside."""


def search_path_of(conf: str) -> ConfigSearchPath:
    """Where Hydra looks for files: in this folder, and where it has its own."""
    return create_config_search_path(conf)


def run_application(
    parser: argparse.ArgumentParser,
    task: TaskFunction,
    conf: str,
    loader: Callable[[ConfigSearchPath], ConfigLoader],
    allowed: Sequence[str],
) -> None:
    """Does what `hydra.main` does, with a parser and a loader of ours.

    allowed: the names of all that Hydra may make or call; Hydra 1.3 does not ask.
    """

    class Application(hydra_itself.Hydra):
        @classmethod
        def create_main_hydra2(
            cls, task_name: str, config_search_path: ConfigSearchPath
        ) -> hydra_itself.Hydra:
            made = cls(task_name, loader(config_search_path))
            GlobalHydra.instance().initialize(made)
            return made

    allowing = getattr(hydra.utils, "execution_whitelist", nullcontext)
    with allowing(list(allowed)), substituted(((hydra_itself, "Hydra", Application),)):
        _run_hydra(parser.parse_args(), parser, task, conf, "config")


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

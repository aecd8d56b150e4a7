"""Hydra's loader of configurations, as Hydra's public interface has it, in the runner's way.

What is composed is looked at before Hydra imports or makes anything that it names. It is no kind of
Hydra's own loader, past whose public functions Hydra 1.4 goes.
"""

from functools import cache
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.config_source import ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.configuration.branches import FROM, Branch, branch_of
from runner.configuration.hydra_inside import GroundLoader, checks, search_path_of

MODES: tuple[list[str], ...] = ([], ["hydra.mode=RUN"], ["hydra.mode=MULTIRUN"])
"""What Hydra adds to the overrides once it knows the mode."""


class CheckedLoader(ConfigLoader):
    """Hydra's loader, each composed configuration checked before anything in it is acted on.

    For a run or a sweep Hydra composes twice, the first time only to learn which of them it is
    to be; the second time is spared.
    """

    _for_mode: tuple[str | None, list[str], DictConfig | Exception] | None = None
    """What was composed to learn that: its name, overrides, and configuration or what is wrong."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        self._loader = GroundLoader(config_search_path)
        self._groups: dict[str, bool] = {}

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """The configuration. Raises SettingsError where it asks for what it may not."""
        before, self._for_mode = self._for_mode, None
        if before is not None and before[:2] == (config_name, overrides[: len(before[1])]):
            mode, found = overrides[len(before[1]) :], before[2]
            if mode in MODES and serves_a_run(found):
                parsed = OverridesParser.create().parse_overrides(overrides)
                self._loader.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
                return in_mode(sound(found), mode)
        try:
            found = self._on_its_ground(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides
            )
            checks().composed(found, overrides)
        except Exception as error:
            found = error
        if not validate_sweep_overrides:
            self._for_mode = config_name, list(overrides), found
        return sound(found)

    def _on_its_ground(
        self, name: str | None, overrides: list[str], mode: RunMode, *how: bool
    ) -> DictConfig:
        """What Hydra composes; of a branch, on its run's configuration."""
        branch = branch_of(overrides)
        if branch is None:
            return self._loader.load_configuration(name, overrides, mode, *how)
        with self._loader.standing_on(self._ground_of(branch, name, mode)):
            config = self._loader.load_configuration(name, overrides, mode, *how)
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
        said = [*hydras, *chosen]
        brought = self._loader.load_configuration(config_name, said, mode, True, False)
        return branch.ground(brought, groups)

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """The choices of a group; Hydra would copy all it knows for each, to change nothing."""
        if config_name is None and not overrides:
            return self._loader.repository.get_group_options(group_name, results_filter)
        return self._loader.get_group_options(group_name, results_filter, config_name, overrides)

    def list_groups(self, parent_name: str) -> list[str]:
        """The groups below a group."""
        return self._loader.list_groups(parent_name)

    def get_search_path(self) -> ConfigSearchPath:
        """Where Hydra looks for files."""
        return self._loader.get_search_path()

    def get_sources(self) -> list[ConfigSource]:
        """What it reads them with."""
        return self._loader.get_sources()

    def compute_defaults_list(
        self, config_name: str | None, overrides: list[str], run_mode: RunMode
    ) -> Any:
        """The files that a configuration is made of, in their order."""
        return self._loader.compute_defaults_list(config_name, overrides, run_mode)

    def decides(self, name: str) -> bool:
        """Whether a key's value decides which others there are: a choice, or a branch's run."""
        return name == FROM or self.is_group(name)

    def is_group(self, name: str) -> bool:
        """Whether there is a group of that name, such as `optimizer`."""
        if name not in self._groups:
            self._groups[name] = bool(self._loader.repository.group_exists(name))
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
    """The configuration with one of `MODES` added to its overrides.

    That of a run as well where Hydra has not said it, as of 1.4.
    """
    for override in mode or ([] if config.hydra.mode else ["hydra.mode=RUN"]):
        config.hydra.mode = RunMode[override.rpartition("=")[2]]
        config.hydra.overrides.hydra.append(override)
    return config


@cache
def loader_of(conf: str) -> CheckedLoader:
    """A loader of a folder of YAML files that leaves Hydra's global state as it is."""
    return CheckedLoader(search_path_of(conf))

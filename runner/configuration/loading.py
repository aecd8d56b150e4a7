"""How Hydra loads configurations: each is checked, and what it would do over again done once.

For a run or a sweep Hydra composes twice, the first time only to learn which of them it is to be.
"""

import hydra._internal.hydra as hydra_internal
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.configuration.trust import check_hydra


class CheckedLoader(ConfigLoaderImpl):
    """Hydra's loader, each composed configuration checked before anything in it is acted on."""

    _for_mode: tuple[str | None, list[str], DictConfig] | None = None
    """What was composed to learn that: its name, overrides and configuration."""

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
            mode = overrides[len(before[1]) :]
            # Where a choice is missing, only a sweep is composed.
            if mode in MODES and not OmegaConf.missing_keys(before[2].hydra.runtime.choices):
                parsed = OverridesParser.create().parse_overrides(overrides)
                self.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
                return in_mode(before[2], mode)
        config = super().load_configuration(
            config_name, overrides, run_mode, from_shell, validate_sweep_overrides
        )
        check_hydra(config, overrides)
        if not validate_sweep_overrides:
            self._for_mode = config_name, list(overrides), config
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


MODES: tuple[list[str], ...] = ([], ["hydra.mode=RUN"], ["hydra.mode=MULTIRUN"])
"""What Hydra adds to the overrides once it knows the mode."""


def in_mode(config: DictConfig, mode: list[str]) -> DictConfig:
    """The configuration with one of `MODES` added to its overrides."""
    for override in mode:
        config.hydra.mode = override.rpartition("=")[2]
        config.hydra.overrides.hydra.append(override)
    return config


def check_configurations() -> None:
    """Makes Hydra load configurations through the class above."""
    hydra_internal.ConfigLoaderImpl = CheckedLoader  # type: ignore[attr-defined]

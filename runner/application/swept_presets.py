"""Presets that are swept: each is run with its own sweep, as it would be alone."""

from collections.abc import Callable, Mapping, Sequence, Set
from itertools import chain, product
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from runner.application.sweep_options import name_of
from runner.checking.rules import shown
from runner.errors import SettingsError

PRESETS = "experiment"

Values = Mapping[str, Sequence[str]]
"""By name each key's overrides, one a value."""
Axis = Sequence[tuple[str, ...]]
"""Overrides that one of the jobs' is chosen from; those in a tuple go together."""


class OwnSweeps:
    """What the presets that a command line sweeps, or a file's jobs name, bring to be swept.

    values_of: from overrides to values by name.
    """

    def __init__(
        self,
        context: HydraContext,
        config: DictConfig,
        overrides: Sequence[Override],
        values_of: Callable[[Sequence[Override]], Values],
    ) -> None:
        self._loader, self._config, self._values_of = context.config_loader, config, values_of
        self._parser = OverridesParser.create(config_loader=self._loader)
        self._common = [str(one.input_line) for one in overrides if not one.is_sweep_override()]
        self._known: dict[str, Values] = {}

    def added_to(self, axis: Axis, said: Set[str]) -> Axis:
        """The choices of an axis, a preset's with each combination of its own values.

        said: the names of what is given values besides; a preset's own give way to those.
        Raises SettingsError for a preset that says how it is to be swept.
        """
        return list(chain(*(self._expanded(together, said) for together in axis)))

    def _expanded(self, together: tuple[str, ...], said: Set[str]) -> Axis:
        presets = [text for text in together if name_of(text) == PRESETS]
        if not presets or presets[0] in self._common:  # that one is composed already
            return [together]
        given = {*said, *map(name_of, together)}
        own = [texts for name, texts in self._own(presets[0]).items() if name not in given]
        return [(*together, *texts) for texts in product(*own)]

    def _own(self, preset: str) -> Values:
        """A preset's own values."""
        if preset not in self._known:
            config = self._loader.load_sweep_config(self._config, [*self._common, preset])
            self._check_alike(preset, config)
            params: Any = OmegaConf.to_container(config.hydra.sweeper).get("params")  # type: ignore[union-attr]
            texts = [f"{key}={values}" for key, values in (params or {}).items()]
            self._known[preset] = self._values_of(self._parser.parse_overrides(texts))
        return self._known[preset]

    def _check_alike(self, preset: str, config: DictConfig) -> None:
        for key, common in self._config.sweep.items():
            if config.sweep[key] != common:
                value = OmegaConf.to_container(config.sweep)[key]  # type: ignore[index]
                raise SettingsError(
                    f"{preset} brings sweep.{key}={shown(value)}, but presets that are swept "
                    f"together are swept alike; say sweep.{key} on the command line, or sweep "
                    "this preset alone"
                )

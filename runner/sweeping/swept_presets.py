"""Presets that are swept: each is run with its own sweep, as it would be alone."""

from collections.abc import Mapping, Sequence, Set
from itertools import chain, product

from runner.checking.rules import shown
from runner.configuration.jobs import JobComposer
from runner.configuration.overrides import name_of, parsed_override
from runner.errors import SettingsError

PRESETS = "experiment"

Values = Mapping[str, Sequence[str]]
"""By name each key's overrides, one a value."""
Axis = Sequence[tuple[str, ...]]
"""Overrides that one of the jobs' is chosen from; those in a tuple go together."""


class OwnSweeps:
    """What the presets that a command line sweeps, or a file's jobs name, bring to be swept."""

    def __init__(self, jobs: JobComposer) -> None:
        self._jobs = jobs
        self._common = [
            text for text in jobs.texts if not parsed_override(text).is_sweep_override()
        ]
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
            sweep, params = self._jobs.sweep_of([*self._common, preset])
            for key, common in self._jobs.section("sweep").items():
                if sweep[key] != common:
                    raise SettingsError(
                        f"{preset} brings sweep.{key}={shown(sweep[key])}, but presets that are "
                        f"swept together are swept alike; say sweep.{key} on the command line, or "
                        "sweep this preset alone"
                    )
            texts = [f"{key}={values}" for key, values in params.items()]
            self._known[preset] = self._jobs.swept(texts)
        return self._known[preset]

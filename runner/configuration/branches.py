"""What a branch's overrides are said of (`from=RUN@step`): its run's configuration."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hydra.core.override_parser.types import Override, ValueType
from omegaconf import DictConfig, OmegaConf

from runner.configuration.overrides import parsed_override
from runner.errors import SettingsError, printable

FROM = "from"
FRESH = "network.initializer"
"""What only a run with weights of its own asks for."""
NOT_THE_RUNS = ("hydra", "sweep", FROM)
"""What a run does not hand on: how Hydra and a sweep ran it, and where itself came from."""


class Branch(NamedTuple):
    """A branch that is to be composed."""

    start: str
    """The run's folder and the step, as `from` has it."""
    run: Mapping[str, Any]
    """The run's configuration, as it was recorded."""
    said: Sequence[Override]
    """What the branch is told beside `from`."""

    def chosen(self, groups: Sequence[Override], datasets: Sequence[str]) -> list[str]:
        """The choices of groups, that of the run's data set among them, which brings to others.

        groups: what is said of those. datasets: those that can be chosen.
        """
        texts = [str(each.input_line) for each in groups]
        name = place(self.run, "dataset", "name")
        if name in datasets and not any(each.key_or_group == "dataset" for each in groups):
            texts.append(f"dataset={name}")
        return texts

    def ground(self, brought: DictConfig, groups: Sequence[Override]) -> dict[str, Any]:
        """The run's sections, and in the place of some those of choices made anew.

        brought: what the choices come to. Raises SettingsError for a choice, such as of a preset,
        that brings no section of its own.
        """
        sections = {
            name: literal(value) for name, value in self.run.items() if name not in NOT_THE_RUNS
        }
        written: Any = OmegaConf.to_container(brought)  # references as they stand
        for each in groups:
            name = each.key_or_group.partition("/")[0]
            if name not in written:
                raise SettingsError(
                    f"{printable(each.input_line)} has no effect beside from=…, which keeps its "
                    "run's configuration; set single keys, such as optimizer.learning_rate=…"
                )
            sections[name] = written[name]
        return sections


def branch_of(overrides: Sequence[str]) -> Branch | None:
    """The branch that these overrides ask for, if they do; where `from` is swept, of its first.

    Raises SettingsError for starting weights beside those of `from`, and SnapshotError where
    there is no such run.
    """
    if not any(text.lstrip("+").startswith(f"{FROM}=") for text in overrides):
        return None
    parsed = [parsed_override(text) for text in overrides]
    *_, last = (each for each in parsed if each.key_or_group == FROM)
    value = first_of(last) if last.is_sweep_override() else last.value()
    if value is None:
        return None
    from runner.plugins.origins import check_pieces  # noqa: PLC0415 - need NumPy
    from runner.run_folder.run import RunFolder  # noqa: PLC0415
    from runner.settings import NEWEST, origin  # noqa: PLC0415

    start = origin(FROM, value)
    folder = RunFolder(start.run)
    configuration = folder.configuration
    check_pieces(folder.about())
    step = folder.last_step if start.step == NEWEST else start.step
    said = [each for each in parsed if each.key_or_group != FROM]
    if fresh := [each.key_or_group for each in said if each.key_or_group.startswith(FRESH)]:
        raise SettingsError(
            f"{printable(fresh[0])} would change nothing: from={printable(start.run)} brings its "
            "weights; leave one of them out"
        )
    return Branch(f"{start.run.absolute()}@{step}", configuration, said)


def first_of(swept: Override) -> Any:
    """The first of a key's values; None where there is none, or only the sweep can tell."""
    told = swept.is_discrete_sweep() and swept.value_type != ValueType.GLOB_CHOICE_SWEEP
    return next(swept.sweep_iterator(), None) if told else None


def literal(value: Any) -> Any:
    """A recorded value as a configuration holds it: no text in it refers to another value."""
    if isinstance(value, Mapping):
        return {key: literal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [literal(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"(\\*)\$\{", r"\1\1\\${", value)
    return value


def place(config: Any, *sections: str) -> Any:
    """What a recorded configuration has in a section; None where it has no such thing."""
    for section in sections:
        config = config.get(section) if isinstance(config, Mapping) else None
    return config

"""YAML files looked at before Hydra loads them: what would take for ever is refused at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from omegaconf import DictConfig

from runner.configuration.trust import check_search_path
from runner.errors import SettingsError, printable

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 50
"""Mappings and lists inside one another."""
MOST_BYTES = 1 << 24
MOST_VALUES = 1_000_000
"""Values, every alias counted as all that it stands for: nine short lines can stand for 10^9."""


def check_loaded(
    config: object, header: Mapping[str, str | None], config_path: str, path: Path
) -> None:
    """Refuses what a file that was loaded may not ask for. Raises SettingsError."""
    name = printable(path)
    if isinstance(config, DictConfig):
        check_search_path(config, name)
        check_package(header, config_path, name)


def check_package(header: Mapping[str, str | None], config_path: str, name: str) -> None:
    """Raises SettingsError for a preset whose keys would all become those of `experiment`."""
    if config_path.startswith("experiment/") and header.get("package") is None:
        raise SettingsError(
            f"{name} does not begin with '# @package _global_', without which its keys are not the "
            "configuration's; put that line before the others"
        )


def check_yaml(path: Path) -> None:
    """Refuses text that is not UTF-8, a top level that is no mapping, depth, and alias bombs.

    Looks at the parser's events, so nothing is built. Raises SettingsError; faults of the
    syntax are left to Hydra, whose messages name line and column.
    """
    name = printable(path)
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise SettingsError(f"{name} has {size:,} bytes; expected at most {MOST_BYTES:,}")
        with open(path, encoding="utf-8") as file:
            check_events(name, file.read())
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8; save it as UTF-8") from error
    except yaml.YAMLError:
        return


TOPS: dict[type[yaml.Event], str] = {
    yaml.MappingStartEvent: "a mapping; expected key: value lines",
    yaml.SequenceStartEvent: "a list; expected lines that begin with '- key: value'",
}
"""What a file may hold at its top, and what to say of another."""


def check_events(name: str, text: str, top: type[yaml.Event] = yaml.MappingStartEvent) -> None:
    """Counts the values that `text` stands for, and how deep they lie.

    top: one of `TOPS`. Raises SettingsError, and yaml.YAMLError for faults of the syntax.
    """
    values = 0
    anchored: dict[str, int] = {}  # the values that an alias stands for
    opened: list[tuple[str | None, int]] = []  # of each open collection: anchor, values before it
    for event in events_of(name, text):
        if opened and type(event) is yaml.ScalarEvent:  # nearly all of them
            values += 1
            if values <= MOST_VALUES:
                continue
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            continue
        if not opened and not isinstance(event, top):
            raise SettingsError(f"{name} is not {TOPS[top]}")
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, values))
            values += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                anchored[anchor] = values - before
        elif isinstance(event, yaml.AliasEvent):
            values += anchored.get(event.anchor or "", 1)
        if len(opened) > DEEPEST:
            raise too_deep(name)
        if values > MOST_VALUES:
            raise SettingsError(
                f"{name} stands for more than {MOST_VALUES:,} values; "
                "use fewer aliases, or a file with dataset=csv"
            )


def events_of(name: str, text: str) -> Iterator[yaml.Event]:
    """The parser's events; libyaml reads ahead of them, and has a limit of depth of its own."""
    try:
        yield from yaml.parse(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        if error.problem is not None and "nesting depth" in error.problem:
            raise too_deep(name) from error
        raise


def too_deep(name: str) -> SettingsError:
    """The one line for a file that is nested too deep."""
    return SettingsError(f"{name} is nested more than {DEEPEST} deep; expected plain values")

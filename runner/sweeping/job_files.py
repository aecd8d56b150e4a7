"""Combinations of values from a YAML or CSV file: a job each, keys and values as one types them."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from runner.checking.rules import shown
from runner.configuration.hydra_errors import COMPOSING_ERRORS
from runner.configuration.overrides import name_of, parsed_override
from runner.configuration.yaml_checks import check_events
from runner.errors import SettingsError, counted, printable

MOST_BYTES = 1 << 25
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
LONGEST_VALUE = 10_000
"""Characters of one; a table whose quotes are never closed has longer ones."""
KEY = re.compile(r"\+{0,2}(?!hydra\b|sweep\b)[A-Za-z_][\w./@-]*", re.ASCII)
"""What a file may give a value to; how a sweep is run is for the command line."""

Cells = Iterator[tuple[str, dict[str, str]]]
"""Of each combination: where it stands, and its texts by key."""


def read_jobs(path: Path, most: int) -> list[dict[str, str]]:
    """The overrides of each combination by name, at most one more than `most` of them.

    Raises SettingsError, which names the file's place, for what is no list of combinations.
    """
    name = printable(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(READERS)
        raise SettingsError(f"sweep.jobs={shown(str(path))} is of no known kind; expected {known}")
    jobs: list[dict[str, str]] = []
    for place, cells in reader(name, content(path, name)):
        texts = [override(place, key, text) for key, text in cells.items()]
        jobs.append(dict(zip(map(name_of, cells), texts, strict=True)))
        if len(jobs) > most:
            break
    if not jobs:
        raise SettingsError(f"{name} holds no combination; expected one a line")
    return jobs


def content(path: Path, name: str) -> str:
    """A file's text. Raises SettingsError where there is none, or too much of it."""
    try:
        if not path.is_file():
            raise SettingsError(f"sweep.jobs: there is no file {name}; expected a YAML or CSV file")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise SettingsError(
                f"{name} has {size:,} bytes; expected at most {MOST_BYTES:,}: "
                "large grids are shorter as values on the command line"
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{name}: {error.strerror}; expected a file to read") from error


def csv_cells(name: str, text: str) -> Cells:
    """Of a table whose header has the keys."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    keys: list[str] = []
    try:
        for row in rows:
            place = f"{name} line {rows.line_num}"
            if not any(map(str.strip, row)) and len(row) < 2:  # a blank line
                continue
            if not keys:
                keys = [key.strip() for key in row]
                check_header(place, keys)
            elif len(row) != len(keys):
                raise SettingsError(
                    f"{place} has {counted(len(row), 'cell')}; expected {len(keys)}"
                )
            else:
                yield place, {key: cell.strip() for key, cell in zip(keys, row, strict=True)}
    except csv.Error as error:
        raise SettingsError(
            f"{name} line {rows.line_num}: {printable(error)}; expected cells divided by commas"
        ) from error


def check_header(place: str, keys: list[str]) -> None:
    """Refuses columns that are no keys, or there twice."""
    names: set[str] = set()
    for key in keys:
        check_key(place, key)
        if name_of(key) in names:
            raise SettingsError(f"{place}: column {shown(key)} is there twice; keep one")
        names.add(name_of(key))


def yaml_cells(name: str, text: str) -> Cells:
    """Of a list of mappings; every value as it is written, as on the command line."""
    try:
        check_events(name, text, yaml.SequenceStartEvent)
        items = yaml.compose(text, LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        problem = printable(getattr(error, "problem", None) or "cannot be read")
        raise SettingsError(f"{name}{where}: {problem}; expected a list of mappings") from error
    for item in items.value if items is not None else ():
        place = f"{name} line {item.start_mark.line + 1}"
        if not isinstance(item, yaml.MappingNode) or not item.value:
            raise SettingsError(f"{place} is no combination; expected '- key: value'")
        cells: dict[str, str] = {}
        names: set[str] = set()
        for key_node, node in item.value:
            key = written(place, key_node)
            check_key(place, key)
            if name_of(key) in names:
                raise SettingsError(f"{place}: {shown(key)} is there twice; keep one")
            names.add(name_of(key))
            cells[key] = written(f"{place}: {key}", node)
        yield place, cells


def written(place: str, node: yaml.Node) -> str:
    """A plain value or a list of such, as one types it on the command line."""
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return f"[{','.join(written(place, item) for item in node.value)}]"
    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
        raise SettingsError(
            f"{place} is no plain value; expected values under full names, "
            "e.g. optimizer.learning_rate: 0.1"
        )
    return str(node.value)


def check_key(place: str, key: str) -> None:
    """Refuses what names no value of a run."""
    if KEY.fullmatch(key) is None:
        raise SettingsError(
            f"{place}: {shown(key)} is no key of a run; "
            "expected names as on the command line, e.g. topology,optimizer.learning_rate"
        )


def override(place: str, key: str, text: str) -> str:
    """`key=text`. Raises SettingsError where that does not give the key one value."""
    if not text or len(text) > LONGEST_VALUE or not text.isprintable():
        raise SettingsError(
            f"{place}: {key}={shown(text)} is no value; expected one in each place: null for none, "
            "and the key's own where nothing is to differ"
        )
    try:
        parsed = parsed_override(f"{key}={text}")
    except COMPOSING_ERRORS as error:
        raise SettingsError(
            f"{place}: {key}={shown(text)} cannot be read; "
            "expected a value as on the command line, quoted where it holds brackets or quotes"
        ) from error
    if parsed.is_sweep_override():
        raise SettingsError(f"{place}: {key}={shown(text)} is several values; expected one a job")
    if "${" in str(parsed.value()):  # escapes of the grammar are gone here
        raise SettingsError(f"{place}: {key}={shown(text)} is computed; expected a plain value")
    return f"{key}={text}"


READERS: dict[str, Callable[[str, str], Cells]] = {
    ".csv": csv_cells,
    ".yaml": yaml_cells,
    ".yml": yaml_cells,
}

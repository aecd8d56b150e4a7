"""What may stand where the cursor is on the command line: commands, options, keys, their values.

Nothing that takes long is imported for it: a person waits.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

Table = Mapping[str, Any]
"""What `made_table` knows of groups and keys."""
PYTHON = re.compile(r"(.*/)?python[0-9.]*$")
NAMES = {"data": "dataset", "reproduce": "experiment"}
"""Commands whose first words are choices of a group."""
WITH_KEYS = ("data", "reproduce", "resume")
"""Commands that take key=value."""
OF_HYDRA = {
    "hydra.run.dir": "the run's folder",
    "hydra.sweep.dir": "the sweep's folder",
}
PATHS = ("from", *OF_HYDRA)
"""Keys of folders that are no path alone, or Hydra's."""
ADDED = ("logger",)
"""Groups of which none is chosen until one is added."""
CONFIG_DIR = ("-cd", "--config-dir")
FILE, COLUMN, COLUMNS = "FILE", "COLUMN", "COLUMN,…"
"""What the help texts of commands call a file, and columns of a table: settings, and results."""
METRIC = "stopping.metric"
"""The key that may be any of the metrics."""


class Candidate(NamedTuple):
    """A word that may stand there, and what it means."""

    word: str
    meaning: str = ""

    @property
    def whole(self) -> str:
        """The word; with a space behind it where nothing can follow."""
        return self.word if self.word.endswith(("=", ".")) else f"{self.word} "


class FilesWanted(Exception):  # noqa: N818 - no error
    """The name of a file is to stand there, which shells know best how to complete."""


class Line(NamedTuple):
    """A command line up to the cursor, without the program."""

    words: Sequence[str]
    word: str
    """The last one, in the midst of which the cursor is; empty behind a space."""
    is_module: bool = False
    """Whether it is the name behind `python -m`."""


def read_line(text: str) -> Line:
    """The words of a command line; `python -m runner.compare` is `runner compare`."""
    words = text.split()
    word = "" if not words or text[-1:].isspace() else words.pop()
    if words and PYTHON.match(words[0]):
        place = words.index("-m") + 1 if "-m" in words else len(words)
        if place >= len(words):
            return Line([], word, is_module=True)
        name = words[place].partition(".")[2]
        return Line([*([name] if name else []), *words[place + 1 :]], word)
    return Line(words[1:], word)


def candidates(
    line: Line, table: Table, commands: Collection[str], options: Mapping[str, str]
) -> list[Candidate]:
    """What may stand where the cursor is. Raises FilesWanted where that is a file.

    options: of a run and a sweep, with what they mean.
    """
    word = line.word
    if line.is_module:
        found = [Candidate(f"runner.{name}", "a command") for name in ("", *commands)]
        found[0] = Candidate("runner", "a run or a sweep")
        return beginning(found, word)
    command = line.words[0] if line.words and line.words[0] in commands else None
    if command is not None:
        return of_command(command, line, table)
    if line.words and line.words[-1] in CONFIG_DIR:
        raise FilesWanted
    if word.startswith("-"):
        return beginning([Candidate(*each) for each in options.items()], word)
    first = [] if line.words else [Candidate(name, "a command") for name in commands]
    return [*beginning(first, word), *of_keys(line, table)]


def of_command(command: str, line: Line, table: Table) -> list[Candidate]:
    """What may stand behind a command."""
    options, before = table["options"][command], line.words[-1]
    name, equals, value = line.word.partition("=")
    if before in options and options[before]["takes"] is not None:
        return of_option(options[before], line.word, table)
    if equals and name in options:
        found = of_option(options[name], value, table)
        return [Candidate(f"{name}={each.word}", each.meaning) for each in found]
    if line.word.startswith("-"):
        return beginning([Candidate(o, how["meaning"]) for o, how in options.items()], line.word)
    found = []
    if command in NAMES and not equals:
        choices = table["groups"][NAMES[command]].items()
        found = beginning([Candidate(*each) for each in choices], line.word)
    if command == "schema":
        return beginning([Candidate(name, "a group") for name in table["sections"]], line.word)
    if command in WITH_KEYS and (line.word or found):
        named = [word for word in line.words[1:] if "=" not in word] if command in NAMES else []
        words = [*(f"{NAMES[command]}={name}" for name in named), *line.words]
        found += of_keys(line._replace(words=words), table)
    if not found:
        raise FilesWanted
    return found


def of_option(option: Mapping[str, Any], word: str, table: Table) -> list[Candidate]:
    """What may stand behind an option. Raises FilesWanted where that is a file."""
    takes = option["takes"]
    if takes == FILE:
        raise FilesWanted
    if takes not in (COLUMN, COLUMNS):
        return beginning([Candidate(value) for value in option["values"]], word)
    earlier, comma, last = word.rpartition(",") if takes == COLUMNS else ("", "", word)
    below = next_level(table["keys"], last[: last.rfind(".") + 1])
    names = [name.rstrip("=") for name in dict.fromkeys(below)]
    names += table["keys"][METRIC]["values"] if takes == COLUMN else ()
    return [
        Candidate(earlier + comma + each.word, each.meaning)
        for each in beginning([Candidate(n, meaning_of(n, table["keys"])) for n in names], last)
    ]


def of_keys(line: Line, table: Table) -> list[Candidate]:
    """Groups and keys, or behind `=` what they may be."""
    key, equals, value = line.word.partition("=")
    own = own_choices(line.words)
    if equals:
        earlier, comma, last = value.rpartition(",")
        before = f"{key}={earlier}{comma}"
        found = values_of(key.lstrip("+"), table, own)
        return [Candidate(before + each.word, each.meaning) for each in beginning(found, last)]
    groups = dict.fromkeys([*table["groups"], *own])
    told = [Candidate(f"{'+' * (name in ADDED)}{name}=", "a choice") for name in groups]
    keys, missing = {**table["keys"], **OF_HYDRA}, absent(line.words, table)
    level = key[: key.rfind(".") + 1]
    below = next_level([name for name in keys if name not in missing], level)
    told += [Candidate(word, meaning_of(word, keys)) for word in dict.fromkeys(below)]
    return beginning(told, key)


def next_level(keys: Collection[str], level: str) -> Iterator[str]:
    """The keys below `network.`, up to the next dot."""
    for key in keys:
        if key.startswith(level):
            name, dot, _ = key[len(level) :].partition(".")
            yield f"{level}{name}{dot or '='}"


def meaning_of(word: str, keys: Mapping[str, Any]) -> str:
    """What a key means."""
    known = keys.get(word.rstrip("="), "")
    return known if isinstance(known, str) else str(known["meaning"])


def values_of(key: str, table: Table, own: Mapping[str, Mapping[str, str]]) -> list[Candidate]:
    """What a group or a key may be. Raises FilesWanted where that is a file."""
    if key in table["groups"] or key in own:
        choices = {**table["groups"].get(key, {}), **own.get(key, {})}
        return [Candidate(*each) for each in choices.items()]
    known = table["keys"].get(key, {})
    if key in PATHS or known.get("path"):
        raise FilesWanted
    return [Candidate(value) for value in known.get("values", ())]


def absent(words: Sequence[str], table: Table) -> set[str]:
    """Keys that there are not with the choices on the command line, or else the default ones.

    An experiment or a data set may bring other choices of other groups: then they may be there.
    """
    said = dict(word.lstrip("+").split("=", 1) for word in words if "=" in word)
    found: set[str] = set()
    for group, by_choice in table["absent"].items():
        if group in said:
            found.update(by_choice.get(said[group], ()))
        elif not {"experiment", "dataset", "from"} & set(said):
            found.update(by_choice[table["defaults"][group]])
    return found


def own_choices(words: Sequence[str]) -> dict[str, dict[str, str]]:
    """Choices of the folder behind `--config-dir`, by group."""
    found: dict[str, dict[str, str]] = {}
    for option, folder in pairwise(words):
        if option in CONFIG_DIR:
            for file in sorted(Path(folder).glob("*/*.yaml")):
                found.setdefault(file.parent.name, {})[file.stem] = f"of {folder}"
    return found


def beginning(found: Collection[Candidate], word: str) -> list[Candidate]:
    """Those that begin so."""
    return [each for each in found if each.word.startswith(word)]

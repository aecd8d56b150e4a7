"""`runner -sc install=bash`, uninstall= and query=: completion of the command line in a shell."""

import os
from collections.abc import Mapping, Sequence

from runner.completing.candidates import Candidate, FilesWanted, candidates, read_line
from runner.completing.kept_table import kept_table, made_anew, table
from runner.completing.scripts import INSTALLING, UNINSTALLING
from runner.errors import SettingsError
from runner.system import FORKS

FILES = 3
"""The exit code of a query where a file is wanted, which shells know best how to complete."""


def complete(
    arguments: Sequence[str], commands: Mapping[str, str], options: Mapping[str, str]
) -> int:
    """Does what is asked of completion; its exit code.

    commands: by name their modules. options: of a run and a sweep, with what they mean.
    Raises SettingsError for what it cannot do.
    """
    asked = [argument for argument in arguments if "=" in argument]
    what, _, shell = asked[0].partition("=") if len(asked) == 1 else ("", "", "")
    if shell not in INSTALLING or what not in ("install", "uninstall", "query"):
        raise SettingsError(
            "--shell-completion is given install= or uninstall= and bash, fish or zsh; "
            "expected e.g. -sc install=bash"
        )
    if what == "query":
        return answer(shell, commands, options)
    print(INSTALLING[shell] if what == "install" else UNINSTALLING[shell])
    if what == "install" and kept_table() is None:
        make_beside(commands)
    return 0


def answer(shell: str, commands: Mapping[str, str], options: Mapping[str, str]) -> int:
    """Prints what may stand where the cursor is; the exit code that says what is to be done."""
    line = read_line(os.environ.get("COMP_LINE", ""))
    try:
        found = candidates(line, table(commands), sorted(commands), options)
    except FilesWanted:
        return FILES
    breaks = os.environ.get("COMP_BREAKS", "")
    start = max(map(line.word.rfind, breaks), default=-1) + 1
    for each in found:
        print(told(each, shell)[start:])
    return 0


def told(candidate: Candidate, shell: str) -> str:
    """A candidate as the shell's function wants it."""
    if shell == "bash":
        return candidate.whole
    word = candidate.word if shell == "fish" else candidate.whole
    return f"{word}\t{candidate.meaning}" if candidate.meaning else word


def make_beside(commands: Mapping[str, str]) -> None:
    """Has the table made while the shell begins, so that no one waits for it at the first tab."""
    if not FORKS or os.fork():
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.setsid()
    try:
        made_anew(commands)
    finally:
        os._exit(0)

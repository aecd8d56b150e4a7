"""`python -m runner.reproduce [NAME …]`: runs presets and holds them against what was published.

Arguments with `=` override the configuration: dataset.root=FOLDER says where data lies.
"""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from runner.answers.answer import print_answer
from runner.checking.suggestions import choices
from runner.commands import CommandParser, run_command
from runner.errors import SettingsError, printable
from runner.experiment.progress_bar import bar_on
from runner.experiment.reproduce_answer import reproduce_answer
from runner.experiment.reproducing import ComparedCase, compare_preset, preset_names, table_row
from runner.standard_output import forgiving, table_console


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "reproduce",
        "Runs presets and holds them against the numbers that were published.",
        "  python -m runner.reproduce\n"
        "  python -m runner.reproduce nielsen_depth dataset.root=FOLDER",
        plugins=True,
        answers=True,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="presets; else all on data at hand"
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a run")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Runs the named presets, or all on data at hand, prints a table; 1 when a number is off."""
    options = command_parser().parse_intermixed_args(arguments)
    overrides = [argument for argument in options.names if "=" in argument]
    names = [argument for argument in options.names if "=" not in argument]
    known = preset_names()
    for name in names:
        if name not in known:
            raise SettingsError(f"preset '{printable(name)}' is unknown; {choices(name, known)}")
    chosen = names or preset_names(fetched=False)
    cases = reproduced(chosen, overrides)
    left = [] if names else preset_names(fetched=True)
    if options.json:
        print_answer(reproduce_answer(cases, left))
    else:
        show_cases(cases)
        if left:
            print(f"On real data, when named (with dataset.root=FOLDER): {', '.join(left)}")
    return int(not all(case.agrees for _, case in cases))


def reproduced(presets: Sequence[str], overrides: Sequence[str]) -> list[tuple[str, ComparedCase]]:
    """Each preset's cases, with its name; told on stderr as they come."""
    found = []
    bar = bar_on(forgiving(sys.stderr))
    with tempfile.TemporaryDirectory() as workplace, closing(bar):
        for place, name in enumerate(presets):
            bar.move(place / len(presets), name)
            for case in compare_preset(name, Path(workplace) / name, overrides):
                bar.line(printable(" ".join(filter(None, table_row(name, case)))))
                found.append((name, case))
    return found


def show_cases(cases: Sequence[tuple[str, ComparedCase]]) -> None:
    """Prints a table of them."""
    from rich.table import Table  # noqa: PLC0415 - slow to import

    table = Table("preset", "case", "published", "ours", "tolerance", "", "time")
    for name, case in cases:
        table.add_row(*table_row(name, case))
    table_console().print(table)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

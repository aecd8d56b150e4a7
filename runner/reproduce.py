"""`python -m runner.reproduce [NAME …]`: runs presets and holds them against what was published.

Arguments with `=` override the configuration: dataset.root=FOLDER says where data lies.
"""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from runner.checking.suggestions import choices
from runner.commands import CommandParser, run_command
from runner.errors import SettingsError, printable
from runner.experiment.progress_bar import bar_on
from runner.experiment.reproducing import compare_preset, preset_names, table_row
from runner.standard_output import forgiving, table_console


def main(arguments: Sequence[str]) -> int:
    """Runs the named presets, or all on data at hand, prints a table; 1 when a number is off."""
    from rich.table import Table  # noqa: PLC0415 - slow to import

    parser = CommandParser(
        "reproduce",
        "Runs presets and holds them against the numbers that were published.",
        "  python -m runner.reproduce\n"
        "  python -m runner.reproduce nielsen_depth dataset.root=FOLDER",
        plugins=True,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="presets; else all on data at hand"
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a run")
    given = parser.parse_args(arguments).names
    overrides = [argument for argument in given if "=" in argument]
    names = [argument for argument in given if "=" not in argument]
    known = preset_names()
    for name in names:
        if name not in known:
            raise SettingsError(f"preset '{printable(name)}' is unknown; {choices(name, known)}")
    table = Table("preset", "case", "published", "ours", "tolerance", "", "time")
    failed, chosen = False, names or preset_names(fetched=False)
    bar = bar_on(forgiving(sys.stderr))
    with tempfile.TemporaryDirectory() as workplace, closing(bar):
        for place, name in enumerate(chosen):
            bar.move(place / len(chosen), name)
            for compared in compare_preset(name, Path(workplace) / name, overrides):
                row = table_row(name, compared)
                bar.line(printable(" ".join(filter(None, row))))
                table.add_row(*row)
                failed |= not compared.agrees
    table_console().print(table)
    if not names:
        rest = ", ".join(preset_names(fetched=True))
        print(f"On real data, when named (with dataset.root=FOLDER): {rest}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

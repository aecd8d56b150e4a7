"""`python -m runner.data NAME [key=value …] [--plot FILE]`: shows what a data set is."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.answers.answer import print_answer
from runner.commands import CommandParser, run_command
from runner.configuration.composing import compose
from runner.data.data_answer import data_answer
from runner.data.description import description
from runner.errors import SettingsError
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "data",
        "Shows what a data set is.",
        "  python -m runner.data digits --plot digits.png\n"
        "  python -m runner.data csv dataset.path=table.csv dataset.target=price",
        plugins=True,
        answers=True,
    )
    parser.add_argument("name", nargs="?", help="as in dataset=NAME")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a picture, such as x.png")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Shows the data set; with --plot, draws it as well."""
    parser = command_parser()
    options = parser.parse_intermixed_args(arguments)
    if options.name is None:
        raise SettingsError(f"no data set is named; expected one, such as {parser.prog} digits")
    settings = parse_settings(compose([f"dataset={options.name}", *options.overrides]))
    dataset = load_dataset(settings.dataset)
    if not options.json:
        for line in description(settings.dataset.name, dataset):
            print(line)
    if options.plot is not None:
        from runner.analysis.plots.dataset import save_picture  # noqa: PLC0415 - loads matplotlib

        save_picture(options.plot, settings.dataset.name, dataset)
    if options.json:
        print_answer(data_answer(settings.dataset.name, dataset))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

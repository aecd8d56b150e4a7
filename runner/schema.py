"""`python -m runner.schema [NAME]`: JSON Schema of configurations, and of what commands answer."""

import sys
from collections.abc import Sequence
from importlib import import_module

from runner.answers.answer import print_json
from runner.answers.schemas import answer_schema
from runner.checking.suggestions import choices
from runner.commands import CommandParser, run_command
from runner.configuration.reference import SECTIONS, json_schema
from runner.errors import SettingsError, printable

EXAMPLES = """\
  python -m runner.schema > runner.schema.json
  python -m runner.schema optimizer > optimizer.schema.json
  python -m runner.schema compare            of what python -m runner.compare --json prints

A preset then begins with the line
  # yaml-language-server: $schema=runner.schema.json
and editors with a YAML language server, such as VS Code, complete and check its keys and values.
"""
ANSWERS = {
    "compare": ("runner.analysis.compare_answer", "CompareAnswer"),
    "verify": ("runner.experiment.verify_answer", "VerifyAnswer"),
    "reproduce": ("runner.experiment.reproduce_answer", "ReproduceAnswer"),
    "sweep.plan": ("runner.sweeping.plan_answer", "PlanAnswer"),
    "data": ("runner.data.data_answer", "DataAnswer"),
    "resume": ("runner.experiment.resume_answer", "ResumeAnswer"),
    "error": ("runner.answers.answer", "Failure"),
}
"""By what gives them, the modules and classes of answers, imported where they are asked for."""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "schema",
        "JSON Schema of presets, of the files of a group, or of what a command answers.",
        EXAMPLES,
        plugins=True,
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help=f"a group such as optimizer, or of answers {', '.join(ANSWERS)} [presets]",
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Prints the schema."""
    name = command_parser().parse_args(arguments).name
    if name in ANSWERS:
        module, kind = ANSWERS[name]
        print_json(answer_schema(getattr(import_module(module), kind)))
    elif name is None or name in SECTIONS:
        print_json(json_schema(name))
    else:
        known = f"{choices(name, sorted(SECTIONS))}; or of answers {', '.join(ANSWERS)}"
        raise SettingsError(f"{printable(name)} is no group; {known}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

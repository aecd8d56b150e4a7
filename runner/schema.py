"""`python -m runner.schema [GROUP]`: JSON Schema of configurations, by which editors complete."""

import json
import sys
from collections.abc import Sequence

from runner.commands import CommandParser, run_command
from runner.configuration.reference import json_schema

EXAMPLES = """\
  python -m runner.schema > runner.schema.json
  python -m runner.schema optimizer > optimizer.schema.json

A preset then begins with the line
  # yaml-language-server: $schema=runner.schema.json
and editors with a YAML language server, such as VS Code, complete and check its keys and values.
"""


def main(arguments: Sequence[str]) -> int:
    """Prints the schema."""
    parser = CommandParser(
        "schema", "JSON Schema of presets, or of the files of a group.", EXAMPLES, plugins=True
    )
    parser.add_argument("group", nargs="?", metavar="GROUP", help="such as optimizer [presets]")
    options = parser.parse_args(arguments)
    print(json.dumps(json_schema(options.group), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

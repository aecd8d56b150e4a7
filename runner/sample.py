"""`python -m runner.sample RUN`: a text as a run that learnt one goes on writing."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.analysis.sampling import sampled_text
from runner.commands import CommandParser, run_command
from runner.errors import printable

EXAMPLES = """\
  python -m runner.sample outputs/2026-11-22/14-46-04-5d0c64e8a1 --length 500 --temperature 0.8
  python -m runner.sample RUN --start 'Alice ' --seed 2 --step 2000

Each character is drawn as likely as the network has it behind those before, of which it sees as
many as in training (dataset.window). A temperature below 1 makes likely ones likelier; at 0 the
likeliest is taken. The same seed draws the same text.
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "sample", "Writes as the text that a run learnt.", EXAMPLES, plugins=True
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("--length", type=int, default=500, metavar="N", help="characters [500]")
    parser.add_argument(
        "--temperature", type=float, default=1.0, metavar="T", help="how freely, from 0 on [1]"
    )
    parser.add_argument("--start", default="\n", metavar="TEXT", help="what it goes on from")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what is drawn [1]")
    parser.add_argument("--step", type=int, metavar="N", help="of which snapshot [the last]")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Prints so many characters."""
    options = command_parser().parse_args(arguments)
    for piece in sampled_text(**vars(options)):
        shown = (c if c in "\n\t" else printable(c) for c in piece)  # nothing steers a terminal
        print("".join(shown), end="", flush=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

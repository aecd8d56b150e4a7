"""`python -m runner.watch [FOLDER]`: what runs now, on a page that follows, or in the terminal."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.checking.extras import extra
from runner.commands import CommandParser, run_command
from runner.errors import SettingsError, printable

EXAMPLES = """\
  python -m runner.watch                  all below outputs, in the browser
  python -m runner.watch outputs --text   the same in the terminal, or into a pipe
"""
PORT = 6117
MOST_PORT = 65_535


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser("watch", "Follows runs and sweeps while they run.", EXAMPLES)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("outputs"), metavar="FOLDER")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"{PORT}; 0: any")
    parser.add_argument("--no-browser", action="store_true", help="say the address only")
    parser.add_argument("--text", action="store_true", help="in the terminal, without a browser")
    parser.add_argument("--once", action="store_true", help="with --text: a single time")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Watches until Ctrl-C. Raises RunnerError for a port that is taken, or a missing extra."""
    options = command_parser().parse_args(arguments)
    if not 0 <= options.port <= MOST_PORT:
        raise SettingsError(f"--port {options.port}: expected 0 to {MOST_PORT:,}")
    if options.folder.exists() and not options.folder.is_dir():
        raise SettingsError(f"{printable(options.folder)} is not a folder; expected one with runs")
    if options.text or options.once:
        from runner.watching.in_terminal import show_text  # noqa: PLC0415 - loads pandas

        show_text(options.folder, once=options.once)
        return 0
    extra("starlette", "watch")
    extra("uvicorn", "watch")
    from runner.watching.serving import serve  # noqa: PLC0415 - loads what the extra brings

    serve(options.folder, options.port, open_browser=not options.no_browser)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

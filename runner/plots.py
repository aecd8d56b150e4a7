"""`python -m runner.plots RUN …`: draws the pictures of runs that have ended."""

import sys
from collections.abc import Sequence

from runner.commands import MOVED, CommandParser, apart, run_command

EXAMPLES = """\
  python -m runner.plots outputs/2026-11-22/14-46-04-5d0c64e8a1
  python -m runner.plots outputs/2026-11-22/15-02-10-9d1f0c2b7e      every job of a sweep
  python -m runner.plots outputs/2026-11-22/14-46-04-5d0c64e8a1 --format svg
  python -m runner.plots outputs/many/17       a job that is a row, which is given its folder first
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "plots", "Draws the pictures of runs that have ended.", EXAMPLES, plugins=True
    )
    parser.add_argument("paths", nargs="+", metavar="RUN", help="runs, sweeps or folders of those")
    parser.add_argument("places", nargs="*", metavar="key=value", help=MOVED)
    parser.add_argument(
        "--format", choices=("png", "svg"), default="png", help="svg: lines of any size, for print"
    )
    parser.add_argument("--dark", action="store_true", help="on dark paper, into plots/dark/")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Draws into `plots/` of each run; 1 when something could not be drawn, named on stderr."""
    options = command_parser().parse_intermixed_args(arguments)
    from runner.analysis.plots.pictures import Form  # noqa: PLC0415 - loads matplotlib
    from runner.experiment.drawing import draw_runs  # noqa: PLC0415
    from runner.experiment.moved_files import places_in  # noqa: PLC0415

    paths, places = apart(options.paths)
    form = Form(options.format, options.dark)
    return int(not draw_runs(paths, form, places_in(places)))


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

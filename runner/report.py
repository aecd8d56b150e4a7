"""`python -m runner.report [PATH …] [-o report.html]`: runs as one page that opens offline."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.checking.extras import extra
from runner.commands import MOVED, CommandParser, apart, names, run_command
from runner.errors import SettingsError, printable

if TYPE_CHECKING:
    from runner.analysis.report.embedded_pictures import Drawing

EXAMPLES = """\
  python -m runner.report                                all runs below outputs
  python -m runner.report outputs/2026-11-22 -o day.html the runs of a day
  python -m runner.report outputs --by topology --against 3-4-1
  python -m runner.report outputs --pictures best        with pictures of the best of each group

It opens with the groups of --by and what runner.compare says of them. Pictures are drawn for the
page alone, also of jobs that are rows; runs that have some in plots/ always show those.
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "report", "Writes runs as one HTML file that opens offline.", EXAMPLES, plugins=True
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="runs, sweeps or folders of those")
    parser.add_argument("places", nargs="*", metavar="key=value", help=MOVED)
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    parser.add_argument(
        "--by",
        type=names,
        default=(),
        metavar="COLUMN,…",
        help="settings that make the groups [those that vary, but for seeds]",
    )
    parser.add_argument(
        "--against", metavar="GROUP", help="which group all are compared with [the best]"
    )
    parser.add_argument(
        "--metric", metavar="COLUMN", help="what is compared [as runner.compare chooses]"
    )
    parser.add_argument("--better", choices=("higher", "lower"), help="which is better")
    parser.add_argument(
        "--pictures",
        choices=("best", "all"),
        help="draw those of the best run of each group, or of all runs [those in plots/]",
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Writes the report. Raises RunnerError where there are no runs, or the file is no page."""
    options = command_parser().parse_intermixed_args(arguments)
    paths, places = apart(options.paths)
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"-o {printable(options.output)}: expected a name that ends in .html")
    if options.against is not None and not options.by:
        raise SettingsError("--against names a group: it goes with --by, which makes them")
    plotly = extra("plotly.offline", "report")
    from runner.analysis.report.conclusion import Groups  # noqa: PLC0415 - loads pandas
    from runner.analysis.report.page import write_report  # noqa: PLC0415 - the same

    groups = Groups(options.by, options.against, options.metric, options.better)
    drawing = drawing_of(options.pictures, places)
    write_report(paths or ["outputs"], options.output, plotly.get_plotlyjs, groups, drawing)
    return 0


def drawing_of(which: str | None, places: Sequence[str]) -> "Drawing | None":
    """How `--pictures best` and `--pictures all` are drawn; places: where files lie now."""
    if which is None:
        if places:
            raise SettingsError(f"{printable(places[0])} goes with --pictures, which reads data")
        return None
    from runner.analysis.report.embedded_pictures import Drawing  # noqa: PLC0415
    from runner.experiment.drawing import drawn_pictures  # noqa: PLC0415 - loads matplotlib
    from runner.experiment.moved_files import check_places, places_in  # noqa: PLC0415 - the same

    said = places_in(places)
    draw = partial(drawn_pictures, datasets={}, places=said)
    return Drawing(which == "best", draw, partial(check_places, said))


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

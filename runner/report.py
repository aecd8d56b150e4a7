"""`python -m runner.report [PATH …] [-o report.html]`: runs as one page that opens offline."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.checking.extras import extra
from runner.commands import CommandParser, names, run_command
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


def main(arguments: Sequence[str]) -> int:
    """Writes the report. Raises RunnerError where there are no runs, or the file is no page."""
    parser = CommandParser(
        "report", "Writes runs as one HTML file that opens offline.", EXAMPLES, plugins=True
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="runs, sweeps or folders of those")
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
    options = parser.parse_args(arguments)
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"-o {printable(options.output)}: expected a name that ends in .html")
    if options.against is not None and not options.by:
        raise SettingsError("--against names a group: it goes with --by, which makes them")
    plotly = extra("plotly.offline", "report")
    from runner.analysis.report.conclusion import Groups  # noqa: PLC0415 - loads pandas
    from runner.analysis.report.page import write_report  # noqa: PLC0415 - the same

    groups = Groups(options.by, options.against, options.metric, options.better)
    paths, drawing = options.paths or ["outputs"], drawing_of(options.pictures)
    write_report(paths, options.output, plotly.get_plotlyjs, groups, drawing)
    return 0


def drawing_of(which: str | None) -> "Drawing | None":
    """How `--pictures best` and `--pictures all` are drawn."""
    if which is None:
        return None
    from runner.analysis.report.embedded_pictures import Drawing  # noqa: PLC0415
    from runner.experiment.drawing import drawn_pictures  # noqa: PLC0415 - loads matplotlib

    return Drawing(which == "best", partial(drawn_pictures, datasets={}))


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

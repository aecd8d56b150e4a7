"""`python -m runner.report [PATH …] [-o report.html]`: runs as one page that opens offline."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.checking.extras import extra
from runner.commands import CommandParser, run_command
from runner.errors import SettingsError, printable

EXAMPLES = """\
  python -m runner.report                                all runs below outputs
  python -m runner.report outputs/2026-11-22 -o day.html the runs of a day
"""


def main(arguments: Sequence[str]) -> int:
    """Writes the report. Raises RunnerError where there are no runs, or the file is no page."""
    parser = CommandParser(
        "report", "Writes runs as one HTML file that opens offline.", EXAMPLES, plugins=True
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="runs, sweeps or folders of those")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    options = parser.parse_args(arguments)
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"-o {printable(options.output)}: expected a name that ends in .html")
    plotly = extra("plotly.offline", "report")
    from runner.analysis.report.page import write_report  # noqa: PLC0415 - loads pandas

    write_report(options.paths or ["outputs"], options.output, plotly.get_plotlyjs)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

"""`python -m runner.report [PATH …] [-o report.html]`: runs as one page that opens offline."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.checking.extras import extra
from runner.commands import CommandParser, run_command
from runner.errors import SnapshotError, counted, printable
from runner.storage.files import write_output

EXAMPLES = """\
  python -m runner.report                                all runs below outputs
  python -m runner.report outputs/2026-11-22 -o day.html the runs of a day
"""


def main(arguments: Sequence[str]) -> int:
    """Writes the report. Raises SnapshotError where there are no runs."""
    parser = CommandParser("report", "Writes runs as one HTML file that opens offline.", EXAMPLES)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="runs, sweeps or folders of those")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    options = parser.parse_args(arguments)
    plotly = extra("plotly.offline", "report")
    from runner.analysis.report.content import report_content  # noqa: PLC0415 - loads pandas
    from runner.analysis.report.page import report_page  # noqa: PLC0415
    from runner.analysis.runs import read_runs, tell_left_out  # noqa: PLC0415

    paths = options.paths or ["outputs"]
    runs = read_runs(paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(paths))}: no run has ended; expected folders with results.csv"
        )
    title = f"Runs in {', '.join(printable(path) for path in paths[:3])}" + ", …" * (len(paths) > 3)
    content = report_content(runs)
    told = runs.attrs["unreadable"]
    tell_left_out({name: why for name, why in content["unreadable"].items() if name not in told})
    page = report_page(content, title, plotly.get_plotlyjs())
    write_output(options.output, page.encode())
    size = f"{len(page.encode()) / 1e6:.1f} MB"
    print(f"{printable(options.output)}: {counted(len(runs), 'run')}, {size}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

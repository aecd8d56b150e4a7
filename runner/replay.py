"""`python -m runner.replay RUN [-o replay.html]`: a training as a page with a slider."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import MOVED, CommandParser, run_command
from runner.errors import SettingsError, printable

EXAMPLES = """\
  python -m runner.replay outputs/2026-11-22/14-46-04-5d0c64e8a1         replay.html
  python -m runner.replay outputs/2026-11-22/15-02-10-9d1f0c2b7e/17      a job of a sweep
  python -m runner.replay outputs/2026-11-22/14-46-04-5d0c64e8a1 --gif run.gif
"""
OUTPUTS = {"page": (".html", ".htm"), "gif": (".gif",), "mp4": (".mp4",)}


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "replay",
        "Computes moments of a training again, whatever was recorded, and writes them as one HTML "
        "file that opens offline.",
        EXAMPLES,
        plugins=True,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, or SWEEP/JOB")
    parser.add_argument("places", nargs="*", metavar="key=value", help=MOVED)
    parser.add_argument("-o", "--output", dest="page", type=Path, metavar="FILE")
    parser.add_argument("--gif", type=Path, metavar="FILE", help="moving picture for slides")
    parser.add_argument("--mp4", type=Path, metavar="FILE", help="the same as a film; needs ffmpeg")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Writes the page, or for slides a GIF or a film. Raises RunnerError as `replay` does."""
    options = command_parser().parse_intermixed_args(arguments)
    files = {kind: getattr(options, kind) for kind in OUTPUTS if getattr(options, kind)}
    for kind, path in files.items():
        if path.suffix.lower() not in OUTPUTS[kind]:
            option = "-o" if kind == "page" else f"--{kind}"
            expected = f"expected a name that ends in {OUTPUTS[kind][0]}"
            raise SettingsError(f"{option} {printable(path)}: {expected}")
    from runner.experiment.moved_files import places_in  # noqa: PLC0415 - loads the engines
    from runner.experiment.replay_files import write_replay  # noqa: PLC0415 - loads matplotlib

    write_replay(options.run, files or {"page": Path("replay.html")}, places_in(options.places))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

"""A replay as files: a page, a GIF, a film."""

import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from runner.analysis.replay.film import FRAMES, film, gif, needs_ffmpeg
from runner.analysis.replay.moments import Moments
from runner.analysis.replay.page import replay_page
from runner.errors import printable
from runner.experiment.moved_files import NOWHERE_ELSE, Places
from runner.experiment.progress_bar import bar_on
from runner.experiment.replaying import replayed
from runner.storage.files import write_output

WRITERS: Mapping[str, Callable[[Moments], bytes]] = {
    "page": lambda moments: replay_page(moments).encode(),
    "gif": gif,
    "mp4": film,
}


def write_replay(run: Path, files: Mapping[str, Path], places: Places = NOWHERE_ELSE) -> None:
    """Writes the replay of a run as the kinds of files that are asked for, and says so.

    places: where files that have moved lie now.
    Raises RunnerError where the run cannot be replayed, or a file not be written.
    """
    if "mp4" in files:
        needs_ffmpeg()
    with closing(bar_on(sys.stdout)) as bar:
        moments = replayed(run, lambda share: bar.move(share, printable(run)), places)
        for kind, path in files.items():
            content = WRITERS[kind](moments)
            write_output(path, content)
            shown = len(moments) if kind == "page" else min(FRAMES, len(moments))
            bar.line(
                f"{printable(path)}: {shown} moments of {moments.steps[-1]:,} steps, "
                f"{len(content) / 1e6:.1f} MB"
            )
        for note in moments.notes:
            bar.line(f"  {note}")

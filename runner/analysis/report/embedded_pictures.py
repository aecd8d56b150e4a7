"""The pictures that a page holds: those that lie in folders of runs, and those drawn for it."""

import base64
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from runner.analysis.comparing import Measure
from runner.analysis.report.selection import counting
from runner.errors import RunnerError, error_line, printable
from runner.standard_output import forgiving

PICTURE_BYTES = 5_000_000
"""Of all pictures together, in base64."""
ASKED_BYTES = 25_000_000
"""The same where they were asked for."""
DARK = "dark/"
"""Before the name of a picture on dark paper."""
MOST_BEST = 12
"""Runs that get pictures as the best of their groups: those of the best groups."""


class Drawing(NamedTuple):
    """Which runs are to have pictures, and how they are drawn."""

    only_best: bool
    """Of each group the best run; or else all."""
    draw: Callable[[Path], Mapping[str, bytes]]
    """PNG files of a run by name, and by `dark/NAME` on dark paper.

    Raises RunnerError, OSError or ValueError.
    """
    check: Callable[[Sequence[Path]], object] = lambda _runs: None
    """Raises SettingsError where what was said of their drawing is of none of these runs."""


def chosen_places(
    runs: pd.DataFrame, by: Sequence[str], measure: Measure | None, drawing: Drawing
) -> list[int]:
    """The places of the runs that are to be drawn, the best first."""
    if measure is None:
        return [] if drawing.only_best else list(range(len(runs)))
    known = np.flatnonzero(counting(runs, measure.name))
    values = measure.scaled(runs[measure.name].to_numpy(float, na_value=np.nan)[known])
    ranked = known[np.argsort(-values, kind="stable")]
    if drawing.only_best:
        firsts = ~runs.iloc[ranked].duplicated(list(by)).to_numpy(bool)
        return [int(place) for place in ranked[firsts][:MOST_BEST]]
    return [*map(int, ranked), *map(int, np.setdiff1d(np.arange(len(runs)), ranked))]


def pictures(
    runs: Sequence[Path], drawing: Drawing | None = None, places: Sequence[int] = ()
) -> tuple[dict[str, list[dict[str, str]]], int]:
    """By the run's place its pictures, and how many runs' were left out for want of room.

    places: of the runs that are drawn where no pictures lie in their folders, the best first.
    Raises SettingsError as their drawing does.
    """
    if drawing is not None:
        drawing.check([runs[place] for place in places])
    found: dict[str, list[dict[str, str]]] = {}
    room, left_out = ASKED_BYTES if drawing else PICTURE_BYTES, 0
    drawn = set(places)
    for place in [*places, *(other for other in range(len(runs)) if other not in drawn)]:
        files = picture_files(runs[place])
        if not files and (drawing is None or place not in drawn):
            continue
        if room <= 0:
            left_out += 1
            continue
        contents = contents_of(files, room) if files else drawn_for(runs[place], drawing)
        for name in (name for name in contents if not name.startswith(DARK)):
            picture = {"name": name.replace("_", " "), "png": in_base64(contents[name])}
            if (twin := contents.get(f"{DARK}{name}")) is not None:
                picture["dark"] = in_base64(twin)  # else the page puts it on a soft card
            room -= sum(map(len, picture.values()))
            if room < 0:
                left_out += 1
                break
            found.setdefault(str(place), []).append(picture)
    return found, left_out


def in_base64(content: bytes) -> str:
    """As a page holds it."""
    return base64.b64encode(content).decode()


def contents_of(files: Mapping[str, Path], room: int) -> dict[str, bytes]:
    """The files that can be read and are no larger than what there is room for."""
    found = {}
    for name, file in files.items():
        try:
            if os.stat(file).st_size <= room:
                found[name] = file.read_bytes()
        except OSError:
            continue
    return found


def drawn_for(run: Path, drawing: Drawing | None) -> Mapping[str, bytes]:
    """The pictures of a run that has none, drawn now; what stands in the way is told on stderr."""
    if drawing is None:
        return {}
    try:
        return drawing.draw(run)
    except (RunnerError, OSError, ValueError) as error:
        why = f"{printable(run)}: no pictures: {error_line(error)}"
        print(f"warning: {why}", file=forgiving(sys.stderr))
        return {}


def picture_files(run: Path) -> dict[str, Path]:
    """The PNG files under `plots/`, in alphabetical order, and `dark/NAME` below it.

    Links may lead elsewhere, and are left out.
    """
    found = {}
    for folder, prefix in ((run / "plots", ""), (run / "plots/dark", DARK)):
        if (run / "plots").is_symlink() or folder.is_symlink():
            continue
        for file in sorted(folder.glob("*.png")):
            if file.is_file() and not file.is_symlink():
                found[f"{prefix}{file.stem}"] = file
    return found

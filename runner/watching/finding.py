"""Which runs and sweeps lie below a folder, found again and again at little cost."""

import os
import time
from pathlib import Path
from typing import NamedTuple

from runner.analysis.runs import MOST_FOLDERS, MOST_LEVELS
from runner.run_folder.job_rows import FILE

SWEEP_FILES = frozenset({"multirun.yaml", "sweep.log", FILE})
"""What only a sweep's folder holds."""
SETTLED = 1e9
"""Nanoseconds after which a folder that changes has another time of change, on any file system."""


class Place(NamedTuple):
    """A run or a sweep."""

    name: str
    """Its folder, below the one that is watched; `.` for that itself."""
    folder: str
    is_sweep: bool
    changed: int
    """When something was last put into it, in nanoseconds."""

    @property
    def path(self) -> Path:
        """Its folder; made when it is asked for, as thousands are found each time."""
        return Path(self.folder)


class Listing(NamedTuple):
    """What a folder was when it was last looked into."""

    changed: int
    kind: str
    """run, sweep or neither."""
    inside: tuple[str, ...]
    """Folders in it that may hold runs."""


class Finder:
    """Looks below a folder; only folders that changed are read anew.

    Links are not followed, and hidden folders not looked into.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Listing] = {}

    def look(self) -> list[Place] | None:
        """What there is now, the newest first; None where there is no such folder yet."""
        if not self._root.is_dir():
            self._known.clear()
            return None
        before, self._known = self._known, {}
        found: list[Place] = []
        waiting = [(str(self._root), "", MOST_LEVELS)]
        while waiting and len(self._known) < MOST_FOLDERS * 10:
            folder, below, levels = waiting.pop()
            try:
                listing = self._listing(folder, before.get(folder))
            except OSError:  # it has vanished, or is not ours to read
                continue
            self._known[folder] = listing
            if listing.kind:
                name = below[1:] or "."
                found.append(Place(name, folder, listing.kind == "sweep", listing.changed))
            elif levels:
                inside = [(f"{folder}/{n}", f"{below}/{n}", levels - 1) for n in listing.inside]
                waiting += inside
        return sorted(found, key=lambda place: (-place.changed, place.name))

    def _listing(self, folder: str, known: Listing | None) -> Listing:
        changed = os.stat(folder, follow_symlinks=folder == str(self._root)).st_mtime_ns
        if known is not None and known.changed == changed and time.time_ns() - changed > SETTLED:
            return known
        with os.scandir(folder) as entries:
            inside = {entry.name: entry for entry in entries}
        if "run.json" in inside:
            return Listing(changed, "run", ())
        if SWEEP_FILES & set(inside):
            return Listing(changed, "sweep", ())
        names = (n for n, e in inside.items() if not n.startswith(".") and is_folder(e))
        return Listing(changed, "", tuple(names))


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a folder, and no link to one."""
    return entry.is_dir(follow_symlinks=False)

"""What there is below a folder at this moment, and one run or sweep of it by its name."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from runner.errors import printable
from runner.run_folder.layout import is_job_number
from runner.system import load
from runner.watching.finding import Finder, Place
from runner.watching.run_standing import (
    NOT_READABLE,
    Standing,
    last_values,
    standing,
    whole_run,
)
from runner.watching.sweep_standing import FollowedSweep

MOST_LISTED = 60
"""Runs and sweeps; the running ones, then the newest."""
LEAST_SECONDS, LEAST_WHEN_BUSY = 2.0, 4.0
"""Between two looks; the other while all of the machine's processors are busy, for a browser that
draws takes more of them than looking does: every two seconds a fortieth of one."""
MOST_SECONDS = 30.0
SHARE = 0.01
"""Of one processor's time that looking may take."""


class Overview:
    """Follows a folder of runs; asked again and again.

    A name leads nowhere by itself: it is looked up among what was found.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seconds = LEAST_SECONDS
        """Until it is worth to look again: looking that takes long is done less often."""
        self._finder = Finder(root)
        self._places: dict[str, Place] = {}
        self._runs: dict[str, tuple[int, Standing | None]] = {}
        self._sweeps: dict[str, FollowedSweep] = {}
        self._looked: tuple[float, dict[str, Any]] | None = None
        self._spent = 0.0  # on the run that is shown, when it was last asked for
        self._one = Lock()  # several pages may ask

    def look(self) -> dict[str, Any]:
        """Everything in one line each, looked for at most once in `seconds`."""
        with self._one:
            now = time.monotonic()
            if self._looked is None or now - self._looked[0] >= 0.9 * self.seconds:
                began = time.thread_time()
                told = self._look()
                spent = time.thread_time() - began + self._spent
                busy = load() > (os.cpu_count() or 1) - 0.5
                least = LEAST_WHEN_BUSY if busy else LEAST_SECONDS
                self.seconds = min(MOST_SECONDS, max(least, spent / SHARE))
                self._looked, self._spent = (now, told), 0.0
            return self._looked[1]

    def whole(self, name: str) -> dict[str, Any] | None:
        """All about a run, a sweep, or SWEEP/N; None where there is none of that name."""
        with self._one:
            began = time.thread_time()
            try:
                return self._whole(name)
            except NOT_READABLE as error:
                return {"kind": "gone", "name": name, "error": printable(error)}
            finally:
                self._spent += time.thread_time() - began

    def _whole(self, name: str) -> dict[str, Any] | None:
        place = self._places.get(name)
        if place is not None and place.is_sweep:
            return {"kind": "sweep", "name": name, **self._sweep(place).whole()}
        if place is not None:
            return {"kind": "run", "name": name, **whole_run(place.path)}
        sweep, _, job = name.rpartition("/")
        parent = self._places.get(sweep or ".")
        if parent is None or not parent.is_sweep or not is_job_number(job):
            return None
        folder = parent.path / job
        if folder.is_symlink():
            return None
        return {"kind": "run", "name": name, **whole_run(folder)}

    def _look(self) -> dict[str, Any]:
        found = self._finder.look()
        places = found or []
        self._places = {place.name: place for place in places}
        self._runs = {n: known for n, known in self._runs.items() if n in self._places}
        self._sweeps = {n: known for n, known in self._sweeps.items() if n in self._places}
        running = [place for place in places if self._runs_now(place)]
        first = {place.name for place in running}
        listed = [*running, *(p for p in places[:MOST_LISTED] if p.name not in first)][:MOST_LISTED]
        lines = [line for line in map(self._line, listed) if line is not None]
        lines.sort(key=lambda line: line["status"] != "running")
        return {
            "there": found is not None,
            "runs": lines,
            "count": len(places),
            "running": sum(line["status"] == "running" for line in lines),
        }

    def _runs_now(self, place: Place) -> bool:
        """Whether a run goes on; a sweep is told among the newest."""
        told = None if place.is_sweep else self._run(place)
        return told is not None and told.status == "running"

    def _run(self, place: Place) -> Standing | None:
        """How a run stands, read anew where it goes on or its folder has changed."""
        changed, told = self._runs.get(place.name, (0, None))
        try:
            now = os.stat(f"{place.folder}/run.json", follow_symlinks=False).st_mtime_ns
            if now != changed or told is None or told.status == "running":
                told = standing(place.path)
        except NOT_READABLE:
            now, told = 0, None
        self._runs[place.name] = now, told
        return told

    def _sweep(self, place: Place) -> FollowedSweep:
        return self._sweeps.setdefault(place.name, FollowedSweep(place.path))

    def _line(self, place: Place) -> Mapping[str, Any] | None:
        if place.is_sweep:
            try:
                return {"kind": "sweep", "name": place.name, **self._sweep(place).standing()}
            except NOT_READABLE:  # it vanishes at this moment
                return None
        told = self._run(place)
        if told is None:
            return {"kind": "run", "name": place.name, "status": "damaged", "title": "run.json?"}
        step, spark = last_values(place.path, told)
        return {"kind": "run", "name": place.name, "step": step, "spark": spark, **told._asdict()}

"""Whether the jobs that a sweep's folder holds came of the modules of one's own that there are now.

A run is a function of its configuration and of the pieces that it names. Another text of a module
need not be another piece, so this is told, as `resume` tells it, and nothing is refused.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import counted, printable
from runner.plugins.origins import PLUGINS, changed_modules


@dataclass
class Jobs:
    """Jobs of which the same is to be told."""

    first: int
    count: int = 0
    pieces: dict[str, None] = field(default_factory=dict)

    def add(self, first: int, count: int) -> None:
        """Takes in others."""
        self.first = min(self.first, first)
        self.count += count


class TrainedWith:
    """The pieces of a person's own that jobs were trained with, by what they tell of them."""

    def __init__(self) -> None:
        self._jobs: dict[str, Jobs] = {}

    def add(self, number: int, about: Mapping[str, Any]) -> None:
        """Takes in what a job's run.json says."""
        if about.get(PLUGINS):
            self.add_kind(number, json.dumps({PLUGINS: about[PLUGINS]}))

    def add_kind(self, number: int, about: str) -> None:
        """The same, of a JSON text that many jobs have in common."""
        if about not in self._jobs:
            self._jobs[about] = Jobs(number)
        self._jobs[about].add(number, 1)

    def changed(self, folder: Path) -> Iterator[str]:
        """A line a module that is another now: whose jobs came of it, and a way out."""
        found: dict[str, Jobs] = {}
        for about, jobs in self._jobs.items():
            for change, pieces in changed_modules(json.loads(about)).items():
                alike = found.setdefault(change, Jobs(jobs.first))
                alike.add(jobs.first, jobs.count)
                alike.pieces.update(dict.fromkeys(pieces))
        for change, jobs in found.items():
            yield (
                f"{counted(jobs.count, 'job')} in {printable(folder)}, from #{jobs.first} on, came "
                f"of the {', '.join(jobs.pieces)} {change}; they are taken as they are, another "
                "hydra.sweep.dir runs all anew"
            )

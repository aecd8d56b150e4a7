"""What a run left behind, for who goes on with it, repeats it or branches off."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from runner.checking.rules import is_step, shown
from runner.errors import SnapshotError, printable
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob, kept_job
from runner.run_folder.layout import is_job_number, read_run, step_of
from runner.run_folder.tables import read_results, split
from runner.storage.reading import check_own_files, read_text

MOST_OVERRIDES = 100_000
"""Bytes of an overrides.yaml."""


class RunFolder:
    """A run's folder, read anew whenever it is asked. Nothing in it is trusted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def kept(self) -> KeptJob | None:
        """The job of a sweep that it is where that is a row and has no folder."""
        if not is_job_number(self.path.name) or os.path.lexists(self.path / "run.json"):
            return None
        return kept_job(self.path)

    def about(self) -> Mapping[str, Any]:
        """What run.json says. Raises SnapshotError where there is none that can be read."""
        if (kept := self.kept) is not None:
            return kept.as_run_json()
        name = printable(self.path)
        self.check_there()
        if not (self.path / "run.json").exists():
            raise SnapshotError(f"{name} holds no run: there is no run.json; give a run's folder")
        check_own_files(self.path)
        try:
            about = read_run(self.path)
        except (OSError, ValueError) as error:
            raise SnapshotError(
                f"{name}/run.json cannot be read ({printable(error)}); start the run anew"
            ) from error
        for key, kinds in DESCRIBED.items():
            if key not in about or not isinstance(about[key], kinds):
                expected = " or ".join(JSON_NAMES[kind] for kind in kinds)
                raise SnapshotError(
                    f"{name}/run.json does not describe a run: its {key} is "
                    f"{shown(about.get(key))}, expected {expected}; start the run anew"
                )
        return about

    def check_there(self) -> None:
        """Raises SnapshotError where there is no folder, or a sweep's where a run's is meant."""
        if not self.path.is_dir():
            raise SnapshotError(
                f"{printable(self.path)} holds no run: there is no such folder; give a run's folder"
            )
        jobs = (self.path / "0" / "run.json").exists() or JobRows(self.path).is_there
        if jobs and not (self.path / "run.json").exists():
            name = printable(self.path)
            raise SnapshotError(f"{name} is a sweep; expected one of its runs, such as {name}/0")

    @property
    def configuration(self) -> dict[str, Any]:
        """As it was recorded, the whole topology in it. Raises SnapshotError as `about` does."""
        return dict(self.about()["configuration"])

    @property
    def status(self) -> str:
        """What run.json says of its end; `damaged` where that cannot be read."""
        if (kept := self.kept) is not None:
            return kept.status
        try:
            return str(read_run(self.path)["status"])
        except (OSError, ValueError):
            return "damaged"

    def has_results(self, status: str) -> bool:
        """Whether there is a results.csv of this end, which may have been lost since."""
        header, row = read_results(self.path)
        cells = dict(zip(split(header), split(row), strict=True)) if header else {}
        return cells.get("status") == status

    @property
    def overrides(self) -> list[str] | None:
        """What it was given on the command line; None where its folder does not say."""
        if (kept := self.kept) is not None:
            return kept.overrides
        import yaml  # noqa: PLC0415 - only for those who ask

        try:
            return listed_texts(read_text(self.path / ".hydra/overrides.yaml", MOST_OVERRIDES))
        except (OSError, ValueError, yaml.YAMLError):
            return None

    @property
    def snapshots(self) -> dict[int, Path]:
        """Its snapshots by step, in their order."""
        paths = (self.path / "snapshots").glob("step-*.npz")
        found = {step_of(path): path for path in paths if is_step(path.stem[5:])}
        return dict(sorted(found.items()))

    @property
    def last_step(self) -> int:
        """That of the last snapshot; of a row the last that was made. Raises as `snapshot`."""
        kept = self.kept
        return step_of(self.snapshot()) if kept is None else int(str(kept.results["steps"]))

    def snapshot(self, step: int | None = None) -> Path:
        """The snapshot of a step, by default the last. Raises SnapshotError where there is none."""
        if self.kept is not None:
            sweep, number = printable(self.path.parent), self.path.name
            raise SnapshotError(
                f"{sweep}/{number} is a row, which has no snapshots; "
                f"python -m runner.expand {sweep} {number} gives it a folder"
            )
        found = self.snapshots
        if not found:
            self.check_there()
            raise SnapshotError(
                f"{printable(self.path)} holds no snapshot; expected files snapshots/step-….npz"
            )
        path = found.get(max(found) if step is None else step)
        if path is None:
            shown_steps = ", ".join(map(str, list(found)[:10]))
            more = f", …, {max(found)}" if len(found) > 10 else ""
            raise SnapshotError(
                f"{printable(self.path)} has no snapshot of step {step}; "
                f"it has those of {shown_steps}{more}; with recording.snapshots.epochs=N a run has "
                "them every N epochs"
            )
        return path


DESCRIBED: dict[str, tuple[type, ...]] = {
    "status": (str,),
    "error": (str, NoneType),
    "started": (str,),
    "resumed": (list,),
    "engine": (str, NoneType),
    "checksums": (dict,),
    "configuration": (dict,),
}
"""What run.json has to say of a run that is to go on, be repeated or branched off, and how."""
JSON_NAMES: dict[type, str] = {str: "a text", list: "a list", dict: "entries", NoneType: "null"}


def listed_texts(text: str) -> list[str]:
    """A YAML list of plain values. Raises ValueError for anything else, YAMLError for bad syntax.

    From the parser's events: what builds values from them crashes on deep nesting.
    """
    import yaml  # noqa: PLC0415 - only for those who ask

    texts: list[str] = []
    expected: type[yaml.Event] = yaml.SequenceStartEvent
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.NodeEvent() if not isinstance(event, expected):
                raise ValueError("it is not a list of plain values")
            case yaml.ScalarEvent():
                texts.append(event.value)
            case yaml.SequenceStartEvent():
                expected = yaml.ScalarEvent
    return texts

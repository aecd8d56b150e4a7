"""Whether the jobs that a sweep's folder holds were trained on the data that there are now."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.checking.parsing import parse
from runner.checking.rules import shown
from runner.data.dataset import Dataset
from runner.errors import DataError, printable
from runner.experiment.sharing import shared_dataset
from runner.settings import DatasetSettings

PLACES = ("path", "root", "name")
"""What says best where data are, the first that is there."""

Source = tuple[str | None, ...]


class TrainedOn:
    """By `dataset` section, the data that jobs with it were trained on."""

    def __init__(self) -> None:
        self._jobs: dict[str, dict[str, int]] = defaultdict(dict)  # checksum: the first such job
        self._checked: set[Source] = set()

    def add(self, number: int, about: Mapping[str, Any]) -> None:
        """Takes in what a job's run.json says; one that never had its data says nothing.

        Raises LookupError or TypeError where it does not describe a run.
        """
        section, checksum = about["configuration"]["dataset"], about["checksums"].get("data")
        if checksum is not None:
            numbers = self._jobs[json.dumps(section, sort_keys=True)]
            numbers.setdefault(checksum, number)

    def check(self, folder: Path, config: Mapping[str, Any]) -> None:
        """Loads a data set of the source that the jobs have in common with `config`, once for all.

        What cannot be loaded is for the jobs to say. Raises DataError where data have changed.
        """
        source = source_of(config["dataset"])
        if source in self._checked:
            return
        self._checked.add(source)
        loaded = False
        for text, jobs in self._jobs.items():
            section = json.loads(text)
            if source_of(section) != source:
                continue
            versions: dict[str, int | None] = {**jobs}
            if not loaded and (dataset := dataset_now(section)) is not None:
                loaded = True
                if (first := versions.pop(dataset.values_checksum, None)) is not None:
                    versions = {dataset.checksum: first, **versions}  # recorded without names
                versions.setdefault(dataset.checksum)
            if len(versions) > 1:
                one, other = list(versions.items())[:2]
                raise changed(folder, section, one, other)


def dataset_now(section: Mapping[str, Any]) -> Dataset | None:
    """The data that there are; None where they cannot be loaded."""
    try:
        settings: DatasetSettings = parse(DatasetSettings, section, "dataset.")
        return shared_dataset(settings)
    except Exception:  # whatever goes wrong with them
        return None


def source_of(section: Mapping[str, Any]) -> Source:
    """What tells where data come from, however they are divided and scaled."""
    named = [section.get(name) for name in ("path", "root", "validation", "test")]
    places = [os.path.realpath(place) if isinstance(place, str) else None for place in named]
    return (section.get("kind"), *places)


def changed(
    folder: Path,
    section: Mapping[str, Any],
    one: tuple[str, int | None],
    other: tuple[str, int | None],
) -> DataError:
    """The one line for data of two versions: of each its checksum, and a job that has it."""
    place = next(name for name in PLACES if section.get(name) is not None)
    (before, first), (now, second) = one, other
    who = "there are now" if second is None else f"#{second} was trained on"
    return DataError(
        f"dataset.{place}={shown(section[place])}: the data that #{first} in {printable(folder)} "
        f"was trained on (SHA-256 {printable(before[:12])}…) are not those that {who} "
        f"({printable(now[:12])}…), and rows of both do not belong in one table; give the files of "
        "before, or another hydra.sweep.dir"
    )

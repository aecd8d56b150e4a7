"""What is known of a job that is a row: as much as its folder would tell, but what is computed."""

import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from runner.errors import SnapshotError, printable
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork, trained_network
from runner.plugins.origins import PLUGINS, missing_piece
from runner.run_folder.job_end import JobEnd, ending_words
from runner.run_folder.job_rows import FILE, JobRow, JobRows
from runner.run_folder.row_checks import RATE, TIMES, parsed
from runner.run_folder.snapshots import MEMBERS, UNSOUND, parameters_checksum
from runner.run_folder.statuses import PRUNED
from runner.run_folder.tables import configuration_columns, joined, quoted
from runner.storage.npz_files import decoded
from runner.training.stopping import RUNG, Rung

(MISSING,) = struct.unpack("<d", (0x7FF8 << 48 | 1).to_bytes(8, "little"))
"""In a history what a row lacks: NaN, but not the one that a metric may be."""
PREPARATION = {name: member._replace(optional=True) for name, member in MEMBERS.items()}


@dataclass(frozen=True)
class KeptJob:
    """A job that is a row."""

    row: JobRow

    @property
    def about(self) -> Mapping[str, Any]:
        """In what it was run, how it ended, and what its numbers are called."""
        about: Mapping[str, Any] = parsed(self.row.kind.about)
        return about

    @property
    def configuration(self) -> dict[str, Any]:
        """As run.json would have it."""
        return with_changes(parsed(self.row.base.configuration), self.changes)

    @property
    def changes(self) -> Mapping[str, Any]:
        """The values that the base has otherwise, by dotted name."""
        text = self.row.changes
        changes = parsed(text or self.row.overrides)
        return changes if text else plainly_said(changes.values())

    def cell(self, name: str) -> str:
        """What results.csv has of one setting, without the others; empty where it has none."""
        if name in (self.row.changes or self.row.overrides) and name in self.changes:
            return quoted(self.changes[name])
        return cell_of_base(self.row.base.configuration, name)

    @property
    def overrides(self) -> list[str]:
        """What it was given on the command line."""
        texts = list(parsed(self.row.base.overrides))
        for place, text in parsed(self.row.overrides).items():
            texts[int(place)] = text
        return texts

    @property
    def status(self) -> str:
        """completed, pruned, diverged or failed."""
        return str(self.about["status"])

    @property
    def rung(self) -> Rung | None:
        """Where it was pruned, if it was."""
        if self.status != PRUNED:
            return None
        number = str(self.about["stop_reason"]).removeprefix(RUNG)
        return Rung(int(number), int(str(self.results["epochs"])))

    @cached_property
    def results(self) -> dict[str, object]:
        """What results.csv has after the configuration."""
        about = self.about
        own = iter(np.frombuffer(self.row.results).tolist())
        last = dict(zip(about["history"], self.history[1][-1:].ravel().tolist(), strict=False))
        found: dict[str, object] = {name: about[name] for name in ("status", "stop_reason")}
        for name in about["results"]:
            if name in about["alike"]:
                found[name] = about["alike"][name]
            elif name == RATE:
                found[name] = rate_of(found)
            else:
                value = last[about["last"][name]] if name in about["last"] else next(own)
                whole = name in about["whole"]
                found[name] = as_time(value) if name in TIMES else int(value) if whole else value
        return found

    def number(self, name: str) -> float | None:
        """One of its results without the others; None where it has no number of that name."""
        if name == RATE or name in self.about["alike"]:
            return float(str(self.results[name]))
        place = place_of(self.row.kind.about, name)
        if place is None:
            return None
        blob = self.row.history if place < 0 else self.row.results
        return float(struct.unpack_from("<d", blob, 8 * place)[0])

    @property
    def history(self) -> tuple[list[str], Array]:
        """The names of the history's columns, and its rows [rows, names]."""
        names = list(self.about["history"])
        return names, np.frombuffer(self.row.history).reshape(-1, max(1, len(names)))

    @property
    def weights(self) -> Array:
        """[parameters] Of its result; empty where they were not finite."""
        return np.frombuffer(self.row.weights, self.about["dtype"])

    @property
    def trained(self) -> TrainedNetwork:
        """The network, ready to predict. Raises SnapshotError where there is none."""
        name = f"#{self.row.number}"
        if not self.row.weights:
            raise SnapshotError(f"{name} {self.status}: {self.row.error or 'it has no weights'}")
        try:
            arrays = decoded(io.BytesIO(self.row.kind.preparation), PREPARATION)
            return trained_network({**arrays, "parameters": self.weights})
        except UNSOUND as error:
            missing = missing_piece(self.about)
            told = missing and f"{name}: {missing}"
            raise SnapshotError(told or f"{name} holds no network ({printable(error)})") from error

    @property
    def end(self) -> JobEnd:
        """How it ended, with its row of results.csv."""
        return self.ended()

    def ended(self, exit_code: int = 0, kept: JobRow | None = None) -> JobEnd:
        """The same. kept: the row, for who is to write it."""
        about, results = self.about, self.results
        header, cells = columns_of_base(self.row.base.configuration)
        steps, seconds = results.get("steps", 0), results.get("seconds", 0.0)
        words = ending_words(str(about["stop_reason"]), int(str(steps)), float(str(seconds)))
        text = self.row.error or words
        return JobEnd(
            self.row.number,
            self.status,
            printable(text),
            exit_code,
            header_of(header, tuple(results)),
            row_of(cells, header, self.changes, results),
            about["metric"],
            kept=kept,
        )

    def as_run_json(self) -> dict[str, Any]:
        """What run.json would say of it, as far as it is kept."""
        about, results = self.about, self.results
        weights = self.weights
        checksums = {"data": about["data"]} if about["data"] else {}
        if weights.size:
            checksums["parameters"] = parameters_checksum(weights)
        told = ("status", "stop_reason", "engine", "versions", "platform", "git_commit")
        besides = [name for name in ("arithmetic", PLUGINS) if name in about]
        return {
            **{name: about[name] for name in (*told, *besides)},
            "error": self.row.error,
            **{name: results.get(name) for name in TIMES},
            "resumed": [],
            "checksums": checksums,
            "configuration": self.configuration,
        }


def rate_of(results: Mapping[str, Any]) -> float:
    """Steps a second; 0 where no time has passed."""
    return float(results["steps"] / results["seconds"]) if results["seconds"] else 0.0


@lru_cache(maxsize=256)
def columns_of_base(configuration: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and cells of results.csv that a base's configuration makes."""
    columns = configuration_columns(parsed(configuration))
    return tuple(columns), tuple(map(quoted, columns.values()))


@lru_cache(maxsize=1024)
def cell_of_base(configuration: str, name: str) -> str:
    """One of these cells; empty where there is none of that name."""
    header, cells = columns_of_base(configuration)
    return cells[header.index(name)] if name in header else ""


def row_of(
    cells: Sequence[str],
    header: Sequence[str],
    changes: Mapping[str, Any],
    results: Mapping[str, object],
) -> str:
    """A job's line of results.csv: its base's cells with the changed ones, then its results."""
    own = list(cells)
    if changes:
        places = places_of(tuple(header))
        for name, value in configuration_columns(changes).items():
            if name in places:
                own[places[name]] = quoted(value)
    numbers = [repr(v) if isinstance(v, float) else str(v) for v in results.values()]
    return ",".join([*own, *numbers])


@lru_cache(maxsize=256)
def header_of(configuration: tuple[str, ...], results: tuple[str, ...]) -> str:
    """The first line of results.csv, one text for all that have it."""
    return ",".join([*configuration, *results])


@lru_cache(maxsize=256)
def places_of(names: tuple[str, ...]) -> dict[str, int]:
    """Where each column is."""
    return {name: place for place, name in enumerate(names)}


def with_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with other values by dotted name."""
    result = dict(base)
    for name, value in changes.items():
        *sections, last = name.split(".")
        inner = result
        for section in sections:
            inner[section] = dict(inner[section])
            inner = inner[section]
        inner[last] = value
    return result


def own_texts(
    overrides: Sequence[str], first: Sequence[str], changes: Mapping[str, Any]
) -> tuple[str, str]:
    """A job's overrides and changes as its row has them.

    first: the overrides of its base.
    """
    pairs = enumerate(zip(overrides, first, strict=True))
    own = {str(place): mine for place, (mine, theirs) in pairs if mine != theirs}
    said = plainly_said(own.values())
    plain = repr(sorted(said.items())) == repr(sorted(changes.items()))
    return compact(own), "" if plain else compact(changes)


def plainly_said(overrides: Iterable[str]) -> dict[str, Any]:
    """The values that overrides give, each a number or else a text as it stands there."""
    found: dict[str, Any] = {}
    for override in overrides:
        name, _, text = override.partition("=")
        try:
            found[name] = float(text) if "." in text or "e" in text else int(text)
        except ValueError:
            found[name] = text
    return found


def compact(values: Mapping[str, Any]) -> str:
    """JSON without spaces."""
    return json.dumps(values, separators=(",", ":"))


@lru_cache(maxsize=256)
def place_of(about: str, name: str) -> int | None:
    """Where a result is among those of a row, or below 0 from the end of its history."""
    told = parsed(about)
    last = told["last"]
    if name in last:
        return int(told["history"].index(last[name])) - len(told["history"])
    own = [each for each in told["results"] if each not in (*last, *told["alike"], RATE)]
    return own.index(name) if name in own else None


@lru_cache(maxsize=256)
def as_time(seconds: float) -> str:
    """Seconds since 1970 as results.csv has times."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")


def history_lines(names: Sequence[str], rows: Array) -> list[str]:
    """The lines of a history.csv, each with its end."""
    missing = rows.view(np.int64) == np.array(MISSING).view(np.int64)
    lines = [joined(names) + "\n"]
    for row, lacking in zip(rows.tolist(), missing.tolist(), strict=True):
        step, epoch, seconds, *values = row
        cells = [
            "" if lacks else repr(value) for value, lacks in zip(values, lacking[3:], strict=True)
        ]
        lines.append(",".join([f"{step:.0f}", f"{epoch:.0f}", f"{seconds:.6f}", *cells]) + "\n")
    return lines


def kept_job(run: Path) -> KeptJob | None:
    """The job whose folder a path would be, where its sweep keeps rows."""
    if not (run.parent / FILE).exists():
        return None
    return KeptJob(JobRows(run.parent).row(int(run.name)))

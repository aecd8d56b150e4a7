"""The one writer of a run's folder: claimed by one run, described by run.json."""

import json
import platform
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from runner.errors import StorageError, error_line
from runner.run_folder.layout import read_run
from runner.run_folder.ownership import beginning
from runner.run_folder.statuses import FINISHED
from runner.run_folder.tables import write_results
from runner.storage.files import (
    AT_ONCE,
    Syncing,
    make_folder,
    remove_leftovers,
    storage_errors,
    write_atomically,
)
from runner.storage.locks import locked, this_process
from runner.storage.reading import check_own_files, read_text

SCHEMA = 1
REPORTED_PACKAGES = ("numpy", "hydra-core", "omegaconf", "pandas", "numba")
DOCUMENTS = tuple(f".hydra/{name}.yaml" for name in ("config", "hydra", "overrides"))
"""What Hydra keeps of a run. While it goes on their texts are in run.json, to be written anew."""


DRAWN = (
    "learning_curve",
    "learning_rate",
    "layer_statistics",
    "straight_line",
    "weights",
    "network",
    "decision_surface",
    "units",
    "fit",
    "first_layer",
    "maps",
    "states",
    "confusion_matrix",
    "calibration",
    "worst_mistakes",
)
"""The pictures of a run, by name."""
FORMATS = ("png", "svg")
LOOKS = ("", "dark/")
"""Where they lie below `plots/`."""
OF_ITS_END = (
    *("predictions.csv", "classes.csv", "confusion.csv"),
    *(f"plots/{look}{name}.{kind}" for look in LOOKS for kind in FORMATS for name in DRAWN),
)
"""What tells of a run's end alone, and is wrong once the run has gone on."""


class RunWriter:
    """The folder of one run, and what run.json says of it.

    status: running, completed, failed, interrupted or diverged.
    columns: the configuration's part of results.csv.
    """

    def __init__(
        self, path: Path, columns: Mapping[str, object], syncing: Syncing = AT_ONCE
    ) -> None:
        self.path = path
        self.syncing = syncing
        self.results = ("", "")  # header and row of results.csv, once it is written
        self._columns = columns
        self._about: dict[str, Any] = {}
        self._lines: dict[str, str] = {}  # of run.json, an entry each

    @contextmanager
    def claimed(self, about: Mapping[str, object], documents: Mapping[str, str]) -> Iterator[None]:
        """Makes the folder a new run's own, by run.json before all else; locked while entered.

        about: what run.json says besides status, times and machine; `checksums` among it.
        documents: texts to keep beside the run, by name in `DOCUMENTS`; while it goes on, run.json
        holds them as well. Failures inside are recorded.
        Raises ConflictError when the folder holds a run, or anything that a run writes.
        """
        with beginning(self.path):
            check_own_files(self.path)
            for place in (self.path, *self.path.absolute().parents[:2]):
                self.syncing.placed(place)
            self._describe(
                schema=SCHEMA,
                status="running",
                stop_reason=None,
                error=None,
                started=now(),
                finished=None,
                resumed=[],
                **machine(),
                **about,
                documents=documents,
            )
            with self._failures_recorded():
                self._write_documents()
                yield

    @contextmanager
    def reopened(self, about: Mapping[str, object], step: int) -> Iterator[None]:
        """Goes on with a run from `step`, in a folder that the caller holds locked.

        about: what run.json says from now on. Failures inside are recorded.
        """
        check_own_files(self.path)
        self._take(read_run(self.path))
        session = {"at": now(), "step": step, "process": self._about.get("process")}
        with storage_errors(self.path):
            remove_leftovers(self.path)
        self._describe(
            status="running",
            stop_reason=None,
            error=None,
            finished=None,
            resumed=[*self._about.get("resumed", ()), session],
            **machine(),
            **about,
        )
        with self._failures_recorded():
            with storage_errors(self.path):
                for name in OF_ITS_END:
                    (self.path / name).unlink(missing_ok=True)
            self._write_documents()
            yield

    def finish(
        self,
        status: str,
        results: Mapping[str, object],
        parameters: str,
        error: str | None = None,
    ) -> None:
        """results.csv, then the last word of run.json; `parameters`: the weights' checksum."""
        finished = now()
        with storage_errors(self.path):
            self._write_results(results, finished)
        self._describe(
            status=status,
            stop_reason=results["stop_reason"],
            error=error,
            finished=finished,
            checksums={**self._about["checksums"], "parameters": parameters},
        )

    def fail(self, error: BaseException) -> None:
        """Records a failure: traceback in run.log, a row in results.csv, the error in run.json."""
        finished = now()
        with (
            storage_errors(self.path),
            open(self.path / "run.log", "a", encoding="utf-8", newline="\n") as log,
        ):
            log.write("".join(traceback.format_exception(error)))
            self._write_results({"status": "failed", "stop_reason": "error"}, finished)
        self._describe(
            status="failed", stop_reason="error", error=error_line(error), finished=finished
        )

    def fail_unended(self, error: BaseException) -> None:
        """Records an error, unless it is there, of a run that has no end and that nobody writes."""
        with locked(self.path):
            self._take(read_run(self.path))
            ended = self._about["status"] in FINISHED
            if not ended and self._about["error"] != error_line(error):
                self.fail(error)

    def _write_results(self, results: Mapping[str, object], finished: str) -> None:
        times = {"started": self._about["started"], "finished": finished}
        columns = {**self._columns, **results, **times}
        self.results = write_results(self.path, columns, self.syncing)

    @contextmanager
    def _failures_recorded(self) -> Iterator[None]:
        """Records whatever goes wrong inside, and lets it go on."""
        try:
            yield
        except BaseException as error:
            with suppress(StorageError):  # a full disk must not hide what went wrong
                self.fail(error)
            raise

    def _write_documents(self) -> None:
        """Writes what run.json holds of them; when that is next written, it does no longer."""
        documents = self._about.get("documents")
        if isinstance(documents, Mapping) and documents:
            with storage_errors(self.path):
                make_folder(self.path / ".hydra", self.syncing)
                for name in [name for name in DOCUMENTS if name in documents]:
                    write_atomically(self.path / name, encoded(str(documents[name])), self.syncing)
        self._about.pop("documents", None)
        self._lines.pop("documents", None)

    def _describe(self, **about: object) -> None:
        """Updates run.json."""
        self._take(about)
        content = "{\n" + ",\n".join(self._lines.values()) + "\n}\n"
        with storage_errors(self.path):
            self.syncing.settle(wait=True)  # what it says of other files must be so
            write_atomically(self._file, encoded(content), self.syncing.vital)

    def _take(self, about: Mapping[str, object]) -> None:
        self._about |= about
        self._lines |= {key: f"  {entry(key, value)}" for key, value in about.items()}

    @property
    def _file(self) -> Path:
        return self.path / "run.json"


def entry(key: str, value: object) -> str:
    """An entry of run.json: its key and JSON; of a mapping a line for each of its own."""
    if not isinstance(value, Mapping) or not value:
        return f"{in_line(key)}: {in_line(value)}"
    inner = ",\n".join([f"    {in_line(str(name))}: {in_line(value[name])}" for name in value])
    return f"{in_line(key)}: {{\n{inner}\n  }}"


in_line = json.JSONEncoder(ensure_ascii=False).encode


def encoded(text: str) -> bytes:
    """UTF-8; half a pair of surrogates, which JSON can hold, as its escape."""
    return text.encode(errors="backslashreplace")


def machine() -> dict[str, object]:
    """What runs, with which versions, where."""
    return {
        "process": this_process(),
        "versions": versions(),
        "platform": platform_name(),
        "git_commit": git_commit(Path.cwd()),
    }


@cache
def platform_name() -> str:
    """The operating system and its version."""
    return platform.platform()


def now() -> str:
    """The time with its zone, to the millisecond."""
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    from runner import __version__  # noqa: PLC0415 - the package is loading itself

    found = {"python": sys.version.split()[0], "runner": __version__}
    for package in REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a folder without installing it
            found[package] = "not installed"
    return found


@cache
def git_commit(folder: Path) -> str | None:
    """The commit checked out around `folder`, read from .git without starting git."""
    for place in (folder, *folder.parents):
        if (place / ".git" / "HEAD").is_file():
            try:
                commit = commit_in(place / ".git")
            except (OSError, ValueError):
                return None
            return commit if COMMIT.fullmatch(commit) else None
    return None


COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def commit_in(git: Path) -> str:
    """What HEAD names. Raises OSError or ValueError where it, or a branch, cannot be read."""
    head = read_text(git / "HEAD").strip()
    reference = head.removeprefix("ref: ")
    if head == reference:
        return head
    if Path(reference).is_absolute() or ".." in Path(reference).parts:
        raise ValueError("its branch lies elsewhere")
    if (git / reference).is_file():
        return read_text(git / reference).strip()
    packed = read_text(git / "packed-refs").splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")

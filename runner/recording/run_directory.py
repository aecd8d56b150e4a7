"""A run's folder: claimed by one run, described by run.json."""

import json
import os
import platform
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from runner.errors import ConflictError, StorageError, error_line
from runner.recording.files import storage_errors, write_atomically
from runner.recording.tables import write_results

SCHEMA = 1
REPORTED_PACKAGES = ("runner", "numpy", "hydra-core", "omegaconf", "pandas")


class RunDirectory:
    """The folder of one run, and what run.json says of it.

    status: running, completed, failed, interrupted or diverged.
    columns: the configuration's part of results.csv.
    """

    def __init__(self, path: Path, columns: Mapping[str, object]) -> None:
        self.path = path
        self._columns = columns
        self._about: dict[str, Any] = {}

    def claim(self, documents: Mapping[str, str], *, engine: str | None, data: str | None) -> None:
        """Makes the folder this run's own by creating run.json, then adds the documents.

        data: the data set's checksum. Raises ConflictError when the folder already holds a run.
        """
        with storage_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            except FileExistsError as error:
                raise ConflictError(
                    f"{self.path} already holds a run; give another hydra.run.dir"
                ) from error
        self._describe(
            schema=SCHEMA,
            status="running",
            stop_reason=None,
            error=None,
            started=now(),
            finished=None,
            process={"id": os.getpid(), "host": platform.node()},
            engine=engine,
            versions=versions(),
            platform=platform.platform(),
            git_commit=git_commit(Path.cwd()),
            checksums={"data": data},
        )
        with storage_errors(self.path):
            for name, content in documents.items():
                target = self.path / name
                target.parent.mkdir(exist_ok=True)
                target.write_text(content, encoding="utf-8")

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
        with storage_errors(self.path), open(self.path / "run.log", "a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(error)))
            self._write_results({"status": "failed", "stop_reason": "error"}, finished)
        self._describe(
            status="failed", stop_reason="error", error=error_line(error), finished=finished
        )

    def _write_results(self, results: Mapping[str, object], finished: str) -> None:
        times = {"started": self._about["started"], "finished": finished}
        write_results(self.path, {**self._columns, **results, **times})

    @contextmanager
    def failures_recorded(self) -> Iterator[None]:
        """Records whatever goes wrong inside, and lets it go on."""
        try:
            yield
        except BaseException as error:
            with suppress(StorageError):  # a full disk must not hide what went wrong
                self.fail(error)
            raise

    def _describe(self, **about: object) -> None:
        """Updates run.json."""
        self._about.update(about)
        content = json.dumps(self._about, indent=2, ensure_ascii=False) + "\n"
        with storage_errors(self._file):
            write_atomically(self._file, content.encode())

    @property
    def _file(self) -> Path:
        return self.path / "run.json"


def read_run(path: Path) -> Mapping[str, Any]:
    """What run.json says. Raises OSError or ValueError when it cannot be read."""
    about = json.loads((path / "run.json").read_text(encoding="utf-8"))
    if not isinstance(about, dict) or "status" not in about:
        raise ValueError("run.json does not describe a run")
    return about


def now() -> str:
    """The time with its zone, to the millisecond."""
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    found = {"python": sys.version.split()[0]}
    for package in REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a folder without installing it
            from runner import __version__  # noqa: PLC0415 - the package is loading itself

            found[package] = __version__ if package == "runner" else "unknown"
    return found


@cache
def git_commit(folder: Path) -> str | None:
    """The commit checked out around `folder`, read from .git without starting git."""
    for place in (folder, *folder.parents):
        head = place / ".git" / "HEAD"
        if not head.is_file():
            continue
        content = head.read_text(encoding="utf-8").strip()
        if not content.startswith("ref: "):
            return content
        reference = content.removeprefix("ref: ")
        loose = place / ".git" / reference
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = place / ".git" / "packed-refs"
        lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
        return next((line.split()[0] for line in lines if line.endswith(" " + reference)), None)
    return None

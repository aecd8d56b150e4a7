"""Fetching a set's files once, with their sums checked, or finding them in a folder."""

import os
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from runner.data.formats.opening import LARGEST
from runner.errors import DataError, error_line, printable
from runner.system import replace


@dataclass(frozen=True)
class Source:
    """A set's files: where they are published, and their SHA-256 sums."""

    name: str
    address: str
    checksums: dict[str, str]
    """Of the files that are fetched."""
    members: tuple[str, ...] = ()
    """The files wanted out of a fetched archive, by their names in it."""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that are read in the end."""
        return tuple(Path(name).name for name in self.members) or tuple(self.checksums)


def local_files(source: Source, root: str | None) -> dict[str, Path]:
    """The set's files by name: from the folder `root`, or from the cache, fetched if need be."""
    if root is None:
        folder = cache_folder(source)
        if not all((folder / name).is_file() for name in source.files):
            fetch(source, folder)
        return {name: folder / name for name in source.files}
    if not Path(root).is_dir():
        line = f"dataset.root='{printable(root)}' is not a folder; {wanted(source)}"
        raise DataError(line, root)
    found = {name: find(Path(root), name) for name in source.files}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(f"dataset.root='{printable(root)}' holds no {missing[0]}; {wanted(source)}")
    return {name: path for name, path in found.items() if path is not None}


def wanted(source: Source) -> str:
    """Which files belong into the folder, for messages."""
    archive = f", unpacked from {next(iter(source.checksums))}" if source.members else ""
    names = [name.removesuffix(".gz") for name in source.files]
    return f"expected the files {', '.join(names)}{archive}, plain or gzip"


def find(root: Path, name: str) -> Path | None:
    """A file in the folder or in a folder below it, with or without .gz."""
    plain = name.removesuffix(".gz")
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        for candidate in (folder / plain, folder / f"{plain}.gz"):
            if candidate.exists():
                return candidate
    return None


def cache_folder(source: Source) -> Path:
    """Where fetched files are kept between runs: the user's cache folder."""
    import pooch  # noqa: PLC0415 - only for those who fetch

    return Path(pooch.os_cache("runner")) / source.name


def fetch(source: Source, folder: Path) -> None:
    """Fetches the set's files over https, checks their sums, and unpacks what is wanted.

    Raises DataError naming the files and where to put them when that fails.
    """
    import pooch  # noqa: PLC0415

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(progressbar=Progress(), timeout=20)
    try:
        for name, checksum in source.checksums.items():
            path = pooch.retrieve(
                f"{source.address}/{name}", f"sha256:{checksum}", name, folder, None, downloader
            )
            if source.members:
                unpack(Path(path), source.members, folder)
    except Exception as error:  # pooch and its transports have no error class in common
        raise DataError(
            f"dataset={source.name} could not be fetched from {source.address} "
            f"({reason(error)}); {wanted(source)}: put them into a folder and give "
            "dataset.root=FOLDER"
        ) from error


def reason(error: Exception) -> str:
    """Why a download failed, short."""
    text = error_line(error)
    return "no connection" if "Connection" in text or "resolve" in text else text[:160]


def unpack(archive: Path, members: Sequence[str], folder: Path) -> None:
    """Takes the wanted members, and nothing else, out of a tar.gz or zip archive.

    Names come from here, not from the archive, so that nothing can be written elsewhere.
    """
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            for name in members:
                with zipped.open(name) as content:
                    keep(content, zipped.getinfo(name).file_size, folder / Path(name).name)
        return
    remaining = set(members)
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            if member.name in remaining and (unpacked := tar.extractfile(member)) is not None:
                keep(unpacked, member.size, folder / Path(member.name).name)
                remaining.remove(member.name)
            if not remaining:
                return
    raise DataError(f"{printable(archive)} lacks {', '.join(sorted(remaining))}")


def keep(content: IO[bytes], size: int, path: Path) -> None:
    """Writes an archive's member under its final name once all of it is there."""
    if size > LARGEST:
        raise DataError(f"{printable(path)} would hold {size:,} bytes, over {LARGEST:,}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            while piece := content.read(1 << 20):
                file.write(piece)
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class Progress:
    """A download's progress bar in the form that pooch asks for."""

    total: int = 0

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def update(self, count: int) -> None:
        """So many more bytes have come."""
        from rich import console, progress  # noqa: PLC0415 - slow to import

        if self._bar is None:
            screen = console.Console(stderr=True)
            columns = (*progress.Progress.get_default_columns(), progress.DownloadColumn())
            self._bar = progress.Progress(*columns, console=screen, transient=True)
            self._task = self._bar.add_task("fetching", total=self.total)
            self._bar.start()
        self._bar.update(self._task, advance=count)

    def reset(self) -> None:
        """Pooch asks for this before it says for the last time how much there was."""
        if self._bar is not None:
            self._bar.reset(self._task)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

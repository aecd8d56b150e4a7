"""What a disk may hold after a power cut, from a journal of what was written to it.

A write survives for certain once its file has been synced, a name once its folder has. Everything
else may be there or not, each by itself, whatever came first.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """An operation that changed a file or a folder, or synced one."""

    operation: int
    """Its number among all operations on files, those that change nothing included."""
    what: str
    inode: int
    at: int
    size: int
    paths: tuple[str, str]
    content: bytes = b""


def read_journal(path: Path) -> list[Entry]:
    """The entries that shim.c has written."""
    left = path.read_bytes()
    entries = []
    while left:
        line, _, left = left.partition(b"\n")
        number, what, inode, at, size, one, two = line.decode().split("\t")
        written = int(size) if what == "write" else 0
        paths, left_content = (one, two), left[:written]
        left = left[written:]
        entries.append(
            Entry(int(number), what, int(inode), int(at), int(size), paths, left_content)
        )
    return entries


Change = Callable[[], object]


class Disk:
    """What is certainly on the disk, and what may be.

    contents: of each file by inode; names: of each folder, to inodes.
    """

    def __init__(self) -> None:
        self._folders: dict[int, str] = {}
        self._inodes: dict[str, int] = {}  # as the running system sees them
        self._writes: dict[int, list[Entry]] = defaultdict(list)
        self._renames: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
        self._synced: dict[int | str, int] = defaultdict(int)

    def play(self, entry: Entry) -> None:
        """Takes one operation in."""
        one, two = entry.paths
        PLAYED[entry.what](self, entry, one, two)

    def opened(self, entry: Entry, path: str, _: str) -> None:
        """A folder is opened to be synced, an old file to be changed."""
        self._folders[entry.inode] = path

    def created(self, entry: Entry, path: str, _: str) -> None:
        """A file, new or emptied."""
        if self._inodes.get(path) != entry.inode:
            self._name(path, entry.inode)
        if entry.size:
            self._writes[entry.inode].append(entry)

    def written(self, entry: Entry, _: str, __: str) -> None:
        """Bytes, or a new length."""
        self._writes[entry.inode].append(entry)

    def synced(self, entry: Entry, _: str, __: str) -> None:
        """What was written before is there for certain."""
        folder = self._folders.get(entry.inode)
        if folder in self._renames:
            self._synced[folder] = len(self._renames[folder])
        self._synced[entry.inode] = len(self._writes[entry.inode])

    def renamed(self, _: Entry, old: str, new: str) -> None:
        """A file under another name."""
        self._name(new, self._inodes[old])
        self._name(old, None)

    def made(self, _: Entry, path: str, __: str) -> None:
        """A folder; its inode is of no interest."""
        self._name(path, 0)
        self._renames[path] = []

    def removed(self, _: Entry, path: str, __: str) -> None:
        """A file or folder less."""
        self._name(path, None)

    def _name(self, path: str, inode: int | None) -> None:
        if inode is None:
            self._inodes.pop(path, None)
        else:
            self._inodes[path] = inode
        folder, _, name = path.rpartition("/")
        self._renames[folder].append((name, inode))

    def restore(self, folder: str, target: Path, survives: Callable[[], bool]) -> None:
        """Writes what is left of `folder` after a power cut into `target`, a new folder.

        survives: whether something that is not certain is there, asked for each.
        """
        target.mkdir()
        names: dict[str, int] = {}
        for place, (name, inode) in enumerate(self._renames[folder]):
            if place < self._synced[folder] or survives():
                if inode is None:
                    names.pop(name, None)
                else:
                    names[name] = inode
        for name, inode in names.items():
            if inode == 0:
                self.restore(f"{folder}/{name}", target / name, survives)
            else:
                (target / name).write_bytes(self._content(inode, survives))

    def _content(self, inode: int, survives: Callable[[], bool]) -> bytes:
        content = bytearray()
        for place, entry in enumerate(self._writes[inode]):
            if place < self._synced[inode] or survives():
                if entry.what == "write":
                    content.extend(bytes(max(0, entry.at - len(content))))
                    content[entry.at : entry.at + entry.size] = entry.content
                else:
                    length = entry.at if entry.what.startswith("ftruncate") else 0
                    del content[length:]
                    content.extend(bytes(length - len(content)))
        return bytes(content)


PLAYED = {
    "open": Disk.opened,
    "create": Disk.created,
    "write": Disk.written,
    "ftruncate": Disk.written,
    "ftruncate64": Disk.written,
    "fsync": Disk.synced,
    "fdatasync": Disk.synced,
    "rename": Disk.renamed,
    "renameat": Disk.renamed,
    "mkdir": Disk.made,
    "rmdir": Disk.removed,
    "unlink": Disk.removed,
    "unlinkat": Disk.removed,
}
"""By the operation's name."""

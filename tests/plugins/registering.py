"""Pieces of a person's own that are registered for a while."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.checking.parsing import class_names
from runner.data.kinds import DATASET_OPTIONS
from runner.network.activations import ELEMENTWISE
from runner.plugins.choices import CHOICES
from runner.plugins.loading import NAMED, load_plugins
from runner.plugins.origins import TABLES
from tests.end_to_end.commands import CHECKOUT

EXAMPLE = CHECKOUT / "examples" / "plugin"


@contextmanager
def undone() -> Iterator[None]:
    """What is registered inside is not there any more behind it."""
    before = list(ELEMENTWISE), set(sys.modules), list(sys.path), list(NAMED)
    try:
        yield
    finally:
        for table in TABLES.values():
            for name in [*table.origins]:
                del table[name], table.origins[name]
                DATASET_OPTIONS.pop(name, None) if table.kind == "dataset" else None
        CHOICES.clear()
        class_names.cache_clear()
        ELEMENTWISE[:], sys.path[:], NAMED[:] = before[0], before[2], before[3]
        for name in {"swirl", "own"} & (set(sys.modules) - before[1]):
            del sys.modules[name]


@contextmanager
def registered(folder: Path = EXAMPLE, module: str = "swirl") -> Iterator[None]:
    """The pieces of a module in that folder."""
    with undone():
        sys.path.append(str(folder))
        load_plugins([module])
        yield

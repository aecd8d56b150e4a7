"""How many processors this process may use: of those that are there, by affinity and quota.

A quota (`docker run --cpus=2`, a limit of Kubernetes) leaves every processor visible and stops all
threads of a group where they have had so many microseconds of a period, so more threads only wait.
"""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def processors(root: Path = Path("/")) -> int:
    """At least 1. root: where the files of Linux's control groups are looked for."""
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    return max(1, min([there, *(math.ceil(quota) for quota in quotas(root))]))


def quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that this process's groups, and those above, may take at most."""
    for folder in group_folders(root):
        with suppress(OSError, ValueError, ZeroDivisionError):  # `max`, for one, is no number
            quota, period = (folder / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
            if int(quota) > 0:  # -1: as much as it likes
                yield int(quota) / int(period)


def group_folders(root: Path) -> Iterator[Path]:
    """Of both versions of control groups, where they are usually mounted."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounted = root / "sys/fs/cgroup" / controllers
        # Within a container the path may be the host's; then what is mounted is the group itself.
        for group in (PurePosixPath(path), *PurePosixPath(path).parents):
            yield mounted.joinpath(*group.parts[1:])

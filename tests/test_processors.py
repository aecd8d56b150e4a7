"""How many processors a process may use: trees of files as Linux shows them, and this machine's."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.processors import processors, quotas

V2 = {"proc/self/cgroup": "0::/\n"}
NESTED = {"proc/self/cgroup": "0::/pods/one\n"}
V1 = {"proc/self/cgroup": "9:name=systemd:/x\n4:cpu,cpuacct:/docker/7f\n2:cpuset:/\n0::/\n"}
OF_V1 = "sys/fs/cgroup/cpu,cpuacct/"

TREES: dict[str, tuple[dict[str, str], list[float]]] = {
    "no control groups": ({}, []),
    "version 2, half a processor": (V2 | {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, [0.5]),
    "version 2, no limit": (V2 | {"sys/fs/cgroup/cpu.max": "max 100000\n"}, []),
    "version 2, the group and the one above": (
        NESTED
        | {
            "sys/fs/cgroup/pods/one/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/pods/cpu.max": "150000 100000\n",
        },
        [4, 1.5],
    ),
    "version 2, in a container that sees the host's path": (
        NESTED | {"sys/fs/cgroup/cpu.max": "200000 100000\n"},
        [2],
    ),
    "version 1": (
        V1
        | {
            f"{OF_V1}docker/7f/cpu.cfs_quota_us": "100000\n",
            f"{OF_V1}docker/7f/cpu.cfs_period_us": "50000\n",
            f"{OF_V1}cpu.cfs_quota_us": "-1\n",
            f"{OF_V1}cpu.cfs_period_us": "100000\n",
        },
        [2],
    ),
    "version 1, another controller's": (
        {"proc/self/cgroup": "4:cpuset:/\n", "sys/fs/cgroup/cpuset/cpu.max": "1 1"},
        [],
    ),
    "what is no quota": (V2 | {"sys/fs/cgroup/cpu.max": "many\n"}, []),
    "a period of 0": (V2 | {"sys/fs/cgroup/cpu.max": "1 0\n"}, []),
}


@pytest.mark.parametrize(("files", "expected"), TREES.values(), ids=TREES)
def test_quotas_are_read_of_both_versions(
    files: dict[str, str], expected: list[float], tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert list(quotas(tmp_path)) == expected
    without = processors(tmp_path / "nowhere")
    assert processors(tmp_path) == min([without, *map(math.ceil, expected)])


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_a_process_that_is_kept_to_one_processor_has_one() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from runner.processors import processors; print(processors())"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert said.stdout == "1\n"

"""A process that has loaded everything and forks a child for each run, so that a run takes 20 ms.

Started with shim.c preloaded. Reads a request a line, answers with a line; see `children`.
"""

import ctypes
import json
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from runner.application.hydra_application import exit_code_of
from runner.commands import run_command
from runner.configuration.composing import compose
from runner.errors import INTERRUPTED, Stop
from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.job_rows import JobRows
from runner.run_folder.writing_rows import JobRowsWriter
from runner.signals import listen
from tests.faults.cases import DOCUMENTS

SHIM = ctypes.CDLL(None)
SHIM.shim_counter.restype = ctypes.POINTER(ctypes.c_long)
COUNTER = SHIM.shim_counter()  # before any fork, so that it is shared
CONFIGURATIONS: dict[str, dict[str, Any]] = {}
SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1}
"""Blocked in this process, so that none reaches a child before it listens."""


def start(request: dict[str, Any], gate: int, opened: int) -> int:
    """Forks a child that does as asked and ends with the command's exit code; its process id.

    gate, opened: the ends of a pipe; children begin when all have closed the latter.
    """
    overrides = request["overrides"]
    key = json.dumps(overrides)
    if request["command"] == "run" and key not in CONFIGURATIONS:
        CONFIGURATIONS[key] = compose(overrides)
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        listen()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        os.close(opened)
        os.read(gate, 1)
        code = act(request, CONFIGURATIONS.get(key, {}))
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as end:
        code = int(end.code or 0)
    except KeyboardInterrupt:  # before the command began
        code = INTERRUPTED["SIGINT"]
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def act(request: dict[str, Any], config: dict[str, Any]) -> int:
    """In the child: arms the shim, then the run, or another command on its folder."""
    folder = Path(request["folder"])
    journal = -1
    if request["journal"]:
        journal = os.open(request["journal"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    fault = request["fault"]
    SHIM.shim_arm(
        str(folder.parent).encode(),
        ctypes.c_long(fault["at"]),
        ["count", "fail", "short", "kill"].index(fault["action"]),
        fault["error"],
        int(fault["lasting"]),
        fault["part"],
        journal,
    )
    if request["command"] == "run":
        return exit_code_of(lambda: run(config, folder))
    if request["command"] == "rows":
        return exit_code_of(lambda: write_rows(Path(request["overrides"][0]), folder))
    main = import_module(f"runner.{request['command']}").main
    return run_command(main, [str(folder), *request["overrides"]])


def run(config: dict[str, Any], folder: Path) -> None:
    """A run, ended by the exit code that its outcome has."""
    outcome = run_experiment(config, folder, DOCUMENTS, QUIETLY)
    if outcome.exit_code:
        raise Stop(None, outcome.exit_code)


def write_rows(source: Path, folder: Path) -> None:
    """Writes a sweep's rows anew, three at a time, each time followed by a file that says so."""
    writer = JobRowsWriter(folder, durable=True)
    folder.mkdir()
    for number, row in enumerate(JobRows(source)):
        writer.add(row)
        if number % 3 == 2:
            writer.flush()
            (folder / f"written-{number + 1}").touch()


def send(child: int, signals: list[int]) -> None:
    """One signal, or several that reach the child as if at the same instant."""
    if len(signals) > 1:
        os.kill(child, signal.SIGSTOP)
    for number in signals:
        os.kill(child, number)
    if len(signals) > 1:
        os.kill(child, signal.SIGCONT)


def main() -> None:
    """Answers requests until there are no more."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    for line in sys.stdin:
        request = json.loads(line)
        COUNTER[0] = 0
        gate, opened = os.pipe()
        children = [start(request, gate, opened) for _ in range(request["times"])]
        os.close(opened)
        signalled = time.monotonic()
        if request["kill_after"] is not None:
            while request["once"] and not Path(request["once"]).exists():
                time.sleep(0.002)
            time.sleep(request["kill_after"])
            signalled = time.monotonic()
            send(children[0], request["signals"])
        ends = [os.wait4(child, 0) for child in children]
        seconds = time.monotonic() - signalled
        os.close(gate)
        answer = {
            "codes": [os.waitstatus_to_exitcode(status) for _, status, _ in ends],
            "operations": COUNTER[0],
            "seconds": seconds,
            "busy": sum(used.ru_utime + used.ru_stime for _, _, used in ends),
            "megabytes": max(used.ru_maxrss for _, _, used in ends) / 1024,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

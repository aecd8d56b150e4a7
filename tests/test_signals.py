"""An interrupt is raised wherever it comes, but never where it would be lost or do harm."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.commands import ENVIRONMENT

PLACES = {
    "plain code": "interrupt()",
    "an import, which is ended first": "import interrupted",
    "a function that the binding of LLVM calls": (
        "interrupted = type(sys)('interrupted')\n"
        "path = os.path.join('llvmlite', 'binding', 'value.py')\n"
        "exec(compile('interrupt(); print(\"handed over\", flush=True)', path, 'exec'))"
    ),
    "a destructor": "type('Held', (), {'__del__': lambda self: interrupt()})()",
    "a call from C that takes no errors": (
        "import ctypes\ncallback = ctypes.CFUNCTYPE(None)(interrupt)\ncallback()"
    ),
}
SAID = {
    "an import, which is ended first": "imported\n",
    "a function that the binding of LLVM calls": "handed over\n",
}
PROGRAM = """
import os, signal, sys, time
from runner.raising import Interrupted
from runner.signals import Interrupts, listen, losing_no_interrupt
def interrupt():
    signal.raise_signal(signal.SIGINT)
def main():
{place}
    time.sleep(60)
{ending}
"""
LISTENING = """
listen()
try:
    main()
except KeyboardInterrupt:
    print("interrupted")
"""
IN_A_HOST = """
try:
    with losing_no_interrupt():
        main()
except KeyboardInterrupt:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("interrupted")
"""
PREPARING = """
with Interrupts() as interrupts:
    try:
        with interrupts.raising():
            main()
    except Interrupted:
        print("interrupted")
"""


def python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in a folder whose modules it finds."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([ENVIRONMENT["PYTHONPATH"], "."])},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


ENDINGS = {"before a run": LISTENING, "in a host's call": IN_A_HOST, "in a run": PREPARING}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("place", PLACES)
def test_an_interrupt_is_raised_where_it_can_be(place: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import signal; signal.raise_signal(signal.SIGINT); print('imported', flush=True)"
    )
    indented = "\n".join(f"    {line}" for line in PLACES[place].splitlines())
    program = PROGRAM.format(place=indented, ending=ENDINGS[ending])
    ended = python(program, tmp_path)
    assert (ended.stdout, ended.stderr) == (SAID.get(place, "") + "interrupted\n", "")


VANISHED: dict[str, str] = {
    "swallowed": "try: signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt: pass",
    "turned into another error": (
        "try: signal.raise_signal(signal.SIGINT)\n"
        "except KeyboardInterrupt: raise RuntimeError from None"
    ),
    "come as an import fails": "import interrupted",
    "come to a run that is over": "with Interrupts(): signal.raise_signal(signal.SIGINT)",
}


@pytest.mark.parametrize("how", VANISHED)
def test_an_interrupt_is_raised_in_a_host_though_it_has(how: str, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import signal; signal.raise_signal(signal.SIGINT); raise ImportError"
    )
    place = "\n".join(f"            {line}" for line in VANISHED[how].splitlines())
    program = f"""
import signal, sys, time
from runner.signals import Interrupts, losing_no_interrupt
def handling():
    return [*map(signal.getsignal, (signal.SIGINT, signal.SIGALRM)), sys.unraisablehook]
before = handling()
for _ in range(2):
    try:
        with losing_no_interrupt():
{place}
    except KeyboardInterrupt:
        print("interrupted")
assert handling() == before
time.sleep(0.1)
"""
    ended = python(program, tmp_path)
    assert (ended.stdout, ended.stderr) == ("interrupted\n" * 2, "")


@pytest.mark.parametrize("called", ["losing_no_interrupt()", "Interrupts()"])
def test_a_second_interrupt_in_a_host_waits_for_an_import_too(called: str, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import signal\n"
        "for _ in range(2): signal.raise_signal(signal.SIGINT)\n"
        "print('imported', flush=True)"
    )
    program = (
        "import time\nfrom runner.signals import Interrupts, losing_no_interrupt\n"
        f"try:\n with {called}:\n  import interrupted\n  time.sleep(60)\n"
        "except KeyboardInterrupt:\n print('interrupted')"
    )
    ended = python(program, tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "imported\ninterrupted\n"), ended.stderr


def test_another_signal_to_a_host_is_its_own_and_no_interrupt(tmp_path: Path) -> None:
    program = (
        "import signal\nfrom runner.signals import Interrupts, losing_no_interrupt\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked to end'))\n"
        "with losing_no_interrupt():\n"
        "  with Interrupts(): signal.raise_signal(signal.SIGTERM)\n"
        "  print('the run is there')"
    )
    ended = python(program, tmp_path)
    assert (ended.stdout, ended.stderr) == ("asked to end\nthe run is there\n", "")


def test_other_errors_of_destructors_are_told_as_before(tmp_path: Path) -> None:
    program = (
        "import signal\nfrom runner.signals import listen\nlisten()\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    pass\n"
        "class Held:\n    def __del__(self): raise ValueError('told')\n"
        "Held()"
    )
    assert "ValueError: told" in python(program, tmp_path).stderr


@pytest.mark.parametrize(("argv", "handler"), [("-m", "SIG_DFL"), ("program.py", "other")])
def test_an_interrupt_while_a_command_loads_just_ends_it(
    argv: str, handler: str, tmp_path: Path
) -> None:
    program = (
        f"import signal, sys; sys.argv = [{argv!r}]; import runner\n"
        "print('SIG_DFL' if signal.getsignal(signal.SIGINT) is signal.SIG_DFL else 'other')"
    )
    assert python(program, tmp_path).stdout == f"{handler}\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_as_a_process_ends_by_itself_does_not_make_it_die_of_an_alarm(
    name: str, tmp_path: Path
) -> None:
    program = (
        "import atexit, signal, time\nfrom runner.signals import listen\n"
        f"atexit.register(signal.raise_signal, signal.{name})\nlisten()\n"
        "class Slow:\n"
        "    def __del__(self, sleep=time.sleep): sleep(0.1)\n"
        "slow = Slow()"
    )
    assert python(program, tmp_path).returncode == 0

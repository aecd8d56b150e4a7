"""The command `python -m runner`: a run, or with -m a sweep."""

import atexit
import gc
import sys

from runner.signals import note_warnings


def main() -> int:
    """The command, in a process of its own; its exit code."""
    gc.set_threshold(300_000)  # modules stay: looking through them for garbage finds none
    atexit.register(gc.freeze)  # nor would it when the process ends
    note_warnings()
    from runner.application.main import main as application  # noqa: PLC0415 - warnings come first

    return application()


if __name__ == "__main__":
    sys.exit(main())

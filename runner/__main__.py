"""The command `python -m runner`: a run, or with -m a sweep."""

import gc
import sys

from runner.signals import note_warnings


def main() -> int:
    """The command, in a process of its own; its exit code."""
    gc.set_threshold(300_000)  # modules stay: looking through them for garbage finds none
    note_warnings()
    from runner.application.main import main as application  # noqa: PLC0415 - warnings come first

    try:
        return application()
    finally:
        gc.freeze()  # nor is there anything to find when all of them go: that would take .2 s


if __name__ == "__main__":
    sys.exit(main())

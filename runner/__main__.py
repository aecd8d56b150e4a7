"""The command `python -m runner`: a run, or with -m a sweep."""

import gc
import sys

from runner.signals import note_warnings

if __name__ == "__main__":
    gc.set_threshold(100_000)  # modules stay: looking through them for garbage finds none
    note_warnings()

from runner.application.main import main

if __name__ == "__main__":
    sys.exit(main())

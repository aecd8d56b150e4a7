"""What it costs that a power cut loses nothing: runs that wait for the disk, and runs that do not.

    python -m tests.benchmarks.durability

Both write the same bytes; `recording.durable` is all that differs. Two runs differ by more than
what is looked for, so that a run's waiting is also measured by itself. Only on a quiet machine is
that the disk's: elsewhere a process that has waited waits for its turn as well.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from runner.configuration.composing import compose
from runner.experiment.running import QUIETLY, Manner, run_experiment
from runner.run_folder.writing import DOCUMENTS
from runner.storage.files import BySecond, Syncing
from tests.benchmarks.timing import Claim, Timing, print_timings, seconds_of

MOST = 0.02
DURABLE, WAIT, NOT = "durable", "its waiting for the disk", "not durable"
OUTPUTS = Path("outputs")
"""Where runs lie, for the system's folder for temporary files may be in memory."""
TEXTS = dict.fromkeys(DOCUMENTS, "key: value\n" * 150)
CASES = {
    "a run at default settings": (15, ["recording.plots=true"]),  # auto, where nobody sweeps
    "20 million steps, without pictures": (
        5,
        ["stopping.target=null", "stopping.max_steps=20000000", "recording.plots=false"],
    ),
}


class Waiting:
    """A run's syncing, and the seconds that were spent in it."""

    def __init__(self, syncing: Syncing, waits: list[float]) -> None:
        self._syncing = syncing
        self._waits = waits

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._waits.append(time.perf_counter() - started)

    def written(self, descriptor: int) -> None:
        """As the other."""
        with self._timed():
            self._syncing.written(descriptor)

    def placed(self, path: Path) -> None:
        """As the other."""
        with self._timed():
            self._syncing.placed(path)

    def appended(self, path: Path) -> None:
        """As the other."""
        with self._timed():
            self._syncing.appended(path)

    def settle(self, *, wait: bool = False) -> None:
        """As the other."""
        with self._timed():
            self._syncing.settle(wait=wait)

    @property
    def vital(self) -> "Waiting":
        """As the other."""
        return Waiting(self._syncing.vital, self._waits)


def trained(run: Path, config: Mapping[str, Any]) -> tuple[float, float]:
    """Seconds of a run, and those of them that it waited for the disk."""
    waits: list[float] = []
    seconds = seconds_of(
        lambda: run_experiment(
            config,
            run,
            TEXTS,
            Manner("nothing", one_of_many=True, syncing=lambda: Waiting(BySecond(), waits)),
        )
    )
    return seconds, sum(waits)


def main() -> None:
    """Prints the cost for two lengths of a run, and how much a long one leaves on the disk."""
    OUTPUTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUTPUTS) as place:
        folders = (Path(place) / str(number) for number in count())
        for title, (rounds, overrides) in CASES.items():
            durable = compose(overrides)
            hasty = compose([*overrides, "recording.durable=false"])
            trained(next(folders), durable)  # compiles and loads
            figures: dict[str, list[float]] = defaultdict(list)
            shares = []
            for _ in range(rounds):
                seconds, waited = trained(next(folders), durable)
                figures[DURABLE].append(seconds)
                figures[WAIT].append(waited)
                shares.append(waited / seconds)
                figures[NOT].append(trained(next(folders), hasty)[0])
            timings = {name: Timing(tuple(values)) for name, values in figures.items()}
            print_timings(title, timings, [Claim(DURABLE, NOT)], "ms")
            share = median(shares)
            Console().print(
                f"waits for the disk {share:.2%} of its time, goal below {MOST:.0%}: "
                f"{'met' if share < MOST else 'missed'}\n"
            )
        sizes(next(folders))


def sizes(run: Path) -> None:
    """Prints what a run of a million steps leaves, goal below 10 MB."""
    run_experiment(
        compose(["stopping.target=null", "stopping.max_steps=1000000", "recording.plots=false"]),
        run,
        {},
        QUIETLY,
    )
    history = (run / "history.csv").stat().st_size
    snapshots = sum(path.stat().st_size for path in (run / "snapshots").iterdir())
    Console().print(
        f"a million steps: history {history / 1e3:.1f} kB, snapshots {snapshots / 1e3:.1f} kB; "
        "goal below 10 MB"
    )


if __name__ == "__main__":
    main()

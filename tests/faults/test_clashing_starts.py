"""However many runs start at the same instant, each has a folder of its own."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from runner.application.main import main
from runner.configuration.composing import prepared_hydra
from runner.errors import ConflictError
from runner.run_folder.layout import read_run
from runner.run_folder.writing import DOCUMENTS, RunWriter

DOCUMENT = DOCUMENTS[0]
ROUNDS = [
    pytest.param(8, 20, id="8 x 20"),
    pytest.param(64, 50, marks=pytest.mark.release, id="64 x 50"),
]


def claims(barrier: object, root: Path, rounds: int, queue: object) -> None:
    """Claims a folder in every round, at the same instant as the others do, under one clock."""
    won = 0
    for round_ in range(rounds):
        # The clock stands still. One name that all choose, and the one that a run gets by default.
        with prepared_hydra():
            names = ["12-00-00", f"12-00-00-{OmegaConf.create({'name': '${unique:}'}).name}"]
        barrier.wait()  # type: ignore[attr-defined]
        for name in names:
            directory = RunWriter(root / str(round_) / name, {"topology": "3-4-1"})
            try:
                with directory.claimed({"owner": os.getpid()}, {DOCUMENT: f"{os.getpid()}"}):
                    (directory.path / f"claimed-by-{os.getpid()}").touch()
                    won += 1
            except ConflictError:
                continue
    queue.put(won)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("processes", "rounds"), ROUNDS)
def test_every_start_has_a_folder_of_its_own_or_is_refused(
    processes: int, rounds: int, memory: Path, counted: Callable[..., None]
) -> None:
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(processes), context.SimpleQueue()
    started = [
        context.Process(target=claims, args=(barrier, memory, rounds, queue))
        for _ in range(processes)
    ]
    for process in started:
        process.start()
    won = sum(queue.get() for _ in started)
    for process in started:
        process.join()
    folders = [path for round_ in memory.iterdir() for path in round_.iterdir()]
    assert won == len(folders) == (1 + processes) * rounds
    for folder in folders:
        (claim,) = folder.glob("claimed-by-*")
        owner = claim.name.removeprefix("claimed-by-")
        assert str(read_run(folder)["owner"]) == owner
        assert (folder / DOCUMENT).read_text() == owner
    counted(**{"clashing starts": 2 * processes * rounds})


STARTS = [
    *(pytest.param(starts, 4, id=f"{starts} x 4") for starts in (2, 4, 16)),
    *(
        pytest.param(starts, 200, marks=pytest.mark.release, id=f"{starts} x 200")
        for starts in (2, 4, 16)
    ),
]
REFUSED = "topology=99-1"
"""Does not fit the data, which is known when Hydra has made the run's folder."""


def commands(barrier: object, root: Path, rounds: int, more: list[str], queue: object) -> None:
    """Gives a command in every round, at the same instant as the others do; all exit codes."""
    os.chdir(root)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    codes = []
    for round_ in range(rounds):
        folder = f"hydra.run.dir={round_}/new/run"
        sys.argv = ["runner", folder, "engine=numpy", "stopping.max_steps=3", *more]
        barrier.wait()  # type: ignore[attr-defined]
        codes.append(main())
        os.environ["HYDRA_FULL_ERROR"] = "0"
    queue.put((bool(more), codes))  # type: ignore[attr-defined]


@pytest.mark.parametrize("others", [[], [REFUSED]], ids=["alone", "with ones that are refused"])
@pytest.mark.parametrize(("starts", "rounds"), STARTS)
def test_of_commands_at_one_instant_on_one_new_folder_one_wins(
    starts: int, rounds: int, others: list[str], memory: Path, counted: Callable[..., None]
) -> None:
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(starts), context.SimpleQueue()
    started = [
        context.Process(
            target=commands,
            args=(barrier, memory, rounds, others if n % 2 else [], queue),
        )
        for n in range(starts)
    ]
    for process in started:
        process.start()
    ended = [queue.get() for _ in started]
    for process in started:
        process.join()
    for round_ in range(rounds):
        sound = sorted(codes[round_] for refused, codes in ended if not refused)
        assert sound == [0, *[5] * (len(sound) - 1)], (round_, ended)
        assert {codes[round_] for refused, codes in ended if refused} <= {2, 5}
        assert read_run(memory / str(round_) / "new" / "run")["status"] == "completed"
    counted(**{"commands at one instant": starts * rounds})

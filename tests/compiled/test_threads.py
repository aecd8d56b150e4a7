"""The compiled engine's threads: their number changes no bit of a net, however wide."""

import os
import signal
import threading
import time
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from runner.compiled import array_layouts
from runner.compiled.thread_team import Team
from runner.errors import SettingsError
from runner.network.arrays import Array
from runner.training.engine import Penalty
from tests.problems import make_problem, make_state, random_data

pytest.importorskip("numba")


def sparse_data(samples: int, inputs: int, outputs: int) -> tuple[Array, Array]:
    """As `random_data`, four of five inputs 0."""
    dense, targets = random_data(samples, inputs, outputs)
    return np.where(np.random.default_rng(2).random(dense.shape) < 0.2, dense, 0.0), targets


NETS: dict[str, dict[str, Any]] = {
    "one hidden layer": {"sizes": (20, 33, 10)},
    "wider than tiles and panels": {"sizes": (300, 290, 5), "samples": 40, "batch_size": 39},
    "three hidden layers, float32": {"sizes": (17, 40, 18, 64, 3), "dtype": "float32"},
    "full batch, Adam": {"sizes": (20, 33, 10), "batch_size": None, "optimizer": "adam"},
    "blocks of a large batch": {
        "sizes": (4, 32, 16, 4),
        "samples": 1100,
        "batch_size": 600,
        "optimizer": "adam",
        "dtype": "float32",
    },
    "dropout on the way forward": {"sizes": (20, 33, 10), "rate": 0.5},
    "dropout on the way back": {"sizes": (20, 33, 30, 10), "rate": 0.5, "stage": "backward"},
    "batch normalisation": {"sizes": (20, 33, 30, 10), "batch_norm": True},
    "softmax, RMSprop": {
        "sizes": (20, 33, 10),
        "output": "softmax",
        "loss": "cross_entropy",
        "optimizer": "rmsprop",
    },
    "restrained": {
        "sizes": (20, 33, 10),
        "penalty": Penalty(l2=0.01, clip_norm=0.1, max_norm=0.5),
    },
    "lists by sample": {"sizes": (20, 33, 10), "data": sparse_data, "dtype": "float32"},
    "lists by input": {"sizes": (900, 160, 3), "data": sparse_data, "batch_size": 64},
}


def trained(threads: int, calls: tuple[int, ...], net: dict[str, Any]) -> tuple[bytes, ...]:
    """Weights, sums and the generator after so many steps in each call."""
    from runner.compiled import CompiledEngine

    options = {"bias": True, "mean_loss": True, "batch_size": 33, "learning_rate": 0.1, **net}
    sizes, data = options.pop("sizes"), options.pop("data", random_data)
    samples = data(options.pop("samples", 70), sizes[0], sizes[-1])
    problem = make_problem(sizes, data=samples, **options)
    engine, state = CompiledEngine(problem, threads), make_state(problem)
    for steps in calls:
        engine.advance(state, steps, None)
    key = state.generator.bit_generator.state["state"]["key"]
    slots = b"".join(slot.tobytes() for slot in state.slots)
    return state.parameters.tobytes(), slots, state.sums.tobytes(), key.tobytes()


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_their_number_changes_no_bit(net: dict[str, Any]) -> None:
    alone = trained(1, (7,), net)
    for threads in (2, 3, 16):
        assert trained(threads, (7,), net) == alone
    assert trained(2, (1, 2, 4), net) == alone


def test_blocks_of_a_batch_change_no_bit_of_adams(monkeypatch: pytest.MonkeyPatch) -> None:
    net = NETS["blocks of a large batch"]
    in_blocks = trained(1, (5,), net)
    monkeypatch.setattr(array_layouts, "LARGEST_BLOCK", 0)
    assert trained(1, (5,), net) == in_blocks


def test_a_narrow_net_and_little_work_keep_to_one() -> None:
    from runner.compiled.layout_choice import threads_worthwhile

    assert threads_worthwhile(make_problem((3, 4, 1))) == 1


def test_a_team_that_cannot_be_had_is_an_error_and_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def one_alone(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", one_alone)
    with pytest.raises(SettingsError, match=r"threads=3: .* set threads=1"):
        Team(3).run(lambda: None, [[]] * 3)
    assert started


def test_threads_that_are_interrupted_while_they_start_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def interrupted(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise KeyboardInterrupt
        started.append(thread)
        start(thread)

    with monkeypatch.context() as interrupting:
        interrupting.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Team(5).run(lambda: None, [[]] * 5)
    for thread in started:
        thread.join(20)
    assert [thread.is_alive() for thread in started] == [False, False]


def test_an_interrupted_call_ends_with_all_its_threads() -> None:
    from runner.compiled.structures import Course, Packed

    ended: list[int] = []

    def kernel(_content: bytes) -> None:
        time.sleep(0.2)
        ended.append(1)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    team, before = Team(3), signal.getsignal(signal.SIGALRM)
    nothing = np.zeros(8, np.int64)
    course = Packed(Course(nothing, nothing, 0, np.zeros(1), 0, nothing, np.zeros(1)))
    signal.signal(signal.SIGALRM, interrupted)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            team.run(kernel, [[course]] * 3)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(ended) == 3


def test_a_process_that_is_forked_has_threads_of_its_own() -> None:
    calls: list[int] = []
    team = Team(3)
    team.run(lambda: calls.append(1), [[]] * 3)

    def child() -> None:
        team.run(lambda: calls.append(1), [[]] * 3)
        os._exit(len(calls))

    forked = get_context("fork").Process(target=child)
    forked.start()
    forked.join(20)
    assert forked.exitcode == 6

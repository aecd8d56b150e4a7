from pathlib import Path

import numpy as np
import pytest

from runner.network.initializers import INITIALIZERS
from runner.run_folder.snapshots import Snapshot, load_snapshot, save_snapshot
from runner.training.optimizers import OPTIMIZERS
from tests.problems import (
    ENGINE_NAMES,
    content,
    make_engine,
    make_problem,
    make_state,
    random_data,
)


@pytest.mark.parametrize("sizes", [(3, 4, 2), (3, 40, 20, 2)])
@pytest.mark.parametrize(("rate", "stage"), [(0.0, "forward"), (0.3, "forward"), (0.3, "backward")])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_run_resumed_amid_an_epoch_ends_with_the_same_bytes(
    tmp_path: Path,
    engine_name: str,
    optimizer: str,
    rate: float,
    stage: str,
    sizes: tuple[int, ...],
) -> None:
    problem = make_problem(
        sizes,
        bias=True,
        rate=rate,
        stage=stage,
        data=random_data(8, 3, 2),
        optimizer=optimizer,
        learning_rate=0.01,
        batch_size=None if OPTIMIZERS[optimizer].full_batch_only else 3,
    )
    whole, first = make_state(problem), make_state(problem)
    last = make_engine(engine_name, problem).advance(whole, 40, None)

    make_engine(engine_name, problem).advance(first, 17, None)
    assert problem.full_batch or first.position > 0
    resumed = load_snapshot(save_snapshot(tmp_path, Snapshot(first)))
    report = make_engine(engine_name, problem).advance(resumed, 23, None)
    assert content(resumed) == content(whole)
    assert report.metrics == last.metrics
    np.testing.assert_array_equal(report.outputs, last.outputs)


@pytest.mark.parametrize("initializer", INITIALIZERS)
@pytest.mark.parametrize("engine_name", ENGINE_NAMES)
def test_a_run_from_any_start_resumes_to_the_same_bytes(
    tmp_path: Path, engine_name: str, initializer: str
) -> None:
    problem = make_problem((3, 4, 2), bias=True, data=random_data(8, 3, 2), batch_size=3)
    whole, first = (make_state(problem, initializer=initializer) for _ in range(2))
    make_engine(engine_name, problem).advance(whole, 20, None)
    resumed = load_snapshot(save_snapshot(tmp_path, Snapshot(first)))  # before its first step
    make_engine(engine_name, problem).advance(resumed, 20, None)
    assert content(resumed) == content(whole)

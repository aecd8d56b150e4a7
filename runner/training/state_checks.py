"""Whether a state is one that a problem's engine can go on from.

Engines read a state's arrays as the problem says they are; the compiled one checks no index. What
comes from a file is held against the problem here, and nowhere else.
"""

import numpy as np

from runner.network.arrays import Array
from runner.training.engine import Problem
from runner.training.metrics import ROWS
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import TrainingState


def check_fit(state: TrainingState, problem: Problem) -> None:
    """Raises ValueError, in words, for a state that no run of the problem could have come to."""
    size, samples = problem.network.topology.size, problem.samples
    numbers, double = problem.targets.dtype, np.dtype(np.float64)
    slots = OPTIMIZERS[problem.optimizer].slots
    arrays: dict[str, tuple[Array, tuple[int, ...], np.dtype[np.generic]]] = {
        "parameters": (state.parameters, (size,), numbers),
        "slots": (state.slots, (slots, size), numbers),
        "order": (state.order, (samples,), np.dtype(np.int64)),
        "sums": (state.sums, (4,), double),
    }
    if state.best.size:  # else none are kept
        arrays["best"] = state.best, (size,), numbers
    for name, (found, shape, dtype) in arrays.items():
        if (found.shape, found.dtype) != (shape, dtype):
            raise ValueError(
                f"its {name} is {found.dtype} {list(found.shape)}, that of its run "
                f"{dtype} {list(shape)}"
            )
    seen = state.watch
    epochs_since = (seen.waited, seen.slowing_waited, seen.level_epochs)
    ranges = {
        "order": np.array_equal(np.sort(state.order), np.arange(samples)),
        "position": state.position in range(0, samples, problem.batch_size),
        "epoch": 0 <= state.epoch <= state.step < 2**62,
        "sums": state.sums[ROWS] in rows_passed(state, problem),
        "watch": all(0 <= count <= state.epoch for count in epochs_since)
        and 0 <= seen.rate_factor <= 1,
        "parameters": np.isfinite(state.parameters).all(),
        "best": np.isfinite(state.best).all(),
    }
    for name, holds in ranges.items():
        if not holds:
            raise ValueError(f"its {name} cannot be that of its run")


def rows_passed(state: TrainingState, problem: Problem) -> tuple[int, ...]:
    """How many rows an epoch's sums may be of: so far, or between epochs of none or of all."""
    passed = state.order[: state.position]
    if problem.weights is None:
        each = problem.network.topology.steps
        return (len(passed) * each,) if state.position else (0, problem.samples * each)
    there = np.count_nonzero(problem.weights, axis=1)
    return (
        (int(there[np.clip(passed, 0, len(there) - 1)].sum()),)
        if state.position
        else (0, int(there.sum()))
    )

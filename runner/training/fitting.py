"""Whether a state that was read from a file is one that training on a problem can have come to.

Engines trust a state: compiled code would follow an order or write slots of another size beyond
their arrays. What comes from a file is held against the problem here, and nowhere else.
"""

import numpy as np

from runner.training.engine import Problem
from runner.training.optimizers import OPTIMIZERS
from runner.training.state import TrainingState


def misfit(problem: Problem, state: TrainingState) -> str | None:
    """What of the state cannot be that of a run on this problem, in words; None where all can."""
    size, numbers = problem.network.topology.size, problem.targets.dtype
    slots, samples = OPTIMIZERS[problem.optimizer].slots, problem.samples
    arrays = {
        "parameters": (state.parameters, (size,), numbers),
        "slots": (state.slots, (slots, size), numbers),
        "order": (state.order, (samples,), np.dtype(np.int64)),
        "sums": (state.sums, (4,), np.dtype(float)),
        "watch": (state.watch, (7,), np.dtype(float)),
    }
    if state.best.size:
        arrays["best"] = (state.best, (size,), numbers)
    for name, (array, shape, dtype) in arrays.items():
        if array.shape != shape or array.dtype != dtype:
            found = f"{array.dtype} {list(array.shape)}"
            return f"its {name} are {found}, those of the run {dtype} {list(shape)}"
    if not np.array_equal(np.sort(state.order), np.arange(samples)):
        return f"its order is none of {samples:,} samples"
    if not (0 <= state.position < samples and state.position % problem.batch_size == 0):
        return f"its position {state.position:,} is between batches of {problem.batch_size:,}"
    return None

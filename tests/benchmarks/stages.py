"""The parts of the default command, timed in a process of their own, as one line of JSON.

Imports stand where they are timed, so nothing may be imported before.
"""

import json
import time


def stages(steps: int) -> dict[str, float]:
    """Seconds of each part, in order."""
    seconds: dict[str, float] = {}
    last = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[stage], last = now - last, now

    import numpy  # noqa: F401

    done("import NumPy")
    import hydra  # noqa: F401

    done("import Hydra")
    from tests.benchmarks.runs import contestant, problem_of

    done("import the runner")
    problem_of("topology=3-4-1", "seed=1")
    done("configuration and data")
    import llvmlite.binding  # noqa: F401

    done("import LLVM")
    run = contestant("compiled", "topology=3-4-1", "seed=1")
    done("kernels: load")
    run.engine.advance(run.state, steps - 1, None)
    done("training")
    return seconds


if __name__ == "__main__":
    print(json.dumps(stages(1_187_471)))

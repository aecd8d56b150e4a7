"""What is tried between fences: the table of agreement, random problems, forged snapshots.

Each plan says what it is about to do, then does it.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from runner.compiled.compiled_engine import CompiledEngine
from runner.errors import RunnerError
from runner.network.activations import ELEMENTWISE
from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.network.scaling import Scaling
from runner.run_folder.snapshots import Snapshot, save_snapshot, snapshot_arrays, sound_snapshot
from runner.storage.npz_files import encode
from runner.training.distorting import DistortingEngine
from runner.training.engine import Engine, Penalty, Problem
from runner.training.optimizers import OPTIMIZERS
from tests.problems import content, make_problem, make_state, random_data, random_targets
from tests.training import test_layer_agreement
from tests.training.test_agreement import DATA, VARIATIONS, problem_of

SIZES = (1, 2, 3, 7, 16, 17, 33, 64, 70, 300)
RANDOM_PROBLEMS = 100
"""A number of the plan."""
FORGERIES = 500
"""A number of the plan."""


def table(number: int) -> Iterator[str]:
    """All variations on one kind of data and dtype: both sides of the fence, both dtypes."""
    kinds = [(data, dtype) for data in DATA for dtype in ("float64", "float32")]
    data, dtype = kinds[number // 2 % len(kinds)]
    for variation, changes in VARIATIONS.items():
        yield f"{data}, {dtype}, {variation}"
        problem = problem_of(data, dtype=dtype, **changes)
        state = make_state(problem, initializer="glorot_uniform")
        engine = CompiledEngine(problem)
        engine.advance(state, 2 * min(problem.steps_per_epoch, 9) + 1, None)
        look(engine, state.parameters, 300)


def layers(number: int) -> Iterator[str]:
    """Nets with all kinds of layers: both sides of the fence, both dtypes, some batches."""
    dtype, batch = ("float64", "float32")[number // 2 % 2], (1, 7, 12, 27)[number // 4 % 4]
    for net in test_layer_agreement.NETS.values():
        yield f"{net}, {dtype}, batches of {batch}"
        problem = test_layer_agreement.problem_of(net, dtype=dtype, batch_size=batch, rate=0.2)
        state, engine = make_state(problem), CompiledEngine(problem)
        engine.advance(state, problem.steps_per_epoch + 2, None)
        look(engine, state.parameters, 300)


def random_problems(number: int) -> Iterator[str]:
    """Problems drawn at random, whose inputs change from epoch to epoch."""
    rng = random.Random(number)  # noqa: S311 - what is tried, no secret
    for each in range(RANDOM_PROBLEMS):
        problem, about = random_problem(rng)
        yield f"{number}:{each} {about}"
        engine = random_engine(problem, rng)
        state = make_state(problem, rng.randrange(1000), "glorot_uniform")
        with np.errstate(all="ignore"):
            for _ in range(rng.randint(1, 4)):
                engine.advance(state, rng.randint(1, 2 * problem.steps_per_epoch), None)
            look(engine, state.parameters, rng.randint(1, 600))


def look(engine: Engine, parameters: Array, samples: int) -> None:
    """At so many samples that it is not trained on."""
    sizes = engine.problem.network.topology.sizes
    engine.look(parameters, *random_data(samples, sizes[0], sizes[-1]))


def random_problem(rng: random.Random) -> tuple[Problem, str]:
    """A problem, and what it is in words."""
    sizes = tuple(
        rng.choice((1, 2, 3, 7, 16, 17, 33, 64, 70, 300)) for _ in range(rng.randint(2, 5))
    )
    loss = rng.choice([name for name in LOSSES if name != "cross_entropy" or sizes[-1] > 1])
    samples, optimizer = rng.randint(1, 150), rng.choice(list(OPTIMIZERS))
    full = rng.random() < 0.2 or OPTIMIZERS[optimizer].full_batch_only
    as_bytes = rng.random() < 0.4
    options: dict[str, Any] = {
        "bias": rng.random() < 0.7,
        "batch_norm": rng.random() < 0.3 and len(sizes) > 2,
        "hidden": tuple(rng.choice(ELEMENTWISE) for _ in sizes[1:-1]) or "tanh",
        "output": LOSSES[loss].output or rng.choice(ELEMENTWISE),
        "rate": rng.choice((0.0, 0.0, 0.3)) if len(sizes) > 2 else 0.0,
        "stage": rng.choice(("forward", "backward")),
        "mean_loss": rng.random() < 0.5,
        "loss": loss,
        "optimizer": optimizer,
        "learning_rate": 0.01,
        "batch_size": None if full else rng.randint(1, samples),
        "dtype": rng.choice(("float64", "float32")),
        "penalty": rng.choice((Penalty(), Penalty(0.01, 0.01, 0.5, 0.4, 0.8))),
        "scaling": None,
    }
    share = rng.choice((0.0, 0.05, 0.2, 0.5, 1.0))
    inputs = shares(samples, sizes[0], share, rng)
    if as_bytes:
        shift = rng.choice((np.array(0.0), np.linspace(0, 9, sizes[0])))
        inputs, options["scaling"] = (
            (inputs * 255).astype(np.uint8),
            Scaling(shift, shift * 0 + 0.004),
        )
    data = inputs, random_targets(loss, samples, sizes[-1])
    about = f"{sizes} {share} {as_bytes} {samples} {options}"
    return make_problem(sizes, data=data, **options), about


def shares(samples: int, inputs: int, share: float, rng: random.Random) -> Array:
    """Numbers in [0, 1) of which a share is not zero."""
    generator = np.random.default_rng(rng.randrange(2**32))
    return (generator.random((samples, inputs)) < share) * generator.random((samples, inputs))


def random_engine(problem: Problem, rng: random.Random) -> Engine:
    """The compiled engine; of three of them two whose inputs are other ones in every epoch."""
    if rng.random() < 1 / 3:
        return CompiledEngine(problem)
    largest = 255 if problem.inputs.dtype == np.uint8 else 1

    def distort(images: Array, _generator: np.random.Generator) -> Array:
        share = rng.choice((0.0, 0.05, 0.2, 0.5, 1.0))
        samples, inputs = images.shape
        return shares(samples, inputs, share, rng).astype(images.dtype) * largest

    return DistortingEngine(CompiledEngine, problem, distort)


PROBLEMS = {
    "columns": {"written": (3, 4, 1), "batch_size": 3},
    "columns, full batches": {"written": (3, 4, 1)},
    "rows": {"written": (3, 20, 1), "batch_size": 5, "optimizer": "adam"},
    "rows, dropout": {"written": (3, 20, 1), "batch_size": 2, "rate": 0.3, "dtype": "float32"},
}


def forgeries(number: int) -> Iterator[str]:
    """Snapshots whose arrays have other shapes, types and values, trained on where they pass."""
    rng = random.Random(number)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        for each in range(FORGERIES):
            name = rng.choice(list(PROBLEMS))
            problem = make_problem(**PROBLEMS[name])  # type: ignore[arg-type]
            engine, state = CompiledEngine(problem), make_state(problem)
            engine.advance(state, rng.randint(1, 5), None)
            path = save_snapshot(Path(folder), Snapshot(state, "this"))
            members = {**snapshot_arrays(state), **belonging(state.best)}
            for member in rng.sample(sorted(members), rng.choice((1, 1, 1, 2, 3))):
                members[member] = forged(members[member], rng)
            about = {n: (array.dtype.str, array.shape) for n, array in members.items()}
            yield f"{number}:{each} {name} {about}"
            path.write_bytes(encode(members))
            try:
                read = sound_snapshot(path, problem, "this").state
            except RunnerError:
                continue
            with np.errstate(all="ignore"):
                engine.advance(read, 2 * problem.steps_per_epoch, None)
                content(read)


def belonging(best: Array) -> dict[str, Array]:
    """The members beside the state."""
    return {
        "experiment": np.array("this"),
        "history": np.array((0, 0)),
        "restored": np.array(best.size > 0),
    }


def forged(array: Array, rng: random.Random) -> Array:
    """An array like it, of another shape, type or content."""
    way = rng.randrange(5)
    if array.dtype.kind == "U":
        return np.array("other" * rng.randint(0, 9))
    if way == 0:  # other lengths
        length = rng.choice((0, 1, 2, 7, 100, 8000, 80_000))
        flat = np.resize(array, (length,) if array.ndim < 2 else (rng.randint(0, 3), length))
        return flat.astype(array.dtype)
    if way == 1:  # another dtype
        kinds = ("int8", "int32", "int64", "uint64", "float32", "float64", "bool", ">i8", ">f8")
        with np.errstate(all="ignore"):
            return array.astype(rng.choice(kinds))
    if way == 2 and array.ndim:  # another order, the numbers the same
        return array[::-1].copy()
    values = array.copy().reshape(-1)
    if values.size:
        extremes: list[float] = [0, 1, -1, 2**31, -(2**31), 2**62, 10**6, 2**32, 255]
        if array.dtype.kind == "f":
            extremes += [np.nan, np.inf, -np.inf, 1e300, 1e-300, 0.5]
        for _ in range(rng.choice((1, 2, values.size))):
            value = np.array(rng.choice(extremes))
            with np.errstate(all="ignore"):
                values[rng.randrange(values.size)] = value.astype(array.dtype)
    return values.reshape(array.shape)


PLANS = {
    "table": table,
    "layers": layers,
    "random_problems": random_problems,
    "forgeries": forgeries,
}

"""What a run comes to, of each kind of number that an exact case of a preset publishes.

A case has a key for each kind: a list, with null for what is not compared, or numbers by name, by
epoch or by step.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from runner.configuration.composing import compose
from runner.experiment.experiment import build
from runner.experiment.loading import samples_of
from runner.experiment.running import QUIETLY, Outcome, run_experiment
from runner.network.arrays import Array
from runner.run_folder.history import read_history
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import load_snapshot
from runner.run_folder.tables import read_row
from runner.training.evaluation import evaluate
from runner.training.metrics import TEST


class Ran(NamedTuple):
    """A run that has ended."""

    overrides: Sequence[str]
    folder: Path
    outcome: Outcome


Kind = Callable[[Ran, Collection[Any]], Mapping[Any, float]]
"""From a run and what is asked of it, places, names, epochs or steps, to its numbers by these."""


def by_place(key: str, values: Any) -> dict[Any, Any]:
    """A case's numbers of a kind by what they are of: the places of a list count from 1."""
    if isinstance(values, Mapping):
        return {place if key == "results" else int(place): v for place, v in values.items()}
    return {place: value for place, value in enumerate(values, 1) if value is not None}


def run_case(overrides: Sequence[str], case: Mapping[str, Any], folder: Path) -> Ran:
    """Runs a case; its history and its snapshots are of the epochs that numbers are of."""
    recorded = []
    for setting, keys in (("history", TRAINED), ("snapshots.epochs", TESTED)):
        epochs = {int(epoch) for key in keys for epoch in case.get(key, ())}
        if epochs:
            recorded.append(f"recording.{setting}={sorted(epochs)}")
    outcome = run_experiment(compose([*overrides, *recorded]), folder, {}, QUIETLY)
    return Ran(overrides, folder, outcome)


def vector(values: Callable[[Ran], Array]) -> Kind:
    """Numbers of a vector."""
    return lambda ran, _: dict(enumerate(values(ran).tolist(), 1))


def starting_weights(ran: Ran) -> Array:
    """[parameters] before the first step."""
    return load_snapshot(RunFolder(ran.folder).snapshot(0)).parameters


def final_weights(ran: Ran) -> Array:
    """[parameters] behind the last step."""
    return load_snapshot(RunFolder(ran.folder).snapshot()).parameters


def outputs(ran: Ran) -> Array:
    """[batch * n_out] of the last step's forward pass."""
    return ran.outcome.report.outputs.ravel()


def sign_changes(ran: Ran) -> Array:
    """[parameters] How often the sign of each one's gradient changes from a step to the next.

    Of a run of plain full-batch descent: momentum of 0 is the same, and remembers the gradient.
    """
    experiment = build(compose([*ran.overrides, "optimizer=momentum", "optimizer.momentum=0"]))
    state = experiment.first_state()
    signs, changes = np.zeros((2, state.parameters.size))
    for _ in range(ran.outcome.report.step):
        experiment.engine.advance(state, 1, None)
        new = np.sign(state.slots[0])
        changes += new * signs < 0
        signs = new
    return changes


def results(ran: Ran, names: Collection[str]) -> dict[str, float]:
    """Columns of results.csv."""
    row = read_row(ran.folder / "results.csv")
    return {name: float(row[name]) for name in names}


def of_training(metric: str, factor: float = 1.0) -> Kind:
    """A metric of training, by epoch."""

    def numbers(ran: Ran, _: Collection[int]) -> dict[int, float]:
        rows = read_history(ran.folder)
        return {int(row["epoch"]): factor * float(row[metric]) for row in rows}

    return numbers


def of_test_part(metric: str, factor: float = 1.0) -> Kind:
    """A metric of the test part, by epoch."""

    def numbers(ran: Ran, epochs: Collection[int]) -> dict[int, float]:
        experiment, folder, found = build(compose(ran.overrides)), RunFolder(ran.folder), {}
        engine, dataset = experiment.engine, experiment.dataset
        assert dataset.test is not None
        part = samples_of(TEST, dataset.test, dataset)
        for epoch in epochs:
            snapshot = folder.snapshot(epoch * engine.problem.steps_per_epoch)
            metrics = evaluate(engine, load_snapshot(snapshot).parameters, part)
            found[epoch] = factor * metrics[TEST + metric]
        return found

    return numbers


def stepped(number: Callable[[Array, Array], float]) -> Kind:
    """A number of single steps, of the outputs [batch, n_out] of its forward pass and targets."""

    def numbers(ran: Ran, steps: Collection[int]) -> dict[int, float]:
        experiment, found = build(compose(ran.overrides)), {}
        engine, state = experiment.engine, experiment.first_state()
        problem = engine.problem
        for step in sorted(steps):
            report = engine.advance(state, step - state.step, None)
            first = (step - 1) % problem.steps_per_epoch * problem.batch_size
            samples = state.order[first : first + problem.batch_size]
            found[step] = number(report.outputs, problem.targets[samples])
        return found

    return numbers


def absolute_error(outputs: Array, targets: Array) -> float:
    """Sum of |target - output|."""
    return float(np.abs(targets - outputs).sum())


def binary_number(outputs: Array, _: Array) -> float:
    """The outputs, rounded, as the bits of a number, the least significant first."""
    return float(np.round(outputs.ravel()) @ 2.0 ** np.arange(outputs.size))


# A squared error is the sum over the outputs, twice the loss of that name, a sample.
TRAINED: Mapping[str, Kind] = {
    "accuracy": of_training("accuracy"),
    "mae": of_training("mae"),
    "mean_accuracy": of_training("mean_accuracy"),
    "squared_error": of_training("loss", 2),
}
TESTED: Mapping[str, Kind] = {
    "test_accuracy": of_test_part("accuracy"),
    "test_squared_error": of_test_part("loss", 2),
}
NUMBERS: Mapping[str, Kind] = {
    "starting_weights": vector(starting_weights),
    "final_weights": vector(final_weights),
    "outputs": vector(outputs),
    "sign_changes": vector(sign_changes),
    "results": results,
    **TRAINED,
    **TESTED,
    "step_error": stepped(absolute_error),
    "step_number": stepped(binary_number),
}

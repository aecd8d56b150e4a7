"""Branching: a new run that starts from a snapshot of another (`from=RUN@step`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.configuration.branches import place
from runner.errors import SettingsError, SnapshotError, printable
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import (
    check_fits,
    load_trained,
    parameters_checksum,
    snapshot_of,
)
from runner.settings import Origin
from runner.training.engine import Problem
from runner.training.state import TrainingState

WATCHED = (("stopping", "metric"), ("stopping", "restore_best"), ("optimizer",), ("schedule",))
"""What early stopping, and how far the learning rate has been reduced, depend on."""
TEST_PART = ("test", "split_seed", "stratify")
HELD_OUT = {"validation": ("validation", "folds", "fold", *TEST_PART), "test": TEST_PART}
"""By part of the data set the settings that say which samples are in it."""


def branch_off(
    start: Origin,
    fresh: TrainingState,
    problem: Problem,
    config: Mapping[str, Any],
    data: Sequence[str],
) -> TrainingState:
    """The parent's state, as far as it fits a run with `config` on data with such a checksum.

    fresh: the state that the run would start from by itself. Weights and counts are the parent's;
    the optimizer's memory, if the optimizer is; the generator, if the seed is; the epoch in
    progress, if data and batches are; what has been watched and the best weights, if data and all
    of `WATCHED` are.
    Raises SnapshotError or SettingsError when there is no such snapshot or its weights do not fit.
    """
    run = RunFolder(start.run)
    try:
        about = run.about()
    except SnapshotError as error:
        raise SnapshotError(
            f"from={printable(start.run)}@{start.step}: {error}; if that has moved, from=RUN says "
            "where it lies now"
        ) from error
    path = run.snapshot(start.step)
    state = snapshot_of(path, about["checksums"].get("experiment")).state
    parent, topology = about["configuration"], problem.network.topology
    before = load_trained(path).network.topology
    if before != topology or state.parameters.dtype != fresh.parameters.dtype:
        raise SettingsError(
            f"from={printable(start.run)} has {state.parameters.size:,} weights of type "
            f"{state.parameters.dtype} in {before}, topology={topology} has "
            f"{fresh.parameters.size:,} of {fresh.parameters.dtype}; keep topology and dtype, "
            "network.bias and network.batch_norm"
        )
    other_data = about["checksums"].get("data") not in data
    if differ(parent, config, "optimizer", "name"):
        state.slots = fresh.slots
    if differ(parent, config, "seed"):
        state.generator = fresh.generator
    if other_data or differ(parent, config, "batch_size"):
        state.order, state.position, state.sums = fresh.order, fresh.position, fresh.sums
    if other_data or any(differ(parent, config, *keys) for keys in WATCHED):
        state.watch, state.best = fresh.watch, fresh.best
        state.smoothed_loss, state.lowest_loss = fresh.smoothed_loss, fresh.lowest_loss
    check_fits(path, problem, state)
    return state


def trained_on(start: Origin, config: Mapping[str, Any]) -> str | None:
    """What is to be said of a branch that holds out samples that its run may have trained on."""
    parent = RunFolder(start.run).configuration
    if any(differ(parent, config, "dataset", key) for key in ("name", "path")):
        return None
    for part, keys in HELD_OUT.items():
        sizes = [place(config, "dataset", key) for key in keys if key in (part, "folds")]
        changed = [key for key in keys if differ(parent, config, "dataset", key)]
        if changed and any(isinstance(size, int | float) for size in sizes):
            said = " ".join(f"dataset.{key}={place(config, 'dataset', key)}" for key in changed)
            return (
                f"{printable(start.run)} may have trained on the {part} part that "
                f"{printable(said)} makes: what is measured there tells nothing of new data; "
                "leave the parts as that run has them"
            )
    return None


def differ(one: Any, other: Any, *sections: str) -> bool:
    """Whether two configurations have other values in a section."""
    return bool(place(one, *sections) != place(other, *sections))


def lineage(start: Origin | None, state: TrainingState) -> dict[str, object] | None:
    """What run.json says of where a run comes from."""
    if start is None:
        return None
    weights = parameters_checksum(state.parameters)
    return {"run": str(start.run.absolute()), "step": start.step, "parameters": weights}

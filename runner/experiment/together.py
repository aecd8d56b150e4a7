"""Runs that differ in nothing but their seeds, trained together and recorded as rows."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from runner.experiment.ending import final_metrics
from runner.experiment.experiment import Experiment
from runner.experiment.row_recording import COLUMNS, Recorded, kind_of, own_names
from runner.network.arrays import Array
from runner.run_folder.job_rows import Kind
from runner.run_folder.statuses import PRUNED
from runner.training.evaluation import evaluate_many
from runner.training.first_states import first_states
from runner.training.many_loop import (
    AT_RUNG,
    DIVERGED,
    MOST_EPOCHS,
    REASONS,
    EndedNets,
    ManyEngine,
    fitting_together,
    train_many,
)
from runner.training.schedules import RANGE
from runner.training.stopping import RUNG

LONGEST = 10**15
"""Epochs that no run makes."""
ALONE_SCHEDULES = (RANGE, "plateau")
"""Those that look at a run on its way."""


def row_epochs(experiment: Experiment) -> Sequence[int] | None:
    """The epochs that histories have rows of; None where runs like it are not trained together.

    That is where more is asked of a run on its way than sums, or its data are drawn by its seed.
    """
    settings, engine = experiment.settings, experiment.engine
    stopping, problem = experiment.stopping, engine.problem
    if (
        not isinstance(engine, ManyEngine)
        or not engine.serves_many
        or experiment.watch is not None
        or experiment.validate is not None
        or experiment.dataset.drawn is not None
        or experiment.occasions.every_report
        or settings.recording.layer_statistics
        or settings.from_ is not None
        or settings.logger is not None
        or settings.schedule.name in ALONE_SCHEDULES
        or stopping.max_seconds is not None
        or stopping.loop_target is not None
    ):
        return None
    limits = [stopping.last_epoch, stopping.max_steps]
    if limits[1] is not None:
        limits[1] = limits[1] // problem.steps_per_epoch + 1
    limit = min((each for each in limits if each is not None), default=LONGEST)
    every = experiment.occasions.history.every
    if every is not None and limit // every > MOST_EPOCHS:
        return None
    epochs = experiment.occasions.history.between(0, limit)
    return epochs if len(epochs) <= MOST_EPOCHS else None


def run_together(
    experiment: Experiment, epochs: Sequence[int], seeds: Sequence[int]
) -> Iterator[tuple[int, Recorded | None]]:
    """Each run's place among the seeds and what is kept of it, as they come to their ends.

    epochs: as `row_epochs` gives them. None is kept of one that is to be run by itself.
    """
    engine, problem = experiment.engine, experiment.engine.problem
    assert isinstance(engine, ManyEngine)
    starts = experiment.settings.network.initializer.starts
    most = fitting_together(problem, len(epochs))
    bunches = (
        first_states(problem, starts, seeds[first : first + most], draws=engine.draw_many)
        for first in range(0, len(seeds), most)
    )
    for _ in engine.warm_up_many():
        pass
    kinds: dict[tuple[str, ...], Kind] = {}
    place, started = 0, time.time()
    for each in train_many(engine, bunches, experiment.stopping, epochs):
        ended = each.with_rows(int(each.many_rows.max()))
        finished = time.time()
        histories, names = histories_of(ended)
        told, numbers = results_of_many(experiment, ended)
        times = np.broadcast_to([started, finished], (len(ended), 2))
        last = dict(zip(names, histories[0, ended.many_rows[0]].tolist(), strict=True))
        last["seconds"] = np.nan  # which the history rounds
        own = [np.asarray(numbers[n], float)[:, None] for n in own_names(told, last)]
        results = np.hstack([*own, times])
        for net, reason in enumerate(ended.reasons.tolist()):
            kept = None
            if reason != DIVERGED:
                kind = kind_like(experiment, kinds, reason_of(reason, experiment), told, last)
                kept = Recorded(
                    {**experiment.config, "seed": seeds[place]},
                    kind,
                    None,
                    results[net].tobytes(),
                    histories[net, : ended.many_rows[net] + 1].tobytes(),
                    ended.states.parameters[net].tobytes(),
                )
            yield place, kept
            place += 1
        started = finished


def reason_of(place: int, experiment: Experiment) -> str:
    """Why a net ended, from its place in `REASONS`."""
    rung = experiment.stopping.rung
    return rung.reason if place == AT_RUNG and rung is not None else REASONS[place]


def histories_of(ended: EndedNets) -> tuple[Array, list[str]]:
    """The rows [nets, rows, names] of histories, of which each net has `many_rows` and one."""
    rows, last, nets = ended.rows, ended.metrics, len(ended)
    many = len(ended.epochs)
    table = np.empty((nets, many + 1, len(COLUMNS) + len(rows)))
    table[:, :many, 0], table[:, :many, 1] = ended.row_steps, ended.epochs
    table[:, :many, 2] = np.round(ended.row_seconds, 6)
    ends = np.arange(nets), ended.many_rows
    for column, name in enumerate(rows, len(COLUMNS)):
        table[:, :many, column] = rows[name]
        table[(*ends, column)] = last[name]
    table[(*ends, 0)], table[(*ends, 1)] = ended.steps, ended.states.places["epoch"]
    table[(*ends, 2)] = np.round(ended.seconds, 6)
    return table, [*COLUMNS, *rows]


def results_of_many(
    experiment: Experiment, ended: EndedNets
) -> tuple[dict[str, object], dict[str, Array]]:
    """What results.csv says of nets, but for why they ended and when.

    Of the first net, for the names and types; and of all, [nets] each.
    """
    steps, nets = ended.steps, len(ended)
    numbers: dict[str, Array] = {
        "steps": steps,
        "epochs": ended.states.places["epoch"],
        "seconds": ended.seconds,
        "steps_per_second": steps / np.maximum(ended.seconds, 1e-9),
        "parameters": np.full(nets, experiment.engine.problem.network.topology.parameters),
        **ended.metrics,
    }
    weights, dataset = ended.states.parameters, experiment.dataset
    numbers |= final_metrics(experiment.engine, weights, dataset, evaluate_many)
    return {name: each[0].item() for name, each in numbers.items()}, numbers


def kind_like(
    experiment: Experiment,
    kinds: dict[tuple[str, ...], Kind],
    reason: str,
    told: Mapping[str, Any],
    last: Mapping[str, float],
) -> Kind:
    """What a row has in common with others that ended for the same reason, made once."""
    key = (reason, *told)
    if key not in kinds:
        status = PRUNED if reason.startswith(RUNG) else "completed"
        results = {"status": status, "stop_reason": reason, **told}
        kinds[key] = kind_of(experiment, results, last)
    return kinds[key]

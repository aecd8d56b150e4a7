"""The training loop, one for every engine. It yields; the caller records."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from runner.network.topology import Array
from runner.training.engine import Engine, Problem, StepReport
from runner.training.metrics import SAMPLES, Target, metric_values
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.watching import Watch

PAUSE = 0.1
"""Seconds between two reports, about: how long an interrupt or a progress bar waits."""


def train(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    next_milestone: Callable[[int], int | None],
    clock: Callable[[], float],
    validate: Callable[[Array], dict[str, float]] | None = None,
    watch: Watch | None = None,
) -> Iterator[StepReport]:
    """Advances `state` until a criterion stops it, yielding a report about every `PAUSE`.

    next_milestone: the next epoch after a given one at whose end the caller wants a report.
    clock: seconds from any origin. Slicing into reports never changes what is computed.
    validate: from the parameters to metrics on held-out data, asked for at every milestone
    and at the end, and reported among the metrics.
    watch: observes its metric at every milestone that ends an epoch.
    """
    if state.step and (
        report := ending_there(state, engine, stopping, next_milestone, validate, watch)
    ):
        yield report
        return
    earlier = state.seconds
    started = before = clock()
    allowance = 1
    while True:
        milestone = next_milestone(state.epoch)
        steps = min(allowance, steps_to_pause(state, engine, stopping, milestone))
        report = engine.advance(state, steps, stopping.engine_target)
        now = clock()
        state.seconds = earlier + now - started
        metrics = {**changing_rate(engine.problem, state), **report.metrics}
        report = report._replace(seconds=state.seconds, metrics=metrics)
        due = report.epoch_ended and report.epoch == milestone
        if validate is not None and report.finite and (due or stopping.reason(report) is not None):
            report = report._replace(metrics=report.metrics | validate(state.parameters))
        watched = None
        if due and report.finite and watch is not None:
            watched = watch.observe(state, report.metrics[watch.metric])
        reason = stopping.reason(report, watched)
        if reason is not None:
            yield report._replace(stop_reason=reason)
            return
        yield report
        allowance = next_allowance(steps, now - before)
        before = clock()


def standing(state: TrainingState, engine: Engine, until: Target | None = None) -> StepReport:
    """The report of a state that is only looked at, such as one from a snapshot."""
    seen = bool(state.sums[SAMPLES])  # not before the first step, nor where an epoch is begun anew
    epoch_ended = seen and state.position == 0
    metrics: dict[str, float] = {}
    if seen:
        metrics = metric_values(state.sums, engine.problem.reduction)
        metrics = changing_rate(engine.problem, state) | metrics
    return StepReport(
        step=state.step,
        epoch=state.epoch,
        epoch_ended=epoch_ended,
        metrics=metrics,
        outputs=np.empty((0, 0)),
        reached=epoch_ended and until is not None and until.met_by(metrics[until.metric]),
        finite=bool(np.isfinite(state.parameters).all()),
        seconds=state.seconds,
    )


def changing_rate(problem: Problem, state: TrainingState) -> dict[str, float]:
    """The last step's learning rate, a column of the history where a schedule changes it."""
    if problem.schedule.name == "constant":
        return {}
    (rate,) = problem.learning_rates(replace(state, step=state.step - 1), 1)
    return {"learning_rate": float(rate)}


def ending_there(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    next_milestone: Callable[[int], int | None],
    validate: Callable[[Array], dict[str, float]] | None,
    watch: Watch | None,
) -> StepReport | None:
    """The last report of a run that is to stop where it stands, or None where it is to go on.

    A run that was killed just after its last snapshot stands there, and one that has ended.
    """
    if state.step == 0:
        return None
    report = standing(state, engine, stopping.engine_target)
    due = report.epoch_ended and report.epoch == next_milestone(report.epoch - 1)
    if validate is not None and (due or stopping.reason(report) is not None):
        report = report._replace(metrics=report.metrics | validate(state.parameters))
    watched = None if watch is None else watch.reason(state)
    report = report._replace(stop_reason=stopping.reason(report, watched))
    return None if report.stop_reason is None else report


def steps_to_pause(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    milestone: int | None,
) -> int:
    """How many steps may be made before a limit or a milestone."""
    problem = engine.problem
    pauses = [milestone, stopping.max_epochs]
    step_in_epoch = -(-state.position // problem.batch_size)
    limits = [
        (epoch - state.epoch) * problem.steps_per_epoch - step_in_epoch
        for epoch in pauses
        if epoch is not None
    ]
    if stopping.max_steps is not None:
        limits.append(stopping.max_steps - state.step)
    return max(1, min(limits, default=2**62))


def next_allowance(steps: int, seconds: float) -> int:
    """Steps that take about `PAUSE` at the rate just seen, growing at most tenfold at once."""
    return max(1, min(10 * steps, int(steps * PAUSE / max(seconds, 1e-9))))

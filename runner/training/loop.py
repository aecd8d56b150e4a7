"""The training loop, one for every engine. It yields; the caller records."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from runner.network.arrays import Array
from runner.training.engine import Engine, Problem, StepReport
from runner.training.metrics import LOSS, ROWS, Target, metric_values
from runner.training.schedules import tells_rate
from runner.training.state import Remembered, TrainingState
from runner.training.stopping import Stopping
from runner.training.watching import Watch

PAUSE = 0.1
"""Seconds between two reports, about: how long an interrupt or a progress bar waits."""
MOST_ROWS = 1000
"""Reports of epochs passed in a slice."""


class Wanted(NamedTuple):
    """What the caller wants to be told of on the way."""

    next_milestone: Callable[[int], int | None]
    """The next epoch after a given one at whose end there is to be a report."""
    rows: Callable[[int, int], Sequence[int]] = lambda _first, _last: ()
    """The epochs after a first and up to a last that are to be reported without a stop there. The
    state is further than such a report, whose seconds are interpolated."""
    validate: Callable[[Array], dict[str, float]] | None = None
    """From the parameters to metrics on held-out data, asked for at every milestone and at the end,
    and reported among the metrics."""
    watch: Watch | None = None
    """Observes its metric at every milestone that ends an epoch."""


def train(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    clock: Callable[[], float],
    wanted: Wanted,
) -> Iterator[StepReport]:
    """Advances `state` until a criterion stops it, yielding a report about every `PAUSE`.

    clock: seconds from any origin. Slicing into reports never changes what is computed.
    """
    next_milestone, rows, validate, watch = wanted
    if state.step and (report := ending_there(state, engine, stopping, wanted)):
        yield report
        return
    earlier = state.seconds
    started = before = clock()
    allowance = 1
    while True:
        milestone = next_milestone(state.epoch)
        steps = min(allowance, steps_to_pause(state, engine, stopping, milestone))
        start = Standing(engine.problem, state)
        epochs = rows(state.epoch, start.epoch_after(steps))[:MOST_ROWS]
        if len(epochs) == MOST_ROWS:
            steps = start.steps_until(epochs[-1])
        report = advanced(engine, state, steps, stopping.engine_target, epochs)
        now = clock()
        state.seconds = earlier + now - started
        for row in passed_reports(start, state, report):
            if not row.finite:
                yield row._replace(stop_reason=stopping.reason(row))
                return
            yield row
        metrics = {**changing_rate(engine.problem, state, state.step), **report.metrics}
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


def advanced(
    engine: Engine,
    state: TrainingState,
    steps: int,
    until: Target | None,
    epochs: Sequence[int],
) -> StepReport:
    """As the engine does it; where numbers come to be not finite, up to the first such step.

    Numbers that are not finite stay so, and steps repeated are the same ones: that step is found by
    halving, and is the same however the run is sliced.
    """
    begin = Remembered(state)
    report = engine.advance(state, steps, until, epochs)
    if report.finite:
        return report
    least, most = 1, report.step - begin.step
    while least < most:
        middle = (least + most) // 2
        begin.restore(state)
        if engine.advance(state, middle, until, epochs).finite:
            least = middle + 1
        else:
            most = middle
    begin.restore(state)
    return engine.advance(state, most, until, epochs)


class Standing:
    """Where a state stands before it is advanced."""

    def __init__(self, problem: Problem, state: TrainingState) -> None:
        self.problem = problem
        self.step, self.seconds = state.step, state.seconds
        batches = -(-state.position // problem.batch_size)  # of the epoch in progress
        self._of_epochs = state.epoch * problem.steps_per_epoch + batches

    def epoch_after(self, steps: int) -> int:
        """The last epoch that ends within so many steps."""
        return (self._of_epochs + steps) // self.problem.steps_per_epoch

    def steps_until(self, epoch: int) -> int:
        """Steps to an epoch's end."""
        return epoch * self.problem.steps_per_epoch - self._of_epochs


def passed_reports(
    start: Standing, state: TrainingState, report: StepReport
) -> Iterator[StepReport]:
    """The epochs that were passed on the way to a report, each as a report of its own."""
    steps, seconds = state.step - start.step, state.seconds - start.seconds
    for epoch, sums in report.passed:
        made = start.steps_until(epoch)
        if made < steps:
            metrics = metric_values(sums, start.problem.reduction)
            yield StepReport(
                step=start.step + made,
                epoch=epoch,
                epoch_ended=True,
                metrics={**changing_rate(start.problem, state, start.step + made), **metrics},
                outputs=report.outputs,
                reached=False,
                finite=math.isfinite(sums[LOSS]),
                seconds=start.seconds + seconds * made / steps,
            )


def report_of(state: TrainingState, engine: Engine, until: Target | None = None) -> StepReport:
    """The report of a state that is only looked at, such as one from a snapshot."""
    seen = bool(state.sums[ROWS])  # not before the first step, nor where an epoch is begun anew
    epoch_ended = seen and state.position == 0
    metrics: dict[str, float] = {}
    if seen:
        metrics = metric_values(state.sums, engine.problem.reduction)
        metrics = changing_rate(engine.problem, state, state.step) | metrics
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


def changing_rate(problem: Problem, state: TrainingState, step: int) -> dict[str, float]:
    """A step's learning rate, a column of the history where a schedule changes it."""
    if not tells_rate(problem.schedule.name):
        return {}
    (rate,) = problem.learning_rates(replace(state, step=step - 1), 1)
    return {"learning_rate": float(rate)}


def ending_there(
    state: TrainingState,
    engine: Engine,
    stopping: Stopping,
    wanted: Wanted,
) -> StepReport | None:
    """The last report of a run that is to stop where it stands, or None where it is to go on.

    A run that was killed just after its last snapshot stands there, and one that has ended.
    """
    if state.step == 0:
        return None
    report = report_of(state, engine, stopping.engine_target)
    next_milestone, _, validate, watch = wanted
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
    start = Standing(engine.problem, state)
    pauses = (milestone, stopping.last_epoch)
    limits = [start.steps_until(epoch) for epoch in pauses if epoch is not None]
    if stopping.max_steps is not None:
        limits.append(stopping.max_steps - state.step)
    return max(1, min(limits, default=2**62))


def next_allowance(steps: int, seconds: float) -> int:
    """Steps that take about `PAUSE` at the rate just seen, growing at most tenfold at once."""
    return max(1, min(10 * steps, int(steps * PAUSE / max(seconds, 1e-9))))

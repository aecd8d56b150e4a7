"""The learning-rate range test: which rates train, found in one short run (Smith 2017).

The rate grows from step to step, and training stops when the loss explodes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from runner.network.arrays import Array
from runner.network.fixed_arithmetic import column_means, column_variances
from runner.training.engine import Engine, StepReport
from runner.training.loop import changing_rate, report_of
from runner.training.metrics import LOSS, ROWS, metric_values
from runner.training.state import Remembered, TrainingState
from runner.training.stopping import Stopping

EXPLOSION = "explosion"
"""Why a range test stops before its last step."""
EXPLODED = 4.0
"""Times the lowest smoothed loss at which it has exploded."""
SETTLED = 10
"""The smoothed loss is a mean of about so many steps."""
MARGIN = 10.0
"""The suggested rate is so much below that of the lowest loss, which is close to the explosion."""


def range_test(
    state: TrainingState, engine: Engine, stopping: Stopping, clock: Callable[[], float]
) -> Iterator[StepReport]:
    """Advances `state` until the loss explodes or a limit is met, yielding a report every step.

    Metrics are the step's own, before its update, the loss a mean over its samples; beside them
    is its learning rate. A step that leaves loss or weights not finite is taken back.
    clock: seconds from any origin.
    """
    problem = engine.problem
    reduction = replace(problem.reduction, mean_loss=True)
    earlier, started = state.seconds, clock()
    if state.step and np.isnan(state.smoothed_loss):  # of a snapshot from before it had its own
        state.smoothed_loss, state.lowest_loss = state.watch.level, state.watch.best
    report = report_of(state, engine)
    report = report._replace(seconds=earlier, stop_reason=reason_to_stop(state, stopping, report))
    if report.stop_reason is not None:
        yield report
    while report.stop_reason is None:
        before, reached = Remembered(state), report
        report = engine.advance(state, 1, None)
        if not report.finite:
            before.restore(state)
            yield reached._replace(stop_reason=EXPLOSION)
            return
        state.seconds = earlier + clock() - started
        own = state.sums - before.sums if before.position else state.sums
        observe(state, float(own[LOSS] / own[ROWS]))
        metrics = changing_rate(problem, state, state.step) | metric_values(own, reduction)
        report = report._replace(seconds=state.seconds, metrics=metrics)
        report = report._replace(stop_reason=reason_to_stop(state, stopping, report))
        yield report


def observe(state: TrainingState, loss: float) -> None:
    """Takes note of a step's loss."""
    state.smoothed_loss = smoothed(float(np.nan_to_num(state.smoothed_loss)), loss, state.step)
    if state.step >= SETTLED:
        state.lowest_loss = float(np.fmin(state.lowest_loss, state.smoothed_loss))


def smoothed(before: float, loss: float, step: int) -> float:
    """The smoothed loss after one more step: s + (loss - s) / min(step, 10)."""
    return before + (loss - before) / min(step, SETTLED)


def loss_curve(losses: Sequence[float] | Array) -> Array:
    """[steps] The smoothed loss after each step."""
    curve, level = np.empty(len(losses)), 0.0
    for index, loss in enumerate(losses):
        curve[index] = level = smoothed(level, loss, index + 1)
    return curve


def reason_to_stop(state: TrainingState, stopping: Stopping, report: StepReport) -> str | None:
    """Why the test stops after this report, or None if it goes on."""
    exploded = state.smoothed_loss > EXPLODED * state.lowest_loss  # not at first: it is NaN
    return EXPLOSION if exploded else stopping.reason(report)


def suggested_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """A tenth of the learning rate at which the smoothed loss was lowest.

    None where that is not a standard deviation below the mean loss of the first tenth of the
    steps, whose low rates teach next to nothing: then it may be chance.
    """
    curve, tenth = loss_curve(losses), len(losses) // 10
    first, later = losses[:tenth], curve[tenth:]
    if not first:
        return None
    level = np.array(first)
    if later.min() >= column_means(level) - np.sqrt(column_variances(level)):
        return None
    return rates[tenth + int(later.argmin())] / MARGIN

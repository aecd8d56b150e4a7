"""A range test: the loss over the learning rate, and the rate that it suggests."""

from matplotlib.figure import Figure

from runner.analysis.plots.style import GRID_LINES, HELD_OUT, TRAINING, axes_grid, new_figure
from runner.analysis.plots.subject import Subject
from runner.training.range_test import EXPLODED, loss_curve
from runner.training.schedules import RANGE


def is_range_test(subject: Subject) -> bool:
    """Whether the run is a range test that has made a step."""
    steps = len(subject.history.get("learning_rate", ()))
    return steps > 0 and subject.results.get("schedule.name") == RANGE


def loss_by_rate(subject: Subject) -> Figure:
    """Each step's loss and the smoothed one; where it has exploded, they leave the picture."""
    rates, losses = subject.history["learning_rate"], subject.history["loss"]
    curve = loss_curve(losses)
    figure = new_figure(subject, 5.6, 3.1)
    (axes,) = axes_grid(figure, 1, 1, (0.7, 0.15, 0.5, 0.1))
    axes.plot(rates, losses, color=TRAINING, lw=0.6, alpha=0.4, label="loss of a step")
    axes.plot(rates, curve, color=TRAINING, lw=1.8, label="smoothed")
    if suggested := subject.results.get("suggested_rate"):
        rate = float(suggested)
        axes.axvline(rate, color=HELD_OUT, lw=1.2, ls="--", label=f"suggested: {rate:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axes.set_ylim(0, 1.1 * max(curve[: len(curve) // 10 + 1].max(), EXPLODED * curve.min()))
    axes.grid(**GRID_LINES)
    axes.legend()
    return figure

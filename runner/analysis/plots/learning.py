"""Curves of learning: metrics on training and held-out data, and the losses of a range test."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.analysis.plots.style import (
    GRID_LINES,
    HELD_OUT,
    SMALL,
    TRAINING,
    axes_grid,
    logarithmic,
    look,
    new_figure,
)
from runner.analysis.plots.subject import Subject
from runner.network.arrays import Array
from runner.training.range_test import EXPLODED, loss_curve
from runner.training.schedules import RANGE

LONG = 1000
"""Epochs from which on a run is shown on logarithmic axes."""
FEW = 10
"""Epochs below which ticks would be between them."""
WORDS = {"loss": "loss", "mae": "mean absolute error", "accuracy": "accuracy (%)"}


def has_history(subject: Subject) -> bool:
    """Whether there is a point; a range test's are in a picture of their own."""
    return len(subject.history.get("step", ())) > 0 and not is_range_test(subject)


def learning_curve(subject: Subject) -> Figure:
    """Metrics by epoch; log-log for long runs, where learning follows power laws."""
    figure = new_figure(subject, 7.6, 2.9)
    axes = axes_grid(figure, 1, 2, (0.7, 0.15, 0.5, 0.05), wspace=0.28)
    metrics = ("loss", "mae" if subject.dataset.classes is None else "accuracy")
    for place, metric in zip(axes, metrics, strict=True):
        draw_metric(place, subject, metric)
        draw_best(place, subject)
    draw_target(axes[1], subject, metrics[1])
    if len(axes[0].get_legend_handles_labels()[0]) > 1:
        axes[0].legend()
    return figure


def restored_epoch(subject: Subject) -> int | None:
    """The epoch whose weights are the run's result, where it is not the last one."""
    best = subject.best_epoch
    return None if best is None or best >= subject.history["epoch"][-1] else best


def draw_best(axes: Axes, subject: Subject) -> None:
    """A line at the epoch that was restored, where one was."""
    if (best := restored_epoch(subject)) is None:
        return
    look_of_line: Any = {"color": look().faint, "lw": 1, "ls": (0, (4, 3)), "zorder": 1}
    axes.axvline(best, label=f"restored: epoch {best:,}", **look_of_line)


def draw_metric(axes: Axes, subject: Subject, metric: str) -> None:
    """A metric's training and validation curve on one pair of axes, and how the test part ended.

    That part is measured once, by the final weights: a curve of it would be looked at before its
    time, and on small data costs half of what training does.
    """
    history, epochs = subject.history, subject.history["epoch"]
    best, factor = restored_epoch(subject), 100 if metric == "accuracy" else 1
    shown: list[Array] = []
    for name, colour, label in (
        (metric, TRAINING, "training"),
        (f"val_{metric}", HELD_OUT, "validation"),
    ):
        if name in history and np.isfinite(history[name]).any():
            known = np.isfinite(history[name])
            at, values = epochs[known], factor * history[name][known]
            restored = factor * result(subject, name)
            if best is not None and colour == HELD_OUT and restored == restored:
                # Its epoch may have no row, and a line past it would show another value there.
                others, place = at != best, np.searchsorted(at, best)
                at = np.insert(at[others], place, best)
                values = np.insert(values[others], place, restored)
                axes.plot([best], [restored], "o", color=colour, ms=5)
            mark = "o" if len(at) == 1 else ""  # nothing to join
            axes.plot(at, values, color=colour, label=label, lw=1.5, marker=mark)
            shown.append(values)
    if (tested := factor * result(subject, f"test_{metric}")) == tested:
        end, when = (epochs[-1], ", at the end") if best is None else (best, ", restored")
        if subject.best_epoch is None and subject.results.get("stopping.restore_best") == "true":
            when = ""  # of an epoch that is not known
        circle: Any = {"marker": "o", "ls": "", "mfc": look().paper, "mew": 1.5, "zorder": 3}
        axes.plot([end], [tested], color=HELD_OUT, label=f"test{when}", **circle)
        shown.append(np.array([tested]))
    axes.set_ylabel(WORDS[metric])
    over_epochs(axes, subject)
    values = np.concatenate(shown) if shown else np.ones(1)
    if metric != "accuracy" and values.min() > 0 and values.max() > 10 * values.min():
        logarithmic(axes, "y", values)


def result(subject: Subject, name: str) -> float:
    """A metric of the run's result; NaN where there is none."""
    return float(subject.results.get(name) or "nan")


def over_epochs(axes: Axes, subject: Subject) -> None:
    """The axis of time; where each step is an epoch, it is told in steps."""
    epochs = subject.history["epoch"]
    axes.set_xlabel("step" if np.array_equal(epochs, subject.history["step"]) else "epoch")
    axes.grid(**GRID_LINES)
    if len(epochs) == 1:
        axes.set_xticks(epochs)
    elif epochs[-1] >= LONG:
        logarithmic(axes, "x", epochs)
    elif epochs[-1] < FEW:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def draw_target(axes: Axes, subject: Subject, metric: str) -> None:
    """The target as a dotted line, where it speaks of what is drawn."""
    target, of = subject.results.get("stopping.target"), subject.results.get("stopping.metric")
    if not target or of is None:
        return
    levels = {"mae": {"mae": 1.0, "mean_accuracy": -1.0}, "accuracy": {"accuracy": 100.0}}
    factor = levels[metric].get(of.removeprefix("val_"))
    if factor is None:
        return
    level = factor * float(target) if factor > 0 else 1 - float(target)
    axes.axhline(level, color=look().faint, lw=0.9, ls=":")
    above: Any = {"xytext": (0, 2), "textcoords": "offset points"}
    place: Any = {"xy": (0.01, level), "xycoords": ("axes fraction", "data")}
    axes.annotate("target", size=SMALL, color=look().faint, **place, **above)


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
    logarithmic(axes, "x", rates)
    axes.set(xlabel="learning rate", ylabel="loss")
    axes.set_ylim(0, 1.1 * max(curve[: len(curve) // 10 + 1].max(), EXPLODED * curve.min()))
    axes.grid(**GRID_LINES)
    axes.legend()
    return figure

"""The loss along the straight line from the weights that a run began with to those it came to."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from runner.analysis.plots.style import (
    GRID_LINES,
    HELD_OUT,
    PARTS,
    TRAINING,
    axes_grid,
    foot,
    logarithmic,
    look,
    new_figure,
)
from runner.analysis.plots.subject import Subject
from runner.data.dataset import Part
from runner.network.arrays import Array
from runner.network.losses import LOSSES
from runner.network.trained import rows_at_once, scaled_blocks

PLACES = np.linspace(-0.25, 1.25, 25)
"""a of theta(a) = (1 - a) start + a end."""
MOST_PRODUCTS = {True: 10_000_000_000, False: 1_000_000_000}
"""Multiply-adds of a picture, of dense nets and of others: some tenths of a second."""
MOST_ROWS, FEWEST_ROWS = 1000, 50


def rows_looked_at(subject: Subject) -> int:
    """Samples of each part that the time is there for."""
    topology = subject.network.topology
    each = max(1, topology.products) * len(PLACES) * 2
    return min(MOST_ROWS, MOST_PRODUCTS[topology.is_dense] // each)


def has_line(subject: Subject) -> bool:
    """Whether both ends are known, and the loss between them can be had."""
    start = subject.start
    if start is None or not subject.sound or start.shape != subject.parameters.shape:
        return False
    known = subject.results.get("loss.name") in LOSSES and bool(np.isfinite(start).all())
    # Variances that batch normalisation has counted are no weights: beyond the ends they are < 0.
    normalised = any(layer.norm is not None for layer in subject.network.topology.layers)
    return known and not normalised and rows_looked_at(subject) >= FEWEST_ROWS


def loss_along_line(subject: Subject) -> Figure:
    """L((1 - a) start + a end) over a, on training and held-out samples.

    A mean over samples, without penalties and weights of samples. Where it has no barrier, the
    difficulty was not to get around something. Source: Goodfellow, Vinyals and Saxe 2015.
    """
    most = rows_looked_at(subject)
    parts = {"train": subject.dataset.train, subject.part: subject.dataset.parts[subject.part]}
    figure = new_figure(subject, 5.6, 3.1)
    (axes,) = axes_grid(figure, 1, 1, (0.7, 0.15, 0.68, 0.1))
    drawn = []
    for (name, part), colour in zip(parts.items(), (TRAINING, HELD_OUT), strict=False):
        losses = losses_on_line(subject, part.take(np.arange(min(most, len(part)))))
        known = np.isfinite(losses)
        axes.plot(PLACES[known], losses[known], color=colour, lw=1.6, label=PARTS[name])
        drawn.append(losses[known])
    every = np.concatenate(drawn)
    if len(every) and every.min() > 0 and every.max() > 20 * every.min():
        logarithmic(axes, "y", every)
    for end in (0, 1):
        axes.axvline(end, color=look().faint, lw=0.9, ls=":", zorder=1)
    ends: Any = {"labels": ["0\nstart", "0.25", "0.5", "0.75", "1\nend"]}
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], **ends)
    axes.set(ylabel="loss, of a sample")
    axes.grid(**GRID_LINES)
    if len(parts) > 1:
        axes.legend()
    looked = " and ".join(f"{min(most, len(part)):,} {PARTS[name]}" for name, part in parts.items())
    foot(figure, f"weights (1 − a) start + a end, over a; mean of {looked} samples")
    return figure


def losses_on_line(subject: Subject, part: Part) -> Array:
    """[places] The mean loss of some samples."""
    start, end = (
        each.astype(float) for each in (subject.start, subject.parameters) if each is not None
    )
    dtype = subject.parameters.dtype
    return np.array(
        [mean_loss(subject, ((1 - a) * start + a * end).astype(dtype), part) for a in PLACES]
    )


def mean_loss(subject: Subject, parameters: Array, part: Part) -> float:
    """Of a sample, or of a step where each has a target; without penalty."""
    network, dataset = subject.network, subject.dataset
    loss, step = LOSSES[subject.results["loss.name"]], rows_at_once(network.topology)
    targets, total, count = dataset.scaled_targets(part), 0.0, 0
    for rows, block in scaled_blocks(part.inputs, dataset.scaling, parameters.dtype, step):
        some = part.take(np.arange(len(part))[rows])
        with np.errstate(all="ignore"):  # what is not finite is left out
            z_and_a = network.forward(parameters, block)
            z, a, y = (dataset.counting(some, each) for each in (*z_and_a, targets[rows]))
            total += loss.value(z, a, y.astype(z.dtype))
        count += len(y)
    return total / count if count else float("nan")

"""A recurrent net's states over time, for one sequence."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.analysis.plots.maps import example_text
from runner.analysis.plots.style import axes_grid, foot, look, new_figure, plain
from runner.analysis.plots.subject import Subject
from runner.data.texts import letter
from runner.network.arrays import Array
from runner.network.layers.recurrent import Recurrent

MOST_STEPS = 120
MOST_LETTERS = 40
"""Steps of a text, each with its letter beside it."""
MOST_ALONG = 24
"""Letters along an axis."""
MOST_PANELS = 7


class OverTime(NamedTuple):
    """Numbers of every step, and how they are told."""

    title: str
    values: Array  # [time, numbers]
    each: str


def has_states(subject: Subject) -> bool:
    """Whether a layer has a state that goes from step to step."""
    kinds = subject.network.topology.kinds
    return subject.sound and any(isinstance(kind, Recurrent) for kind in kinds)


def panels(subject: Subject) -> Iterator[OverTime]:
    """Of one sample what comes in, each recurrent layer's states, outputs and targets."""
    topology, example = subject.network.topology, subject.example
    time = topology.shape[0]
    yield OverTime("input", example[0].reshape(time, -1), "feature")
    layers = zip(topology.layers, subject.network.kinds, example[:-1], strict=True)
    for number, (layer, kind, below) in enumerate(layers, 1):
        if isinstance(kind, Recurrent):
            every = replace(kind, sequence=True)
            states = np.empty((1, kind.below[0] * kind.units), below.dtype)
            room = every.new_room(1, below.dtype)
            every.forward(layer.views(subject.parameters), below, states, room)
            yield OverTime(f"layer {number}, {kind}", states.reshape(-1, kind.units), "unit")
    if not subject.dataset.one_target:
        inputs, targets = subject.example_part.inputs, subject.example_part.targets
        outputs = subject.predict(inputs).reshape(topology.output_shape)
        yield OverTime("output", outputs, "output")
        yield OverTime("target", targets.reshape(topology.output_shape), "output")


def states_over_time(subject: Subject) -> Figure:
    """Steps from top to bottom; input, states, and what came of every step where it has a target.

    Colours of each reach to its largest value.
    """
    shown = list(panels(subject))[:MOST_PANELS]
    lengths = subject.example_part.lengths
    if lengths is not None:  # nothing behind a sequence's end counts
        shown = [panel._replace(values=panel.values[: lengths[0]]) for panel in shown]
    widths = [min(3.2, max(0.9, 0.09 * panel.values.shape[1])) for panel in shown]
    letters = [plain(letter(c)) for c in subject.dataset.classes or ()]
    of_text = subject.dataset.text
    steps = min(MOST_LETTERS if of_text else MOST_STEPS, len(shown[0].values))
    height = min(4.5, max(1.8, (0.11 if of_text else 0.09) * steps))
    figure = new_figure(subject, max(5.6, sum(widths) + 0.3 * len(shown) + 0.8), height + 0.85)
    gaps: Any = {"width_ratios": widths, "wspace": 0.3 * len(widths) / sum(widths)}
    axes = axes_grid(figure, 1, len(shown), (0.6, 0.2, 0.7, 0.4), **gaps)
    for place, (title, values, each) in zip(axes, shown, strict=True):
        limit = subject.reach(title, values)
        extent = (0.5, values.shape[1] + 0.5, steps + 0.5, 0.5)
        scale: Any = {"cmap": look().signed, "vmin": -limit, "vmax": limit}
        place.imshow(values[:steps], aspect="auto", extent=extent, **scale)
        place.set_title(f"{title}\nto ±{limit:.2g}", size=9)
        place.set_xlabel(each)
        place.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        place.yaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        place.tick_params(length=0, labelleft=place is axes[0])
        place.spines[:].set_visible(False)
        if of_text and each != "unit":
            write_letters(place, values[:steps], letters)
    axes[0].set_ylabel("step")
    foot(figure, f"{example_text(subject)}; orange positive, blue negative")
    return figure


def write_letters(axes: Axes, values: Array, letters: Sequence[str]) -> None:
    """Letters for numbers [steps, letters]: along the axis some, beside each step its likeliest."""
    if values.shape[1] == 1:  # of two letters how likely the second is
        values = np.hstack([1 - values, values])
    else:
        every = -(-len(letters) // MOST_ALONG)
        axes.set_xticks(range(1, len(letters) + 1, every), letters[::every])
    likeliest = [letters[place] for place in values.argmax(axis=1)]
    axes.set_yticks(range(1, len(values) + 1), likeliest, size=7)
    axes.tick_params(axis="y", labelleft=True, pad=1)
    axes.set_xlabel("letter")

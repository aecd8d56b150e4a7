"""Why a net learns or does not: what was recorded of its layers, over time."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.analysis.plots.learning import over_epochs
from runner.analysis.plots.style import DARK, SMALL, axes_grid, logarithmic, look, new_figure
from runner.analysis.plots.subject import Subject
from runner.network.arrays import Array

RECORDED = re.compile(r"L(\d+)\.gradient_norm")
MOST_LAYERS = 24
GUIDE = 1e-3
"""Of an update to the weights: about what a net that learns well has. Source: Karpathy 2015, notes
of Stanford's course CS231n."""


class Panel(NamedTuple):
    """A quantity of each layer over time."""

    title: str
    of_layer: Callable[[Subject, int], Array | None]
    """Its values, None where the layer has none."""
    logarithmic: bool = False
    guide: tuple[float, str] | None = None
    """A level to compare with, and what it is."""


def recorded(what: str, factor: float = 1) -> Callable[[Subject, int], Array | None]:
    """A column of the history, times a factor."""

    def of_layer(subject: Subject, layer: int) -> Array | None:
        values = subject.history.get(f"L{layer}.{what}")
        return None if values is None else factor * values

    return of_layer


def update_ratio(subject: Subject, layer: int) -> Array | None:
    """|update| / |weights| of the next step."""
    update, weights = (recorded(f"{of}_norm")(subject, layer) for of in ("update", "weight"))
    if update is None or weights is None:
        return None
    unknown = np.full(len(update), np.nan)
    ratio: Array = np.divide(update, weights, out=unknown, where=weights > 0)
    return ratio


PANELS = (
    Panel("gradient norm", recorded("gradient_norm"), logarithmic=True),
    Panel("update norm / weight norm", update_ratio, True, (GUIDE, "1/1000")),
    Panel(
        "gradients that change sign (%)", recorded("sign_changes", 100), guide=(50, "to and fro")
    ),
    Panel("saturated activations (%)", recorded("saturated", 100)),
    Panel("dead units (%)", recorded("dead", 100)),
)


def layers_recorded(subject: Subject) -> list[int]:
    """The numbers of layers that have statistics."""
    found = (RECORDED.fullmatch(name) for name in subject.history)
    return sorted(int(match[1]) for match in found if match)[:MOST_LAYERS]


def has_statistics(subject: Subject) -> bool:
    """Whether statistics of layers were recorded more than once, and so are lines."""
    return bool(layers_recorded(subject)) and len(subject.history["step"]) > 1


def statistics_over_time(subject: Subject) -> Figure:
    """A panel a quantity, a line a layer, from the first, palest on dark paper, to the last."""
    layers = layers_recorded(subject)
    panels = [(panel, dict(lines(panel, subject, layers))) for panel in PANELS]
    panels = [(panel, values) for panel, values in panels if values]
    columns = 3 if len(panels) > 4 else 2
    rows = -(-len(panels) // columns)
    figure = new_figure(subject, 0.9 + 3.3 * columns, 2.45 * rows)
    margins = (0.65, 0.85, 0.5, 0.3)
    every = axes_grid(figure, rows, columns, margins, wspace=0.25, hspace=0.5)
    colours = dict(zip(layers, depth_colours(len(layers)), strict=True))
    for axes, (panel, values) in zip(every, panels, strict=False):
        draw_panel(axes, subject, panel, values, colours)
    for axes in every[len(panels) :]:
        axes.set_visible(False)
    handles, names = every[0].get_legend_handles_labels()
    place: Any = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.05)}
    every[columns - 1].legend(handles, names, title="layer", handlelength=1.2, **place)
    return figure


def lines(panel: Panel, subject: Subject, layers: list[int]) -> Iterator[tuple[int, Array]]:
    """Of each layer that has the quantity its values."""
    for layer in layers:
        values = panel.of_layer(subject, layer)
        if values is not None and np.isfinite(values).any():
            yield layer, values


def depth_colours(layers: int) -> list[Any]:
    """Of each layer one, evenly from the first to the last, all to be seen on the paper."""
    ends = (0.3, 1.0) if look() is DARK else (0.0, 0.85)
    return list(colormaps["viridis"](np.linspace(*ends, max(layers, 2))))[:layers]


def draw_panel(
    axes: Axes, subject: Subject, panel: Panel, values: dict[int, Array], colours: dict[int, Any]
) -> None:
    """One quantity of all layers that have it."""
    epochs = subject.history["epoch"]
    for layer, line in values.items():
        known = np.isfinite(line) & (line > 0 if panel.logarithmic else True)
        axes.plot(epochs[known], line[known], color=colours[layer], lw=1.5, label=f"{layer}")
    axes.set_title(panel.title, loc="left")
    over_epochs(axes, subject)
    if panel.guide is not None:
        level, told = panel.guide
        axes.axhline(level, color=look().faint, lw=0.9, ls=":", zorder=1)
        above: Any = {"xytext": (0, 2), "textcoords": "offset points", "ha": "right"}
        place: Any = {"xy": (1, level), "xycoords": ("axes fraction", "data")}
        axes.annotate(told, size=SMALL, color=look().faint, **place, **above)
    drawn = np.concatenate([line.get_ydata() for line in axes.lines])
    if panel.logarithmic and len(drawn):
        logarithmic(axes, "y", np.asarray(drawn, float))
    elif not panel.logarithmic:
        axes.set_ylim(0, max(1.0, 1.08 * float(drawn.max(initial=0))))

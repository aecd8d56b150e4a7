"""One look for all pictures: fonts, colours that colour-blind people tell apart, titles."""

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from runner.analysis.plots.subject import Subject
from runner.errors import counted, printable
from runner.network.arrays import Array
from runner.training.metrics import percent

# Okabe and Ito 2008, yellow and black left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#1A1A1A", "#56B4E9", "#6B3E00", "#7A5CFF")
TRAINING, HELD_OUT = COLOURS[:2]
SIGNED = "RdBu_r"
"""From blue, negative, to red, positive; 0 is white."""
CENTRED: Any = {"ha": "center", "va": "center"}
GRID_LINES: Any = {"color": "#e5e5e5", "lw": 0.6}
INK, FAINT = "#222222", "#666666"
PARTS = {"train": "training", "validation": "validation", "test": "test"}
LONGEST_NAME = 40
LOOK: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titley": 1.0,  # else where titles end up is measured in each drawing
    "axes.labelcolor": INK,
    "axes.edgecolor": "#999999",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "legend.frameon": False,
    "image.interpolation": "nearest",
}
MOST_POWERS = 5
"""Of ten with a tick; of more, every second or third has one."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TITLE_HEIGHT = 0.78
"""Inches above the axes for the title and two lines below it."""
CHARACTERS = 14.5
"""Of the small print, an inch."""
TITLE_CHARACTERS = 9.5
"""Of the title, an inch."""


def new_figure(subject: Subject, width: float, height: float) -> Figure:
    """A figure of so many inches below its title, which tells the run."""
    figure = Figure(figsize=(width, height + TITLE_HEIGHT), dpi=100)
    results = subject.results
    run = (results["topology"], results["dataset.name"], f"seed {results['seed']}")
    top = 1 - 0.1 / (height + TITLE_HEIGHT)
    left = 0.12 / width
    title, size = "  ·  ".join(plain(text) for text in run), 11.0
    if len(title) > TITLE_CHARACTERS * width:  # two smaller lines take hardly more room
        lines = textwrap.wrap(title, int(1.25 * TITLE_CHARACTERS * width), max_lines=2)
        title, size = "\n".join(lines), 8.5
    figure.text(left, top, title, weight="bold", size=size, va="top", color=INK)
    below = top - (0.31 if "\n" in title else 0.21) / (height + TITLE_HEIGHT)
    lines = textwrap.wrap(ending(subject), int(CHARACTERS * width), max_lines=2)
    figure.text(left, below, "\n".join(lines), size=8.5, va="top", color=FAINT)
    return figure


def axes_grid(
    figure: Figure, rows: int, columns: int, margins: tuple[float, float, float, float], **gaps: Any
) -> list[Axes]:
    """Axes row by row; margins in inches: left, right, bottom, top (below the title)."""
    width, height = figure.get_size_inches()
    left, right, bottom, top = margins
    axes = figure.subplots(
        rows,
        columns,
        squeeze=False,
        gridspec_kw={
            "left": left / width,
            "right": 1 - right / width,
            "bottom": bottom / height,
            "top": 1 - (top + TITLE_HEIGHT) / height,
            **gaps,
        },
    )
    return list(axes.flat)


def logarithmic(axes: Axes, name: str, values: Array) -> None:
    """Gives axis x or y the scale and the ticks for positive values.

    Ticks are what a picture's time goes into: few, none without a number, and powers as plain
    text, for to set them as mathematics takes as long as all else.
    """
    axes.set(**{f"{name}scale": "log"})
    axis: Axis = getattr(axes, f"{name}axis")
    few = values.max() < 100 * values.min()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=MOST_POWERS))
    axis.set_major_formatter(plain_number if few else power_of_ten)
    axis.set_minor_locator(NullLocator())


def plain_number(value: float, _place: float) -> str:
    """0.001 for 0.001, 1e-05 for 0.00001."""
    return f"{value:g}"


def power_of_ten(value: float, _place: float) -> str:
    """10⁻³ for 0.001."""
    return "10" + f"{math.log10(value):.0f}".translate(RAISED)


def ending(subject: Subject) -> str:
    """How the run was trained and how it ended, in a line."""
    results = subject.results
    end = results["stop_reason"] if results["status"] == "completed" else results["status"]
    words = [
        f"{results['optimizer.name']}, learning rate {float(results['optimizer.learning_rate']):g}",
        f"{counted(int(results['steps']), 'step')} ({end.replace('_', ' ')})",
    ]
    metric = "mae" if subject.dataset.classes is None else "accuracy"
    for prefix, part in (("test_", "test"), ("val_", "validation"), ("", "train")):
        if value := results.get(prefix + metric):
            number = float(value)
            samples = len(subject.dataset.parts.get(part, subject.dataset.train))
            shown = f"{number:.4g}" if metric == "mae" else percent(number, samples)
            words.append(f"{PARTS[part]} {metric} {shown}")
            break
    return plain(", ".join(words), longest=200)


def axis_name(name: str, kind: str) -> str:
    """A column's name for an axis; those without one are numbered."""
    return f"{kind} {name}" if name.isdigit() else plain(name)


def plain(name: object, longest: int = LONGEST_NAME) -> str:
    """A name as text on one line, with nothing that matplotlib would read as mathematics."""
    line = printable(name)
    return (line if len(line) <= longest else line[: longest - 1] + "…").replace("$", r"\$")

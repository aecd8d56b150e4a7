"""One look for all pictures: fonts, colours that colour-blind people tell apart, titles."""

import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from runner.analysis import colours
from runner.analysis.plots.subject import Subject, data_name
from runner.errors import counted, printable
from runner.network.arrays import Array
from runner.training.metrics import percent


class Look(NamedTuple):
    """The colours of pictures on one paper."""

    paper: str
    ink: str
    faint: str
    lines: str
    """Of a grid."""
    colours: tuple[str, ...]
    """Of lines and classes."""
    signed: Colormap
    """From blue, negative, to orange, positive; 0 is about the paper's."""
    amounts: str
    """A colour map of even steps, from the paper's to the strongest."""


def look_in(own: colours.Colours, amounts: str) -> Look:
    """The look of pictures in the colours of pages."""
    signed = LinearSegmentedColormap.from_list("signed", own.signed)
    return Look(own.paper, own.ink, own.faint, own.line, own.several, signed, amounts)


LIGHT, DARK = look_in(colours.LIGHT, "magma_r"), look_in(colours.DARK, "magma")
TRAINING, HELD_OUT = "C0", "C1"
"""The first two colours of the look that a picture is drawn in."""
CENTRED: Any = {"ha": "center", "va": "center"}
GRID_LINES: Any = {"visible": True}
PARTS = {"train": "training", "validation": "validation", "test": "test"}
LONGEST_NAME = 40
SMALL = 8
"""Points of what is written into a picture."""
SAME_EVERYWHERE: Any = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titley": 1.0,  # else where titles end up is measured in each drawing
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "grid.linewidth": 0.6,
    "image.interpolation": "nearest",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "runner",  # else names in the file are drawn by chance
}
MOST_POWERS = 5
"""Of ten with a tick; of more, every second or third has one."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CHARACTERS = 14.5
"""Of the small print, an inch."""
TITLE_CHARACTERS = 9.5
"""Of the title, an inch."""
LINE = 0.155
"""Inches of a line of the small print."""

_look: ContextVar[Look] = ContextVar("look", default=LIGHT)


def look() -> Look:
    """What a picture is drawn in now."""
    return _look.get()


@contextmanager
def drawn_in(wanted: Look) -> Iterator[None]:
    """What is drawn inside has these colours, and the fonts and sizes of all pictures."""
    of_paper: Any = {
        "text.color": wanted.ink,
        "axes.labelcolor": wanted.ink,
        "axes.edgecolor": "#999999",
        "axes.facecolor": wanted.paper,
        "figure.facecolor": wanted.paper,
        "axes.prop_cycle": cycler(color=wanted.colours),
        "grid.color": wanted.lines,
        "xtick.color": wanted.faint,
        "ytick.color": wanted.faint,
    }
    before = _look.set(wanted)
    try:
        with mpl.rc_context(SAME_EVERYWHERE | of_paper):
            yield
    finally:
        _look.reset(before)


def new_figure(subject: Subject, width: float, height: float) -> Figure:
    """A figure of so many inches below its title, which tells the run."""
    results = subject.results
    run = (results["topology"], data_name(results), f"seed {results['seed']}")
    title = "  ·  ".join(plain(text) for text in run)
    told = ending(subject)
    lines = np.array([len(small_print(told, width))])
    _, most = subject.span(f"lines {width:g} inches wide", lines)
    return titled(title, told, width, height, int(most))


def small_print(told: str, width: float) -> list[str]:
    """The lines of what stands below a title."""
    return textwrap.wrap(told, int(CHARACTERS * width), max_lines=2)


def titled(title: str, told: str, width: float, height: float, least: int = 0) -> Figure:
    """A figure of so many inches below a title and small print, which take the room they need.

    least: lines that the small print has room for.
    """
    size, heads = 11.0, 1
    if len(title) > TITLE_CHARACTERS * width:  # two smaller lines take hardly more room
        lines = textwrap.wrap(title, int(1.25 * TITLE_CHARACTERS * width), max_lines=2)
        title, size, heads = "\n".join(lines), 8.5, len(lines)
    lines = small_print(told, width)
    above = 0.21 if heads == 1 else 0.31
    head = 0.1 + above + LINE * max(least, len(lines)) + 0.14
    figure = Figure(figsize=(width, height + head), dpi=100)
    left, top = 0.12 / width, 1 - 0.1 / (height + head)
    figure.text(left, top, title, weight="bold", size=size, va="top")
    below = top - above / (height + head)
    figure.text(left, below, "\n".join(lines), size=8.5, va="top", color=look().faint)
    figure.subplots_adjust(top=height / (height + head))  # where axes may begin
    return figure


def foot(figure: Figure, text: str) -> None:
    """Small print at the bottom."""
    figure.text(0.12 / figure.get_figwidth(), 0.07 / figure.get_figheight(), text, size=SMALL)


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
            "top": figure.subplotpars.top - top / height,
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


def written_on(colour: Any) -> str:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = to_rgb(colour)
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "#ffffff"

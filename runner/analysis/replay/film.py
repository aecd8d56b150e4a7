"""A replay as moving pictures: the picture that says most, and the learning curve beside it."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from runner.analysis.plots.pictures import PICTURES, Picture, drawing, png, with_its_paper
from runner.analysis.plots.style import (
    GRID_LINES,
    LIGHT,
    axes_grid,
    logarithmic,
    look,
    new_figure,
)
from runner.analysis.plots.subject import Subject
from runner.analysis.replay.moments import PARTS, Moments
from runner.errors import SettingsError, StorageError

FRAMES = 48
GIF_COLOURS = 128
MILLISECONDS = 120
"""A frame; the last one stays longer."""
LAST_MILLISECONDS = 2500
SAYING_MOST = ("decision_surface", "fit", "states", "maps", "first_layer", "network", "weights")
FFMPEG = "ffmpeg"


def frames(moments: Moments) -> Iterator[Image.Image]:
    """A picture of each of some moments."""
    wanted = np.unique(np.linspace(0, len(moments) - 1, FRAMES).round().astype(int))
    last = moments.subject(len(moments) - 1)
    name = next(name for name in SAYING_MOST if PICTURES[name].applies(last))
    spans: dict[str, tuple[float, float]] = {}
    shown = [replace(moments.subject(int(m)), last=last, spans=spans) for m in wanted]
    curves = [Picture(always, partial(cursor_on_curve, moments, int(m))) for m in wanted]
    every = [[PICTURES[name], curve] for curve in curves]
    for subject, sides in zip(shown, every, strict=True):
        for picture in sides:  # how far values reach is known once all moments were seen
            with drawing(picture, subject, LIGHT):
                pass
    for subject, sides in zip(shown, every, strict=True):
        yield beside([opened(picture, subject) for picture in sides])


def always(_subject: Subject) -> bool:
    """Whether there is a curve."""
    return True


def opened(picture: Picture, subject: Subject) -> Image.Image:
    """A picture, drawn."""
    return Image.open(io.BytesIO(png(picture, subject)))


def beside(images: list[Image.Image]) -> Image.Image:
    """Images next to each other on white; with even sides, as films need them."""
    width, height = sum(image.width for image in images), max(image.height for image in images)
    whole = Image.new("RGB", (width + width % 2, height + height % 2), "white")
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width
    return whole


def cursor_on_curve(moments: Moments, moment: int, subject: Subject) -> Figure:
    """The losses of all moments, and where this one is."""
    figure = new_figure(subject, 4.6, 3.0)
    figure.texts.clear()  # the picture beside it tells the run
    (axes,) = axes_grid(figure, 1, 1, (0.75, 0.2, 0.5, 0.15))
    steps = moments.steps + 1.0  # that the first has a place on a logarithmic axis
    known = {prefix: f"{prefix}loss" for prefix in PARTS if f"{prefix}loss" in moments.metrics}
    lines = {prefix: moments.metrics[name] for prefix, name in known.items()}
    for colour, (prefix, values) in zip(look().colours, lines.items(), strict=False):
        axes.plot(steps, values, label=PARTS[prefix], color=colour, lw=1.6)
        axes.plot(steps[moment], values[moment], "o", color=colour, ms=6)
    logarithmic(axes, "x", steps)
    losses = np.concatenate(list(lines.values()))
    if losses.min() > 0:
        logarithmic(axes, "y", losses)
    axes.axvline(steps[moment], color=look().ink, lw=0.8)
    if (best := moments.restored) is not None:
        epoch = f"restored: epoch {moments.epochs[best]:,}"
        axes.axvline(steps[best], color=look().faint, lw=1, ls=(0, (4, 3)), label=epoch)
    axes.set(xlabel="step + 1", ylabel="loss")
    axes.grid(**GRID_LINES)
    axes.legend(loc="lower left")
    return figure


def gif(moments: Moments) -> bytes:
    """The frames as an animated GIF, over and over, in the colours of some of them."""
    shown = list(frames(moments))
    some = beside(shown[::8])
    colours = with_its_paper(some.quantize(GIF_COLOURS), some)
    first, *others = [each.quantize(palette=colours, dither=Image.Dither.NONE) for each in shown]
    times = [MILLISECONDS] * len(others) + [LAST_MILLISECONDS]
    content = io.BytesIO()
    first.save(content, "gif", save_all=True, append_images=others, duration=times, loop=0)
    return content.getvalue()


def needs_ffmpeg() -> None:
    """Raises SettingsError where there is none."""
    if shutil.which(FFMPEG) is None:
        raise SettingsError("--mp4 needs ffmpeg, which is not there; install it, or take --gif")


def film(moments: Moments) -> bytes:
    """The frames as an MP4 film, made by ffmpeg. Raises StorageError where that fails."""
    shown = list(frames(moments))
    shown += shown[-1:] * (LAST_MILLISECONDS // MILLISECONDS)
    content = io.BytesIO()
    for each in shown:
        each.save(content, "png", compress_level=1)
    rate = f"{1000 / MILLISECONDS:.3f}"
    # A film in a pipe has no place to go back to: it is written in fragments.
    into = ["-movflags", "frag_keyframe+empty_moov", "-pix_fmt", "yuv420p", "-f", "mp4", "-"]
    command = [FFMPEG, "-loglevel", "error", "-f", "image2pipe", "-framerate", rate, "-i", "-"]
    ended = subprocess.run(  # noqa: S603 - no text of a run is among its words
        [*command, *into], input=content.getvalue(), capture_output=True, check=False
    )
    if ended.returncode:
        raise StorageError(f"ffmpeg: {ended.stderr.decode(errors='replace').strip()}")
    return ended.stdout

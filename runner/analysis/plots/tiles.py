"""Images side by side on one pair of axes: to make and draw one for each takes far longer."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from runner.network.arrays import Array


def draw_tiles(
    axes: Axes, images: Sequence[Array], columns: int, gaps: tuple[float, float], **scale: Any
) -> list[tuple[float, float]]:
    """Draws images [rows, columns, channels] of one shape row by row; the middle of each one's top.

    columns: of images, also where there are fewer. One channel is shown in the colours of `scale`.
    gaps: across and down, in sizes of an image.
    """
    height, width = images[0].shape[:2]
    across, down = width * (1 + gaps[0]), height * (1 + gaps[1])
    tops = []
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        left, top = column * across, row * down
        shown = image[..., 0] if image.shape[2] == 1 else image
        axes.imshow(shown, extent=(left, left + width, top + height, top), **scale)
        tops.append((left + width / 2, top))
    axes.set(xlim=(0, columns * across - width * gaps[0]), ylim=(tops[-1][1] + height, 0))
    axes.axis("off")
    return tops

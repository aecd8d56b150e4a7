"""What a net says all over its inputs: a plane, a line, and the weights into images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from runner.analysis.plots.decisions import axis_values
from runner.analysis.plots.style import axis_name
from runner.analysis.plots.weights import window
from runner.analysis.replay.graph import Column, way_through
from runner.analysis.replay.moments import Moments
from runner.analysis.replay.packing import Packing
from runner.analysis.replay.samples import Shown, seen_of
from runner.network.arrays import Array
from runner.network.labels import labels

UNIT_GRID, GRID = 32, 48
"""Points along each axis: of a unit's map, of the output's."""
LINE = 200
MOST_POINTS = 400
MOST_WEIGHTS = 1_500_000
"""Numbers of all images of weights at all moments."""
MOST_IMAGES = 60
Content = dict[str, Any]


def is_plane(moments: Moments) -> bool:
    """Whether samples are points in a plane."""
    return moments.dataset.shape == (2,)


def plane_of(moments: Moments, points: int) -> tuple[Array, Array]:
    """The values along the two axes [points] each, with some margin; top first down the page."""
    inputs = moments.dataset.train.inputs[:]
    return axis_values(inputs[:, 0], points), axis_values(inputs[:, 1], points)[::-1]


def seen_plane(moments: Moments, points: int) -> Array:
    """[points points, 2] As the network sees it, row by row from the top."""
    grid = np.stack(np.meshgrid(*plane_of(moments, points)), axis=-1)
    return seen_of(moments.dataset, grid.reshape(-1, 2))


def unit_planes(moments: Moments, packing: Packing, columns: Sequence[Column]) -> Any:
    """Of a net with two inputs what each unit gives all over the plane; else None.

    Of a column [moments, nodes, rows, columns]; the input's is the same at every moment.
    """
    if not is_plane(moments):
        return None
    seen = seen_plane(moments, UNIT_GRID)
    ways = [way_through(moments.network, each, seen) for each in moments.parameters]
    found = []
    for place, column in enumerate(columns):
        values = np.stack([way[place][:, column.nodes].T for way in ways])
        values = values.reshape(*values.shape[:2], UNIT_GRID, UNIT_GRID)
        found.append(packing.shades(values[: 1 if place == 0 else None], *column.bounds(values)))
    return found


def plane(moments: Moments, packing: Packing) -> Content | None:
    """What the network says all over the plane, and the training samples in it."""
    if not is_plane(moments):
        return None
    dataset, subject = moments.dataset, moments.subject(0)
    x, y = plane_of(moments, GRID)
    seen = seen_plane(moments, GRID)
    train = dataset.train
    points, targets = train.inputs[:MOST_POINTS], train.targets[:MOST_POINTS]
    own = seen_of(dataset, points)
    surfaces, wrong, shown = list[Array](), list[Array](), Shown(moments, 1)
    for parameters in moments.parameters:
        surface, there = (moments.network.predict(parameters, each) for each in (seen, own))
        surfaces.append(dataset.in_own_units(surface).reshape(GRID, GRID, -1))
        wrong.append(shown.wrong(dataset.in_own_units(there), targets))
    outputs, several = np.stack(surfaces), dataset.classes is not None and len(dataset.classes) > 2
    content: Content = {
        "x": [float(x[0]), float(x[-1])],
        "y": [float(y[-1]), float(y[0])],
        "names": [axis_name(name, "input") for name in dataset.input_names],
        "points": [[float(f"{v:.5g}") for v in point] for point in points],
        "total": len(train),
        "wrong": packing.flags(np.stack(wrong)) if subject.decides else None,
        "output": axis_name(dataset.target_names[0], "output"),
        "regions": None,
    }
    if several:
        flat = outputs.reshape(-1, outputs.shape[-1])
        content["regions"] = packing.flags(labels(flat).reshape(outputs.shape[:-1]))
        content["heights"] = packing.shades(outputs.max(-1), 0, 1)
        content["values"] = labels(targets).tolist()
        return content
    if dataset.classes is not None and outputs.shape[-1] == 2:
        heights = 0.5 + (outputs[..., 1] - outputs[..., 0]) / 2  # above 0.5 where the second wins
        values = labels(targets).astype(float)
        content["output"] = axis_name(dataset.target_names[1], "class")
    else:
        heights, values = outputs[..., 0], targets[:, 0].astype(float)
    low, high = 0.0, 1.0
    if not subject.decides:
        low, high = float(values.min()), float(values.max())
    content["heights"] = packing.shades(heights, low, high)
    content["values"] = values.tolist()
    return content


def fit(moments: Moments, packing: Packing) -> Content | None:
    """Of a net with one input its output over that, and the training samples."""
    dataset = moments.dataset
    if dataset.shape != (1,):
        return None
    train = dataset.train
    x = axis_values(train.inputs[:, 0], LINE)
    seen = seen_of(dataset, x[:, None])
    lines = [
        dataset.in_own_units(moments.network.predict(each, seen))[:, 0]
        for each in moments.parameters
    ]
    return {
        "x": x.tolist(),
        "line": packing.numbers(np.stack(lines)),
        "points": [
            [float(a), float(b)]
            for a, b in zip(
                train.inputs[:MOST_POINTS, 0], train.targets[:MOST_POINTS, 0], strict=True
            )
        ],
        "total": len(train),
        "names": [
            axis_name(dataset.input_names[0], "input"),
            axis_name(dataset.target_names[0], "output"),
        ],
    }


def first_layer(moments: Moments, packing: Packing, columns: Sequence[Column]) -> Content | None:
    """The weights into first-layer units or maps as images, those of drawn nodes among them."""
    shape = window(moments.subject(0))
    if shape is None:
        return None
    channels, *sides = shape
    apart = channels not in (1, 3)
    layer, nodes = moments.network.topology.layers[0], columns[1].nodes
    count = columns[1].count
    room = MOST_WEIGHTS // (int(np.prod(shape)) * len(moments))
    most = max(len(nodes), min(count, room, MOST_IMAGES))
    others = [unit for unit in range(count) if unit not in nodes]
    units = np.sort(np.array([*nodes, *others[: most - len(nodes)]], int))
    matrices = [layer.weight_matrix(each)[:, units] for each in moments.parameters]
    images = np.stack(matrices).swapaxes(1, 2).reshape(len(moments), len(units), *shape)
    # Of many channels the mean of them: as an image there is one.
    images = images.mean(2, keepdims=True) if apart else images
    images = np.moveaxis(images, 2, -1)
    limit = float(np.abs(images).max(initial=0)) or 1.0
    return {
        "units": units.tolist(),
        "count": count,
        "each": columns[1].each,
        "dense": len(columns[1].shape) == 1,
        "mean": apart,
        "images": packing.shades(images, -limit, limit),
        "sides": sides,
    }

"""What a replay's page shows, as JSON: moments, metrics, the net, its samples and its plane."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from runner.analysis.plots.subject import data_name
from runner.analysis.replay.graph import (
    Column,
    columns_of,
    edges_between,
    way_through,
    weights_between,
)
from runner.analysis.replay.inputs import first_layer, fit, plane, unit_planes
from runner.analysis.replay.moments import PARTS, Moments, measured
from runner.analysis.replay.packing import Packing
from runner.analysis.replay.samples import Shown
from runner.data.dataset import Part
from runner.data.texts import letter
from runner.errors import printable
from runner.network.arrays import Array
from runner.training.metrics import TEST, VALIDATION

Content = dict[str, Any]


# Of a run that diverges numbers come to be too large for what they are kept as.
@np.errstate(over="ignore", invalid="ignore")
def replay_content(moments: Moments) -> Content:
    """Everything that the page draws; arrays are in one text, and places in it elsewhere."""
    packing = Packing()
    network, last = moments.network, moments.parameters[-1]
    columns = columns_of(network, moments.dataset, last)
    drawn = sum(len(c.nodes) * int(np.prod(c.picture, dtype=int)) for c in columns)
    shown = Shown(moments, drawn)
    ways = [way_through(network, each, shown.seen) for each in moments.parameters]
    outputs = np.stack([moments.dataset.in_own_units(way[-1]) for way in ways])
    content = {
        **about(moments),
        "graph": {
            "columns": [
                column_content(moments, packing, (place, column), [way[place] for way in ways])
                for place, column in enumerate(columns)
            ],
            "gaps": [
                gap_content(moments, packing, index, columns) for index in range(len(columns) - 1)
            ],
            "first": first_layer(moments, packing, columns),
            "planes": unit_planes(moments, packing, columns),
        },
        "samples": samples_content(moments, packing, shown, outputs),
        "plane": plane(moments, packing),
        "fit": fit(moments, packing),
    }
    return {**content, "arrays": packing.text()}


def about(moments: Moments) -> Content:
    """The run in words, its moments, and the metrics of each."""
    results, dataset = moments.results, moments.dataset
    parts = {"": dataset.train, VALIDATION: dataset.validation, TEST: dataset.test}
    status = results.get("status", "")
    end = f"ended by {results['stop_reason']}" if status == "completed" else status
    rate = results.get("optimizer.learning_rate", "")
    return {
        "topology": str(moments.network.topology),
        "dataset": printable(data_name(results)),
        "seed": results.get("seed", ""),
        "trained": f"{results.get('optimizer.name', '')}, learning rate {float(rate or 0):g}",
        "end": printable(end).replace("_", " "),
        "parameters": moments.network.topology.parameters,
        "notes": list(moments.notes),
        "steps": moments.steps.tolist(),
        "epochs": moments.epochs.tolist(),
        "restored": moments.restored,
        "metrics": {name: rounded(values) for name, values in moments.metrics.items()},
        "parts": [
            {"prefix": prefix, "name": PARTS[prefix], "rows": rows_of(moments, part)}
            for prefix, part in parts.items()
            if part is not None
        ],
        "each": "sample" if dataset.one_target else "step",
        "classes": None if dataset.classes is None else list(map(printable, dataset.classes)),
    }


def rows_of(moments: Moments, part: Part) -> int:
    """How many samples, or steps of them, a part's metrics are of."""
    first = measured(moments.dataset, part)
    return len(moments.dataset.counting(first, first.targets))


def rounded(values: Array) -> list[float | None]:
    """To six digits; None for what is no number."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]


def column_content(
    moments: Moments, packing: Packing, placed: tuple[int, Column], ways: Sequence[Array]
) -> Content:
    """A column, and what its nodes give for each of the samples shown at each moment.

    ways: of each moment what the layer makes of the samples.
    """
    place, column = placed
    values = np.stack([column.pick(way) for way in ways])  # [moments, samples, nodes, numbers]
    if place == 0:
        values = values[:1]
    layer = None if place == 0 else moments.network.topology.layers[place - 1]
    biases = [] if layer is None else [layer.bias_vector(each) for each in moments.parameters]
    biased = bool(biases) and len(biases[0]) == column.count
    return {
        "title": column.title,
        "each": column.each,
        "count": column.count,
        "nodes": column.nodes.tolist(),
        "names": names_of(moments, column),
        "picture": list(column.picture),
        "values": packing.shades(values, *column.bounds(values)),
        "bias": packing.numbers(np.stack(biases)[:, column.nodes]) if biased else None,
    }


def names_of(moments: Moments, column: Column) -> list[str]:
    """What the nodes are called."""
    names: Sequence[str] = ()
    if column.title == "input" and moments.dataset.named and len(column.shape) == 1:
        names = moments.dataset.input_names
    if column.title == "output" and len(moments.dataset.target_names) == column.count:
        names = moments.dataset.target_names
    numbered = (f"{column.each} {node + 1}" for node in column.nodes)
    if moments.dataset.text and column.title in ("input", "output") and moments.dataset.classes:
        return [letter(moments.dataset.classes[node]) for node in column.nodes]
    if not names:
        return list(numbered)
    classes = column.title == "output" and column.count > 1 and moments.dataset.classes is not None
    return [  # those without a name are numbered
        number if names[node].isdigit() and not classes else printable(names[node])
        for node, number in zip(column.nodes, numbered, strict=True)
    ]


def gap_content(
    moments: Moments, packing: Packing, index: int, columns: Sequence[Column]
) -> Content:
    """The edges between two columns, their weights [moments, edges] where they have any."""
    pairs, weights = edges_between(moments.network, moments.parameters, index, columns)
    between = weights_between(moments.network, moments.parameters[0], index)
    own = moments.network.topology.layers[index].weight_matrix(moments.parameters[0])
    mean = between is not None and between.size < own.size
    told = None if weights is None else packing.numbers(weights)
    limit = 1.0 if weights is None else float(np.abs(weights).max(initial=0)) or 1.0
    return {"pairs": pairs.tolist(), "weights": told, "limit": limit, "mean": mean}


def samples_content(moments: Moments, packing: Packing, shown: Shown, outputs: Array) -> Content:
    """The samples that are shown, what they look like, and what the network says of them."""
    dataset, targets = moments.dataset, shown.part.targets
    content: Content = {
        "part": shown.last.part,
        "total": len(dataset.parts[shown.last.part]),
        "rows": shown.told,
        "choice": shown.choice,
        "outputs": None,
        "images": None,
        "wrong": None,
        "wrong_at_end": None,
        "targets": None,
        "lengths": None if shown.part.lengths is None else shown.part.lengths.tolist(),
        "names": list(map(printable, dataset.target_names)),
    }
    if dataset.one_target and dataset.steps is None:
        content["outputs"] = packing.numbers(outputs)
        if shown.last.decides:
            content["wrong"] = packing.flags(shown.wrong(outputs, targets))
            content["wrong_at_end"] = int(shown.last.wrong.sum())
    else:
        steps = moments.network.topology.steps
        content["targets"] = packing.shades(targets.reshape(1, len(targets), steps, -1), -1, 1)
    if dataset.shows_images:
        images = dataset.images(shown.part.inputs[:].astype(float))
        low, high = float(images.min()), max(1.0, float(images.max()))
        content["images"] = packing.shades(images[None], low, high)
    return content

"""What a data set is, in words and numbers."""

from collections.abc import Iterator

import numpy as np

from runner.data.dataset import Dataset, blocks
from runner.errors import counted, printable
from runner.network.arrays import Array
from runner.network.layers.parts import written
from runner.network.scaling import Scaling

ROWS = 5
"""Samples that are shown."""
COLUMNS = 12
"""Input columns whose ranges are shown."""
CELLS = 5
"""Inputs of a sample that are shown."""
WIDEST = 20
"""Characters of a cell that are shown."""
CLASSES = 100
"""Classes whose counts are shown."""


def description(name: str, dataset: Dataset) -> Iterator[str]:
    """Lines of text: shapes, types, classes and counts, ranges, checksum, a few rows."""
    yield f"data set    {printable(name)}"
    for part_name, part in dataset.parts.items():
        shape = " x ".join(f"{size:,}" for size in part.inputs.shape)
        megabytes = np.prod(part.inputs.shape) * part.inputs.dtype.itemsize / 1e6
        yield f"{part_name:<11} {shape} inputs, {part.inputs.dtype}, {megabytes:,.1f} MB"
    if len(dataset.shape) > 1:
        what = "channels x rows x columns" if len(dataset.shape) == 3 else "steps x features"
        yield f"shape       {' x '.join(map(str, dataset.shape))}, {what}"
    yield f"topology    {ends_text(dataset)}"
    filled = f"{counted(dataset.missing, 'input')}, filled in as the training part says"
    yield f"missing     {filled if dataset.missing else 'none'}"
    yield f"scaling     {scaling_text(dataset.scaling)}"
    if dataset.target_scaling is not None:
        yield f"targets     {scaling_text(dataset.target_scaling)}"
    yield f"checksum    {dataset.checksum}"
    if dataset.drawn is not None:
        yield "drawn       by every run anew, after its weights; these stand for such"
    yield ""
    yield from targets_text(dataset)
    yield ""
    yield from ranges(dataset)
    yield ""
    yield from first_rows(dataset)


def ends_text(dataset: Dataset) -> str:
    """A topology's first and last layer that fit."""
    outputs = map(str, dataset.fitting_outputs)
    if dataset.steps is None:
        return f"{dataset.inputs}-…-{' or '.join(outputs)}"
    lasts = " or ".join(f"{dataset.steps}x{size}" for size in outputs)
    return f"{written(dataset.shape)}-…-{lasts}"


def scaling_text(scaling: Scaling | None) -> str:
    """How raw inputs become what the network sees, or targets what it is trained to give."""
    if scaling is None:
        return "none"
    shift, scale = scaling.shift, scaling.scale
    if shift.size == 1:
        shift, scale = shift.item(), scale.item()
        return f"{f'(x - {shift:.6g})' if shift else 'x'} * {scale:.6g}"
    return "(x - shift) * scale, column by column"


def targets_text(dataset: Dataset) -> Iterator[str]:
    """Of each class how many samples or steps, part by part; of numbers their range."""
    if dataset.classes is None:
        for place, name in enumerate(dataset.target_names):
            values = dataset.counting(dataset.train, dataset.train.targets)[:, place]
            yield f"target      {printable(name)}: {range_text(values)}"
        return
    parts = dataset.parts
    classes = len(dataset.classes)
    counts = {
        name: np.bincount(dataset.counting(part, part.targets).ravel(), minlength=classes)
        for name, part in parts.items()
    }
    width = max(5, *(len(printable(name)) for name in dataset.classes[:CLASSES]))
    yield f"{'class':<{width}} " + " ".join(f"{name:>10}" for name in parts)
    for label, name in enumerate(dataset.classes[:CLASSES]):
        cells = " ".join(f"{counts[part][label]:>10,}" for part in parts)
        yield f"{printable(name):<{width}} {cells}"
    if len(dataset.classes) > CLASSES:
        yield f"… {len(dataset.classes):,} classes"


def range_text(values: Array) -> str:
    """Smallest and largest value, mean and deviation."""
    return (
        f"{values.min():.6g} to {values.max():.6g}, mean {values.mean():.6g}, "
        f"deviation {values.std():.6g}"
    )


def steps_of(values: Array, numbers: int) -> Array:
    """A row a step [samples steps, numbers] of sequences."""
    return values.reshape(-1, numbers)


def ranges(dataset: Dataset) -> Iterator[str]:
    """The range of each input of the training part; of an image or a sequence of all that it is."""
    inputs = dataset.train.inputs
    if not dataset.named:
        sums = [(block.min(), block.max(), block.sum(dtype=float)) for block in blocks(inputs)]
        low, high, total = (np.array(column) for column in zip(*sums, strict=True))
        mean = total.sum() / np.prod(inputs.shape)
        what = "pixels" if dataset.shows_images else "inputs"
        yield f"{what}      {low.min()} to {high.max()}, mean {mean:.6g}"
        return
    for place, name in enumerate(dataset.input_names[:COLUMNS]):
        yield f"input       {printable(name)}: {range_text(np.asarray(inputs[:, place]))}"
    if len(dataset.input_names) > COLUMNS:
        yield f"… {len(dataset.input_names):,} inputs"


def first_rows(dataset: Dataset) -> Iterator[str]:
    """The first samples of the training part, or the steps of the first.

    Some inputs, then the targets.
    """
    inputs, targets, names = dataset.train.inputs, dataset.train.targets, dataset.input_names
    if dataset.steps is not None:
        names = tuple(f"feature {i + 1}" for i in range(dataset.shape[1]))
        inputs = steps_of(inputs[:1], dataset.shape[1])
        targets = (
            targets[0] if dataset.labelled else steps_of(targets[:1], len(dataset.target_names))
        )
    more = ["…"] if len(names) > CELLS else []
    lines = [[printable(name) for name in (*names[:CELLS], *more, *dataset.target_names)]]
    rows = zip(inputs[:ROWS], targets[:ROWS], strict=True)
    for sample, target in rows:
        cells = [*(f"{x:.6g}" for x in sample[:CELLS]), *more]
        if dataset.classes is None:
            cells += [f"{y:.6g}" for y in target]
        else:
            cells.append(printable(dataset.classes[int(target)]))
        lines.append(cells)
    widths = [min(WIDEST, max(map(len, column))) for column in zip(*lines, strict=True)]
    for line in lines:
        cut = zip(line, widths, strict=True)
        yield "  ".join(f"{cell[:width]:>{width}}" for cell, width in cut)

"""What a data set is, in words and numbers."""

from collections.abc import Iterator

from runner.data.data_answer import (
    COLUMNS,
    ClassRow,
    ColumnRange,
    DataAnswer,
    FirstRows,
    Scales,
    data_answer,
)
from runner.data.dataset import Dataset
from runner.errors import counted, printable

CELLS = 5
"""Inputs of a sample that are shown."""
WIDEST = 20
"""Characters of a cell that are shown."""
CLASSES = 100
"""Classes whose counts are shown."""


def description(name: str, dataset: Dataset) -> Iterator[str]:
    """Lines of text: shapes, types, classes and counts, ranges, checksum, a few rows."""
    found, inputs = data_answer(name, dataset, COLUMNS), len(dataset.input_names)
    yield f"data set    {printable(name)}"
    for part_name, part in found.parts.items():
        shape = " x ".join(f"{size:,}" for size in part.shape)
        yield f"{part_name:<11} {shape} inputs, {part.dtype}, {part.bytes / 1e6:,.1f} MB"
    if len(found.shape) > 1:
        what = "channels x rows x columns" if len(found.shape) == 3 else "steps x features"
        yield f"shape       {' x '.join(map(str, found.shape))}, {what}"
    yield f"topology    {found.topology}"
    filled = f"{counted(found.missing, 'input')}, filled in as the training part says"
    yield f"missing     {filled if found.missing else 'none'}"
    yield f"scaling     {scaling_text(found.scaling)}"
    if found.target_scaling is not None:
        yield f"targets     {scaling_text(found.target_scaling)}"
    yield f"checksum    {found.checksum}"
    if found.drawn:
        yield "drawn       by every run anew, after its weights; these stand for such"
    yield ""
    for target in found.targets or ():
        yield f"target      {range_text(target)}"
    if found.classes is not None:
        yield from classes_text(found.classes, list(found.parts))
    yield ""
    yield from ranges(found, inputs)
    yield ""
    yield from first_rows(found.first_rows)


def scaling_text(scaling: Scales | None) -> str:
    """How raw inputs become what the network sees, or targets what it is trained to give."""
    if scaling is None:
        return "none"
    if len(scaling.shift) == 1:
        (shift,), (scale,) = scaling.shift, scaling.scale
        return f"{f'(x - {shift:.6g})' if shift else 'x'} * {scale:.6g}"
    return "(x - shift) * scale, column by column"


def classes_text(classes: list[ClassRow], parts: list[str]) -> Iterator[str]:
    """Of each class how many samples or steps, part by part."""
    width = max(5, *(len(printable(row.name)) for row in classes[:CLASSES]))
    yield f"{'class':<{width}} " + " ".join(f"{name:>10}" for name in parts)
    for row in classes[:CLASSES]:
        cells = " ".join(f"{row.samples[part]:>10,}" for part in parts)
        yield f"{printable(row.name):<{width}} {cells}"
    if len(classes) > CLASSES:
        yield f"… {len(classes):,} classes"


def range_text(values: ColumnRange) -> str:
    """A column's name, smallest and largest value, mean and deviation."""
    return (
        f"{printable(values.name)}: {values.min:.6g} to {values.max:.6g}, mean {values.mean:.6g}, "
        f"deviation {values.sd:.6g}"
    )


def ranges(found: DataAnswer, inputs: int) -> Iterator[str]:
    """The range of each input of the training part; of an image or a sequence of all that it is."""
    if (whole := found.all_inputs) is not None:
        what = "pixels" if found.images else "inputs"
        yield f"{what}      {whole.min} to {whole.max}, mean {whole.mean:.6g}"
        return
    for values in found.inputs:
        yield f"input       {range_text(values)}"
    if inputs > len(found.inputs):
        yield f"… {inputs:,} inputs"


def first_rows(first: FirstRows) -> Iterator[str]:
    """The first samples of the training part, or the steps of the first.

    Some inputs, then the targets.
    """
    more = ["…"] if first.of > CELLS else []

    def cut(cells: list[str]) -> list[str]:
        return [*cells[: first.inputs][:CELLS], *more, *cells[first.inputs :]]

    lines = [cut([printable(name) for name in first.columns])]
    for row in first.rows:
        cells = [printable(cell) if isinstance(cell, str) else f"{cell:.6g}" for cell in row]
        lines.append(cut(cells))
    widths = [min(WIDEST, max(map(len, column))) for column in zip(*lines, strict=True)]
    for line in lines:
        shown = zip(line, widths, strict=True)
        yield "  ".join(f"{cell[:width]:>{width}}" for cell, width in shown)

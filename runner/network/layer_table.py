"""A net as a table: its layers, what each makes of a sample, and what that takes."""

from collections.abc import Iterator

from runner.network.layers.parts import written
from runner.network.topology import Topology

HEADER = ("layer", "makes", "parameters", "multiply-adds")


def layer_rows(topology: Topology) -> Iterator[tuple[str, str, int, int]]:
    """Of each layer how it is written, the shape that it makes, what is trained, its products.

    Multiply-adds are those of one sample's way forward through sums of products; parameters of
    batch normalisation are its layer's.
    """
    for layer in topology.layers:
        parameters = sum(part.size for part in layer.parts if part.trained)
        yield str(layer.kind), written(layer.kind.shape), parameters, layer.kind.products


def layer_table(topology: Topology) -> Iterator[str]:
    """The same for people: a line a layer, in columns, between the input's and the sums'."""
    rows = [HEADER, ("input", written(topology.shape), "", "")]
    for name, makes, parameters, products in layer_rows(topology):
        rows.append((name, makes, f"{parameters:,}", f"{products:,}"))
    rows.append(("total", "", f"{topology.parameters:,}", f"{topology.products:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        left = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        yield "  ".join([*left, *right]).rstrip()

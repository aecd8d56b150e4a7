"""`python -m runner.predict RUN FILE [-o FILE]`: what a trained run predicts for new rows."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from runner.analysis.networks import load_network
from runner.commands import CommandParser, run_command
from runner.data.columns import one_hot
from runner.data.csv_files import CsvFile, is_missing, is_number
from runner.data.dataset import counted
from runner.data.files import FORMATS, Choice, Table, read_table
from runner.data.table_files import TableFile
from runner.errors import DataError, printable
from runner.network.topology import Array
from runner.network.trained import TrainedNetwork
from runner.recording.files import storage_errors, write_atomically
from runner.recording.tables import csv_bytes

EXAMPLES = """\
  python -m runner.predict outputs/2026-11-22/14-46-04-5d0c64e8a1 new.csv
  python -m runner.predict outputs/2026-11-22/14-46-04-5d0c64e8a1 new.csv -o predictions.csv

FILE has the columns that the run learnt from, in any order, others being left aside; without those
names, as many columns as the network has inputs. Scales, categories and what stands in for missing
values are those of the run's training part.
"""


def main(arguments: Sequence[str]) -> int:
    """Writes a row of outputs for each row of the file, with its class where there are classes."""
    parser = CommandParser("predict", "Predicts with the network of a run.", EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument("file", metavar="FILE", help="CSV, also in gzip, Parquet or npz")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a CSV file [the screen]")
    parser.add_argument("--step", type=int, metavar="N", help="of which snapshot [the last]")
    options = parser.parse_args(arguments)
    network = load_network(options.run, options.step)
    outputs = network.predict(read_inputs(network, options.file))
    content = predictions(network, outputs)
    if options.output is None:
        sys.stdout.write(content.decode())
    else:
        with storage_errors(options.output):
            write_atomically(options.output, content)
        columns = content.partition(b"\n")[0].decode().split(",")
        shown = ", ".join(columns[:3]) + (f" … {columns[-1]}" if len(columns) > 3 else "")
        print(f"{printable(options.output)}: {counted_rows(len(outputs))}, {printable(shown)}")
    return 0


def counted_rows(rows: int) -> str:
    """`1 row`, `12 rows`."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def predictions(network: TrainedNetwork, outputs: Array) -> bytes:
    """A CSV table: `output_…` for each output, then `class`."""
    names = network.target_names or counted(outputs.shape[1])
    header = [f"output_{name}" for name in names]
    rows = [[float(value) for value in row] for row in outputs]
    if network.classes is None:
        return csv_bytes(header, rows)
    labels = network.labels(outputs).tolist()
    return csv_bytes([*header, "class"], ([*r, c] for r, c in zip(rows, labels, strict=True)))


def read_inputs(network: TrainedNetwork, path: str) -> Array:
    """The inputs [rows, n_in] in a file. Raises DataError naming line and column."""
    file: TableFile = FORMATS.get(Path(path).suffix, CsvFile)(path)
    columns, known = learnt_columns(network, file)
    table = read_table(path, Choice((), columns, tuple(known)))
    check_cells(network, table, known)
    inputs, _, _ = one_hot(table.features, known)
    return inputs


def learnt_columns(
    network: TrainedNetwork, file: TableFile
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The file's columns that are inputs, and the categories of those that hold texts."""
    inputs = network.network.topology.sizes[0]
    names = network.input_names or counted(inputs)
    columns: dict[str, None] = {}
    known: dict[str, tuple[str, ...]] = {}
    groups = {group.start: group for group in network.input_groups}
    in_groups = {i for group in network.input_groups for i in range(group.start, group.stop)}
    for place, name in enumerate(names):
        if place in groups:
            column, categories = category_column(names[groups[place]], file.header)
            columns[column], known[column] = None, categories
        elif place not in in_groups:
            columns[name] = None
    missing = [name for name in columns if name not in file.header]
    if not missing:
        return tuple(columns), known
    if names == counted(inputs) and len(file.header) == inputs:
        return tuple(file.header), {}
    found = ", ".join(map(printable, file.header[:10]))
    raise DataError(
        f"{printable(file.path)} has no column '{printable(missing[0])}', which the network "
        f"learnt from; it has {found}"
    )


def category_column(names: Sequence[str], header: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The column and its categories from names such as `colour=red` and `colour=green`."""
    first = names[0]
    ends = [place for place, sign in enumerate(first) if sign == "="]
    ends = [end for end in ends if all(name.startswith(first[: end + 1]) for name in names)]
    end = next((end for end in ends if first[:end] in header), ends[0])
    return first[:end], tuple(name[end + 1 :] for name in names)


def check_cells(network: TrainedNetwork, table: Table, known: dict[str, tuple[str, ...]]) -> None:
    """Refuses texts that training did not see, and missing values where it had none."""
    for column in table.features:
        name = column.name
        if name in known and set(column.texts) - set(known[name]):
            choices = ", ".join(map(printable, known[name][:10]))
            table.file.refuse_cell(
                name,
                partial(is_strange, known[name]),
                f"is not among the categories of the training data; expected {choices}",
            )
        if name not in known and column.is_text:
            table.file.refuse_cell(name, lambda cell: not is_number(cell))
        if network.fill is None and np.any(column.missing()):
            expected = "is missing, and training saw no row without it; fill it in"
            table.file.refuse_cell(name, is_missing, expected)


def is_strange(categories: Sequence[str], cell: str) -> bool:
    """Whether a cell holds a category that training did not see."""
    return cell not in categories and not is_missing(cell)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

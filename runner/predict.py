"""`python -m runner.predict RUN FILE [-o FILE]`: what a trained run predicts for new samples."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from runner.commands import CommandParser, run_command
from runner.data.dataset import ordinals
from runner.data.new_samples import Samples, read_samples
from runner.data.table_files import told_as
from runner.errors import SettingsError, counted, printable
from runner.network.topology import Array
from runner.network.trained import TrainedNetwork
from runner.run_folder.networks import load_network
from runner.run_folder.run import RunFolder
from runner.run_folder.tables import csv_bytes
from runner.storage.files import write_output
from runner.training.metrics import squared_error, variation

EXAMPLES = """\
  python -m runner.predict outputs/2026-11-22/14-46-04-5d0c64e8a1 new.csv -o predictions.csv
  python -m runner.predict RUN t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz

FILE has the columns that the run learnt from, in any order; where these have no names, as those of
images, as many columns as the network has inputs, in their order. Its other columns are kept in
front of the predictions, such as what names the rows. With the target among them, accuracy or R2 is
told. Scales, categories and what stands in for missing values are those of the run's training part.
"""


def main(arguments: Sequence[str]) -> int:
    """Writes a row of outputs for each row of the file, with its class where there are classes."""
    parser = CommandParser("predict", "Predicts with the network of a run.", EXAMPLES)
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("file", metavar="FILE", help="CSV, gzip, Parquet, npz, npy, images in IDX")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a CSV file [the screen]")
    parser.add_argument("--labels", metavar="FILE", help="the labels of images in IDX")
    parser.add_argument("--step", type=int, metavar="N", help="of which snapshot [the last]")
    options = parser.parse_args(arguments)
    if options.output is not None and same_file(options.output, options.file):
        raise SettingsError(
            f"-o {printable(options.output)} is the file that is read; expected another name"
        )
    network = load_network(options.run, options.step)
    dataset = RunFolder(options.run).configuration.get("dataset")
    with told_as(None):
        samples = read_samples(network, options.file, options.labels, dataset or {})
    outputs = network.predict(samples.inputs)
    header, content = predictions(network, samples, outputs)
    if options.output is None:
        sys.stdout.write(content.decode())
    else:
        write_output(options.output, content)
        shown = ", ".join(header[:3]) + (f" … {header[-1]}" if len(header) > 3 else "")
        print(f"{printable(options.output)}: {counted(len(outputs), 'row')}, {printable(shown)}")
    if samples.targets is not None:
        beside = sys.stdout if options.output else sys.stderr  # a pipe gets the table alone
        for line in score(network, samples.targets, outputs):
            print(line, file=beside)
    return 0


def same_file(one: Path, other: str) -> bool:
    """Whether both are there and are one file."""
    return one.exists() and Path(other).exists() and one.samefile(other)


def predictions(
    network: TrainedNetwork, samples: Samples, outputs: Array
) -> tuple[list[str], bytes]:
    """A CSV table and its header: the columns kept, `output_…` for each output, then `class`."""
    names = [f"output_{name}" for name in network.target_names or ordinals(outputs.shape[1])]
    columns: list[Sequence[object]] = [*samples.kept.values(), *outputs.T.tolist()]
    if network.classes is not None:
        names.append("class")
        columns.append(network.labels(outputs).tolist())
    header = [*samples.kept, *(unlike(name, samples.kept) for name in names)]
    return header, csv_bytes(header, zip(*columns, strict=True))


def unlike(name: str, others: Iterable[str]) -> str:
    """A name for a column of ours that the file has none of: class, then predicted_class."""
    return unlike(f"predicted_{name}", others) if name in others else name


def score(network: TrainedNetwork, targets: Array, outputs: Array) -> Iterator[str]:
    """How good the outputs are: accuracy, or R2 = 1 - sum (a - y)^2 / sum (y - mean y)^2.

    Rows without a target do not count.
    """
    known = targets >= 0 if network.classes is not None else ~np.isnan(targets).any(1)
    targets, outputs = targets[known], outputs[known]
    if not len(targets):
        yield "no row has a target"
    elif network.classes is not None:
        right = np.count_nonzero(np.array(network.classes)[targets] == network.labels(outputs))
        share = f"{right / len(targets):.2%}".replace("%", " %")
        yield f"accuracy {share} ({right:,} of {len(targets):,})"
    else:
        names = network.target_names or ordinals(targets.shape[1])
        for name, a, y in zip(names, outputs.T, targets.T, strict=True):
            spread = variation(y)
            r2 = f"R2 {1 - squared_error(a, y) / spread:.4g}, " if spread else ""
            yield f"{printable(name)}: {r2}mean absolute error {np.abs(a - y).mean():.4g}"


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

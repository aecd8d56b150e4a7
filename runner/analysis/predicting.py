"""What a trained run predicts for the samples in a file: a table, and how good it is."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from runner.data.dataset import ordinals
from runner.data.new_samples import Samples
from runner.errors import SettingsError, counted, printable
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork
from runner.run_folder.run_network import load_network
from runner.run_folder.tables import csv_bytes
from runner.storage.files import write_output
from runner.training.metrics import squared_error, variation


def predict_file(
    run: Path, file: str, labels: str | None, output: Path | None, step: int | None
) -> None:
    """Writes a row of outputs for each row of a file, with its class where there are classes.

    labels: of images in IDX. output: a CSV file, or None for the screen. step: of which snapshot.
    """
    if output is not None and output.exists() and Path(file).exists() and output.samefile(file):
        raise SettingsError(
            f"-o {printable(output)} is the file that is read; expected another name"
        )
    network = load_network(run, step)
    samples = network.samples(file, labels)
    outputs = network.predict(samples.inputs)
    header, content = predictions(network, samples, outputs)
    if output is None:
        sys.stdout.write(content.decode())
    else:
        write_output(output, content)
        shown = ", ".join(header[:3]) + (f" … {header[-1]}" if len(header) > 3 else "")
        print(f"{printable(output)}: {counted(len(outputs), 'row')}, {printable(shown)}")
    if samples.targets is not None:
        beside = sys.stdout if output else sys.stderr  # a pipe gets the table alone
        for line in score(network, samples.targets, outputs):
            print(line, file=beside)


def predictions(
    network: TrainedNetwork, samples: Samples, outputs: Array
) -> tuple[list[str], bytes]:
    """A CSV table and its header: the columns kept, `output_…` for each output, then `class`.

    Of each step of a sequence, where a net gives outputs a step: `output_1.…`, `class_1`.
    """
    topology = network.network.topology
    steps = ordinals(network.steps) if network.steps > 1 else ()
    own = network.target_names or ordinals(topology.outputs)
    named = [f"{step}.{name}" for step in steps for name in own] if steps else own
    names = [f"output_{name}" for name in named]
    rows = len(outputs), -1
    told = outputs.astype(object)
    if steps:
        told[np.isnan(outputs)] = None  # behind an end
    columns: list[Sequence[object]] = [*samples.kept.values(), *told.reshape(rows).T.tolist()]
    if network.classes is not None:
        names += [f"class_{step}" for step in steps] or ["class"]
        columns += network.labels(outputs).reshape(rows).T.tolist()
    header = [*samples.kept, *(unlike(name, samples.kept) for name in names)]
    return header, csv_bytes(header, zip(*columns, strict=True))


def unlike(name: str, others: Iterable[str]) -> str:
    """A name for a column of ours that the file has none of: class, then predicted_class."""
    return unlike(f"predicted_{name}", others) if name in others else name


def score(network: TrainedNetwork, targets: Array, outputs: Array) -> Iterator[str]:
    """How good the outputs are: accuracy, or R2 = 1 - sum (a - y)^2 / sum (y - mean y)^2.

    targets: as of `Samples`; each step counts as a row. Rows without a target do not count.
    """
    classes, size = network.classes, network.network.topology.outputs
    targets, outputs = (
        targets.reshape(-1, size if classes is None else 1),
        outputs.reshape(-1, size),
    )
    known = ~np.isnan(targets).any(1) if classes is None else targets[:, 0] >= 0
    known &= ~np.isnan(outputs).any(1)  # nor what is behind a sequence's end
    targets, outputs = targets[known], outputs[known]
    if not len(targets):
        yield "no row has a target"
    elif classes is not None:
        right = np.count_nonzero(np.array(classes)[targets[:, 0]] == network.labels(outputs))
        share = f"{right / len(targets):.2%}".replace("%", " %")
        yield f"accuracy {share} ({right:,} of {len(targets):,})"
    else:
        names = network.target_names or ordinals(size)
        for name, a, y in zip(names, outputs.T, targets.T, strict=True):
            spread = variation(y)
            r2 = f"R2 {1 - squared_error(a, y) / spread:.4g}, " if spread else ""
            yield f"{printable(name)}: {r2}mean absolute error {np.abs(a - y).mean():.4g}"

"""`python -m runner.export RUN FILE`: the network of a run for other programs, ONNX or npz."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import CommandParser, run_command
from runner.exporting.network_files import export_network

EXAMPLES = """\
  python -m runner.export outputs/2026-11-22/14-46-04-5d0c64e8a1 net.onnx
  python -m runner.export outputs/2026-11-22/14-46-04-5d0c64e8a1 net.npz

net.onnx takes raw inputs, as the data set has them: scales are part of the graph. Images go in as
[samples, channels, rows, columns], sequences as [samples, time, features]. Inputs or outputs that
are shifted, as years or prices are, are float64; others have the type of the weights. Where
onnxruntime is installed it is checked before it is written. net.npz holds topology, sizes,
activations, weights_1, biases_1, …: a = f((x - input_shift) * input_scale @ weights_1 + …); of a
recurrent layer also recurrent_1, of a GRU recurrent_biases_1, as docs/layers.md says them. Batch
normalisation is folded into weights and biases; behind a recurrent layer it is factors_1, shifts_1.
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser(
        "export", "Writes the network of a run for other programs.", EXAMPLES, plugins=True
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("file", type=Path, metavar="FILE", help="net.onnx or net.npz")
    parser.add_argument("--step", type=int, metavar="N", help="of which snapshot [the last]")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Writes the network in the format that the file's name asks for."""
    options = command_parser().parse_args(arguments)
    print(export_network(options.run, options.file, options.step))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

"""`python -m runner.predict RUN FILE [-o FILE]`: what a trained run predicts for new samples."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.analysis.predicting import predict_file
from runner.commands import CommandParser, run_command

EXAMPLES = """\
  python -m runner.predict outputs/2026-11-22/14-46-04-5d0c64e8a1 new.csv -o predictions.csv
  python -m runner.predict RUN t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz

FILE has the columns that the run learnt from, in any order; where these have no names, as those of
images, as many columns as the network has inputs, in their order. Its other columns are kept in
front of the predictions, such as what names the rows. With the target among them, accuracy or R2 is
told. Scales, categories and what stands in for missing values are those of the run's training part.
"""


def command_parser() -> CommandParser:
    """What it takes."""
    parser = CommandParser("predict", "Predicts with the network of a run.", EXAMPLES, plugins=True)
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("file", metavar="FILE", help="CSV, gzip, Parquet, npz, npy, images in IDX")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a CSV file [the screen]")
    parser.add_argument("--labels", metavar="FILE", help="the labels of images in IDX")
    parser.add_argument("--step", type=int, metavar="N", help="of which snapshot [the last]")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Writes a row of outputs for each row of the file, with its class where there are classes."""
    options = command_parser().parse_args(arguments)
    predict_file(options.run, options.file, options.labels, options.output, options.step)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))

"""`python -m runner.data NAME [key=value …] [--plot FILE]`: shows what a data set is."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runner.composing import compose
from runner.data.pictures import save_picture
from runner.data.show import description
from runner.errors import RunnerError, StorageError, printable
from runner.loading import load_dataset
from runner.settings import parse_settings


def main(arguments: Sequence[str]) -> int:
    """Shows the data set; with --plot, draws it as well."""
    parser = argparse.ArgumentParser(
        prog="python -m runner.data", description="Shows what a data set is."
    )
    parser.add_argument("name", help="as in dataset=NAME")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a picture, such as x.png")
    options = parser.parse_intermixed_args(arguments)
    try:
        settings = parse_settings(compose([f"dataset={options.name}", *options.overrides]))
        dataset = load_dataset(settings.dataset)
        for line in description(settings.dataset.name, dataset):
            print(line)
        if options.plot is not None:
            save_picture(options.plot, settings.dataset.name, dataset)
    except RunnerError as error:
        return report(error)
    except BrokenPipeError:
        return 0
    except OSError as error:
        return report(StorageError(f"{printable(error.filename)}: {error.strerror}"))
    return 0


def report(error: RunnerError) -> int:
    """Prints the error in one line and gives its exit code."""
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

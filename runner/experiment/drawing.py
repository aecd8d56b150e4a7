"""The pictures of a run that has ended, drawn from what its folder holds and from its data."""

from collections.abc import Sequence
from pathlib import Path

from runner.analysis.plots.pictures import draw_pictures
from runner.analysis.plots.subject import Subject, read_subject
from runner.data.dataset import Dataset
from runner.errors import DataError, RunnerError, error_line
from runner.experiment.loading import load_dataset
from runner.run_folder.networks import load_network
from runner.run_folder.run import RunFolder
from runner.settings import parse_settings


def subject_of(run: Path, datasets: dict[str, Dataset] | None = None) -> Subject:
    """What the pictures of a run show.

    datasets: those read so far, for jobs of a sweep mostly share one.
    Raises RunnerError where the run or its data are not to be had, and OSError or ValueError where
    its results or history cannot be read.
    """
    read = {} if datasets is None else datasets
    about = RunFolder(run).about()
    settings = parse_settings(about["configuration"]).dataset
    dataset = read.get(repr(settings)) or load_dataset(settings)
    read[repr(settings)] = dataset
    if about["checksums"].get("data") not in (dataset.checksum, dataset.values_checksum):
        raise DataError("the data set is not the one it was trained on; give the same files")
    trained = load_network(run)
    return read_subject(run, trained.network, trained.parameters, dataset)


def drawn(run: Path, datasets: dict[str, Dataset]) -> Sequence[str]:
    """Draws a run's pictures into its folder; what went wrong, a line each."""
    try:
        subject = subject_of(run, datasets)
    except RunnerError as error:
        return [error_line(error)]
    except (OSError, ValueError) as error:
        return [f"plots/ is left out: {error_line(error)}"]
    return list(draw_pictures(subject, run))

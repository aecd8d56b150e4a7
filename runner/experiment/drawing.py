"""The pictures of a run that has ended, drawn from what its folder holds and from its data."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.analysis.plots.pictures import (
    PICTURES,
    PLAIN,
    Form,
    draw_pictures,
    drawn,
    read_subject,
)
from runner.analysis.plots.subject import Subject
from runner.analysis.runs import read_runs
from runner.data.dataset import Dataset
from runner.errors import DataError, RunnerError, SnapshotError, error_line, printable
from runner.experiment.expanding import with_folder
from runner.experiment.loading import load_dataset
from runner.experiment.resuming import warn
from runner.network.trained import TrainedNetwork
from runner.plugins.origins import check_pieces
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import load_network
from runner.run_folder.tables import split
from runner.settings import parse_settings
from runner.standard_output import forgiving


def subject_of(run: Path, datasets: dict[str, Dataset] | None = None) -> Subject:
    """What the pictures of a run show.

    datasets: those read so far, for jobs of a sweep mostly share one.
    Raises RunnerError where the run or its data are not to be had, and OSError or ValueError where
    its results or history cannot be read.
    """
    read = {} if datasets is None else datasets
    found = RunFolder(run)
    about = found.about()
    if about["checksums"].get("data") is None:
        raise DataError(f"{printable(run)} was never trained: {printable(about['error'])}")
    check_pieces(about)
    settings = parse_settings(about["configuration"]).dataset
    dataset = read.get(repr(settings)) or load_dataset(settings)
    read[repr(settings)] = dataset
    if about["checksums"].get("data") not in (dataset.checksum, dataset.values_checksum):
        raise DataError("the data set is not the one it was trained on; give the same files")
    trained = load_network(run)
    if found.kept is not None:
        return kept_subject(found.kept, trained, dataset)
    return read_subject(run, trained.network, trained.parameters, dataset)


def kept_subject(kept: KeptJob, trained: TrainedNetwork, dataset: Dataset) -> Subject:
    """The same of a job that is a row, which needs no folder for it."""
    end, (names, rows) = kept.end, kept.history
    results = dict(zip(split(end.header), split(end.row), strict=True))
    history = dict(zip(names, rows.T, strict=True))
    network = trained.network
    fitted = dataset.for_outputs(network.topology.outputs)
    return Subject(results, history, network, trained.parameters, fitted)


def drawn_pictures(run: Path, datasets: dict[str, Dataset]) -> dict[str, bytes]:
    """The pictures of a run by name, and by `dark/NAME` on dark paper; nothing is written.

    PNG files' contents. datasets, and what is raised: as of `subject_of`.
    """
    subject = subject_of(run, datasets)
    found = {}
    for name, picture in PICTURES.items():
        try:
            if picture.applies(subject):
                found[name] = drawn(picture, subject)
                found[f"dark/{name}"] = drawn(picture, subject, Form(dark=True))
        except Exception as error:  # one picture is no reason to go without the others
            warn(f"{run}: {name}.png is not drawn: {error_line(error)}")
    return found


def draw_runs(paths: Sequence[str], form: Form = PLAIN) -> bool:
    """Draws the pictures of runs into their folders, each named; whether all could be drawn.

    What could not is told on stderr. Raises SnapshotError where no run has ended.
    """
    for path in map(Path, paths):
        if JobRows(path).is_there:
            raise SnapshotError(
                f"{printable(path)}: its jobs are rows, and pictures lie in folders; name "
                f"those that are to have one, such as {printable(path)}/17"
            )
        with_folder(path)
    runs = read_runs(paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(paths))}: no run has ended; expected folders of runs"
        )
    datasets: dict[str, Dataset] = {}
    all_drawn = True
    for path in map(Path, runs["path"]):
        try:
            problems = list(draw_pictures(subject_of(path, datasets), path, form))
        except RunnerError as error:
            problems = [error_line(error)]
        except (OSError, ValueError) as error:
            problems = [f"{form.folder}/ is left out: {error_line(error)}"]
        for problem in problems:
            print(f"warning: {printable(path)}: {problem}", file=forgiving(sys.stderr))
        all_drawn &= not problems
        print(printable(path / form.folder))
    return all_drawn

"""The pictures of a run that has ended, drawn from what its folder holds and from its data."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

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
from runner.experiment.moved_files import (
    NOWHERE_ELSE,
    Places,
    check_places,
    dataset_settings,
    telling_where,
)
from runner.experiment.resuming import warn
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork
from runner.plugins.origins import check_pieces
from runner.run_folder.job_rows import JobRows
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import load_network
from runner.run_folder.tables import split
from runner.standard_output import forgiving
from runner.training.metrics import higher_is_better


def subject_of(
    run: Path, datasets: dict[str, Dataset] | None = None, places: Places = NOWHERE_ELSE
) -> Subject:
    """What the pictures of a run show.

    datasets: those read so far, for jobs of a sweep mostly share one. places: where files that have
    moved lie now.
    Raises RunnerError where the run or its data are not to be had, and OSError or ValueError where
    its results or history cannot be read.
    """
    read = {} if datasets is None else datasets
    found = RunFolder(run)
    about = found.about()
    if about["checksums"].get("data") is None:
        raise DataError(f"{printable(run)} was never trained: {printable(about['error'])}")
    check_pieces(about)
    settings = dataset_settings(about["configuration"], places)
    with telling_where(about["configuration"]):
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
    best = best_epoch(results, history)
    return Subject(results, history, network, trained.parameters, fitted, best_epoch=best)


def best_epoch(results: Mapping[str, str], history: Mapping[str, Array]) -> int | None:
    """The epoch whose weights a row has restored, which has no snapshot to say it.

    None where none were, or its history leaves open which it was.
    """
    if results.get("stopping.restore_best") != "true":
        return None
    if results.get("stop_reason") == "patience":  # it ends so long after the best
        return int(results["epochs"]) - int(results["stopping.patience"])
    watched = results["stopping.metric"]
    values, value = history.get(watched, np.empty(0)), float(results.get(watched) or "nan")
    epochs = history["epoch"][: len(values)].astype(int)
    best = next((int(epoch) for epoch in epochs[values == value]), None)
    if best is None or not higher_is_better(watched):
        return best
    # Shares of samples are often equal: an epoch between two rows may have been as good before.
    return best if {*range(1, best)} <= {*epochs.tolist()} else None


def drawn_pictures(
    run: Path, datasets: dict[str, Dataset], places: Places = NOWHERE_ELSE
) -> dict[str, bytes]:
    """The pictures of a run by name, and by `dark/NAME` on dark paper; nothing is written.

    PNG files' contents. datasets, places, and what is raised: as of `subject_of`.
    """
    subject = subject_of(run, datasets, places)
    found = {}
    for name, picture in PICTURES.items():
        try:
            if picture.applies(subject):
                found[name] = drawn(picture, subject)
                found[f"dark/{name}"] = drawn(picture, subject, Form(dark=True))
        except Exception as error:  # one picture is no reason to go without the others
            warn(f"{run}: {name}.png is not drawn: {error_line(error)}")
    return found


def draw_runs(paths: Sequence[str], form: Form = PLAIN, places: Places = NOWHERE_ELSE) -> bool:
    """Draws the pictures of runs into their folders, each named; whether all could be drawn.

    places: where files that have moved lie now.

    What could not is told on stderr. Raises SnapshotError where no run has ended.
    """
    for path in map(Path, paths):
        if JobRows(path).is_there:
            raise SnapshotError(
                f"{printable(path)}: its jobs are rows, and pictures lie in folders; name "
                f"those that are to have one, such as {printable(path)}/17"
            )
        with_folder(path, places)
    runs = read_runs(paths)
    if runs.empty:
        raise SnapshotError(
            f"{printable(' '.join(paths))}: no run has ended; expected folders of runs"
        )
    drawn_from = list(map(Path, runs["path"]))
    check_places(places, drawn_from)
    datasets: dict[str, Dataset] = {}
    all_drawn = True
    for path in drawn_from:
        try:
            problems = list(draw_pictures(subject_of(path, datasets, places), path, form))
        except RunnerError as error:
            problems = [error_line(error)]
        except (OSError, ValueError) as error:
            problems = [f"{form.folder}/ is left out: {error_line(error)}"]
        for problem in problems:
            print(f"warning: {printable(path)}: {problem}", file=forgiving(sys.stderr))
        all_drawn &= not problems
        print(printable(path / form.folder))
    return all_drawn

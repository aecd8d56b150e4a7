"""How a run stands at this moment, as its folder, or its sweep's row, tells it."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from runner.analysis.replay.graph import columns_of, edges_between
from runner.errors import RunnerError, printable
from runner.network.arrays import Array
from runner.network.trained import TrainedNetwork
from runner.run_folder.history import history_columns
from runner.run_folder.kept_job import kept_job
from runner.run_folder.layout import is_job_number, read_run, step_of
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import load_network
from runner.storage.locks import recorded_writer, writer_lives
from runner.storage.reading import check_own_files, open_regular
from runner.watching.numbers import plain, thinned

AXES = ("step", "epoch", "seconds")
"""Columns of a history that are no metrics."""
MOST_POINTS = 400
MOST_SPARKS = 24
TAIL = 4096
"""Bytes of a log's end."""
LINES = 24
NOT_READABLE = (OSError, ValueError, LookupError, TypeError, RunnerError)
"""What a folder that vanishes, is damaged or half written can raise."""


class Standing(NamedTuple):
    """A run in one line."""

    status: str
    """As in run.json; `ended` where it says running and its process is no longer there."""
    title: str
    metric: str
    started: str
    error: str


def standing(path: Path) -> Standing:
    """How a run stands. Raises NOT_READABLE where its folder does not say."""
    about = read_run(path)
    status = str(about["status"])
    if status == "running" and not writer_lives(recorded_writer(path)):
        status = "ended"
    return told_by(about, status)


def told_by(about: Mapping[str, Any], status: str) -> Standing:
    """What run.json says of a run, or what would stand there of a row."""
    configuration = about["configuration"]
    parts = (configuration["topology"], configuration["dataset"]["name"])
    title = printable(" · ".join([*map(str, parts), f"seed {configuration['seed']}"]))
    metric = str(configuration["stopping"]["metric"])
    error = printable(about.get("error") or "")
    return Standing(status, title, metric, str(about.get("started") or ""), error)


def last_values(path: Path, found: Standing) -> tuple[int, list[float | None]]:
    """The last step that a run's folder tells of, and its metric at some rows of its history."""
    columns = read_or(lambda: history_now(path), {})
    step = last_step(path, columns, found)
    values = columns.get(found.metric, columns.get("loss"))
    if values is None or not len(values):
        return step, []
    return step, plain(values[thinned(len(values), MOST_SPARKS)])


def last_step(path: Path, columns: Mapping[str, Array], found: Standing) -> int:
    """The last step of a history or, while a run goes on, of its newest snapshot if that is later.

    Rows come at logarithmic distances by default: late in a long run an hour may lie between two.
    """
    steps = [int(np.nan_to_num(step)) for step in columns.get("step", np.empty(0))[-1:]]
    if found.status == "running":
        steps += read_or(lambda: RunFolder(path).snapshots, {})
    return max(steps, default=0)


def history_now(path: Path) -> Mapping[str, Array]:
    """The columns of a run's history, read once while the file is the same."""
    about = os.stat(path / "history.csv", follow_symlinks=False)
    return known_history(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=128)
def known_history(path: Path, _changed: int, _size: int) -> Mapping[str, Array]:
    """The same; where it is written to this is another one."""
    columns = history_columns(path)
    if not columns:
        return {}
    places = thinned(len(columns["step"]), MOST_POINTS)
    return {name: values[places] for name, values in columns.items()}


def whole_run(path: Path) -> dict[str, Any]:
    """All that the page shows of a run. Raises NOT_READABLE where its folder does not say.

    path: a folder, or SWEEP/N of a row. What of it cannot be read is left out.
    """
    kept = None
    if not os.path.lexists(path / "run.json") and is_job_number(path.name):
        kept = kept_job(path)
    if kept is not None:
        columns = dict(zip(kept.history[0], np.transpose(kept.history[1]), strict=True))
        found, log = told_by(kept.as_run_json(), kept.status), [kept.end.text]
        network, step = load_network(path), int(str(kept.results["steps"]))
    else:
        check_own_files(path)
        found = standing(path)
        columns, log = read_or(lambda: history_now(path), {}), last_lines(path / "run.log")
        network, step = read_or(lambda: newest_network(path), (None, 0))
    return {
        **found._asdict(),
        "step": max(step, last_step(path, columns, found)),
        "curves": curves(columns),
        "log": log,
        "network": None if network is None else {"step": step, **drawn(network)},
    }


def read_or(read: Any, otherwise: Any) -> Any:
    """What reading gives, or something else where that cannot be read."""
    try:
        return read()
    except NOT_READABLE:
        return otherwise


def curves(columns: Mapping[str, Array]) -> dict[str, list[Any]]:
    """Steps and metrics of a history, of a long one some rows."""
    if not columns:
        return {}
    places = thinned(len(columns["step"]), MOST_POINTS)
    told = {name: plain(columns[name][places]) for name in columns if name not in AXES}
    return {"step": columns["step"][places].astype(int).tolist(), **told}


def last_lines(log: Path) -> list[str]:
    """The last lines of a log, without what would steer a terminal; none where it has none."""
    try:
        with os.fdopen(open_regular(log, os.O_RDONLY), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).decode(errors="replace").splitlines()
    except OSError:
        return []
    return [printable(line) for line in lines[size > TAIL :][-LINES:]]


def newest_network(path: Path) -> tuple[TrainedNetwork, int]:
    """The network of a run's newest snapshot, and that one's step."""
    snapshot = RunFolder(path).snapshot()
    about = os.stat(snapshot, follow_symlinks=False)
    return loaded(snapshot, about.st_mtime_ns, about.st_ino), step_of(snapshot)


@lru_cache(maxsize=4)
def loaded(snapshot: Path, _changed: int, _file: int) -> TrainedNetwork:
    """A snapshot's network, read once while the file is the same."""
    return load_network(snapshot.parent.parent, step_of(snapshot))


def drawn(trained: TrainedNetwork) -> dict[str, Any]:
    """The network as a drawing: its columns' nodes with their biases, its strongest weights."""
    network, parameters = trained.network, trained.parameters
    without: Any = None  # of the data set nothing is asked
    columns = columns_of(network, without, parameters)
    gaps = []
    for index, layer in enumerate(network.topology.layers):
        pairs, weights = edges_between(network, parameters[None], index, columns)
        values = [] if weights is None else plain(weights[0])
        bias = layer.bias_vector(parameters)
        here = columns[index + 1]
        whole = len(bias) == here.count
        known = plain(bias[here.nodes]) if whole else []
        gaps.append({"pairs": pairs.tolist(), "weights": values, "bias": known})
    sizes = [{"title": c.title, "nodes": len(c.nodes), "count": c.count} for c in columns]
    return {"topology": str(network.topology), "columns": sizes, "gaps": gaps}

"""What trackers hold of runs, read back with their own packages."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exporting.wandb_log import written


@dataclass(frozen=True)
class Entry:
    """A run, as a tracker has it."""

    name: str
    settings: Mapping[str, object]
    losses: list[tuple[int, float]]
    """By step, in the order in which they were given."""
    results: Mapping[str, object]
    files: set[str]


def of_mlflow(folder: Path) -> Iterator[Entry]:
    """The store's runs."""
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    for run in client.search_runs([client.get_experiment_by_name("runner").experiment_id]):
        history = client.get_metric_history(run.info.run_id, "loss")
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        points = [(point.step, point.value) for point in history]
        results = {name: value for name, value in run.data.metrics.items() if "result." in name}
        ended = {**results, "status": run.info.status}
        yield Entry(run.info.run_name, run.data.params, points, ended, files)


def of_tensorboard(folder: Path) -> Iterator[Entry]:
    """The event files, all that lie in a folder."""
    module = "tensorboard.backend.event_processing.event_accumulator"
    accumulator = pytest.importorskip(module).EventAccumulator
    plugin = pytest.importorskip("tensorboard.plugins.hparams.plugin_data_pb2")
    root = folder / "runner"
    for place in sorted({path.parent for path in root.rglob("events.out.tfevents.*")}):
        events = accumulator(str(place), purge_orphaned_data=False).Reload()
        told = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
        start = plugin.HParamsPluginData.FromString(told).session_start_info
        settings = {
            name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()
        }
        tags = events.Tags()
        results = {
            tag: events.Scalars(tag)[-1].value for tag in tags["scalars"] if "result." in tag
        }
        ended = "_hparams_/session_end_info" in events.summary_metadata
        results |= {"status": "FINISHED"} if ended else {}
        losses = [(event.step, event.value) for event in events.Scalars("loss")]
        yield Entry(str(place.relative_to(root)), settings, losses, results, set())


def of_trackio(folder: Path) -> Iterator[Entry]:
    """The runs of a project."""
    trackio = pytest.importorskip("trackio")
    storage = pytest.importorskip("trackio.sqlite_storage").SQLiteStorage
    for run in trackio.Api().runs(folder.name):
        rows = storage.get_logs(folder.name, run.name, run_id=run.id)
        losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
        results = {name: row[name] for row in rows for name in row if "result." in name}
        names = {artifact["name"] for artifact in storage.list_artifacts(folder.name)}
        whole = f"run-{run.id}" in names  # an artifact is the whole folder
        files = {"run.json", "results.csv", "history.csv"} if whole else set[str]()
        yield Entry(run.name.rpartition("-")[0], run.config or {}, losses, results, files)


def of_wandb(folder: Path) -> Iterator[Entry]:
    """The runs that are kept offline."""
    pytest.importorskip("wandb")
    by_id: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        by_id.setdefault(path.stem, []).extend(written(path))
    for found in by_id.values():
        runs = [each.run for each in found if each.HasField("run")]
        config = {
            item.key: json.loads(item.value_json) for run in runs for item in run.config.update
        }
        rows = [
            {(item.key or item.nested_key[0]): json.loads(item.value_json) for item in row.item}
            for row in (each.history for each in found if each.HasField("history"))
        ]
        losses = [(row["_step"], row["loss"]) for row in rows if "loss" in row]
        told = [each.summary for each in found if each.HasField("summary")]
        code = [each.exit.exit_code for each in found if each.HasField("exit")]
        results = {
            item.key or item.nested_key[0]: json.loads(item.value_json)
            for summary in told
            for item in summary.update
        }
        results["status"] = "FINISHED" if code[-1:] == [0] else "FAILED"
        sent = {
            content.path
            for each in found
            if each.HasField("artifact")
            for content in each.artifact.manifest.contents
        }
        yield Entry(runs[0].display_name, config, losses, results, sent)


READERS: Mapping[str, Callable[[Path], Iterator[Entry]]] = {
    "mlflow": of_mlflow,
    "tensorboard": of_tensorboard,
    "trackio": of_trackio,
    "wandb": of_wandb,
}

"""What is measured, recorded and drawn once a run has its final weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runner.data.dataset import Dataset
from runner.experiment.console import Console
from runner.experiment.experiment import Experiment
from runner.experiment.loading import samples_of
from runner.experiment.recorder import AnyRecorder
from runner.network.arrays import Array
from runner.network.fixed_arithmetic import column_sums
from runner.run_folder.tables import class_tables, predictions_table
from runner.training.confusion import Confusion, confusion
from runner.training.engine import Engine, StepReport
from runner.training.evaluation import evaluate, looks, outputs_of
from runner.training.metrics import TEST, VALIDATION
from runner.training.range_test import MARGIN, suggested_rate
from runner.training.schedules import RANGE
from runner.training.tasks import REGRESSION


def record_ending(
    experiment: Experiment,
    weights: Array,
    report: StepReport,
    recorder: AnyRecorder,
    console: Console,
) -> dict[str, float]:
    """Measures the final weights; records classes and predictions. The metrics for results.csv."""
    engine, dataset = experiment.engine, experiment.dataset
    final: dict[str, float] = {}
    if report.finite:
        final = final_metrics(engine, weights, dataset)
        console.final_metrics(final)
        for part, errors in errors_in_own_units(engine, weights, dataset).items():
            console.own_units(part, errors)
        if experiment.settings.schedule.name == RANGE:
            final |= suggestion(recorder, console)
    recorder.tables(lambda: ending_tables(experiment, weights, report))
    return final


def ending_tables(experiment: Experiment, weights: Array, report: StepReport) -> dict[str, bytes]:
    """What tables tell of the final weights, by the files' names."""
    engine, dataset = experiment.engine, experiment.dataset
    tables: dict[str, bytes] = {}
    confused = final_confusion(engine, weights, dataset) if report.finite else None
    if confused is not None:
        tables |= class_tables(dataset.classes or (), *confused)
    if sum(map(len, dataset.parts.values())) <= experiment.settings.recording.predictions:
        outputs = {
            name: dataset.in_own_units(outputs_of(engine, weights, samples_of("", part, dataset)))
            for name, part in dataset.parts.items()
        }
        tables["predictions.csv"] = predictions_table(dataset, outputs)
    return tables


def final_metrics(
    engine: Engine,
    parameters: Array,
    dataset: Dataset,
    evaluate: Callable[..., dict[str, Any]] = evaluate,
) -> dict[str, Any]:
    """Metrics of the final weights: on held-out data all, on training data what steps do not give.

    Of a classification the latter cost a pass that only matters where nothing is held out.
    evaluate: gives those of weights on some samples; `evaluate_many` of many nets' weights.
    """
    task = engine.problem.reduction.task
    metrics: dict[str, Any] = {}
    if task.scored and (task is REGRESSION or len(dataset.parts) == 1):
        values = evaluate(engine, parameters, samples_of("", dataset.train, dataset))
        metrics |= {name: values[name] for name in task.scored}
    for prefix, part in ((VALIDATION, dataset.validation), (TEST, dataset.test)):
        if part is not None:
            metrics |= evaluate(engine, parameters, samples_of(prefix, part, dataset))
    return metrics


@np.errstate(over="ignore", invalid="ignore")  # of weights about to diverge it may be infinite
def errors_in_own_units(
    engine: Engine, parameters: Array, dataset: Dataset
) -> dict[str, dict[str, float]]:
    """Of each part the rmse of each target, where scales hide that they have units of their own."""
    scaling, names = dataset.target_scaling, dataset.target_names
    if scaling is None or len(names) < 2:
        return {}
    errors = {}
    for name, part in dataset.parts.items():
        squares, rows = np.zeros(len(names)), 0
        for look in looks(engine, parameters, samples_of("", part, dataset)):
            error = look.outputs - look.targets
            squares += column_sums(error * error)
            rows += len(error)
        rmse = np.sqrt(squares / rows) / scaling.scale[: len(names)]
        errors[name] = dict(zip(names, rmse.tolist(), strict=True))
    return errors


def final_confusion(
    engine: Engine, parameters: Array, dataset: Dataset
) -> tuple[str, Confusion] | None:
    """The confusion on the test part, else the validation part, else the training part; its name.

    None where there are no named classes to confuse.
    """
    if dataset.classes is None or len(dataset.classes) < 2:
        return None
    if engine.problem.reduction.task.name != "classification":
        return None
    *_, (name, part) = dataset.parts.items()
    return name, confusion(engine, parameters, samples_of("", part, dataset))


def suggestion(recorder: AnyRecorder, console: Console) -> dict[str, float]:
    """What a range test's history suggests, for results.csv; it is printed as well."""
    rates, losses = (recorder.column(name) for name in ("learning_rate", "loss"))
    rate = suggested_rate(rates, losses)
    if rate is None:
        advice = "set another schedule.least and .most, or more stopping.max_steps"
        console.line(f"No learning rate suggested: the loss hardly fell; {advice}")
        return {}
    shown, lowest = (f"{float(f'{value:.2g}'):g}" for value in (rate, MARGIN * rate))
    why = f"the smoothed loss is lowest at {lowest}, {MARGIN:g} times that"
    if rate == rates[-1] / MARGIN:
        why += "; the range ends there, raise schedule.most"
    console.line(f"Suggested learning rate: {shown} ({why})")
    return {"suggested_rate": rate}


def draw_plots(experiment: Experiment, weights: Array, folder: Path, console: Console) -> None:
    """The pictures of a run that has ended; what goes wrong with one is said, no more."""
    from runner.analysis.plots.pictures import draw_run  # noqa: PLC0415 - loads matplotlib

    network = experiment.engine.problem.network
    for problem in draw_run(folder, network, weights, experiment.dataset):
        console.line(f"warning: {problem}")

"""Repeating a job that is a row, and holding the repetition against it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from runner.experiment.differences import (
    Difference,
    by_step,
    relative,
    row_differences,
    weight_differences,
)
from runner.experiment.ending import final_metrics
from runner.experiment.experiment import Experiment
from runner.experiment.other_surroundings import changed_since, unpromised
from runner.experiment.resuming import built_again, check_data
from runner.experiment.verifying import TOLERANCES, Comparison, repetition
from runner.run_folder.history import history_rows
from runner.run_folder.kept_job import KeptJob, history_lines
from runner.training.engine import StepReport
from runner.training.threads import limited


def verify_row(
    run: Path, kept: KeptJob, moved: Callable[[float], object], build: Callable[..., Experiment]
) -> Comparison:
    """As `verify_run`, of a job that is a row."""
    about = kept.as_run_json()
    experiment = built_again(kept.configuration, about, build)
    check_data(run, about, experiment)
    last = int(str(kept.results["steps"]))
    with limited(experiment.settings.threads):
        _, repeated, end = repetition(experiment, {}, last, moved)
        differences: list[Difference] = []
        if end is None:
            differences.append(Difference(last, "the repetition does not come that far", np.inf))
        else:
            state, report = end
            weights, _ = experiment.result_weights(state)
            if kept.row.weights:
                differences += weight_differences(last, "weights", kept.weights, weights)
            final = final_metrics(experiment.engine, weights, experiment.dataset)
            differences += result_differences(kept, report, final if report.finite else {})
    rows = by_step(history_rows("".join(history_lines(*kept.history))))
    differences += row_differences(rows, by_step(history_rows(repeated)))
    return Comparison(
        1,
        len(rows),
        ("results",),
        sorted(differences, key=lambda difference: difference.step),
        changed_since(about, experiment.engine.name),
        unpromised(about, experiment.engine.name),
        False,
        TOLERANCES[experiment.settings.dtype],
    )


def result_differences(
    kept: KeptJob, report: StepReport, final: dict[str, float]
) -> list[Difference]:
    """Where the results of a row differ from those of its repetition."""
    repeated = {"steps": report.step, "epochs": report.epoch, **report.metrics, **final}
    found = []
    for name, now in repeated.items():
        before = kept.results.get(name, now)
        if repr(before) != repr(now):
            text = f"results: {name} is {before}, repeated {now}"
            found.append(Difference(report.step, text, relative(str(before), str(now))))
    return found

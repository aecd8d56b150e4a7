"""Repeating a run from its recorded configuration, and holding the repetition against it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from runner.errors import SnapshotError, printable
from runner.experiment.differences import (
    Difference,
    around_differences,
    by_step,
    recorded_rows,
    row_differences,
    table_differences,
    weight_differences,
)
from runner.experiment.ending import ending_tables, final_metrics
from runner.experiment.experiment import Experiment, build
from runner.experiment.other_surroundings import changed_since, unpromised
from runner.experiment.resuming import built_again, check_data
from runner.network.arrays import Array
from runner.network.trained import network_arrays
from runner.run_folder.history import History, history_rows
from runner.run_folder.layout import snapshot_path
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import (
    FIELDS,
    MEMBERS,
    check_fits,
    parameters_checksum,
    read_snapshot,
    state_from,
)
from runner.run_folder.statuses import AT_REST
from runner.run_folder.tables import csv_bytes
from runner.storage.locks import locked
from runner.training.engine import StepReport
from runner.training.state import TrainingState
from runner.training.stopping import Stopping
from runner.training.threads import limited

TOLERANCES = {"float64": 1e-6, "float32": 1e-3}
"""Relative differences that other versions, engines or machines may make by rounding."""
AROUND = [name for name, member in MEMBERS.items() if member.optional and name not in FIELDS]
"""What a snapshot says of its network and data beside their state."""


@dataclass(frozen=True)
class Comparison:
    """What a repetition came to."""

    snapshots: int
    rows: int
    files: tuple[str, ...]
    """Other files that were compared, by name."""
    differences: list[Difference]
    """By step."""
    elsewhere: list[str]
    """Versions, engine and machine that are others than when the run was made."""
    unpromised: str | None
    """Why bytes may be others elsewhere; None where they may not."""
    changed: bool
    """Whether run.json is not that of its run any more."""
    tolerance: float

    @property
    def largest(self) -> float:
        """The largest relative difference; infinite where something cannot be compared."""
        return max((difference.size for difference in self.differences), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether it is the same but for what rounding elsewhere explains."""
        explained = bool(self.elsewhere and self.unpromised) and not self.changed
        return (explained and self.largest <= self.tolerance) or not self.differences

    @property
    def circumstances(self) -> list[str]:
        """What is otherwise than when the run was made."""
        changed = "run.json has been changed, or its configuration means something else by now"
        return [*self.elsewhere, *([changed] if self.changed else [])]


def verify_run(
    run: Path,
    moved: Callable[[float], object] = lambda _share: None,
    build: Callable[..., Experiment] = build,
) -> Comparison:
    """Repeats a run up to its last step and compares weights and history.

    moved: is told now and then what share of the steps has been made.
    build: gives its experiment, so that many runs can share parts of it.
    Raises RunnerError when the run is in use or damaged, or its data are not to be had.
    """
    folder = RunFolder(run)
    folder.about()  # raises where there is none
    with locked(run):
        about = folder.about()
        (recorded, around), rows = recorded_states(run), recorded_rows(run)
        experiment = built_again(about["configuration"], about, build)
        check_data(run, about, experiment)
        for step, state in recorded.items():
            check_fits(snapshot_path(run, step), experiment.engine.problem, state)
        last = max(recorded)
        if about["status"] != "completed":  # else nothing comes after its last snapshot
            last = max([last, *rows])
        with limited(experiment.settings.threads):
            weights, repeated, end = repetition(experiment, recorded, last, moved)
            files, ending = dict[str, bytes](), list[Difference]()
            if end is not None and about["status"] in (*AT_REST, "interrupted"):
                files, ending = ending_differences(run, about, experiment, recorded, end)
    again = by_step(history_rows(repeated))
    if about.get("resumed"):  # maybe with another recording.history
        shared = rows.keys() & again.keys()
        rows, again = ({step: found[step] for step in shared} for found in (rows, again))
    now = experiment.dataset.preparation | network_arrays(experiment.engine.problem.network)
    others = [each for step in around for each in around_differences(step, around[step], now)]
    differences = [*others, *weights, *row_differences(rows, again), *ending]
    return Comparison(
        len(recorded),
        len(rows),
        tuple(files),
        sorted(differences, key=lambda difference: difference.step),
        changed_since(about, experiment.engine.name),
        unpromised(about, experiment.engine.name),
        has_changed(about, experiment),
        TOLERANCES[experiment.settings.dtype],
    )


def ending_differences(
    run: Path,
    about: Mapping[str, Any],
    experiment: Experiment,
    recorded: Mapping[int, TrainingState],
    end: tuple[TrainingState, StepReport],
) -> tuple[dict[str, bytes], list[Difference]]:
    """The files that tell of a run's end, as repeated, and where the recorded ones differ.

    Of run.json it is the checksum of the weights, which is that of the last snapshot too.
    """
    state, report = end
    weights, _ = experiment.result_weights(state)
    tables = ending_tables(experiment, weights, report)
    final = final_metrics(experiment.engine, weights, experiment.dataset)
    results: dict[str, object] = {
        **experiment.columns,
        **{name: about[name] for name in ("status", "stop_reason")},
        "steps": report.step,
        "epochs": report.epoch,
        "parameters": experiment.engine.problem.network.topology.parameters,
        **report.metrics,
        **(final if report.finite else {}),
    }
    files = {"results.csv": csv_bytes(results, [results.values()]), **tables}
    known = [weights, *(experiment.result_weights(s)[0] for s in recorded.values())]
    found = []
    checksum = about["checksums"].get("parameters")
    # Those of a diverged run are of no use, and of any step after its last finite one.
    if report.finite and checksum not in map(parameters_checksum, known):
        text = "run.json: checksums.parameters is not that of the weights"
        found.append(Difference(report.step, text, np.inf))
    for name, content in files.items():
        found += table_differences(run / name, content, report.step)
    return files, found


def has_changed(about: Mapping[str, Any], experiment: Experiment) -> bool:
    """Whether run.json describes another run than the one that wrote it."""
    same_engine = about.get("engine") == experiment.engine.name  # which is part of the checksum
    return same_engine and about["checksums"].get("experiment") != experiment.checksum


def recorded_states(run: Path) -> tuple[dict[int, TrainingState], dict[int, dict[str, Array]]]:
    """Of every snapshot by step its state, and what it says around that.

    Raises SnapshotError where there is none.
    """
    states, around = dict[int, TrainingState](), dict[int, dict[str, Array]]()
    for path in RunFolder(run).snapshots.values():
        state, found = read_snapshot(path, lambda members: (state_from(members), members))
        states[state.step] = state
        around[state.step] = {name: found[name] for name in AROUND if name in found}
    if not states:
        raise SnapshotError(f"{printable(run)} holds no snapshot to compare with; start it anew")
    return states, around


def repetition(
    experiment: Experiment,
    recorded: Mapping[int, TrainingState],
    last: int,
    moved: Callable[[float], object],
) -> tuple[list[Difference], str, tuple[TrainingState, StepReport] | None]:
    """The run again, to its last step: how the weights differ at snapshots, its history, its end.

    The end is missing where the repetition does not come that far.
    """
    history, occasions = History(), experiment.occasions
    state, differences, end = experiment.first_state(), [], None
    for step in sorted({*recorded, last}):
        report = None
        if step > state.step:
            for report in experiment.train(state, stopping_at(experiment.stopping, step)):
                moved(state.step / last)
                if report.finite and occasions.row_due(report):
                    history.append(report)
        if report is not None and (step == last or report.step < step):
            history.append(report)
        if report is not None and (step == last or not report.finite):
            end = state, report
        if step in recorded:
            differences += state_differences(recorded[step], state)
        if report is not None and (report.step < step or not report.finite):
            break
    return differences, history.taken().decode(), end


def stopping_at(stopping: Stopping, step: int) -> Stopping:
    """The criteria without the clock, and an end at `step`."""
    return replace(stopping, max_seconds=None, max_steps=step)


def state_differences(recorded: TrainingState, repeated: TrainingState) -> list[Difference]:
    """How the weights of a snapshot differ, and the best ones that it keeps."""
    step = recorded.step
    if repeated.step != step:
        text = f"the repetition ends here, the run went on to {step:,}"
        return [Difference(repeated.step, text, np.inf)]
    return [
        *weight_differences(step, "weights", recorded.parameters, repeated.parameters),
        *weight_differences(step, "the best weights", recorded.best, repeated.best),
    ]

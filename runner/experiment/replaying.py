"""A run at moments of its training, computed again: nothing of them need have been recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from runner.analysis.replay.moments import PARTS, Moments, measured, moments_of
from runner.errors import DataError, SnapshotError, counted, printable
from runner.experiment.differences import Difference, recorded_rows, weight_differences
from runner.experiment.experiment import Experiment
from runner.experiment.loading import samples_of
from runner.experiment.moved_files import NOWHERE_ELSE, Places, building_from, check_places
from runner.experiment.other_surroundings import changed_since
from runner.experiment.resuming import built_again, check_data
from runner.experiment.verifying import has_changed, stopping_at
from runner.network.arrays import Array
from runner.run_folder.kept_job import KeptJob
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import read_snapshot, state_from
from runner.run_folder.tables import read_row
from runner.storage.locks import locked
from runner.training.evaluation import HeldOut, evaluate
from runner.training.loop import Standing
from runner.training.metrics import TEST, VALIDATION
from runner.training.state import TrainingState
from runner.training.threads import limited

PREFIXES = {"train": "", "validation": VALIDATION, "test": TEST}


def replayed(
    run: Path,
    moved: Callable[[float], object] = lambda _share: None,
    places: Places = NOWHERE_ELSE,
) -> Moments:
    """A run at about a hundred moments, with what its weights are worth there.

    moved: is told now and then what share of the steps has been made.
    places: where files that have moved lie now.
    Raises RunnerError where the run failed, is in use or damaged, or its data are not to be had.
    """
    folder = RunFolder(run)
    kept = folder.kept
    folder.about()  # raises where there is none
    check_places(places, [run])
    with locked(run) if kept is None else nullcontext():
        about = folder.about()
        check_replayable(run, about)
        experiment = built_again(about["configuration"], about, building_from(places))
        check_data(run, about, experiment)
        known = recorded_weights(run, kept, experiment)
        last = last_step(run, kept, about)
        with limited(experiment.settings.threads):
            return computed(experiment, known, last, (about, kept, run), moved)


def check_replayable(run: Path, about: Mapping[str, Any]) -> None:
    """Refuses a run that never trained, or failed on its way."""
    if about["status"] == "failed" or about["checksums"].get("data") is None:
        raise DataError(
            f"{printable(run)} cannot be replayed, for it failed: {printable(about['error'])}"
        )


def last_step(run: Path, kept: KeptJob | None, about: Mapping[str, Any]) -> int:
    """The last step that is known of."""
    if kept is not None:
        return int(str(kept.results["steps"]))
    snapshots = RunFolder(run).snapshots
    if not snapshots:
        raise SnapshotError(f"{printable(run)} holds no snapshot yet; start it anew")
    rows = {} if about["status"] == "completed" else recorded_rows(run)
    return max(*snapshots, *rows, 0)


Recorded = Mapping[int, Callable[[], Array]]
"""By step what gives the weights that the run left behind."""


def recorded_weights(run: Path, kept: KeptJob | None, experiment: Experiment) -> Recorded:
    """What a run left behind of its weights, read when asked for."""
    if kept is None:
        return {step: partial(weights_in, path) for step, path in RunFolder(run).snapshots.items()}
    # A row has those of its result, which with restore_best are of an epoch before its last.
    restores = experiment.watch is not None and experiment.watch.restore_best
    weighed = bool(kept.row.weights) and not restores
    return {int(str(kept.results["steps"])): lambda: kept.weights} if weighed else {}


def weights_in(snapshot: Path) -> Array:
    """[parameters]"""
    return read_snapshot(snapshot, state_from).parameters


def states_at(
    experiment: Experiment, steps: Sequence[int], moved: Callable[[float], object]
) -> Iterator[TrainingState]:
    """The one state of the run again, as it is at each of these steps, as far as it comes."""
    if experiment.watch is None:  # then what is measured on the way changes nothing
        experiment = replace(experiment, validate=None)
    state = experiment.first_state()
    for step in steps:
        if step > state.step:
            for report in experiment.train(state, stopping_at(experiment.stopping, step)):
                moved(state.step / steps[-1])
                if not report.finite:
                    return
        if state.step < step:
            return
        yield state


class Moment(NamedTuple):
    """A training at one of its steps."""

    step: int
    epoch: int
    parameters: Array
    metrics: Mapping[str, float]


def restored(experiment: Experiment, state: TrainingState) -> tuple[int, int] | None:
    """Step and epoch of the weights that are the run's result, where they were restored."""
    _, is_restored = experiment.result_weights(state)
    if experiment.watch is None or not is_restored:
        return None
    epoch = experiment.watch.best_epoch(state)
    return state.step + Standing(experiment.engine.problem, state).steps_until(epoch), epoch


def computed(
    experiment: Experiment,
    known: Recorded,
    last: int,
    run: tuple[Mapping[str, Any], KeptJob | None, Path],
    moved: Callable[[float], object],
) -> Moments:
    """The moments up to the last step, held against the weights that are known."""
    about, kept, path = run
    problem = experiment.engine.problem
    size = problem.network.topology.size
    wanted = set(moments_of(last, size, np.dtype(experiment.settings.dtype).itemsize))
    held_out = judged_on(experiment)
    found, differences, compared = list[Moment](), list[Difference](), 0

    def take(step: int, epoch: int, weights: Array) -> None:
        measures = (evaluate(experiment.engine, weights, each) for each in held_out)
        metrics = {name: value for each in measures for name, value in each.items()}
        found.append(Moment(step, epoch, weights.copy(), metrics))

    state = None
    for state in states_at(experiment, sorted({*wanted, *known}), moved):
        if state.step in known:
            compared += 1
            recorded = known[state.step]()
            differences += weight_differences(state.step, "weights", recorded, state.parameters)
        if state.step not in wanted or not np.isfinite(state.parameters).all():
            continue
        take(state.step, state.epoch, state.parameters)
    reached = found[-1].step
    best = None if state is None else restored(experiment, state)
    if best is not None and state is not None and all(each.step != best[0] for each in found):
        take(*best, state.best)
        found.sort(key=lambda each: each.step)
    steps, epochs, parameters, metrics = zip(*found, strict=True)
    if about["status"] == "diverged":
        last = reached
    results = kept_row(experiment, kept.results) if kept else described(path, experiment, about)
    return Moments(
        results,
        problem.network,
        experiment.dataset,
        np.array(steps),
        np.array(epochs),
        np.array(parameters),
        {name: np.array([each[name] for each in metrics]) for name in metrics[0]},
        None if best is None or best[0] == steps[-1] else steps.index(best[0]),
        [
            *agreement(compared, differences, kept is not None, (reached, last)),
            *circumstances(about, experiment, bool(differences)),
            *told_of(experiment, about, state),
        ],
    )


def judged_on(experiment: Experiment) -> list[HeldOut]:
    """The samples of each part that a moment's weights are measured on, the first ones of many."""
    dataset = experiment.dataset
    return [
        samples_of(PREFIXES[name], measured(dataset, part), dataset)
        for name, part in dataset.parts.items()
    ]


def described(path: Path, experiment: Experiment, about: Mapping[str, Any]) -> dict[str, str]:
    """What results.csv says of a run, or where there is none yet its configuration."""
    try:
        return dict(read_row(path / "results.csv"))
    except (OSError, ValueError, IndexError):
        return kept_row(experiment, {"status": about["status"], "stop_reason": ""})


def kept_row(experiment: Experiment, results: Mapping[str, object]) -> dict[str, str]:
    """The same of what is no file."""
    return {name: str(value) for name, value in {**experiment.columns, **results}.items()}


def agreement(
    compared: int, differences: Sequence[Difference], is_row: bool, steps: tuple[int, int]
) -> Iterator[str]:
    """Whether these are the weights that the run had, as far as it left any."""
    reached, last = steps
    if reached < last:
        yield f"The repetition ends at step {reached:,}; the run went on to {last:,}."
    place = "in its row" if is_row else f"of its {counted(compared, 'snapshot')}"
    if not compared:
        yield "The run left no weights to compare with."
    elif not differences:
        yield f"Computed again; the weights are byte for byte those {place}."
    else:
        largest = max(difference.size for difference in differences)
        yield (
            f"Computed again, and not to the same bytes: the weights are not those {place}, "
            f"first at step {differences[0].step:,}; they differ by up to {largest:.1g} of the "
            "largest weight."
        )


def circumstances(about: Mapping[str, Any], experiment: Experiment, differs: bool) -> Iterator[str]:
    """What is otherwise than when the run was made."""
    around = changed_since(about, experiment.engine.name)
    if around:
        yield f"Otherwise than then: {'; '.join(around)}."
    if "experiment" in about["checksums"] and has_changed(about, experiment):
        yield "run.json has been changed, or its configuration means something else by now."
    elif differs and not around:
        yield "Nothing else that is known is otherwise than then."


def told_of(
    experiment: Experiment, about: Mapping[str, Any], state: TrainingState | None
) -> Iterator[str]:
    """What else is to be known of the moments."""
    if about["status"] == "diverged":
        yield "The run diverged; the last moment is one before that."
    dataset = experiment.dataset
    each = "sample" if dataset.steps is None else "sequence"
    for name, part in dataset.parts.items():
        first, all_of = len(measured(dataset, part)), len(part)
        if first < all_of:
            told = counted(all_of, f"{PARTS[PREFIXES[name]]} {each}")
            yield f"Measured on the first {first:,} of {told}."
    best = None if state is None else restored(experiment, state)
    if best is not None and experiment.watch is not None and state is not None:
        step, epoch = best
        way = ", which were restored" if step < state.step else ""
        best_by = f"the best by {experiment.watch.metric}"
        yield f"The run's result is the weights of epoch {epoch:,} (step {step:,}), {best_by}{way}."

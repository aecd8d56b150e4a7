"""Going on with a run from its newest sound snapshot, to the bytes of one that never stopped."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.configuration.branches import place
from runner.errors import (
    DataError,
    DivergedError,
    RunnerError,
    SettingsError,
    SnapshotError,
    printable,
)
from runner.experiment.experiment import Experiment, free
from runner.experiment.moved_files import building_from, movable, telling_where
from runner.experiment.recorder import Before
from runner.experiment.running import ALONE, Manner, Outcome, record_run, run_directory, session
from runner.plugins.origins import changed_pieces, check_pieces
from runner.run_folder.history import history_up_to
from runner.run_folder.run import RunFolder
from runner.run_folder.snapshots import (
    Snapshot,
    sound_snapshot,
)
from runner.settings import StoppingSettings
from runner.standard_output import forgiving
from runner.storage.locks import locked

LIMITS = ("max_steps", "max_epochs", "max_seconds")


def resume_run(
    run: Path,
    changes: Mapping[str, Any],
    warn: Callable[[str], object],
    manner: Manner = ALONE,
) -> Outcome | str:
    """Goes on with a run until it ends, or says why there is nothing to do.

    changes: new values by key, such as `stopping.max_steps`; where its files lie now is none, and
    does nothing where it reads no such file. warn: is told of what was not sound.
    Raises RunnerError when the run is in use, damaged or diverged, when its data are others, or
    when a change would alter the weights of steps already made.
    """
    folder = RunFolder(run)
    folder.about()  # before the lock: what is no run is not touched
    with locked(run):
        about = folder.about()
        status = about["status"] if folder.has_results(about["status"]) else "running"
        if status == "completed" and not changes:
            return met(about["configuration"], str(about.get("stop_reason")))
        if status == "diverged":
            raise diverged(run, about)
        places = movable(changes)
        changes = {key: value for key, value in changes.items() if key not in places}
        manner = replace(manner, build=building_from(places, manner.build))
        config = changed(run, about, changes)
        experiment = built_again(config, about, manner.built)
        for changed_piece in changed_pieces(about):
            warn(f"{printable(run)} was begun with the {changed_piece}")
        check_same(run, about, experiment, changes)
        snapshot, steps = newest_sound(run, experiment, warn)
        if snapshot is None:
            state = experiment.first_state()
        else:
            state = snapshot.state
            check_limits(experiment.settings.stopping, snapshot)
            if status == "completed" and (reason := experiment.end_there(state)) is not None:
                return met(config, reason)
        before = None if snapshot is None else Before(snapshot.history, steps)
        directory = run_directory(run, experiment)
        with (
            session(experiment.settings) as interrupts,
            directory.reopened(experiment.description(), state.step),
        ):
            return record_run(experiment, state, directory, interrupts, manner, before)


def met(config: Mapping[str, Any], reason: str) -> str:
    """Why a run that is complete stays as it is, and what would have it go on."""
    limit = place(config, "stopping", reason)
    if limit is None:  # a range test has come to its end
        return f"{printable(reason)} reached"
    other = "a harder one" if reason == "target" else "a larger one"
    return f"stopping.{reason}={printable(limit)} is met; {other} goes on"


def diverged(run: Path, about: Mapping[str, Any]) -> DivergedError:
    """A run that would diverge again, and what to do instead."""
    step = max(RunFolder(run).snapshots, default=0)
    return DivergedError(
        f"{printable(run)} has diverged and would again ({printable(about['error'])}); "
        f"branch off: python -m runner from={printable(run)}@{step} optimizer.learning_rate=…"
    )


def changed(run: Path, about: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with new values. Raises SettingsError for what a run keeps for good."""
    result = dict(about["configuration"])
    for key, value in changes.items():
        if not key.startswith(free(about.get("engine"))):
            way = f"branch off: python -m runner from={printable(run)} {printable(key)}=…"
            if key == "topology":  # which a branch keeps, too
                way = "train another: python -m runner topology=…"
            raise SettingsError(
                f"{printable(key)} cannot change in a run that goes on, for its weights depend on "
                f"it; {way}"
            )
        *sections, name = key.split(".")
        section = result
        for part in sections:
            inner = section.get(part)
            section[part] = dict(inner) if isinstance(inner, Mapping) else {}
            section = section[part]
        section[name] = value
    return result


def built_again(
    config: Mapping[str, Any],
    about: Mapping[str, Any],
    build: Callable[..., Experiment],
) -> Experiment:
    """A recorded run's experiment, with the engine and the form of checksum that it has.

    The NumPy engine can always be had; where Numba's cannot, the other one stands in.
    Raises SettingsError where a piece of a person's own is missing, and says which.
    """
    check_pieces(about)
    engine = "numpy" if about.get("engine") == "numpy" else None
    with telling_where(about["configuration"]):
        return build(config, engine).recorded_as(about["checksums"].get("data"))


def check_data(run: Path, about: Mapping[str, Any], experiment: Experiment) -> None:
    """Refuses other data than those that a run was trained on."""
    name, recorded = printable(run), about["checksums"].get("data")
    if recorded != experiment.data_checksum:
        raise DataError(
            f"{name}: the data set is not the one that the run began with (SHA-256 "
            f"{experiment.data_checksum[:12]}…, expected {printable(recorded)[:12]}…); "
            "give it the same files"
        )


def check_same(
    run: Path, about: Mapping[str, Any], experiment: Experiment, changes: Mapping[str, Any]
) -> None:
    """Refuses other data, another engine, and changes that reach back into steps already made."""
    name, recorded = printable(run), about["checksums"]
    if "experiment" not in recorded:  # it failed before it began
        return
    check_data(run, about, experiment)
    then, now = printable(about.get("engine")), experiment.engine.name
    if then != now:
        raise SettingsError(
            f"{name} was begun with engine={then}, and engine={now} rounds otherwise; "
            "install what it needs"
        )
    if recorded["experiment"] == experiment.checksum:
        return
    if changes:
        raise SettingsError(
            f"{name}: {printable(', '.join(changes))} would change learning rates or early "
            f"stopping of steps already made; branch off: python -m runner from={name} …"
        )
    raise SnapshotError(f"{name}/run.json has been changed: its checksum is not that of its run")


def check_limits(settings: StoppingSettings, snapshot: Snapshot) -> None:
    """Refuses limits that the run has passed."""
    state = snapshot.state
    for name, at in zip(LIMITS, (state.step, state.epoch, state.seconds), strict=True):
        limit = getattr(settings, name)
        if limit is not None and limit < at and name != "max_seconds":
            raise SettingsError(
                f"stopping.{name}={limit} has been passed: the run has made {at:,}; "
                "expected more, or null"
            )


def newest_sound(
    run: Path, experiment: Experiment, warn: Callable[[str], object]
) -> tuple[Snapshot | None, list[int]]:
    """The newest snapshot to go on from, or None; and the steps of the snapshots up to it.

    Later ones are renamed to `….unsound` after a warning.
    """
    paths = RunFolder(run).snapshots
    while paths:
        last = max(paths)
        try:
            snapshot = sound_snapshot(paths[last], experiment.engine.problem, experiment.checksum)
            history_up_to(run / "history.csv", snapshot.history)
        except RunnerError as error:
            warn(str(error))
            path = paths.pop(last)
            path.replace(path.with_name(f"{path.name}.unsound"))
            continue
        return snapshot, list(paths)
    return None, []


def warn(message: str) -> None:
    """Says what was not sound, and that something else stands in for it."""
    print(f"warning: {printable(message)}", file=forgiving(sys.stderr))

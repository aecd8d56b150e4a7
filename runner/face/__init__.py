"""Training and sweeping from Python: the command line's way, with objects at its end."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from keyword import iskeyword
from pathlib import Path

from hydra.types import RunMode
from omegaconf import DictConfig

from runner.application.places import made_folders, run_place, sweep_place
from runner.checking.conf_files import conf_folder
from runner.checking.rules import shown
from runner.configuration.checked_loader import loader_of
from runner.configuration.composing import (
    documents,
    groups,
    loaded,
    plain,
    prepared_hydra,
    task_of,
)
from runner.configuration.hydra_errors import explaining
from runner.configuration.jobs import JobComposer, asks_for_hydra
from runner.configuration.overrides import MOST_VALUES, changes_in, value_text
from runner.configuration.trust import GRID_SWEEPER, POOL_LAUNCHER
from runner.errors import (
    INTERRUPTED,
    DivergedError,
    SettingsError,
    Stop,
    counted,
    listed,
    printable,
    system_errors,
    warn_caller,
)
from runner.experiment.expanding import go_on, start_run
from runner.experiment.running import Manner, Outcome
from runner.face.results import Run, Runs
from runner.plugins.loading import load_installed
from runner.run_folder.ownership import take_away
from runner.run_folder.sweep_folder import SweepFolder
from runner.signals import handing_on, losing_no_interrupt
from runner.sweeping.grid import swept
from runner.sweeping.running_jobs import run_jobs
from runner.sweeping.sweep import Sweep
from runner.system import after_fork

WATCHED = Manner(shown="progress")
"""A bar while it trains; what there is to read is in its log, and what to look at in its `Run`."""

OWN_DATA = (
    "data of one's own come from a file, such as CSV: "
    "runner.train('dataset.path=table.csv', 'dataset.target=price', dataset='csv')"
)


TURNS = threading.Lock()
"""One sweep at a time: a process that is forked while another thread prepares or ends a sweep would
wait for ever for what that one holds, such as the lock of a module that is being imported."""
after_fork(TURNS._at_fork_reinit)  # type: ignore[attr-defined]


@losing_no_interrupt()
@system_errors()
def train(*overrides: str, **settings: object) -> Run:
    """Trains a network and records the run, as `python -m runner OVERRIDES…` does.

    overrides: as on the command line, `"topology=3-8-1"`. settings: the same by name, `seed=1`;
    dotted names as `**{"optimizer.learning_rate": 0.1}`.
    The folder that it leaves is that of the command, to the byte but for times and processes.

    Raises SettingsError, DataError and their like of `runner.errors`, DivergedError where weights
    or loss are no longer finite, and KeyboardInterrupt once an interrupted run is recorded.

    >>> run = train("stopping.max_steps=1000", topology="3-4-1", seed=1)
    >>> run.results["steps"]
    1000
    """
    with explaining(), prepared_hydra():
        config = loaded([*as_texts(overrides), *texts_of(settings)])
        check_here(config)
        path = run_place(config)
        values = plain(task_of(config))
        config.hydra.runtime.output_dir = str(path)
        texts = documents(task_of(config), config.hydra)
    made = made_folders(path)
    try:
        with handing_on():
            outcome = start_run(values, path, texts, WATCHED)
    finally:
        take_away(made)
    return ended(path, outcome)


@losing_no_interrupt()
@system_errors()
def sweep(*overrides: str, **settings: object) -> Runs:
    """Trains every combination of the values given, as `python -m runner -m OVERRIDES…` does.

    overrides, settings: as for `train`; a list, tuple, range or array is swept over, and one of
    lists where a key takes a list.
    Gives the table of the runs that have ended, a row each, with the sweep's `folder`; a warning
    names those that failed.

    Sweeps in several threads of a process take turns.

    Raises SettingsError and its like, before the first job starts, where one cannot be run, and
    KeyboardInterrupt once an interrupted sweep is recorded.

    >>> runs = sweep("stopping.max_steps=500", topology=["3-4-1", "3-8-1"], seed=range(1, 11))
    >>> runs.groupby("topology")["loss"].mean()
    """
    with TURNS, prepared_hydra():
        with explaining():  # nothing but composing: what is wrong with a launch is a fault of ours
            texts = [*as_texts(overrides), *texts_of(settings, swept=True)]
            config = loaded(texts, RunMode.MULTIRUN)
            jobs = JobComposer(loader_of(conf_folder()), config)
            check_here(config)
            path = sweep_place(config)
            found = swept(jobs)
        if not found:  # its plan was asked for
            return Runs.of(path)
        made = made_folders(path)
        try:
            run_jobs(Sweep(jobs), found, 0)
        except Stop as stop:
            if stop.code in INTERRUPTED.values():
                same = f"the same sweep with hydra.sweep.dir={printable(path)} goes on"
                raise KeyboardInterrupt(same) from None
        finally:
            take_away(made)
    return collected(path)


@losing_no_interrupt()
@system_errors()
def resume(run: "Run | str | os.PathLike[str]", *overrides: str, **changes: object) -> Run:
    """Goes on with a run from its newest sound snapshot, as `python -m runner.resume RUN` does.

    A sweep goes on by the same `sweep` with its folder as `hydra.sweep.dir`.

    changes: new limits, as `**{"stopping.max_steps": 2000}` or `"stopping.max_steps=2000"`.
    A run that is complete is given as it is.

    A warning names snapshots that are not sound.

    Raises RunnerError where it is no run, in use, damaged or diverged, or a change would alter its
    past.
    """
    load_installed()
    path = Run(run).path
    texts = [*as_texts(overrides), *texts_of(changes)]
    changed = changes_in(texts) if texts else {}
    with handing_on():
        outcome = go_on(path, changed, warn_caller, WATCHED)
    return Run(path) if isinstance(outcome, str) else ended(path, outcome)


def ended(path: Path, outcome: Outcome) -> Run:
    """The run in a folder, unless it was interrupted or has diverged."""
    if outcome.status == "diverged":
        raise DivergedError(f"{outcome.text}; the run is in {printable(path)}")
    if outcome.exit_code:
        raise KeyboardInterrupt(f"{outcome.text}; runner.resume({str(path)!r}) goes on")
    return Run(path)


def collected(path: Path) -> Runs:
    """The table of a sweep that has ended; a warning names the jobs that failed."""
    folder = SweepFolder(path)
    jobs, failed = folder.ended
    if failed:
        each = listed(map(folder.named, failed))
        text = f"{len(failed)} of the sweep's {counted(jobs, 'job')} failed: {each}"
        warn_caller(text)
    return Runs.of(path)


def as_texts(overrides: Iterable[object]) -> list[str]:
    """Overrides as they are typed. Raises SettingsError for what is no text."""
    for each in overrides:
        if not isinstance(each, str):
            raise SettingsError(
                f"{shown(each)} is of type {type(each).__name__}; "
                f"expected texts such as 'seed=3', or settings by name, seed=3; {OWN_DATA}"
            )
    return [str(each) for each in overrides]


def texts_of(settings: Mapping[str, object], *, swept: bool = False) -> list[str]:
    """Settings by name as overrides. swept: whether several values are a key's to be swept over."""
    texts = []
    for name, given in flat(settings):
        key = name.removesuffix("_") if iskeyword(name.removesuffix("_")) else name
        if getattr(given, "ndim", 0) > 1:
            raise SettingsError(f"{key} is a table of type {type(given).__name__}; {OWN_DATA}")
        single = isinstance(given, str | bytes | Mapping) or not getattr(given, "ndim", 1)
        if not swept or single or not isinstance(given, Iterable):
            texts.append(f"{key}={chosen(key, given)}")
        else:
            texts.append(f"{key}={','.join(chosen(key, each) for each in several(key, given))}")
    return texts


def several(key: str, given: Iterable[object]) -> list[object]:
    """A key's values, to be swept over. Raises SettingsError for none and for too many."""
    values = list(islice(given, MOST_VALUES + 1))  # there may be no end of them
    if not values:
        raise SettingsError(f"{key} has no values; expected some to sweep over, or one")
    if len(values) > MOST_VALUES:
        raise SettingsError(f"{key} has more than {MOST_VALUES:,} values; expected fewer")
    return values


def chosen(key: str, value: object) -> str:
    """A value as one types it. Raises SettingsError where a group is given no choice's name."""
    if key in groups() and not isinstance(value, str | Mapping | None):
        way_out = f"; {OWN_DATA}" if key == "dataset" else ""
        raise SettingsError(
            f"{key} is given a value of type {type(value).__name__}; "
            f"expected the name of one choice{way_out}"
        )
    return value_text(key, value)


def flat(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Settings by their dotted names; what a section holds, one by one."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def check_here(config: DictConfig) -> None:
    """Refuses what only the command line does."""
    about = config.hydra
    if asks_for_hydra(about):
        raise SettingsError(
            "hydra.job.chdir, .env_set, hydra.output_subdir, hydra.verbose and callbacks are for "
            "the command line, python -m runner; leave them out"
        )
    for kind, own in (("launcher", POOL_LAUNCHER), ("sweeper", GRID_SWEEPER)):
        if about[kind]._target_ != own:
            choice = about.runtime.choices[f"hydra/{kind}"]
            raise SettingsError(
                f"hydra/{kind}={choice} is for the command line, python -m runner -m; "
                "from Python sweeps run in processes of this machine"
            )

"""What only the data can say of jobs' settings, asked before the first job starts."""

import os
from collections.abc import Hashable
from typing import NamedTuple

from runner.data.kinds import DATASET_OPTIONS
from runner.errors import SettingsError, printable
from runner.experiment.building import build_problem
from runner.experiment.loading import whole_topology
from runner.experiment.misfits import ends
from runner.experiment.sharing import shared_dataset
from runner.settings import DatasetSettings, Settings
from runner.sweeping.objective import RankedTogether, Results, results_of
from runner.sweeping.pool import Lost, in_time
from runner.sweeping.pool_kinds import start_pool

SECONDS = 2.0
"""For all data sets together; what has not been looked at by then is for the jobs to say."""
SECONDS_TO_RANK = 60.0
"""The same where jobs are ranked with each other, which nobody looks at later."""
SAME_DATA = ("seed", "scale", "missing", "unseen", "distortion")
"""Options of data sets that leave the data what they are, or another sample of the same."""
FILES = ("path", "root")


class Answer(NamedTuple):
    """What data say of a job's settings."""

    misfit: str | None = None
    """Why they will let it fail."""
    results: Results | None = None
    """None where it fails, or nobody knows."""


class DataChecks:
    """The jobs whose settings are to be held against their data: one of all that are of a kind."""

    def __init__(self) -> None:
        self._asked: set[Hashable] = set()
        self._left: list[tuple[str, Settings]] = []
        self.data: set[Hashable] = set()
        """What jobs are trained on."""
        self.unknown = 0
        """Kinds of jobs that the last asking had no time for."""

    def add(self, name: str, settings: Settings) -> None:
        """Takes in a job, by its name for people."""
        key = kind_of(settings)
        if key not in self._asked:
            self._asked.add(key)
            self._left.append((name, settings))
            self.data.add(data_of(settings.dataset))

    def problem(self, together: RankedTogether | None = None) -> str | None:
        """A job that its settings will let fail, and why; of several the first.

        together: one is a problem, too, that cannot be ranked with those before it.
        In a process of its own: what goes wrong with data or memory is to happen to the job alone.
        """
        jobs, self._left = self._left, []
        if not jobs:
            return None
        answers, self.unknown = [Answer()] * len(jobs), len(jobs)
        pool = start_pool(asked, range(len(jobs)), 1, given=lambda task: jobs[task][1])
        limit = SECONDS if together is None else SECONDS_TO_RANK
        for event in in_time(pool, limit, limit):
            if not isinstance(event, Lost):
                answers[event[0]] = event[1]
                self.unknown -= 1
        for (name, _), answer in zip(jobs, answers, strict=True):
            told = answer.misfit
            if told is None and together is not None and answer.results is not None:
                told = together.refusal(name, answer.results)
            if told is not None:
                return f"{printable(name)}: {told}"
        return None


def kind_of(settings: Settings) -> Hashable:
    """What tells jobs apart that may differ in whether their settings fit their data.

    How samples are divided counts, but not which of them by chance come into which part.
    """
    dataset, network, split = settings.dataset, settings.network, settings.dataset.split
    return (
        (dataset.kind, repr(dataset.options), split.validation, split.test, split.folds),
        (settings.topology, network.activation, network.batch_norm, settings.loss),
        (settings.optimizer.name, settings.batch_size, settings.stopping.metric),
    )


def data_of(settings: DatasetSettings) -> Hashable:
    """What tells data apart of which some are easier than others; not how they are prepared."""
    options = settings.options
    if isinstance(options, tuple):  # as a plug-in's are
        given = dict(zip(DATASET_OPTIONS[settings.kind], options, strict=True))
    else:
        given = vars(options)
    own = {key: value for key, value in given.items() if key not in SAME_DATA}
    own |= {key: os.path.realpath(own[key]) for key in FILES if isinstance(own.get(key), str)}
    return settings.kind, repr(own)


def asked(settings: Settings) -> Answer:
    """What data say of the settings; nothing where data are at fault.

    A topology of another data set is no misfit: a grid of both has such pairs, which fail alone.
    """
    try:
        dataset = shared_dataset(settings.dataset)
        if any(ends(settings, dataset, whole_topology(settings, dataset))):
            return Answer()
        try:
            problem = build_problem(settings, dataset)
        except SettingsError as error:
            return Answer(misfit=str(error))
        return Answer(results=results_of(settings, dataset, problem))
    except (Exception, SystemExit):  # a loader of a person's own may raise either
        return Answer()

"""What only the data can say of jobs' settings, asked before the first job starts."""

from collections.abc import Hashable
from contextlib import suppress

from runner.errors import SettingsError
from runner.experiment.building import build_problem
from runner.experiment.loading import whole_topology
from runner.experiment.misfits import ends
from runner.experiment.sharing import shared_dataset
from runner.settings import Settings
from runner.sweeping.pool import Lost, in_time
from runner.sweeping.pool_kinds import start_pool

SECONDS = 2.0
"""For all data sets together; what has not been looked at by then is for the jobs to say."""


class DataChecks:
    """The jobs whose settings are to be held against their data: one of all that are of a kind."""

    def __init__(self) -> None:
        self._asked: set[Hashable] = set()
        self._left: list[tuple[str, Settings]] = []

    def add(self, name: str, settings: Settings) -> None:
        """Takes in a job, by its name for people."""
        key = kind_of(settings)
        if key not in self._asked:
            self._asked.add(key)
            self._left.append((name, settings))

    def problem(self) -> tuple[str, str] | None:
        """A job that its settings will let fail, and why; of several the first.

        In a process of its own: what goes wrong with data or memory is to happen to the job alone.
        """
        jobs, self._left = self._left, []
        if not jobs:
            return None
        found: dict[int, str] = {}
        pool = start_pool(misfit, range(len(jobs)), 1, given=lambda task: jobs[task][1])
        for event in in_time(pool, SECONDS, SECONDS):
            if not isinstance(event, Lost) and event[1]:
                found[event[0]] = event[1]
        return (jobs[min(found)][0], found[min(found)]) if found else None


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


def misfit(settings: Settings) -> str | None:
    """Why the settings do not go with their data; None where they do, or where data are at fault.

    A topology of another data set is none of it: a grid of both has such pairs, which fail alone.
    """
    with suppress(Exception, SystemExit):
        dataset = shared_dataset(settings.dataset)
        if any(ends(settings, dataset, whole_topology(settings, dataset))):
            return None
        try:
            build_problem(settings, dataset)
        except SettingsError as error:
            return str(error)
    return None

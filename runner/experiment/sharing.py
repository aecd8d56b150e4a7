"""What the runs of a process have in common: made once, and kept while they ask for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.data.dataset import Dataset
from runner.experiment.experiment import Experiment, Parts, build, build_parts
from runner.experiment.loading import load_dataset
from runner.experiment.running import Manner
from runner.network.topology import memory_needed
from runner.settings import DatasetSettings, Settings

MOST_KEPT = 32
MOST_BYTES = 2 << 20
"""Of one that is kept: what is larger takes far longer to train than to make."""

_datasets: list[tuple[DatasetSettings, Dataset]] = []
_parts: list[tuple[Settings, Parts]] = []


def build_sharing(config: Mapping[str, Any], engine: str | None = None) -> Experiment:
    """As `build`, its parts shared with the runs before."""
    return build(config, engine, shared_parts)


JOB = Manner("nothing", one_of_many=True, build=build_sharing)
"""How a process makes one of a sweep's jobs after the other."""


def shared_dataset(settings: DatasetSettings) -> Dataset:
    """The data set, kept in memory until a job asks for another."""
    if not _datasets or _datasets[0][0] != settings:
        _datasets[:] = [(settings, load_dataset(settings))]
    return _datasets[0][1]


def shared_parts(settings: Settings) -> Parts:
    """Data set, engine and criteria of a job, which do not depend on its seed.

    Raises RunnerError when configuration or data are at fault.
    """
    # A worker has a processor of its own: more threads only where they are asked for.
    settings = replace(settings, threads=settings.threads or 1)
    wanted = replace(settings, seed=0)
    for place, (known, parts) in enumerate(_parts):
        if known == wanted:
            _parts.insert(0, _parts.pop(place))  # the next job's is likely the same
            return parts
    parts = build_parts(settings, shared_dataset)
    if parts.dataset.drawn is None and size_of(parts, settings.dtype) <= MOST_BYTES:
        _parts.insert(0, (wanted, parts))
        del _parts[MOST_KEPT:]
    return parts


def size_of(parts: Parts, dtype: str) -> int:
    """About how many bytes these hold."""
    problem = parts.engine.problem
    network = memory_needed(problem.network.topology, dtype)
    return problem.inputs.nbytes + problem.targets.nbytes + network

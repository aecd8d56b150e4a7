"""What the jobs of a process have in common: made once, and kept while they ask for it."""

from dataclasses import replace

from runner.data.dataset import Dataset
from runner.experiment.loading import load_dataset
from runner.experiment.preparing import Assembly, assemble
from runner.network.topology import memory_needed
from runner.settings import DatasetSettings, Settings

MOST_KEPT = 32
MOST_BYTES = 2 << 20
"""Of one that is kept: what is larger takes far longer to train than to make."""

_datasets: list[tuple[DatasetSettings, Dataset]] = []
_assemblies: list[tuple[Settings, Assembly]] = []


def shared_dataset(settings: DatasetSettings) -> Dataset:
    """The data set, kept in memory until a job asks for another."""
    if not _datasets or _datasets[0][0] != settings:
        _datasets[:] = [(settings, load_dataset(settings))]
    return _datasets[0][1]


def shared_assembly(settings: Settings) -> Assembly:
    """Data set, engine and criteria of a job, which do not depend on its seed.

    Raises RunnerError when configuration or data are at fault.
    """
    wanted = replace(settings, seed=0)
    for place, (known, assembly) in enumerate(_assemblies):
        if known == wanted:
            _assemblies.insert(0, _assemblies.pop(place))  # the next job's is likely the same
            return assembly
    assembly = assemble(settings, shared_dataset)
    if size_of(assembly, settings.dtype) <= MOST_BYTES:
        _assemblies.insert(0, (wanted, assembly))
        del _assemblies[MOST_KEPT:]
    return assembly


def size_of(assembly: Assembly, dtype: str) -> int:
    """About how many bytes an assembly holds."""
    problem = assembly.engine.problem
    network = memory_needed(problem.network.topology, dtype)
    return problem.inputs.nbytes + problem.targets.nbytes + network

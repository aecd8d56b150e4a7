"""From checked settings to the data set, and to a topology that fits it."""

import numpy as np

from runner.data.dataset import Dataset, Part, blocks, on_disk
from runner.data.kinds import DATASETS, READING_FILES
from runner.data.preparing import prepare
from runner.errors import DataError, SettingsError, printable
from runner.network.arrays import Array
from runner.network.layers.parts import MisfitError, written
from runner.network.scaling import Scaling
from runner.network.topology import AUTO, Topology, Written, is_recurrent
from runner.settings import DatasetSettings, Settings
from runner.training.evaluation import HeldOut

IDENTITY = Scaling(np.array(0.0), np.array(1.0))


def load_dataset(settings: DatasetSettings) -> Dataset:
    """The data set that the settings name, split into its parts."""
    sizes = {"validation": settings.split.validation, "test": settings.split.test}
    files = {name: size for name, size in sizes.items() if isinstance(size, str)}
    load = DATASETS[settings.kind]
    if files and settings.kind not in READING_FILES:
        name, file = next(iter(files.items()))
        raise SettingsError(
            f"dataset.{name}='{file}' is a file, which only dataset=csv reads; "
            f"expected a fraction such as dataset.{name}=0.2, or a count"
        )
    pool = load(settings.options, files) if files else load(settings.options)
    return prepare(pool, settings.split)


def whole_topology(settings: Settings, dataset: Dataset) -> Topology:
    """The topology, with `in` and `out` as the data set has them.

    Raises SettingsError where a layer does not fit what comes in.
    """
    pieces = whole_pieces(settings.topology, dataset)
    topology = Topology(pieces, settings.network.bias, settings.network.batch_norm)
    try:
        _ = topology.kinds
    except MisfitError as misfit:
        raise SettingsError(f"topology={topology}: {misfit}") from None
    return topology


def whole_pieces(pieces: Written, dataset: Dataset) -> Written:
    """A topology's pieces with those that the data set says: of its ends, and of `auto` all.

    A dense layer takes inputs as a number, others as their shape; before a recurrent layer a number
    is the features of a step. Where there is a target a step, the outputs are a step's.
    """
    first, *hidden, last = pieces
    if hidden == [AUTO]:  # the state of a sequence is what its steps have in common
        hidden = ["32GRU"] if len(dataset.shape) == 2 else [32]
    behind = hidden[0] if hidden else last
    shape, steps = dataset.shape, dataset.steps
    of_steps = is_recurrent(behind) or steps is not None
    if first == "in":
        shaped = of_steps or (hidden and not isinstance(behind, int))
        first = written(shape) if shaped and len(shape) > 1 else dataset.inputs
    elif of_steps and len(shape) == 2 and first == shape[1]:
        first = written(shape)
    if last == "out":
        last = dataset.fitting_outputs[0]
    if steps is not None and isinstance(last, int):
        last = written((steps, last))
    return (first, *hidden, last)


def check_range(dataset: Dataset, dtype: str) -> None:
    """Raises DataError for numbers that the run's dtype cannot hold, as they come or scaled."""
    if dtype == "float64":  # as they came
        return
    for part in dataset.parts.values():
        inputs = ((dataset.input_names, piece, dataset.scaling) for piece in blocks(part.inputs))
        for names, piece, scaling in (
            *inputs,
            (dataset.output_names, part.targets, dataset.target_scaling),
        ):
            if piece.dtype != float or piece.ndim != 2:
                continue
            scaled = np.empty(piece.shape, dtype)
            with np.errstate(over="ignore"):
                (scaling or IDENTITY).apply(piece, scaled)
            beyond = np.argwhere(~np.isfinite(scaled))
            if len(beyond):
                row, column = beyond[0]
                raise DataError(
                    f"column '{printable(names[column])}' holds {piece[row, column]:g}, which is "
                    f"too large for dtype={dtype}; expected dtype=float64, or smaller numbers"
                )


def training_inputs(
    dataset: Dataset, dtype: str, *, full_batch: bool
) -> tuple[Array, Scaling | None]:
    """The inputs that training reads, and the scaling that is still to be applied to a batch.

    Images stay uint8 and memory-mapped files on disk when there are batches to scale them in.
    """
    raw, scaling = dataset.train.inputs, dataset.scaling
    if not full_batch and (raw.dtype == np.uint8 or on_disk(raw)):
        return raw, (scaling or IDENTITY).astype(dtype)
    if scaling is None or scaling.changes_nothing:
        return np.ascontiguousarray(raw[:], dtype), None
    inputs = np.empty(raw.shape, dtype)
    scaling.apply(raw[:], inputs)
    return inputs, None


def samples_of(prefix: str, part: Part, dataset: Dataset) -> HeldOut:
    """A part's samples, for metrics whose names begin with `prefix`."""
    targets, there = dataset.scaled_targets(part), dataset.there(part)
    return HeldOut(prefix, part.inputs, targets, dataset.scaling, there)

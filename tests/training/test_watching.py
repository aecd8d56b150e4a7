from pathlib import Path

import numpy as np
import pytest

from runner.experiment.running import QUIETLY, run_experiment
from runner.run_folder.history import history_column
from runner.run_folder.tables import read_row
from runner.training.state import TrainingState
from runner.training.watching import Watch
from tests.end_to_end.commands import composed
from tests.problems import make_problem, make_state


def state_of() -> TrainingState:
    return make_state(make_problem())


def observed(watch: Watch, values: list[float]) -> list[str | None]:
    """What a watch says of each epoch's value."""
    state = state_of()
    return [watch.observe(state, value) for value in values]


NAN = float("nan")
WATCHES = [
    # watch, values, after how many of them training stops, why
    (Watch("val_loss", patience=2), [3, 2, 2, 2], 4, "patience"),
    (Watch("val_loss", patience=2), [3, 4, 2, 3, 1, 1, 2], 7, "patience"),
    (Watch("val_loss", patience=2), [3, 4, 2, 3, 1], None, None),
    (Watch("val_accuracy", patience=2), [0.1, 0.2, 0.1, 0.2], 4, "patience"),
    (Watch("val_r2", patience=1), [-3, -2, -1, 0, -1], 5, "patience"),
    (Watch("val_loss", 0.5, patience=2), [3, 2.6, 2.5], 3, "patience"),
    (Watch("val_loss", 0.5, patience=2), [3, 2.6, 2.4, 2], None, None),
    (Watch("val_loss", patience=2), [NAN, NAN], 2, "patience"),
    (Watch("val_loss", patience=2), [NAN, 1, NAN, NAN], 4, "patience"),
    (Watch("loss", plateau=2), [3, 2, 2, 2], 4, "plateau"),
    (Watch("loss", plateau=2), [3, 2, 2, 1, 1, 2, 2], None, None),
    (Watch("loss", 0.1, plateau=2), [3, 2, 2.05, 1.95], 4, "plateau"),  # neither better nor worse
    (Watch("loss", 0.1, plateau=3), [3, 2, 1.95, 1.85, 1.8], None, None),  # it creeps away
    (Watch("loss", plateau=1), [NAN, NAN], None, None),
    (Watch("val_loss", 0.1, patience=3, plateau=2), [2, 2, 2], 3, "plateau"),
    (Watch("val_loss", 0.1, patience=2, plateau=3), [2, 2, 2], 3, "patience"),
    (Watch("val_loss", restore_best=True), [1, 2, 3], None, None),
]


@pytest.mark.parametrize(("watch", "values", "epochs", "reason"), WATCHES)
def test_training_stops_after_an_epoch_for_a_reason(
    watch: Watch, values: list[float], epochs: int | None, reason: str | None
) -> None:
    said = observed(watch, values)
    stops = [number for number, why in enumerate(said, 1) if why is not None]
    assert (stops[0] if stops else None) == epochs
    assert said[-1] == reason


def test_what_was_observed_is_in_the_state_and_goes_on_from_there() -> None:
    watch, state = Watch("val_loss", patience=3), state_of()
    for value in (1, 2, 2):
        watch.observe(state, value)
    again = state_of()
    again.watch = state.watch
    assert watch.reason(again) is None
    assert watch.observe(again, 2) == watch.reason(again) == "patience"


def test_the_best_epochs_weights_are_kept() -> None:
    watch, state = Watch("val_loss", restore_best=True), state_of()
    for number, value in enumerate((3.0, 1.0, 2.0)):
        state.parameters[:] = number
        watch.observe(state, value)
    assert (state.best == 1).all()
    assert (state.parameters == 2).all()


def test_the_rate_falls_as_with_pytorchs_reduce_on_plateau() -> None:
    torch = pytest.importorskip("torch")
    losses = [3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0.5, 0.6, 0.5, 0.5, 0.5]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=2, threshold=0.0, threshold_mode="abs"
    )
    watch, state = Watch("val_loss", slowing=(0.5, 2.0)), state_of()
    for loss in losses:
        theirs.step(loss)
        watch.observe(state, loss)
        assert state.watch.rate_factor == optimizer.param_groups[0]["lr"]
    assert state.watch.rate_factor < 0.5


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("batch", ["null", "20"])
def test_a_run_ends_on_a_plateau_of_its_training_loss(
    engine: str, batch: str, tmp_path: Path
) -> None:
    small = ["dataset=moons", "dataset.samples=100", f"engine={engine}", f"batch_size={batch}"]
    stop = ["stopping.metric=loss", "stopping.plateau=3", "stopping.min_delta=0.01"]
    config = composed(*small, *stop, "stopping.max_epochs=5000", "recording.history=1")
    run_experiment(config, tmp_path, {}, QUIETLY)
    losses = list(history_column(tmp_path, "loss").values())
    assert read_row(tmp_path / "results.csv")["stop_reason"] == "plateau"
    assert np.ptp(losses[-4:]) <= 0.02
    assert len(losses) < 5000


def test_a_run_that_diverges_while_it_is_watched_ends_as_diverged(tmp_path: Path) -> None:
    early = ["stopping.metric=val_loss", "stopping.patience=5", "optimizer=sgd"]
    config = composed(
        "dataset=sine", "dataset.validation=0.2", *early, "optimizer.learning_rate=1e200"
    )
    assert run_experiment(config, tmp_path, {}, QUIETLY).status == "diverged"
    assert read_row(tmp_path / "results.csv")["stop_reason"] == "diverged"

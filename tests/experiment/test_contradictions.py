"""Settings that do not go together: each is refused, in words that say what would be valid."""

import pytest

from runner.errors import SettingsError
from runner.experiment.experiment import build
from tests.end_to_end.commands import composed

POINTS = ["dataset=moons", "dataset.samples=100"]
HELD_OUT = ["dataset.validation=0.2"]
SINE = ["dataset=sine", "dataset.samples=100"]
VAL = [*POINTS, *HELD_OUT, "stopping.metric=val_loss"]
EPOCHS = "stopping.max_epochs=20"
FINDER = ["experiment=rate_finder"]

NO_FILE = ["dataset=csv", "dataset.path=no.csv", "dataset.target=y", "dataset.validation=null"]

REFUSED = [
    # overrides, words of the message
    (["network.activation.output=softmax"], "comes with loss=cross_entropy"),
    ([*POINTS, "loss=cross_entropy", "network.activation.output=sigmoid"], "softmax or auto"),
    (["loss=binary_cross_entropy", "network.activation.output=tanh"], "sigmoid or auto"),
    (["network.activation.hidden=softmax"], "choose from elu"),
    (["network.activation.hidden=[tanh,relu]"], "expected one name for all"),
    (["loss=cross_entropy", "network=tanh"], "choose loss=binary_cross_entropy"),
    (["dataset=binary_addition", "loss=cross_entropy"], "one class a sample"),
    ([*SINE, "loss=cross_entropy"], "has numbers to predict; choose loss=squared_error"),
    ([*SINE, "loss=binary_cross_entropy"], "choose loss=squared_error"),
    (
        [*SINE, "loss=binary_cross_entropy", "network.activation.output=auto"],
        "targets within [0, 1]",
    ),
    (["network.dropout.output=0.5"], "network.dropout.output is not a configuration key"),
    (["optimizer.momentum=0.9"], "is not there with the optimizer that was chosen"),
    (["stopping.metric=val_loss"], "set dataset.validation=0.2"),
    ([*POINTS, "stopping.patience=3"], "set stopping.metric=val_"),
    ([*POINTS, *HELD_OUT, "stopping.restore_best=true"], "set stopping.metric=val_"),
    ([*POINTS, "schedule=plateau"], "set stopping.metric=val_"),
    ([*SINE, "stopping.metric=accuracy"], "choose from loss, mae"),
    (["stopping.target=1.5"], "at most 1"),
    (["stopping.metric=loss", "stopping.target=-1"], "never below 0"),
    (["stopping.min_delta=0.1"], "needs stopping.patience, .plateau"),
    (["schedule=cosine"], "set stopping.max_epochs or stopping.max_steps"),
    (["schedule=one_cycle"], "set stopping.max_epochs or stopping.max_steps"),
    ([*VAL, "schedule=plateau", "stopping.patience=10"], "schedule.patience=10 would never"),
    ([*POINTS, "optimizer=rprop"], "set batch_size=null"),
    (["optimizer=rprop", "schedule=exponential"], "set schedule=constant"),
    (["optimizer=rprop", "regularization.clip_norm=1"], "set it to null"),
    (["optimizer=rprop", "regularization.clip_value=1"], "set it to null"),
    (["optimizer=rprop", "optimizer.learning_rate=60"], "most_step=50"),
    ([*FINDER, "schedule.least=1", "schedule.most=1"], "is not lower than schedule.most=1"),
    ([*FINDER, "stopping.target=0.9"], "stopping.target=0.9 does not go with"),
    ([*FINDER, "stopping.plateau=3"], "stopping.plateau=3 does not go with"),
    ([*FINDER, "optimizer=rprop"], "set schedule=constant"),
    ([*FINDER, "stopping.max_steps=null", "stopping.max_seconds=9"], "set stopping.max_epochs"),
    (["network.initializer.name=zeros", "network.initializer.scale=2"], "or scale 1"),
    (["network.initializer.bias=normal"], "set network.bias=true"),
    (["network.initializer.bias=[zeros,normal]"], "set network.bias=true"),
    (["network.initializer.name=[zeros,normal]", "network.initializer.scale=[2,1]"], "or scale 1"),
    (
        ["network.initializer.name=[zeros,normal]", "network.initializer.scale=[2,1,3]"],
        "or one for",
    ),
    (["network.initializer.name=[zeros,normal,normal]"], "or a list of 2"),
    (["topology=3-1", "network.initializer.scale=[1,2]"], "has 1 with weights; expected one value"),
    ([*POINTS, "dataset.fold=2"], "set dataset.folds=5"),
    (
        ["dataset.validation=0.2", "dataset.distortion.alpha=34"],
        "is not there with the dataset that was chosen",
    ),
    (["dataset=sine", "dataset.split_seed=7", "dataset.test=null"], "no samples are divided"),
    (["dataset.split_seed=7"], "or dataset.split_seed=1"),
    ([*FINDER, "recording.history=10"], "recording.history=10 does not go with"),
    ([*FINDER, "stopping.patience=3"], "stopping.patience=3 does not go with"),
    ([*FINDER, "stopping.restore_best=true"], "stopping.restore_best=True does not go with"),
    ([*POINTS, *HELD_OUT, "stopping.metric=val_top_5_accuracy"], "is not defined for"),
    (["dataset=digits", "stopping.metric=top_5_accuracy"], "stopping.metric=val_top_5_accuracy"),
    ([*SINE, *HELD_OUT, "stopping.metric=val_accuracy"], "is not defined for"),
    ([*POINTS, *HELD_OUT, "stopping.metric=val_r2"], "is not defined for"),
    ([*POINTS, "stopping.restore_best=true"], "set stopping.metric=val_"),
    ([*POINTS, "dataset.folds=3", *HELD_OUT], "set one of them to null"),
    ([*NO_FILE, "dataset.folds=5", "dataset.fold=5"], "dataset.fold=5 is out of range; expected 0"),
    ([*NO_FILE, "dataset.folds=5", "dataset.validation=9"], "both choose the validation part"),
    ([*NO_FILE, "stopping.max_epochs=null", "stopping.patience=null"], "no criterion is set"),
    (["stopping.target=null"], "no criterion is set"),
    ([*POINTS, "dataset.validation=more.csv"], "dataset.validation"),
    ([*POINTS, "network.batch_norm=true", "topology=2-1"], "set network.batch_norm=false"),
    ([*POINTS, "network.batch_norm=true", "batch_size=1"], "set batch_size=2 or more"),
    (["batch_size=9"], "at most that, or null"),
    (["topology=3-4-2"], "it takes 3-…-1"),
    (["dataset=digits", "topology=64-8-9"], "it takes 64-…-10"),
]


@pytest.mark.parametrize(("overrides", "words"), REFUSED)
def test_what_does_not_go_together_is_refused_with_what_would(
    overrides: list[str], words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        build(composed(*overrides))
    message = str(caught.value)
    assert words in message
    assert message.isprintable()
    assert len(message) < 400


TAKEN = [
    ["topology=3-1", "network.dropout.rate=0"],
    ["stopping.plateau=5", "stopping.min_delta=0.1"],
    [*VAL, EPOCHS, "stopping.patience=50"],
    [*VAL, "schedule=plateau", "stopping.min_delta=0.1", "stopping.patience=11"],
    ["schedule=step", "stopping.max_steps=5"],
    [*FINDER, "dataset=sine"],
    ["optimizer=rprop", "optimizer.learning_rate=50"],
    ["network.initializer.bias=normal", "network.bias=true"],
    ["network.initializer.name=[normal,zeros]", "network.initializer.scale=[2,1]"],
    [*POINTS, "dataset.test=null", "dataset.folds=5", "dataset.fold=2"],
]


@pytest.mark.parametrize("overrides", TAKEN)
def test_what_goes_together_is_taken(overrides: list[str]) -> None:
    build(composed(*overrides))


def test_the_nearest_limit_is_the_length_of_a_schedule() -> None:
    limits = ["stopping.max_epochs=20", "stopping.max_steps=8"]
    experiment = build(composed(*POINTS, "schedule=cosine", "batch_size=20", *limits))
    assert experiment.engine.problem.steps_per_epoch == 4
    assert experiment.engine.problem.schedule.epochs == 2

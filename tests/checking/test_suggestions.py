import pytest

from runner.checking.parsing import known_keys
from runner.checking.suggestions import SYNONYMS, suggestion
from runner.network.activations import ACTIVATIONS
from runner.network.initializers import INITIALIZERS
from runner.network.losses import LOSSES
from runner.settings import WATCHED, Settings
from runner.training.metrics import PREFIXES
from runner.training.optimizers import OPTIMIZERS
from runner.training.schedules import SCHEDULES

TABLES = (ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, WATCHED)
DATASETS = ("fashion_mnist", "cifar10", "spirals")


@pytest.mark.parametrize("synonym", SYNONYMS)
def test_every_synonym_stands_for_something_that_there_is(synonym: str) -> None:
    ends = {key.rpartition(".")[2] for key in known_keys(Settings)}
    ends |= {".".join(key.split(".")[-2:]) for key in known_keys(Settings)}
    known = {*DATASETS, *ends, *(name for table in TABLES for name in table)}
    known |= {prefix + name for prefix in PREFIXES for name in WATCHED}
    assert set(SYNONYMS[synonym].split()) <= known


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("ReLU", ["elu", "relu"], "relu"),
        ("MSE", ["huber", "squared_error"], "squared_error"),
        ("mae", ["loss", "mae"], "mae"),
        ("mae", ["absolute_error", "huber"], "absolute_error"),
        ("adma", ["adam", "adamw"], "adam"),
        ("patience", ["stopping.patience", "schedule.patience"], "stopping.patience"),
        ("epochs", ["recording.epochs", "stopping.max_epochs"], "stopping.max_epochs"),
        ("network.dropout_rate", ["network.dropout.rate"], "network.dropout.rate"),
        ("Test Accuracy", ["test_accuracy"], "test_accuracy"),
        ("optimiser.name", ["dataset.name", "optimizer.name"], "optimizer.name"),
        ("loss", ["dataset.name", "loss.name"], "loss.name"),
    ],
)
def test_the_likeliest_name_is_suggested(name: str, names: list[str], meant: str) -> None:
    assert suggestion(name, names) == f"did you mean '{meant}'? "


def test_nothing_is_suggested_for_what_resembles_nothing() -> None:
    assert suggestion("qqqq", ["sgd", "adam"]) == ""

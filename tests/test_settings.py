import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runner.checking.conf_files import conf_folder
from runner.checking.parsing import known_keys
from runner.configuration.composing import compose
from runner.errors import SettingsError
from runner.settings import Settings, parse_settings

CONF = Path(conf_folder())
GROUPS = {
    f"{path.parent.name}={path.stem}"
    for path in CONF.glob("*/*.yaml")
    if path.parent.name != "hydra"
}


@cache
def defaults() -> dict[str, Any]:
    return compose([])


def changed(key: str, value: object) -> dict[str, Any]:
    """The default configuration with one value changed."""
    config = copy.deepcopy(defaults())
    *sections, name = key.split(".")
    section = config
    for step in sections:
        section = section[step]
    section[name] = value
    return config


BAD_VALUES = [
    # key, value, words of the message
    ("sweep.repeats", 0, "sweep.repeats=0 is out of range"),
    ("sweep.repeats", None, "is not a whole number"),
    ("sweep.zip", "topology", "expected a list of two or more keys"),
    ("sweep.zip", ["topology"], "does not pair anything"),
    ("sweep.zip", ["seed", "seed"], "names a key twice"),
    ("sweep.zip", ["seed", 3], "sweep.zip=3 is not a text"),
    ("sweep.plan", "yes", "sweep.plan='yes' is not a truth value"),
    ("sweep.jobs", 3, "sweep.jobs=3 is not a path"),
    ("topology", None, "topology=null is not a topology"),
    ("topology", 3, "such as 3-4-1"),
    ("topology", [3, 4, 1], "is not a topology"),
    ("topology", "3-0-1", "at least one unit"),
    ("topology", "3-4-1\n", "is not a topology"),
    ("topology", "9" * 300 + "-1", "..."),
    ("seed", -1, "seed=-1 is out of range; expected a whole number of at least 0"),
    ("seed", 2**32, "at most 4294967295"),
    ("seed", 1.0, "is not a whole number"),
    ("seed", "1", "seed='1' is not a whole number"),
    ("seed", True, "seed=true is not a whole number"),
    ("seed", None, "seed=null is not a whole number"),
    ("engine", "numpi", "did you mean 'numpy'"),
    ("dtype", "float16", "choose from float32, float64"),
    ("dtype", 64, "is not a name"),
    *(
        ("threads", value, "is not a number of threads; expected auto, or 1 to 256")
        for value in (0, -1, 257, 3.5, 2.0, True, None, "two", "2", "AUTO", [1, 2])
    ),
    ("batch_size", 0, "out of range"),
    ("batch_size", 2**70, "batch_size="),
    ("dataset.name", "", "is not a text"),
    ("dataset.name", "a\nb", "control character"),
    ("dataset.name", "a\x00b", "\\x00"),
    ("dataset.name", "ä" * 128, "at most 255 bytes"),
    ("dataset.kind", "tabel", "did you mean 'table'"),
    ("dataset.rows", [], "holds no rows"),
    ("dataset.rows", "rows", "holds no rows"),
    ("dataset.rows", [[[0], [1]], [[0, 1], [1]]], "rows of different lengths"),
    ("dataset.rows", [[[0], []]], "is not a row"),
    ("dataset.rows", [[0, 1]], "is not a row"),
    ("dataset.rows", [[["0"], [1]]], "dataset.rows='0' is not a number"),
    ("dataset.rows", [[[float("nan")], [1]]], "is not finite"),
    ("network", "script", "is not a section; expected a section with activation"),
    ("network.activation.hidden", "sigmod", "did you mean 'sigmoid'"),
    ("network.activation.hidden", ["relu", "tan"], "did you mean 'tanh'"),
    ("network.activation.hidden", [], "expected at least one value"),
    ("network.activation.hidden", "softmax", "choose from elu"),
    ("network.activation.output", 1, "is not a name"),
    ("network.bias", "yes", "expected true or false"),
    ("network.bias", 1, "is not a truth value"),
    ("network.initializer.name", "unifrom", "did you mean 'uniform'"),
    ("network.initializer.scale", 0, "above 0"),
    ("network.dropout.rate", 1, "below 1"),
    ("network.dropout.rate", -0.1, "of at least 0"),
    ("network.dropout.stage", "backwards", "did you mean 'backward'"),
    ("loss.name", "squared_eror", "did you mean 'squared_error'"),
    ("loss.reduction", "average", "choose from mean, sum"),
    ("optimizer.name", "sdg", "did you mean 'sgd'"),
    ("optimizer.name", False, "quote them"),
    ("optimizer.learning_rate", "fast", "optimizer.learning_rate='fast' is not a number"),
    ("optimizer.learning_rate", 0, "out of range"),
    ("optimizer.learning_rate", float("inf"), "not finite"),
    ("optimizer.learning_rate", 10**400, "optimizer.learning_rate="),
    ("stopping.metric", "acuracy", "did you mean 'accuracy'"),
    ("stopping.target", "99%", "is not a number"),
    ("stopping.max_steps", 0, "of at least 1"),
    ("stopping.max_epochs", 1.5, "is not a whole number"),
    ("stopping.max_seconds", -3, "above 0"),
    ("recording.history", "often", "expected log, a number of epochs, or a list"),
    ("recording.history", 0, "of at least 1"),
    ("recording.history", [1, "x"], "is not a whole number"),
    ("recording.history", None, "recording.history=null"),
    ("recording.snapshots.epochs", -5, "of at least 1"),
    ("recording.snapshots.seconds", 0, "above 0"),
    ("recording.predictions", -1, "of at least 0"),
    ("recording.plots", "never", "expected auto, true or false"),
]


@pytest.mark.parametrize(("key", "value", "words"), BAD_VALUES)
def test_a_bad_value_is_refused_by_key_value_and_expectation(
    key: str, value: object, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(changed(key, value))
    message = str(caught.value)
    assert words in message
    assert message.isprintable()
    assert len(message) < 400
    assert key.partition(".")[0] in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("topology", "3-1"),
        ("seed", 0),
        ("seed", 2**32 - 1),
        ("batch_size", None),
        ("optimizer.learning_rate", 5),
        ("network.dropout.rate", 0),
        ("recording.history", "log"),
        ("recording.history", [3, 1]),
        ("recording.snapshots.epochs", None),
        ("recording.plots", False),
        ("recording.predictions", 0),
        ("sweep.zip", ["topology", "seed"]),
        ("dataset.name", "größe, 100 %"),
    ],
)
def test_a_value_on_the_border_is_taken(key: str, value: object) -> None:
    parse_settings(changed(key, value))


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("topolgy", "topology"),
        ("bachsize", "batch_size"),
        ("optimizer.learning_rat", "optimizer.learning_rate"),
        ("network.dropout.rates", "network.dropout.rate"),
        ("stopping.max_step", "stopping.max_steps"),
        ("recording.snapshots.epoch", "recording.snapshots.epochs"),
        ("dataset.row", "dataset.rows"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known(key: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} is not a configuration key.*'{near}'"):
        parse_settings(changed(key, 1))


TAKEN = ["seed", "network", "network.dropout.rate", "optimizer.learning_rate", "dataset.rows"]


@pytest.mark.parametrize("key", [*TAKEN, "regularization.l2"])
def test_a_key_that_is_taken_away_is_missed(key: str) -> None:
    config = copy.deepcopy(defaults())
    section = config
    *sections, name = key.split(".")
    for step in sections:
        section = section[step]
    del section[name]
    with pytest.raises(SettingsError, match=f"{key} is missing"):
        parse_settings(config)


@pytest.mark.parametrize("choice", sorted(GROUPS - {"dataset=csv"}))
def test_every_choice_of_every_group_parses(choice: str) -> None:
    added = "+" if choice.startswith("logger=") else ""  # a group that the defaults do without
    parse_settings(compose([added + choice]))


def test_a_csv_data_set_parses_once_it_has_a_file_and_a_target() -> None:
    choice = ["dataset=csv", "dataset.path=data.csv", "dataset.target=[a,b]"]
    parse_settings(compose(choice))


WATCHED = {
    # overrides of a table's defaults: metric, patience, best weights
    (): ("val_loss", 20, True),
    ("dataset.validation=null",): ("loss", None, False),
    ("dataset.validation=null", "dataset.folds=5"): ("val_loss", 20, True),
    ("stopping.metric=loss",): ("loss", None, False),
    ("stopping.metric=val_mae", "stopping.patience=3"): ("val_mae", 3, True),
    ("experiment=rate_finder",): ("loss", None, False),
}


@pytest.mark.parametrize("overrides", WATCHED)
def test_a_table_s_validation_part_ends_its_run_where_there_is_one(
    overrides: tuple[str, ...],
) -> None:
    table = ["dataset=csv", "dataset.path=t.csv", "dataset.target=y"]
    stopping = parse_settings(compose([*table, *overrides])).stopping
    assert (stopping.metric, stopping.patience, stopping.restore_best) == WATCHED[overrides]


def test_settings_that_older_runs_did_not_have_take_their_defaults() -> None:
    config = compose(["dataset=csv", "dataset.path=t.csv", "dataset.target=y"])
    for name in ("exclude", "unseen"):
        del config["dataset"][name]
    options = parse_settings(config).dataset.options
    assert (options.exclude, options.unseen) == (None, "none")


@pytest.mark.parametrize("key", ["features", "target", "exclude", "categorical"])
def test_a_column_is_named_once(key: str) -> None:
    table = ["dataset=csv", "dataset.path=t.csv", "dataset.target=y"]
    with pytest.raises(SettingsError, match=rf"dataset\.{key}=.* names 'x' twice"):
        parse_settings(compose([*table, f"dataset.{key}=[x,x]"]))


OFFERED = [
    # overrides, what is offered, what is not
    (["dataset.sampels=3"], "", "samples"),
    (["dataset=moons", "dataset.sampels=3"], "did you mean 'dataset.samples'", ""),
    (["dataset=moons", "+dataset.feature=3"], "", "features"),
    (["dataset=blobs", "+dataset.feature=3"], "did you mean 'dataset.features'", ""),
    (["dataset=moons", "dataset.features=3"], "is not there with the dataset", ""),
]


@pytest.mark.parametrize(("overrides", "offered", "withheld"), OFFERED)
def test_a_misspelt_key_is_offered_those_of_its_data_set(
    overrides: list[str], offered: str, withheld: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(compose(overrides))
    message = str(caught.value)
    assert offered in message
    assert not withheld or withheld not in message


def test_every_key_of_the_defaults_is_known() -> None:
    def keys(section: dict[str, Any], prefix: str = "") -> list[str]:
        found = []
        for name, value in section.items():
            found.append(prefix + name)
            if isinstance(value, dict):
                found += keys(value, f"{prefix}{name}.")
        return found

    beside = {"dataset.rows"}  # the options of one kind of data set only
    assert set(keys(defaults())) - set(known_keys(Settings)) <= beside


@pytest.mark.parametrize("choice", sorted(choice for choice in GROUPS if "dataset=" in choice))
def test_every_data_set_has_a_name(choice: str) -> None:
    extra = ["dataset.path=x.csv", "dataset.target=y"] if choice == "dataset=csv" else []
    assert compose([choice, *extra])["dataset"]["name"]


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_file_begins_by_saying_what_it_is(path: Path) -> None:
    first, *_ = (line for line in path.read_text().splitlines() if "@package" not in line)
    assert first.startswith("# ")


def test_a_setting_is_frozen() -> None:
    settings = parse_settings(defaults())
    with pytest.raises(AttributeError):
        settings.seed = 2  # type: ignore[misc]

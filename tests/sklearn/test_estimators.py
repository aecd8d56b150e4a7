"""The estimators do what scikit-learn asks of such, and are what a run makes."""

import pickle
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runner

pytest.importorskip("sklearn")
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info

from runner.errors import SettingsError
from runner.sklearn import NetworkClassifier, NetworkRegressor, fitting
from runner.sklearn.fitting import trained
from tests.plugins.registering import undone

IRIS, CLASSES = load_iris(return_X_y=True)
TABLE, NUMBERS = load_diabetes(return_X_y=True)


@parametrize_with_checks([NetworkClassifier(), NetworkRegressor()])  # type: ignore[untyped-decorator]
def test_they_pass_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
def test_of_full_batches_a_weight_of_2_is_a_sample_twice(estimator: Any) -> None:
    weights = np.arange(len(CLASSES)) % 3  # of 0: no sample
    model = estimator(batch_size=None, max_epochs=20)
    by_weight = clone(model).fit(IRIS, CLASSES, weights).predict(IRIS)
    repeated = clone(model).fit(IRIS.repeat(weights, axis=0), CLASSES.repeat(weights))
    assert by_weight == pytest.approx(repeated.predict(IRIS))


def test_a_fit_comes_to_the_weights_of_the_run_with_the_same_settings(tmp_path: Path) -> None:
    settings = {"dataset.validation": 0.2, "network.activation.hidden": "tanh", "schedule": "step"}
    table = pd.DataFrame(IRIS, columns=[*"abcd"]).assign(y=CLASSES)
    table.to_csv(tmp_path / "iris.csv", index=False)
    run = runner.train(
        f"hydra.run.dir={tmp_path}/run",
        topology="in-7-out",
        dataset="csv",
        loss="cross_entropy",
        seed=3,
        batch_size=32,
        **{"dataset.path": str(tmp_path / "iris.csv"), "dataset.target": "y"},
        **{"dataset.scale": "none", "dataset.test": None, "stopping.max_epochs": 30},
        **{"network.initializer.name": "glorot_uniform", "recording.plots": False},
        **settings,
    )
    names = list(table.columns[:4])
    fit = NetworkClassifier("in-7-out", max_epochs=30, random_state=3, settings=settings)
    fit.fit(table[names], table["y"])
    assert np.array_equal(fit.network_.parameters, run.network.parameters)
    assert fit.n_iter_ == run.results["epochs"]
    history = run.history.set_index("epoch")["val_loss"]
    assert [fit.curves_["val_loss"][epoch - 1] for epoch in history.index] == list(history)


def test_a_grid_takes_parameters_and_settings_by_their_dotted_names() -> None:
    pipeline = make_pipeline(StandardScaler(), NetworkClassifier("in-8-out", max_epochs=20))
    grid = {
        "networkclassifier__optimizer.learning_rate": np.array([1e-6, 0.01]),
        "networkclassifier__network.activation.hidden": ["tanh"],
        "networkclassifier__schedule": ["constant"],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(IRIS, CLASSES)
    best = search.best_estimator_[-1]
    assert best.learning_rate == 0.01
    assert best.settings == {"network.activation.hidden": "tanh", "schedule": "constant"}
    assert best.network_.network.named == ("tanh", "softmax")
    assert clone(best).get_params()["network.activation.hidden"] == "tanh"
    assert search.best_score_ > 0.9


def test_threads_that_fit_together_come_to_the_same() -> None:
    model = make_pipeline(StandardScaler(), NetworkRegressor("in-8-out", max_epochs=5))
    alone = cross_val_score(model, TABLE, NUMBERS, cv=4)
    with parallel_config("threading", n_jobs=4):
        together = cross_val_score(model, TABLE, NUMBERS, cv=4)
    assert together == pytest.approx(alone)


def test_linear_algebra_has_one_thread_while_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[int]()

    def looking(*of: Any) -> Any:
        seen.extend(each["num_threads"] for each in threadpool_info())
        return trained(*of)

    monkeypatch.setattr(fitting, "trained", looking)
    NetworkClassifier(max_epochs=1).fit(IRIS, CLASSES)
    assert set(seen) == {1}


def test_weights_and_classes_of_weight_change_what_is_learnt() -> None:
    of_last = np.where(CLASSES == 2, 100.0, 0.01)
    by_samples = NetworkClassifier().fit(IRIS, CLASSES, of_last)
    by_class = NetworkClassifier(class_weight={0: 0.01, 1: 0.01, 2: 100}).fit(IRIS, CLASSES)
    assert np.array_equal(by_samples.network_.parameters, by_class.network_.parameters)
    plain = NetworkClassifier().fit(IRIS, CLASSES)
    assert (by_class.predict(IRIS) == 2).sum() > (plain.predict(IRIS) == 2).sum()


def test_several_targets_and_names_of_columns() -> None:
    frame = load_diabetes(as_frame=True).data
    two = np.column_stack([NUMBERS, -NUMBERS])
    fit = NetworkRegressor(max_epochs=20).fit(frame, two)
    assert fit.predict(frame).shape == two.shape
    assert (
        list(fit.feature_names_in_) == list(fit.network_.input_names or ()) == list(frame.columns)
    )
    same = pickle.loads(pickle.dumps(fit))  # noqa: S301 - a person's own
    assert np.array_equal(same.predict(frame), fit.predict(frame))


def test_missing_inputs_are_refused_or_filled_in() -> None:
    holes = np.where(np.arange(IRIS.size).reshape(IRIS.shape) % 7 == 0, np.nan, IRIS)
    with pytest.raises(ValueError, match="NaN"):
        NetworkClassifier().fit(holes, CLASSES)
    filling = NetworkClassifier(settings={"dataset": {"missing": "mean"}}).fit(holes, CLASSES)
    assert filling.score(holes, CLASSES) > 0.8


def test_two_classes_take_one_output_as_well() -> None:
    settings = {"loss": "binary_cross_entropy"}
    fit = NetworkClassifier("in-8-1", settings=settings).fit(IRIS[:100], CLASSES[:100])
    shares = fit.predict_proba(IRIS[:100])
    assert shares.shape == (100, 2)
    assert fit.score(IRIS[:100], CLASSES[:100]) == 1


def test_outputs_of_other_losses_become_probabilities() -> None:
    settings = {"loss": "squared_error", "network.activation.output": "linear"}
    fit = NetworkClassifier(settings=settings).fit(IRIS, CLASSES)
    outputs, shares = fit.network_.predict(IRIS), fit.predict_proba(IRIS)
    assert (outputs < 0).any()
    assert (shares >= 0).all()
    assert shares.sum(1) == pytest.approx(1)
    assert np.array_equal(fit.predict(IRIS), outputs.argmax(1))


def test_random_state_is_the_seed() -> None:
    def weights(random_state: Any) -> Any:
        model = NetworkClassifier(max_epochs=1, random_state=random_state)
        return model.fit(IRIS, CLASSES).network_.parameters

    assert np.array_equal(weights(7), weights(7))
    assert not np.array_equal(weights(7), weights(8))
    generator = np.random.RandomState(7)
    assert not np.array_equal(weights(generator), weights(generator))
    assert NetworkClassifier().set_params(seed=7).random_state == 7


def test_a_piece_that_is_registered_again_is_the_new_one() -> None:
    def weights(rate: float) -> Any:
        @runner.optimizer(learning_rate=rate, name="own")
        def own(step: Any) -> None:
            step.parameters -= step.learning_rate * step.gradient

        return NetworkClassifier(optimizer="own", max_epochs=1).fit(IRIS, CLASSES).network_

    with undone():
        assert not np.array_equal(weights(0.1).parameters, weights(0.2).parameters)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"topology": "in-C-out"}, "topology='in-C-out'"),
        ({"topology": "4-3-2"}, "dataset.name='arrays' with 4 inputs"),
        ({"learning_rate": -1}, "learning_rate=-1 is out of range; expected"),
        ({"random_state": "x"}, "random_state='x' is not a whole number; expected"),
        ({"settings": {1: 2}}, "settings have the key 1; expected the dotted name"),
        ({"settings": {"loss": {None: 2}}}, "settings have the key None in loss; expected"),
        ({"settings": {"loss.name ": "huber"}}, "settings have the key 'loss.name '; expected"),
        ({"settings": {"~loss": None}}, "settings have the key '~loss'; expected"),
        ({"settings": {"loss": None}}, "loss=None is no choice; expected the name of one"),
        ({"settings": {"schedule": "range"}}, "schedule='range' looks for a learning rate, and"),
        ({"settings": {"schedule.name": "range"}}, "schedule='range' looks for a learning rate"),
        ({"class_weight": "balnced"}, "class_weight='balnced' is unknown; expected 'balanced'"),
        ({"learning_rate": 1e300}, "lower learning_rate"),
        ({"settings": {"optimizer.learning_rate": 0.1}}, "which is the parameter learning_rate"),
        ({"settings": {"optimizer.lerning_rate": 0.1}}, "learning_rate"),
        ({"settings": {"dataset.path": "iris.csv"}}, "learns from what fit is given"),
        ({"settings": {"dataset": "xor"}}, "learns from what fit is given"),
        ({"settings": {"dataset.validation": "other.csv"}}, "given as arrays"),
        ({"settings": {"dataset.missing": "drop"}}, "given as arrays"),
        ({"settings": {"recording.history": 3}}, "trains in memory"),
        ({"settings": 3}, "expected a mapping"),
        ({"settings": {"seed": 3}}, "which is the parameter random_state"),
        ({"optimizer": 3}, "expected the name of one choice"),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "leaves no sample a weight"),
        ({"class_weight": {0: -1}}, "expected at least 0 for each"),
    ],
)
def test_what_cannot_be_is_a_value_error_that_says_why(how: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        NetworkClassifier(**how).fit(IRIS, CLASSES)


def test_numbers_out_of_all_bounds_are_refused_or_scaled() -> None:
    with pytest.raises(ValueError, match="inputs are beyond"):
        NetworkClassifier().fit(IRIS * 1e200, CLASSES)
    with pytest.raises(ValueError, match="targets are beyond"):
        NetworkRegressor().fit(TABLE, NUMBERS * 1e200)
    plain, huge = (
        NetworkClassifier(max_epochs=1).fit(IRIS, CLASSES, np.full(len(IRIS), weight)).network_
        for weight in (1, 1e308)
    )
    assert np.array_equal(plain.parameters, huge.parameters)


def test_a_name_that_is_nothing_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="max_epoch"):
        NetworkClassifier().set_params(max_epoch=3)


def test_without_scikit_learn_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [each for each in sys.modules if each.startswith("runner.sklearn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(SettingsError, match=r"needs sklearn, which .*pip install '\.\[sklearn\]'"):
        import runner.sklearn  # noqa: F401

"""The estimators, with what scikit-learn asks of such."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from runner.configuration.composing import groups
from runner.data.given_arrays import GivenArrays
from runner.data.preparing import FILLS
from runner.errors import RunnerError, SettingsError, error_line, printable, system_errors
from runner.face import flat
from runner.network.arrays import Array
from runner.network.labels import labels
from runner.sklearn.fitting import check_names, fitted
from runner.sklearn.pickled_pieces import bring_in, modules_of_pieces
from runner.training.threads import limited

OWN_NAMES = {
    "optimizer.name": "optimizer",
    "optimizer.learning_rate": "learning_rate",
    "stopping.max_epochs": "max_epochs",
    "seed": "random_state",
}
"""Parameters by the names that they have as settings."""
PLAIN = ("dtype", "engine", "threads")
"""Settings that are in no section."""
MODULES = "_modules"
"""In a pickle: those that pieces of one's own come from."""


@contextmanager
def value_errors() -> Iterator[None]:
    """What a person can cause is a ValueError, as scikit-learn asks, and names the parameter."""
    try:
        with system_errors():
            yield
    except RunnerError as error:
        setting, equals, rest = error_line(error).partition("=")
        line = f"{OWN_NAMES.get(setting, setting)}{equals}{rest}"
        raise ValueError(line) from error


@dataclass(eq=False, repr=False)
class NetworkEstimator(BaseEstimator):
    """What both have in common: parameters, settings by their dotted names, and the training."""

    topology: str = "in-100-out"
    _: KW_ONLY
    optimizer: str = "adam"
    learning_rate: float | None = None
    batch_size: int | None = 32
    max_epochs: int | None = 100
    random_state: int | np.random.RandomState | None = 1
    settings: Mapping[str, object] | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Its parameters; deep: with `settings` one by one, by their dotted names."""
        own: dict[str, Any] = super().get_params(deep=False)
        return {**self._said, **own} if deep else own

    def set_params(self, **params: Any) -> Self:
        """Sets parameters, and settings by their dotted names: `**{"loss.name": "huber"}`."""
        own, settings = dict[str, Any](), dict[str, Any]()
        for name, value in params.items():
            name = OWN_NAMES.get(name, name)  # noqa: PLW2901 - the same, by its other name
            known = name in self._get_param_names()
            (settings if is_setting(name) and not known else own)[name] = value
        super().set_params(**own)
        if settings:
            self.settings = {**self._said, **settings}
        return self

    def __getstate__(self) -> dict[str, Any]:
        """With the modules of pieces of one's own, for processes of `n_jobs`, too."""
        state: dict[str, Any] = super().__getstate__()
        modules = modules_of_pieces(self.get_params())
        return {**state, MODULES: modules} if modules else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Raises SettingsError where a piece that it names is not here."""
        bring_in(state.get(MODULES, {}))
        super().__setstate__({key: value for key, value in state.items() if key != MODULES})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._fills
        return tags

    @property
    def _said(self) -> dict[str, object]:
        """The settings by their dotted names; what is no mapping is refused by `fit`, not here."""
        return dict(flat(self.settings)) if isinstance(self.settings, Mapping) else {}

    @property
    def _fills(self) -> bool:
        """Whether missing inputs are filled in."""
        return self._said.get("dataset.missing") in FILLS

    def _inputs(self, x: ArrayLike, **how: Any) -> Any:
        """Inputs [samples, n_in], and targets where `how` has any, as scikit-learn checks them."""
        finite = "allow-nan" if self._fills else True
        return validate_data(self, x, dtype=np.float64, ensure_all_finite=finite, **how)

    def _fit(self, arrays: GivenArrays, weights: Array | None, brought: dict[str, object]) -> Self:
        """Trains. weights: [samples] of any scale; those of 0 are left out.

        brought: settings that go with what is learnt, before the person's own.
        """
        if weights is not None:
            arrays = weighted(arrays, weights)
        found = fitted(self._settings(brought), arrays)
        self.network_ = found.network
        self.n_iter_ = found.epochs
        self.curves_ = found.curves
        self.loss_curve_ = list(found.curves.get("loss", ()))
        return self

    def _settings(self, brought: dict[str, object]) -> dict[str, object]:
        """What the run is told, by dotted names. Raises SettingsError for what is said twice."""
        own: dict[str, object] = {
            "topology": self.topology,
            "optimizer": self.optimizer,
            "batch_size": self.batch_size,
            "stopping.max_epochs": self.max_epochs,
            "seed": self._seed,
        }
        if self.learning_rate is not None:
            own["optimizer.learning_rate"] = self.learning_rate
        if not isinstance(self.settings, Mapping | None):
            raise SettingsError(
                f"settings are of type {type(self.settings).__name__}; expected a mapping such as "
                '{"network.activation.hidden": "tanh"}'
            )
        check_names(self.settings or {})
        for name in self._said:
            parameter = OWN_NAMES.get(name, name)
            if parameter in self._get_param_names():
                raise SettingsError(
                    f"settings have {printable(name)}, which is the parameter {parameter}; "
                    f"give {type(self).__name__}({parameter}=…)"
                )
        return {**brought, **own, **self._said}

    @property
    def _seed(self) -> object:
        if self.random_state is None or isinstance(self.random_state, np.random.RandomState):
            return int(check_random_state(self.random_state).randint(2**31))
        return self.random_state

    def _outputs(self, x: ArrayLike) -> Array:
        """The network's outputs [samples, n_out]."""
        check_is_fitted(self)
        inputs = self._inputs(x, reset=False)
        with value_errors(), limited(1):
            return self.network_.predict(inputs)

    @property
    def _names(self) -> tuple[str, ...] | None:
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else tuple(map(str, names))


@dataclass(eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A network that learns classes, with softmax and cross-entropy.

    topology: the layers, such as `in-64-32-out`; 100 units are as many as MLPClassifier has.
    optimizer, learning_rate: as `optimizer=` and `optimizer.learning_rate=` of a run; the rate is
    the optimizer's own where it is None.
    batch_size: samples a step, at most all; None is all of them.
    max_epochs: the most passes over the samples.
    random_state: the run's `seed`, of starting weights and shuffling; None draws one.
    settings: all else by dotted names, `{"network.activation.hidden": "tanh"}`; in `set_params` and
    grids they are parameters. With `{"dataset.validation": 0.1}` training stops early.
    class_weight: weights by class, `balanced`, or None for 1 each.

    Fitted: `classes_`, `network_` (a TrainedNetwork), `n_iter_` (epochs), `loss_curve_`, and
    `curves_`, all metrics by name.
    """

    _: KW_ONLY
    class_weight: Mapping[Any, float] | str | None = None

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Trains on inputs X [samples, n_in] and the class y of each [samples].

        sample_weight: [samples] How much each counts, of any scale. Raises ValueError.
        """
        inputs, y = self._inputs(X, y=y)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_[0]!r}; expected at least 2 classes"
            )
        weights = None if sample_weight is None else weights_of(sample_weight, inputs)
        if isinstance(self.class_weight, str) and self.class_weight != "balanced":
            raise ValueError(
                f"class_weight={self.class_weight!r} is unknown; expected 'balanced', weights by "
                f"class such as {dict.fromkeys(self.classes_[:1].tolist(), 2.0)}, or None"
            )
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, y)
            if not (np.isfinite(by_class) & (by_class >= 0)).all():
                raise ValueError(
                    f"class_weight={self.class_weight!r}; expected at least 0 for each"
                )
            weights = by_class if weights is None else weights * by_class
        names = tuple(map(str, self.classes_))
        with value_errors():
            arrays = GivenArrays(inputs, numbers.astype(np.int64), self._names, names)
            return self._fit(arrays, weights, {"loss": "cross_entropy"})

    def predict_proba(self, X: ArrayLike) -> Array:  # noqa: N803
        """[samples, classes] How probable each class is.

        Outputs of other losses than cross-entropy are brought into [0, 1], and to a sum of 1.
        """
        shares = self._outputs(X).clip(0, 1)
        if shares.shape[1] == 1:
            return np.hstack([1 - shares, shares])
        sums = shares.sum(axis=1, keepdims=True)
        return np.where(sums > 0, shares / np.where(sums > 0, sums, 1), 1 / shares.shape[1])

    def predict(self, X: ArrayLike) -> Array:  # noqa: N803
        """[samples] The class that the outputs of each decide."""
        outputs = self._outputs(X)  # which refuses where nothing is fitted, before classes_ would
        classes: Array = self.classes_[labels(outputs)]
        return classes


@dataclass(eq=False, repr=False)
class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A network that learns numbers, one a sample or several, by their squared error.

    Parameters are those of NetworkClassifier, but for class_weight. Targets are scaled to mean 0
    and deviation 1 while it trains, unless settings say `{"dataset.scale_targets": "none"}`.

    Fitted: `network_` (a TrainedNetwork), `n_iter_` (epochs), `loss_curve_`, and `curves_`, all
    metrics by name.
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Trains on inputs X [samples, n_in] and numbers y [samples] or [samples, n_out].

        sample_weight: [samples] How much each counts, of any scale. Raises ValueError.
        """
        inputs, y = self._inputs(X, y=y, multi_output=True, y_numeric=True)
        targets = np.asarray(y, np.float64)
        self._flat_targets = targets.ndim == 1
        weights = None if sample_weight is None else weights_of(sample_weight, inputs)
        with value_errors():
            arrays = GivenArrays(inputs, targets.reshape(len(targets), -1), self._names)
            return self._fit(arrays, weights, {})

    def predict(self, X: ArrayLike) -> Array:  # noqa: N803
        """[samples] or [samples, n_out], as the targets were."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat_targets else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def weights_of(sample_weight: ArrayLike, inputs: Array) -> Array:
    """[samples] As scikit-learn checks them."""
    weights: Array = _check_sample_weight(
        sample_weight, inputs, dtype=np.float64, ensure_non_negative=True
    )
    return weights


def weighted(arrays: GivenArrays, weights: Array) -> GivenArrays:
    """The samples that count at all, with weights of mean 1, so that steps are as long as ever.

    Raises SettingsError where none counts.
    """
    kept = weights > 0
    if not kept.any():
        raise SettingsError("sample_weight leaves no sample a weight; expected above 0 of one")
    shares = weights[kept] / weights.max()  # no sum of these overflows
    scaled = shares / shares.mean()
    return GivenArrays(
        arrays.inputs[kept], arrays.targets[kept], arrays.input_names, arrays.classes, scaled
    )


def is_setting(name: str) -> bool:
    """Whether a name is one of a run's settings, such as `loss.name`, `schedule` or `dtype`."""
    return "." in name or name in PLAIN or name in groups()

"""Networks as scikit-learn's estimators: in its pipelines, cross-validation and grid searches."""

from runner.checking.extras import extra

extra("sklearn", "sklearn")  # says what to install where it is not there

from runner.sklearn.estimators import NetworkClassifier, NetworkRegressor  # noqa: E402

__all__ = ["NetworkClassifier", "NetworkRegressor"]

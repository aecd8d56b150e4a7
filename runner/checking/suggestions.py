"""What a name that nothing has was meant to be."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from runner.errors import printable

SYNONYMS: dict[str, str] = {
    # losses and metrics
    "mse": "squared_error rmse",
    "mean_squared_error": "squared_error rmse",
    "quadratic": "squared_error",
    "l2_loss": "squared_error",
    "mae": "absolute_error",
    "mean_absolute_error": "absolute_error mae",
    "l1_loss": "absolute_error",
    "smooth_l1": "huber",
    "bce": "binary_cross_entropy",
    "log_loss": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "ce": "cross_entropy",
    "nll": "cross_entropy",
    "crossentropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "acc": "accuracy",
    "val_acc": "val_accuracy",
    "test_acc": "test_accuracy accuracy",
    # activations
    "logistic": "sigmoid binary_cross_entropy",
    "identity": "linear",
    "lrelu": "leaky_relu",
    "rectifier": "relu",
    # optimizers
    "gd": "sgd",
    "gradient_descent": "sgd",
    "heavy_ball": "momentum",
    "nag": "nesterov",
    "rms": "rmsprop",
    "rms_prop": "rmsprop",
    # initializers
    "xavier": "glorot_uniform",
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "glorot": "glorot_uniform",
    "kaiming": "he_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "he": "he_normal",
    "lecun": "lecun_normal",
    "gaussian": "normal",
    # schedules and data sets
    "cosine_annealing": "cosine",
    "onecycle": "one_cycle",
    "reduce_on_plateau": "plateau",
    "fashion": "fashion_mnist",
    "cifar": "cifar10",
    "spiral": "spirals",
    # keys, without their sections
    "lr": "learning_rate",
    "rate": "learning_rate",
    "steps": "max_steps",
    "iterations": "max_steps",
    "epochs": "max_epochs",
    "activation": "activation.hidden",
    "dropout": "dropout.rate",
    "init": "initializer.name",
    "layers": "topology",
    "hidden": "activation.hidden topology",
    "weight_decay": "weight_decay l2",
}
"""Other names for what the runner has, lower case; several where it depends on the place."""


def suggestion(name: str, names: Iterable[str]) -> str:
    """`did you mean 'x'? ` for a name written otherwise, a synonym or a near miss; or nothing."""
    near = next(candidates(name, list(names)), None)
    return "" if near is None else f"did you mean '{printable(near)}'? "


def choices(name: str, names: Iterable[str]) -> str:
    """What else there is for a name that nothing has: the likeliest, then all of them."""
    known = list(names)
    return f"{suggestion(name, known)}choose from {', '.join(known)}"


def candidates(name: str, names: list[str]) -> Iterator[str]:
    """The names that `name` may stand for, the likeliest first."""
    by_folded = {folded(known): known for known in reversed(names)}
    ends = {known.rpartition(".")[2]: known for known in by_folded}
    ends |= {".".join(known.split(".")[-2:]): known for known in by_folded}
    asked = folded(name)
    last = asked.rpartition(".")[2]
    if asked in by_folded:
        yield by_folded[asked]
    typo = get_close_matches(asked, by_folded, n=1, cutoff=0.9)
    for meant in (*SYNONYMS.get(last, "").split(), asked, f"{asked}.name", *typo, last):
        if meant in by_folded or meant in ends:
            yield by_folded[ends.get(meant, meant)]
    for near in get_close_matches(asked, by_folded, n=1):
        yield by_folded[near]


def folded(name: str) -> str:
    """A name without what people write differently."""
    return name.lower().replace("-", "_").replace(" ", "_")

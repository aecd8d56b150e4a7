"""What the YAML under `conf/` computes with, beside what Hydra and OmegaConf offer."""

import secrets
from collections.abc import Callable

from runner.configuration.omegaconf_inside import register_kept, register_resolver


def times(a: float, b: float) -> float:
    """`${times:a,b}`: the product to six digits."""
    return float(f"{a * b:.6g}")


def held_out(validation: object, folds: object, there: object, otherwise: object) -> object:
    """`there` where samples are held out to validate with, else `otherwise`."""
    return otherwise if validation is None and folds is None else there


def watching(metric: object, there: object, otherwise: object) -> object:
    """`there` where the metric is measured on held-out samples, else `otherwise`."""
    from runner.training.metrics import VALIDATION  # noqa: PLC0415 - needs NumPy; to compose does not

    return there if str(metric).startswith(VALIDATION) else otherwise


RESOLVERS: dict[str, Callable[..., object]] = {
    "times": times,
    "held_out": held_out,
    "watching": watching,
}
"""Those whose results follow from a configuration's own values, not from the clock or chance."""


def register_resolvers() -> None:
    """Makes OmegaConf know these, and `${unique:}`: ten letters and digits, to keep runs apart."""
    for name, resolver in RESOLVERS.items():
        register_resolver(name, resolver)
    register_kept("unique", lambda: secrets.token_hex(5))

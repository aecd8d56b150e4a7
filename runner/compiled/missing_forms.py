"""Pieces of a person's own that have no compiled form: which, and why."""

from functools import cache
from typing import Any

from runner.checking.tables import Origin
from runner.compiled.own_forms import TABLES
from runner.errors import printable
from runner.network.layers.kinds import LAYERS
from runner.training.engine import Problem


def without_form(problem: Problem) -> str | None:
    """What of a problem cannot be compiled, in words; None where all can be."""
    for name, source in LAYERS.origins.items():
        if LAYERS[name] in map(type, problem.network.topology.kinds):
            return f"has no form of layer '{name}' ({source})"
    dtype = problem.targets.dtype.name
    named = {
        "forward": problem.network.activation_names,
        "slope": problem.network.activation_names,
        "loss": (problem.loss,),
        "update": (problem.optimizer,),
    }
    for kind, names in named.items():
        for name in dict.fromkeys(names):
            table = TABLES[kind]
            origin = table.origins.get(name)
            if origin is None:
                continue
            if table[name].scalar is None:
                return f"has no form of {table.kind} '{name}' ({origin})"
            problem_with = uncompiled(kind, name, dtype, origin, table[name].scalar)
            if problem_with is not None:
                return f"cannot compile {table.kind} '{name}' ({origin}): {problem_with}"
    return None


@cache
def uncompiled(kind: str, name: str, dtype: str, _origin: Origin, _scalar: Any) -> str | None:
    """Why Numba does not compile that function; None where it has."""
    from runner.compiled.machine_code import address  # noqa: PLC0415 - loads LLVM

    try:
        address(kind, name, dtype)
    except Exception as error:  # Numba's own are many
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = [line for line in lines if "mode pipeline" not in line][:1]
        return printable("; ".join(told)[:160] or type(error).__name__)
    return None

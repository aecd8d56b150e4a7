"""What is otherwise around a run than when it was made: versions, engine, machine."""

from collections.abc import Mapping
from typing import Any

from runner.compiled import ARITHMETIC
from runner.errors import printable
from runner.plugins.origins import changed_pieces, recorded
from runner.run_folder.writing import machine


def changed_since(about: Mapping[str, Any], engine: str) -> list[str]:
    """What differs of what is known, as `numpy 1.26.0, now 2.4.6`.

    about: what run.json says. engine: the name of the one that repeats the run.
    """
    here = {**machine(), "engine": engine}
    then, now = flat(about), flat(here)
    changed = [
        f"{name} {printable(then[name])}, now {'unknown' if value is None else value}"
        for name, value in now.items()
        if then.get(name) not in (None, value)
    ]
    return [*changed, *changed_pieces(about)]


def unpromised(about: Mapping[str, Any], engine: str) -> str | None:
    """Why the bytes of a run may be others elsewhere; None where they may not.

    about: what run.json says. engine: the name of the one that repeats the run.
    """
    if {about.get("engine"), engine} != {"compiled"}:
        return "engine=numpy promises no bytes, engine=compiled does"
    if any(recorded(about)):
        return "it has pieces of a person's own, of whose compiled forms no bytes are promised"
    if about.get("arithmetic") != ARITHMETIC:
        return "the arithmetic of engine=compiled was another then"
    return None


def flat(about: Mapping[str, Any]) -> dict[str, object]:
    """By name what there is of it, as run.json has it; where that is no such thing, nothing."""
    versions, process = about.get("versions"), about.get("process")
    found = dict(versions) if isinstance(versions, Mapping) else {}
    found |= {name: about.get(name) for name in ("engine", "platform", "git_commit")}
    return found | {"host": process.get("host") if isinstance(process, Mapping) else None}

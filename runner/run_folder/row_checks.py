"""What the parts of a row may be: a forged file has its checksums right, too."""

import json
import struct
from functools import lru_cache
from typing import Any

from runner.run_folder.statuses import ENDED, PRUNED
from runner.training.stopping import RUNG

RATE = "steps_per_second"
"""A result that follows from others."""
OF_KIND: dict[str, tuple[type, ...]] = {
    "status": (str,),
    "stop_reason": (str,),
    "engine": (str, type(None)),
    "versions": (dict,),
    "platform": (str,),
    "git_commit": (str, type(None)),
    "data": (str, type(None)),
    "dtype": (str,),
    "metric": (str,),
    "results": (list,),
    "whole": (list,),
    "history": (list,),
    "last": (dict,),
    "alike": (dict,),
}
"""What is said of a kind, and how."""
NUMBER = struct.Struct("<d")
TIMES = ("started", "finished")
"""Results that are kept in seconds since 1970."""
LATEST = 253_402_214_400.0
"""The last day of the year 9999."""
MOST_DIGITS = 9
"""Of a rung's number, and of a place."""
ITEM_SIZES = {"float32": 4, "float64": 8}


def fits(base: tuple[object, ...], kind: tuple[object, ...], own: tuple[object, ...]) -> bool:
    """Whether a row is what a run leaves.

    base: configuration, task, hydra and overrides. kind: about and preparation. own: overrides,
    changes, error, results, history and weights.
    """
    if not (is_base(*base) and is_kind(*kind)):
        return False
    match own:
        case (
            str(overrides),
            str(changes),
            None | str(),
            bytes(results),
            bytes(history),
            bytes(weights),
        ):
            columns, stored, shares, size = sizes_of(kind[0])
            return (
                is_texts(overrides, base[3])
                and says_values(changes or overrides, base[0], named=bool(changes))
                and len(results) == 8 * stored
                and not (len(history) % (8 * columns) if columns else history)
                and (bool(history) or not shares)
                and not len(weights) % size
                and are_sound(kind[0], results, history)
            )
    return False


@lru_cache(maxsize=256)
def sizes_of(about: object) -> tuple[int, int, bool, int]:
    """How many columns a kind's histories have, and how many results are kept beside them.

    And whether the last row of a history says others; and a weight's bytes.
    """
    told = parsed(about)
    said = {*told["last"], *told["alike"], RATE}
    stored = sum(name not in said for name in told["results"])
    return len(told["history"]), stored, bool(told["last"]), ITEM_SIZES[told["dtype"]]


@lru_cache(maxsize=256)
def is_base(configuration: object, task: object, hydra: object, overrides: object) -> bool:
    """Whether these are what jobs have in common."""
    sections = [parsed(text) for text in (configuration, task, hydra)]
    texts = parsed(overrides)
    return all(isinstance(section, dict) for section in sections) and (
        isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    )


@lru_cache(maxsize=256)
def is_kind(about: object, preparation: object) -> bool:
    """Whether this says what numbers of rows mean."""
    told = parsed(about)
    if not isinstance(told, dict) or not isinstance(preparation, bytes):
        return False
    if any(not isinstance(told.get(name, told), kinds) for name, kinds in OF_KIND.items()):
        return False
    lists = [*told["results"], *told["whole"], *told["history"]]
    lists += [*told["last"], *told["last"].values()]
    return (
        told["status"] in ENDED
        and (told["status"] != PRUNED or is_pruned(told))
        and told["dtype"] in ITEM_SIZES
        and all(isinstance(name, str) for name in lists)
        and set(told["last"].values()) <= set(told["history"])
        and all(isinstance(value, int | float) for value in told["alike"].values())
    )


def is_pruned(told: dict[str, Any]) -> bool:
    """Whether it is said at which rung a job was pruned, and after how many epochs."""
    number = told["stop_reason"].removeprefix(RUNG)
    return number.isdecimal() and len(number) < MOST_DIGITS and "epochs" in told["whole"]


def is_texts(text: str, base: object) -> bool:
    """Whether JSON has texts by their places among those of a base."""
    found, most = parsed(text), len(parsed(base))
    if not isinstance(found, dict):
        return False
    for place, each in found.items():
        if not (place.isdecimal() and len(place) < MOST_DIGITS and int(place) < most):
            return False
        if not isinstance(each, str):
            return False
    return True


def says_values(text: str, configuration: object, *, named: bool) -> bool:
    """Whether JSON gives values to keys that a configuration has, by name or as overrides."""
    found = parsed(text)
    if not isinstance(found, dict):
        return False
    names = found if named else [each.partition("=")[0] for each in found.values()]
    return all(is_key(configuration, name) for name in names)


@lru_cache(maxsize=4096)
def is_key(configuration: object, name: str) -> bool:
    """Whether a dotted name leads to something in a configuration."""
    inner = parsed(configuration)
    for part in name.split("."):
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part]
    return True


def are_sound(about: object, results: bytes, history: bytes) -> bool:
    """Whether numbers that are whole or times can be those."""
    columns, *_ = sizes_of(about)
    for place, most in limited(about):
        blob, at = (results, place) if place >= 0 else (history, len(history) // 8 + place)
        if not columns and place < 0:
            return False
        (value,) = NUMBER.unpack_from(blob, 8 * at)
        if not -1 <= value < most:
            return False
    return True


@lru_cache(maxsize=256)
def limited(about: object) -> list[tuple[int, float]]:
    """Where whole numbers and times are: among a row's results, or below 0 from a history's end.

    And below what they have to be.
    """
    told = parsed(about)
    kept = [name for name in told["results"] if name not in (*told["last"], *told["alike"], RATE)]
    found = [(kept.index(name), LATEST) for name in TIMES if name in kept]
    for name in told["whole"]:
        if name in kept:
            found.append((kept.index(name), 2.0**63))
        elif name in told["last"]:
            column = told["history"].index(told["last"][name])
            found.append((column - len(told["history"]), 2.0**63))
    return found


@lru_cache(maxsize=256)  # what is checked is soon read
def parsed(text: object) -> Any:
    """What JSON says; None where it is none. Nobody changes it."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None

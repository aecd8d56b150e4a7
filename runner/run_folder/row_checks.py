"""What the parts of a row may be: a forged file has its checksums right, too."""

import json
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
MOST_DIGITS = 9
"""Of a rung's number."""
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
                is_texts(overrides)
                and (not changes or isinstance(parsed(changes), dict))
                and len(results) == 8 * stored
                and not (len(history) % (8 * columns) if columns else history)
                and (bool(history) or not shares)
                and not len(weights) % size
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


def is_texts(text: str) -> bool:
    """Whether JSON has texts by their places."""
    found = parsed(text)
    return isinstance(found, dict) and all(
        place.isdecimal() and isinstance(each, str) for place, each in found.items()
    )


@lru_cache(maxsize=256)  # what is checked is soon read
def parsed(text: object) -> Any:
    """What JSON says; None where it is none. Nobody changes it."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None

"""A text as a network goes on writing that learnt each character from those before it."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from runner.checking.rules import integer, number, optional, refuse
from runner.errors import SettingsError, SnapshotError, printable
from runner.network.arrays import Array
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import RunNetwork, load_network
from runner.training.state import seeded_generator

MOST_CHARACTERS = 1_000_000
MOST_TOLD = 200
RULES = {
    "length": integer(at_least=1, at_most=MOST_CHARACTERS),
    "temperature": number(at_least=0),
    "seed": integer(at_least=0, at_most=2**32 - 1),
    "step": optional(integer(at_least=0)),
}
LIKELIHOODS = ("softmax", "sigmoid")
"""Activations whose outputs say how likely classes are."""


def sampled_text(
    run: Path, length: int, temperature: float, start: str, seed: int, step: int | None = None
) -> Iterator[str]:
    """`start`, and so many characters behind it as they are drawn, one after the other.

    Raises SettingsError for a run that learnt no text, and for what is no such number or text.
    """
    given = {"length": length, "temperature": temperature, "seed": seed, "step": step}
    length, temperature, seed, step = (
        RULES[key](key, value.item() if isinstance(value, np.generic) else value)
        for key, value in given.items()
    )
    if not isinstance(start, str):
        raise refuse("start", start, "is not a text", "expected characters to go on from")
    network = load_network(run, step)
    classes = characters(network)
    places = {character: place for place, character in enumerate(classes)}
    strange = [character for character in start if character not in places]
    if start == "\n" and strange:
        start = classes[0]
    elif strange or not start:
        text = f"the text that {printable(run)} learnt"
        found = f"has {strange[0]!r}, which is not in {text}" if strange else "is empty"
        some = printable("".join(classes[:MOST_TOLD])) + "…" * (len(classes) > MOST_TOLD)
        raise SettingsError(f"start {found}; expected some of {some}")
    draws = seeded_generator(seed).random(length)
    written = going_on(network, [places[character] for character in start], temperature, draws)
    return chain([start], (classes[place] for place in written))


def characters(network: RunNetwork) -> tuple[str, ...]:
    """What it writes with. Raises SettingsError where that is no text."""
    classes, topology = network.classes or (), network.network.topology
    of_text = network.learnt_from.get("kind") == "text" and {*map(len, classes)} == {1}
    if (
        not of_text
        or len(set(classes)) < len(classes)
        or topology.shape != (topology.steps, len(classes))
    ):
        raise SettingsError(
            f"{printable(network.folder)} did not learn a text; expected a run of dataset=text"
        )
    configured = RunFolder(network.folder).configuration.get("topology")
    if configured != str(topology):  # which may be far longer, and slow
        raise SnapshotError(
            f"{printable(network.folder)} has a snapshot of {printable(topology)[:MOST_TOLD]}, and "
            f"its configuration says topology={printable(configured)[:MOST_TOLD]}; expected one of "
            "the run's own, or another step"
        )
    if network.network.output not in LIKELIHOODS:
        raise SettingsError(
            f"{printable(network.folder)} has outputs that do not say how likely a character is, "
            f"network.activation.output={network.network.output}; expected a run with "
            f"{' or '.join(LIKELIHOODS)}"
        )
    return classes


def going_on(
    network: RunNetwork, before: list[int], temperature: float, draws: Array
) -> Iterator[int]:
    """The places of the characters that follow, one a draw [length] in [0, 1).

    Raises SettingsError where the network has none likely, as one that diverged.
    """
    steps, classes = network.network.topology.shape
    for draw in draws:
        seen = before[-steps:]
        inputs = np.zeros((1, steps, classes))
        inputs[0, np.arange(len(seen)), seen] = 1
        # What stands behind the last that is seen does not touch what is before.
        likely = network.predict(inputs)[0, len(seen) - 1].astype(np.float64)
        if len(likely) == 1:  # of two characters the second
            likely = np.append(1 - likely, likely)
        if not likely.max() > 0:
            raise SettingsError(
                f"{printable(network.folder)} has no character likely behind "
                f"'{printable(network.classes[seen[-1]] if network.classes else '')}'; expected a "
                "run that did not diverge, or another step"
            )
        place = chosen(likely, temperature, float(draw))
        before.append(place)
        yield place


def chosen(likely: Array, temperature: float, draw: float) -> int:
    """The class that a draw in [0, 1) falls to, of p^(1/temperature) made to sum to 1."""
    if temperature == 0:
        return int(likely.argmax())
    with np.errstate(divide="ignore", over="ignore"):  # what cannot be stays so
        logarithms = np.log(likely)
        shares = np.exp((logarithms - logarithms.max()) / temperature)
    summed = np.cumsum(shares)
    return int(np.searchsorted(summed, draw * summed[-1], side="right"))

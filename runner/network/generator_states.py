"""Where a generator is, noted and gone back to.

A Mersenne twister's are 625 words: its key and the position in that. NumPy's `state` takes 75
microseconds to tell them, several times as long as a small net is trained, for it goes word by
word. They are read where NumPy has them, at the address that it gives, once it is seen that what is
there is what `state` says; else they come from that.
"""

import ctypes
from functools import cache
from typing import Any

import numpy as np

from runner.network.arrays import Array

LENGTH = 624
WORDS = ctypes.c_uint32 * (LENGTH + 1)


def state_of(generator: np.random.Generator) -> Any:
    """Of a Mersenne twister its words [625]; of others what NumPy gives."""
    bits = generator.bit_generator
    if not isinstance(bits, np.random.MT19937):
        return bits.state
    return words_in(bits).copy() if found() else words_told(bits)


def set_state(generator: np.random.Generator, state: Any) -> None:
    """Goes to where a generator of that kind was."""
    bits = generator.bit_generator
    if isinstance(bits, np.random.MT19937) and found():
        words_in(bits)[:] = state
    elif isinstance(bits, np.random.MT19937):
        key = {"key": state[:LENGTH], "pos": int(state[LENGTH])}
        bits.state = {"bit_generator": "MT19937", "state": key}  # type: ignore[typeddict-item]
    else:
        bits.state = state


def words_told(bits: np.random.MT19937) -> Array:
    """Key and position [625], by `state`."""
    told = bits.state["state"]
    return np.append(told["key"], np.uint32(told["pos"]))


def words_in(bits: np.random.MT19937) -> Array:
    """The same where NumPy has them, not copied: no longer there than `bits` is."""
    words = WORDS.from_address(bits.ctypes.state_address)
    return np.frombuffer(memoryview(words), np.uint32)


@cache
def found() -> bool:
    """Whether they are there: before a draw, after it, and where they are written to."""
    bits = np.random.MT19937(5)
    for drawn in (0, 7, LENGTH):
        bits.random_raw(drawn)
        if not np.array_equal(words_in(bits), words_told(bits)):
            return False
    words_in(bits)[LENGTH] = 11
    return int(words_told(bits)[LENGTH]) == 11

"""Sums of two numbers as sequences of bits, least significant first: what a recurrent net carries.

At every step come the bits of both numbers at that place; the target is the sum's bit there.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np

from runner.checking.memory import check_memory
from runner.checking.rules import integer, optional
from runner.data.dataset import Part, Pool
from runner.data.shapes import step_names
from runner.errors import SettingsError
from runner.network.arrays import Array


@dataclass(frozen=True)
class SequencesOptions:
    bits: Annotated[int, integer(at_least=2, at_most=24)]
    """Of a sum, so that the two numbers have one less."""
    samples: Annotated[int | None, optional(integer(at_least=1, at_most=10_000_000))]
    """Sums that every run draws from its generator, after its weights; None for each sum once."""


def addition_sequences(options: SequencesOptions) -> Pool:
    """Inputs [samples, bits, 2], targets [samples, bits, 1]; see `drawn_sums` and `all_sums`."""
    bits, samples = options.bits, options.samples
    check_memory(
        (samples or 4 ** (bits - 1)) * bits * 3 * 8 * 2,
        f"dataset.bits={bits} with dataset.samples={samples or 'null, every sum once'}",
        "choose fewer",
        SettingsError,
    )
    draw = None if samples is None else partial(drawn_sums, samples=samples, bits=bits)
    return Pool(
        samples=all_sums(bits) if draw is None else draw(np.random.Generator(np.random.MT19937(0))),
        shape=(bits, 2),
        steps=bits,
        named=False,
        input_names=step_names((bits, 2)),
        target_names=("sum",),
        drawn=draw,
    )


def drawn_sums(generator: np.random.Generator, samples: int, bits: int) -> Part:
    """Sums of random numbers below 2^(bits - 1), for each a and then b.

    generator: of MT19937; its next 32 bits, the low ones of them, are a number, as
    `np.random.randint(2 ** (bits - 1))` takes them from the same state.
    """
    words: Array = generator.bit_generator.random_raw(2 * samples)
    numbers = (words & np.uint64(2 ** (bits - 1) - 1)).astype(np.int64)
    return sums_of(numbers.reshape(samples, 2), bits)


def all_sums(bits: int) -> Part:
    """Every pair of numbers below 2^(bits - 1) once: a changes slowest."""
    numbers = np.arange(2 ** (bits - 1))
    pairs = np.stack(np.meshgrid(numbers, numbers, indexing="ij"), -1)
    return sums_of(pairs.reshape(-1, 2), bits)


def sums_of(numbers: Array, bits: int) -> Part:
    """Pairs of whole numbers [samples, 2] as bits [samples, bits * 2], and those of their sums."""
    places = np.arange(bits)
    inputs = (numbers[:, None, :] >> places[:, None]) & 1  # [samples, bits, 2]
    targets = (numbers.sum(1, keepdims=True) >> places) & 1
    return Part(inputs.reshape(len(numbers), -1).astype(float), targets.astype(float))

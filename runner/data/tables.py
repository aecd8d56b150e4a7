"""Tiny tables: rows written in YAML, and truth tables of Boolean functions made on the spot."""

from collections.abc import Sequence

import numpy as np

from runner.data.dataset import Pool, numbered
from runner.network.topology import Array

Row = tuple[Sequence[float], Sequence[float]]


def table(rows: Sequence[Row]) -> Pool:
    """A data set from rows [[inputs], [targets]]."""
    inputs, targets = zip(*rows, strict=True)
    return numbered(np.array(inputs, float), np.array(targets, float))


def all_inputs(bits: int) -> Array:
    """Every input of so many bits [2^bits, bits] in counting order, high bit first."""
    return bits_of(np.arange(2**bits), bits)


def bits_of(numbers: Array, bits: int) -> Array:
    """Whole numbers [samples] written in binary [samples, bits], high bit first."""
    written: Array = (numbers[:, None] >> np.arange(bits)[::-1]) & 1
    return written


def truth_table(inputs: Array, outputs: Array) -> Pool:
    """A data set of bits [samples, n_in] and [samples, n_out]."""
    return numbered(inputs.astype(float), outputs.astype(float))


def parity(bits: int) -> Pool:
    """The target is 1 when an odd number of bits is set."""
    inputs = all_inputs(bits)
    return truth_table(inputs, inputs.sum(1, keepdims=True) % 2)


def majority(bits: int) -> Pool:
    """The target is 1 when more than half of the bits are set."""
    inputs = all_inputs(bits)
    return truth_table(inputs, 2 * inputs.sum(1, keepdims=True) > bits)


def multiplexer(address_bits: int) -> Pool:
    """The target is the data bit that the address names: first the address, then 2^a data bits."""
    inputs = all_inputs(address_bits + 2**address_bits)
    address = inputs[:, :address_bits] @ (1 << np.arange(address_bits)[::-1])
    return truth_table(inputs, np.take_along_axis(inputs, address_bits + address[:, None], 1))


def binary_addition(bits: int) -> Pool:
    """The target is the sum of two numbers of so many bits; both and the sum high bit first."""
    inputs = all_inputs(2 * bits)
    places = 1 << np.arange(bits)[::-1]
    total = inputs[:, :bits] @ places + inputs[:, bits:] @ places
    return truth_table(inputs, bits_of(total, bits + 1))

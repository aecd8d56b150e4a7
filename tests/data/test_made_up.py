from collections.abc import Callable

import numpy as np
import pytest

from runner.configuration.composing import compose
from runner.data.dataset import Dataset
from runner.data.made_up import (
    AdditionOptions,
    BitsOptions,
    MultiplexerOptions,
    TableOptions,
    binary_addition,
    majority,
    multiplexer,
    parity,
    table,
)
from runner.experiment.building import build_problem
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings


def load(*overrides: str) -> Dataset:
    return load_dataset(parse_settings(compose(overrides)).dataset)


POINTS = {
    # name, inputs, classes
    "spirals": (2, 2),
    "moons": (2, 2),
    "circles": (2, 2),
    "blobs": (2, 3),
    "checkerboard": (2, 2),
    "sine": (1, None),
}


@pytest.mark.parametrize("name", POINTS)
def test_points_come_from_their_seed(name: str) -> None:
    inputs, classes = POINTS[name]
    first, again, other = (
        load(f"dataset={name}", "dataset.samples=1000", f"dataset.seed={seed}")
        for seed in (1, 1, 2)
    )
    assert first.checksum == again.checksum != other.checksum
    assert first.inputs == inputs
    assert (first.classes and len(first.classes)) == classes
    assert len(first.train) + len(first.test or ()) == 1000


@pytest.mark.parametrize("name", ["spirals", "moons", "circles", "blobs"])
def test_classes_are_of_one_size(name: str) -> None:
    dataset = load(f"dataset={name}", "dataset.samples=900", "dataset.test=null")
    assert np.ptp(np.bincount(dataset.train.targets)) <= 1


@pytest.mark.parametrize("name", ["spirals", "blobs"])
def test_more_classes_are_made_as_asked(name: str) -> None:
    dataset = load(f"dataset={name}", "dataset.classes=7")
    assert dataset.fitting_outputs == (7,)


def test_circles_without_noise_have_their_radii() -> None:
    dataset = load("dataset=circles", "dataset.noise=0", "dataset.test=null")
    radii = np.hypot(*dataset.train.inputs.T)
    np.testing.assert_allclose(radii, np.where(dataset.train.targets == 0, 1, 0.5))


TRUTH_TABLES: dict[str, Callable[[bool, bool], bool]] = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "nand": lambda a, b: not (a and b),
    "xor": lambda a, b: a != b,
}


@pytest.mark.parametrize("name", TRUTH_TABLES)
def test_a_truth_table_is_that_of_its_operation(name: str) -> None:
    samples = load(f"dataset={name}").train
    assert samples.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    expected = [[float(TRUTH_TABLES[name](a, b))] for a, b in samples.inputs.astype(bool)]
    assert samples.targets.tolist() == expected


@pytest.mark.parametrize("bits", [1, 2, 3, 8])
def test_parity_is_1_for_an_odd_number_of_bits(bits: int) -> None:
    samples = parity(BitsOptions(bits)).samples
    assert samples.inputs.shape == (2**bits, bits)
    rows = ["".join(str(int(bit)) for bit in row) for row in samples.inputs]
    assert rows == [f"{number:0{bits}b}" for number in range(2**bits)]
    assert samples.targets.ravel().tolist() == [row.count("1") % 2 for row in rows]


def test_a_table_keeps_its_rows() -> None:
    pool = table(TableOptions((([0, 1], [2]), ([3, 4.5], [-6]))))
    assert pool.samples.inputs.tolist() == [[0, 1], [3, 4.5]]
    assert pool.samples.targets.tolist() == [[2], [-6]]
    assert (pool.input_names, pool.target_names) == (("1", "2"), ("1",))


def test_the_default_samples_have_their_first_input_for_target() -> None:
    samples = load().train
    assert samples.inputs.shape == (8, 3)
    assert samples.targets[:, 0].tolist() == samples.inputs[:, 0].tolist()
    assert samples.inputs[:, 2].tolist() == [1] * 8


def test_data_that_differ_have_different_checksums() -> None:
    names = ["xor", "and", "or", "nand", "xor_constant", "eight_samples", "eleven_lines"]
    loaded = [load(f"dataset={name}") for name in names]
    assert len({dataset.checksum for dataset in loaded}) == len(names)


def test_parity_brings_a_topology_that_fits() -> None:
    settings = parse_settings(compose(["dataset=parity", "dataset.bits=5"]))
    problem = build_problem(settings, load_dataset(settings.dataset))
    assert problem.network.topology.sizes[0] == 5


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_addition_is_that_of_whole_numbers(bits: int) -> None:
    samples = binary_addition(AdditionOptions(bits)).samples
    assert samples.inputs.shape == (4**bits, 2 * bits)
    for row, target in zip(samples.inputs, samples.targets, strict=True):
        a, b, total = (
            int("".join(str(int(bit)) for bit in part), 2)
            for part in (row[:bits], row[bits:], target)
        )
        assert a + b == total


@pytest.mark.parametrize("bits", [1, 2, 3, 6])
def test_the_majority_is_more_than_half(bits: int) -> None:
    samples = majority(BitsOptions(bits)).samples
    expected = [float(sum(row) > bits / 2) for row in samples.inputs]
    assert samples.targets[:, 0].tolist() == expected


@pytest.mark.parametrize("address_bits", [1, 2, 3])
def test_a_multiplexer_gives_the_bit_at_the_address(address_bits: int) -> None:
    samples = multiplexer(MultiplexerOptions(address_bits)).samples
    assert samples.inputs.shape[1] == address_bits + 2**address_bits
    for row, target in zip(samples.inputs, samples.targets, strict=True):
        address = int("".join(str(int(bit)) for bit in row[:address_bits]), 2)
        assert target[0] == row[address_bits + address]


def test_targets_are_one_hot_or_single_as_the_topology_asks() -> None:
    dataset = load("dataset=moons", "dataset.test=null")
    labels = dataset.train.targets
    single, one_hot = dataset.for_outputs(1), dataset.for_outputs(2)
    assert single.train.targets[:, 0].tolist() == labels.tolist()
    assert one_hot.train.targets.argmax(1).tolist() == labels.tolist()
    assert one_hot.train.targets.sum(1).tolist() == [1] * len(labels)
    assert one_hot.target_names == ("0", "1")

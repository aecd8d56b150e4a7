from collections.abc import Callable

import pytest

from runner.configuration.composing import compose
from runner.data.made_up import BitsOptions, TableOptions, parity, table
from runner.experiment.building import build_problem
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings

TRUTH_TABLES: dict[str, Callable[[bool, bool], bool]] = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "nand": lambda a, b: not (a and b),
    "xor": lambda a, b: a != b,
}


@pytest.mark.parametrize("name", TRUTH_TABLES)
def test_a_truth_table_is_that_of_its_operation(name: str) -> None:
    settings = parse_settings(compose([f"dataset={name}"]))
    samples = load_dataset(settings.dataset).train
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
    samples = load_dataset(parse_settings(compose([])).dataset).train
    assert samples.inputs.shape == (8, 3)
    assert samples.targets[:, 0].tolist() == samples.inputs[:, 0].tolist()
    assert samples.inputs[:, 2].tolist() == [1] * 8


def test_data_that_differ_have_different_checksums() -> None:
    names = ["xor", "and", "or", "nand", "xor_constant", "eight_samples", "eleven_lines"]
    loaded = [load_dataset(parse_settings(compose([f"dataset={name}"])).dataset) for name in names]
    assert len({dataset.checksum for dataset in loaded}) == len(names)


def test_parity_brings_a_topology_that_fits() -> None:
    settings = parse_settings(compose(["dataset=parity", "dataset.bits=5"]))
    problem = build_problem(settings, load_dataset(settings.dataset))
    assert problem.network.topology.sizes[0] == 5

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.network.topology import Topology, memory_needed, parse_sizes

SIZES = st.lists(st.integers(1, 50), min_size=2, max_size=6).map(tuple)


@given(SIZES)
def test_every_topology_reads_back_from_its_own_text(sizes: tuple[int, ...]) -> None:
    assert parse_sizes(str(Topology(sizes))) == sizes


@given(st.text(alphabet="0123456789-+. x\n٣", max_size=12))
def test_any_text_is_sizes_of_at_least_one_or_a_value_error(text: str) -> None:
    try:
        sizes = parse_sizes(text)
    except ValueError as error:
        assert "such as 3-4-1" in str(error)  # noqa: PT017 - both ways out are fine
    else:
        assert len(sizes) >= 2
        assert min(sizes) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3-",
        "-3-4",
        "3--1",
        "3-0-1",
        "3-4-x",
        "3 4 1",
        "3-4-1\n",
        "3-4.0-1",
        "٣-٤",
        "1-1e3",
    ],
)
def test_what_is_not_a_topology_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 3-4-1"):
        parse_sizes(text)


@given(SIZES, st.booleans(), st.booleans())
def test_the_layers_cover_the_parameter_vector_without_gap_or_overlap(
    sizes: tuple[int, ...], bias: bool, batch_norm: bool
) -> None:
    topology = Topology(sizes, bias, batch_norm)
    trained = [(layer.weights, layer.bias, layer.gamma) for layer in topology.layers]
    running = [(layer.mean, layer.variance) for layer in topology.layers]
    covered = [
        [index for parts in group for part in parts for index in range(part.start, part.stop)]
        for group in (trained, running)
    ]
    assert covered[0] == list(range(topology.parameters))
    assert covered[1] == list(range(topology.parameters, topology.size))


def test_batch_normalisation_adds_four_numbers_a_hidden_unit_two_of_them_trained() -> None:
    plain, normalized = Topology((3, 4, 1)), Topology((3, 4, 1), batch_norm=True)
    assert (plain.parameters, plain.size) == (16, 16)
    assert (normalized.parameters, normalized.size) == (16 + 8, 16 + 16)
    hidden, output = normalized.layers
    assert (hidden.bias, hidden.gamma) == (slice(12, 16), slice(16, 20))
    assert (hidden.mean, hidden.variance) == (slice(24, 28), slice(28, 32))
    assert output.bias.start == output.bias.stop


@given(SIZES, st.booleans())
def test_a_layers_matrix_and_biases_are_views_of_its_shape(
    sizes: tuple[int, ...], bias: bool
) -> None:
    topology = Topology(sizes, bias)
    parameters = np.zeros(topology.parameters)
    for layer in topology.layers:
        assert layer.weight_matrix(parameters).shape == (layer.inputs, layer.outputs)
        assert layer.bias_vector(parameters).shape == (layer.outputs if bias else 0,)
        layer.weight_matrix(parameters)[...] = 1
        layer.bias_vector(parameters)[...] = 1
    assert parameters.all()


def test_weights_lie_row_by_row_and_biases_behind_them() -> None:
    first, second = Topology((2, 3, 1), bias=True).layers
    parameters = np.arange(13.0)
    assert first.weight_matrix(parameters).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert first.bias_vector(parameters).tolist() == [6, 7, 8]
    assert second.weight_matrix(parameters).tolist() == [[9], [10], [11]]
    assert second.bias_vector(parameters).tolist() == [12]


def test_memory_is_counted_without_overflow() -> None:
    huge = Topology((99_999_999, 99_999_999))
    assert memory_needed(huge, "float64") == 32 * 99_999_999**2
    assert memory_needed(huge, "float32") == 16 * 99_999_999**2


def test_layers_are_named_by_their_ends() -> None:
    assert [Topology((3, 4, 1)).layer_name(index) for index in range(2)] == ["L0=>L1", "L1=>L2"]

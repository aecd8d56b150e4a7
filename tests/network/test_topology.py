from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.network.layers.kinds import LAYERS
from runner.network.layers.parts import MisfitError
from runner.network.network import Network
from runner.network.topology import Topology, Written, memory_needed, parse_topology, shape_of

SIZES = st.lists(st.integers(1, 50), min_size=2, max_size=6).map(tuple)


@given(SIZES)
def test_every_topology_reads_back_from_its_own_text(sizes: tuple[int, ...]) -> None:
    assert parse_topology(str(Topology(sizes))) == sizes


@given(st.text(alphabet="0123456789-+. x\n٣", max_size=12))
def test_any_text_is_sizes_of_at_least_one_or_a_value_error(text: str) -> None:
    try:
        pieces = parse_topology(text)
    except ValueError as error:
        assert "such as" in str(error)  # noqa: PT017 - both ways out are fine
    else:
        assert len(pieces) >= 2
        assert all(min(shape_of(piece)) >= 1 for piece in pieces)


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
        parse_topology(text)


@pytest.mark.parametrize("text", ["3-4-1x2x3", "1x4x4-2C3p1-1x4x4"])
def test_what_comes_out_is_no_map(text: str) -> None:
    with pytest.raises(ValueError, match="as its last layer outputs, such as 10, or steps x"):
        parse_topology(text)


# Among them layers of every kind.
MIXED = [
    parse_topology("1x9x9-2C3-3C2p1-MP2-AP2-2C1-GAP-4-2-1"),
    parse_topology("5x3-2RNN-3LSTM-2GRU-3RNN-4-5x2"),
]


def test_nets_of_every_kind_of_layer_are_looked_at() -> None:
    assert {type(kind) for net in MIXED for kind in Topology(net).kinds} == set(LAYERS.values())


@given(SIZES | st.sampled_from(MIXED), st.booleans(), st.booleans())
def test_the_layers_cover_the_parameter_vector_without_gap_or_overlap(
    written: Written, bias: bool, batch_norm: bool
) -> None:
    topology = Topology(written, bias, batch_norm)
    covered: list[list[int]] = [
        [
            index
            for layer in topology.layers
            for part in layer.parts
            if part.trained == trained
            for index in range(layer.place(part.name).start, layer.place(part.name).stop)
        ]
        for trained in (True, False)
    ]
    assert covered[0] == list(range(topology.parameters))
    assert covered[1] == list(range(topology.parameters, topology.size))


def test_batch_normalisation_adds_four_numbers_a_hidden_unit_two_of_them_trained() -> None:
    plain, normalized = Topology((3, 4, 1)), Topology((3, 4, 1), batch_norm=True)
    assert (plain.parameters, plain.size) == (16, 16)
    assert (normalized.parameters, normalized.size) == (16 + 8, 16 + 16)
    hidden, output = normalized.layers
    assert (hidden.bias, hidden.place("gamma")) == (slice(12, 16), slice(16, 20))
    assert (hidden.place("mean"), hidden.place("variance")) == (slice(24, 28), slice(28, 32))
    assert output.bias.start == output.bias.stop


@given(SIZES, st.booleans())
def test_a_layers_matrix_and_biases_are_views_of_its_shape(
    sizes: tuple[int, ...], bias: bool
) -> None:
    topology = Topology(sizes, bias)
    parameters = np.zeros(topology.parameters)
    for layer, below, units in zip(topology.layers, sizes, sizes[1:], strict=False):
        assert layer.weight_matrix(parameters).shape == (below, units)
        assert layer.bias_vector(parameters).shape == (units if bias else 0,)
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


# What is written -> the shape behind each layer, and how many numbers are trained with biases.
NETS = {
    "1x28x28-6C5-MP2-16C5-MP2-120-84-10": (
        [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4), (120,), (84,), (10,)],
        44_426,  # LeNet-5 in its modern form
    ),
    "1x28x28-32C3-MP2-64C3-MP2-10": (
        [(32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 5, 5), (10,)],
        34_826,  # Keras' simple convnet
    ),
    "3x9x7-4C3s2p1-AP3s1-GAP-2": ([(4, 5, 4), (4, 3, 2), (4,), (2,)], 112 + 10),
    "8x2-16RNN-8x1": ([(8, 16), (8, 1)], 2 * 16 + 16 * 16 + 16 + 17),
    "8x2-16RNN-1": ([(16,), (1,)], 2 * 16 + 16 * 16 + 16 + 17),
    "5x3-4LSTM-2GRU-6-5x2": (
        [(5, 4), (5, 2), (5, 6), (5, 2)],
        4 * 4 * (3 + 4 + 1) + 3 * 2 * (4 + 2 + 1) + 2 + 6 * 3 + 2 * 7,
    ),
    "5x3-4LSTM-2GRU-6-2": (
        [(5, 4), (2,), (6,), (2,)],
        4 * 4 * (3 + 4 + 1) + 3 * 2 * (4 + 2 + 1) + 2 + 6 * 3 + 2 * 7,
    ),
    "5x3-4-2": ([(4,), (2,)], 16 * 4 + 5 * 2),
}


@pytest.mark.parametrize("text", NETS)
def test_a_net_has_the_shapes_and_the_parameters_that_its_text_says(text: str) -> None:
    shapes, parameters = NETS[text]
    topology = Topology(parse_topology(text), bias=True)
    assert [kind.shape for kind in topology.kinds] == shapes
    assert topology.parameters == parameters
    assert str(topology) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("784-20C5-10", "layer 1, 20C5: it needs maps .*, and 784 comes in; .* such as 1x28x28"),
        ("1x4x9-2C3-MP3-1", r"layer 2, MP3: it looks at 3 x 3, and 2x2x7 comes in; .* 1 to 2"),
        ("1x4x4-0C3-1", "layer 1, 0C3: it makes no map"),
        ("1x4x4-2C3p3-1", "layer 1, 2C3p3: it has a border of 3, .* at most 2"),
        ("1x4x4-2C3s0-1", "layer 1, 2C3s0: it has a stride of 0"),
        ("1x4x4-MP0-1", "layer 1, MP0: it looks at 0 x 0"),
        ("3x4x5-8RNN-1", "layer 1, 8RNN: .* and 3x4x5 comes in; write .*, such as 12x5"),
        ("4x4-8RNN-8LSTM-2C1-1", "layer 3, 2C1: it needs maps"),
        ("4x4-0GRU-1", "layer 1, 0GRU: it has no unit"),
        ("4x4-8GRU-5x1", "its last layer gives 4x1; expected 5x1"),
        ("1x4x4-2C3-4x1", "its last layer gives 1; expected 4x1"),
    ],
)
def test_a_layer_that_does_not_fit_says_which_what_comes_in_and_what_would(
    text: str, message: str
) -> None:
    with pytest.raises(MisfitError, match=message):
        _ = Topology(parse_topology(text)).kinds


@given(
    st.tuples(*[st.integers(1, 6)] * 3),
    st.lists(
        st.sampled_from(["2C2", "3C3p1", "1C3s2p2", "MP2", "AP3s1", "GAP", "5", "MP1", "2C1s2"]),
        max_size=4,
    ),
)
def test_a_net_of_any_layers_has_outputs_of_the_shape_that_it_says_or_is_refused(
    shape: tuple[int, ...], layers: list[str]
) -> None:
    text = "-".join(["x".join(map(str, shape)), *layers, "2"])
    network = Network(Topology(parse_topology(text), bias=True, batch_norm=True), ("tanh",))
    try:
        _ = network.kinds
    except MisfitError:
        return
    outputs = network.predict(np.ones(network.topology.size), np.ones((3, prod(shape))))
    assert outputs.shape == (3, 2)
    assert np.isfinite(outputs).all()

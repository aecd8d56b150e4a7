from runner.network.layer_table import layer_table
from runner.network.topology import Topology, parse_topology


def table(written: str, *, batch_norm: bool = False) -> str:
    return "\n".join(layer_table(Topology(parse_topology(written), True, batch_norm)))


def test_a_convolutional_net_is_told_layer_by_layer() -> None:
    """Keras' example for MNIST has 34,826 parameters, as its summary says."""
    assert table("1x28x28-32C3-MP2-64C3-MP2-10") == (
        "layer  makes     parameters  multiply-adds\n"
        "input  1x28x28\n"
        "32C3   32x26x26         320        194,688\n"
        "MP2    32x13x13           0              0\n"
        "64C3   64x11x11      18,496      2,230,272\n"
        "MP2    64x5x5             0              0\n"
        "10     10            16,010         16,000\n"
        "total                34,826      2,440,960"
    )


def test_products_of_a_recurrent_net_are_of_all_steps() -> None:
    assert table("8x2-16GRU-4-8x1").splitlines()[1:] == [
        "input  8x2",
        "16GRU  8x16          928          6,912",
        "4      8x4            68            512",
        "1      8x1             5             32",
        "total              1,001          7,456",
    ]


def test_what_adds_up_or_chooses_without_weights_has_no_products() -> None:
    lines = table("1x8x8-MP2-AP2-GAP-1").splitlines()[2:5]
    assert [line.split()[2:] for line in lines] == [["0", "0"]] * 3


def test_what_normalises_a_layer_is_trained_with_it() -> None:
    lines = table("1x4x4-2C3-MP2-3-1", batch_norm=True).splitlines()
    assert lines[2].split() == ["2C3", "2x2x2", "22", "72"]
    assert lines[4].split() == ["3", "3", "12", "6"]

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.commands import run_command
from runner.configuration.composing import compose
from runner.errors import SnapshotError
from runner.experiment.running import QUIETLY, run_experiment
from runner.export import main
from runner.exporting.network_files import npz_bytes, onnx_file
from runner.exporting.onnx_models import checked, run_onnx
from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.layers.kinds import LAYERS
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Topology, parse_topology
from runner.network.trained import TrainedNetwork

GENERATOR = np.random.default_rng(1)
INPUTS = GENERATOR.normal(3, 40, (50, 3))


def trained(
    hidden: str, output: str, dtype: str = "float64", *, batch_norm: bool = False
) -> TrainedNetwork:
    """A network with all that can go with one."""
    network = Network(Topology((3, 5, 4, 2), bias=True, batch_norm=batch_norm), (hidden,), output)
    generator = np.random.default_rng(2)
    parameters = generator.normal(0, 1, network.topology.size)
    for layer in network.topology.layers:
        parameters[layer.place("variance")] **= 2
    return TrainedNetwork(
        network,
        parameters.astype(dtype),
        Scaling(np.array([1.0, 2, 3]), np.array([0.1, 0.02, 0.03])),
        Scaling(np.array([5.0, -5]), np.array([0.5, 4])),
        fill=np.array([1.0, 2, 3]),
        classes=("no", "yes"),
    )


CASES = [*((name, "sigmoid") for name in ELEMENTWISE), *(("tanh", name) for name in ACTIVATIONS)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("hidden", "output"), CASES)
def test_onnx_gives_what_the_network_gives(hidden: str, output: str, dtype: str) -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import onnx_bytes

    network = trained(hidden, output, dtype)
    inputs = INPUTS.copy()
    inputs[::7, 1] = np.nan
    found = run_onnx(onnx_bytes(network), inputs)
    expected = network.predict(inputs)
    np.testing.assert_allclose(
        found, expected, rtol=1e-6 if dtype == "float64" else 1e-5, atol=1e-6
    )


def test_onnx_normalises_as_prediction_does() -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import onnx_bytes

    network = trained("tanh", "linear", batch_norm=True)
    found = run_onnx(onnx_bytes(network), INPUTS)
    np.testing.assert_allclose(found, network.predict(INPUTS), rtol=1e-6)


OTHER_LAYERS = [
    "1x8x8-3C3-2",
    "2x7x6-3C3s2p1-4C2-5-2",
    "2x8x8-3C3p1-MP2-MP3s2-2",
    "2x9x8-3C3-AP2-AP2s1-2",
    "3x6x6-4C1-GAP-2",
    "5x3-4RNN-2",
    "5x3-4RNN-6-5x2",
    "5x3-4LSTM-2",
    "5x3-4LSTM-4GRU-5x2",
    "1x3-4GRU-2",
]


def other_layers(
    written: str, dtype: str, hidden: str = "tanh", *, batch_norm: bool = True
) -> TrainedNetwork:
    topology = Topology(parse_topology(written), bias=True, batch_norm=batch_norm)
    parameters = np.random.default_rng(3).normal(0, 0.5, topology.size)
    for layer in topology.layers:
        parameters[layer.place("variance")] = 1.5
    scaling = Scaling(np.array(0.0), np.linspace(0.5, 1, topology.sizes[0]))
    return TrainedNetwork(Network(topology, (hidden,), "linear"), parameters.astype(dtype), scaling)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("written", OTHER_LAYERS)
def test_onnx_knows_every_layer(written: str, dtype: str, batch_norm: bool) -> None:
    onnx = pytest.importorskip("onnx")
    from runner.exporting.onnx_models import made_up_inputs, onnx_bytes

    network = other_layers(written, dtype, batch_norm=batch_norm)
    content, inputs = onnx_bytes(network), made_up_inputs(network)
    onnx.checker.check_model(content, full_check=True)
    found, expected = run_onnx(content, inputs), network.predict(inputs)
    assert inputs.shape[1:] == network.network.topology.shape
    assert found.shape == expected.shape
    assert np.ptp(expected, axis=0).min() > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", ELEMENTWISE)
def test_onnx_has_every_activation_within_a_recurrence(hidden: str, dtype: str) -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import made_up_inputs, onnx_bytes

    network = other_layers("5x3-4RNN-5x2", dtype, hidden)
    inputs = made_up_inputs(network)
    found, expected = run_onnx(onnx_bytes(network), inputs), network.predict(inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [1, 10])
def test_targets_of_every_step_are_scaled_back(size: int) -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import made_up_inputs, onnx_bytes

    back = Scaling(np.linspace(-5, 5, size), np.linspace(0.1, 3, size))
    network = replace(other_layers("5x3-4RNN-5x2", "float64"), target_scaling=back)
    content, inputs = onnx_bytes(network), made_up_inputs(network)
    np.testing.assert_allclose(run_onnx(content, inputs), network.predict(inputs))
    assert "agrees to" in checked(content, network)


@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_of_padded_sequences_the_answer_is_the_output_at_the_last_step(
    padded: bool, scaled: bool, targets: int
) -> None:
    pytest.importorskip("onnx")
    network = replace(
        other_layers(f"6x2-4GRU-6x{targets}", "float64"),
        scaling=None,
        target_scaling=Scaling(np.array([5.0]), np.array([0.1])) if scaled else None,
        last_only=True,
    )
    inputs = np.random.default_rng(1).normal(size=(20, 6, 2))
    ends = np.arange(20) % 3 + 4 if padded else np.full(20, 6)
    inputs[np.arange(6) >= ends[:, None]] = np.nan
    content, told = onnx_file(network)
    found = run_onnx(content, inputs)[np.arange(20), ends - 1]
    np.testing.assert_allclose(found, network.predict(inputs))
    assert f"outputs [samples, 6, {targets}] float64, the answer at a sequence's last step" in told
    assert "agrees to" in told


def test_every_kind_of_layer_is_exported() -> None:
    kinds = {
        type(kind) for text in OTHER_LAYERS for kind in other_layers(text, "float64").network.kinds
    }
    assert kinds == set(LAYERS.values())


def test_onnx_keeps_small_differences_of_large_numbers_in_float32() -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import onnx_bytes

    far = np.array([2e3, 1e6, 5e8])
    network = replace(
        trained("tanh", "linear", "float32"),
        scaling=Scaling(far, np.array([10.0, 100, 1000])),
        target_scaling=Scaling(np.array([3e7, -4e5]), np.array([50.0, 4])),
    )
    inputs = far + GENERATOR.normal(size=(50, 3)) / [10, 100, 1000]
    found, expected = run_onnx(onnx_bytes(network), inputs), network.predict(inputs)
    assert found.dtype == np.float64
    assert np.abs(found - expected).max() < 1e-6
    assert np.ptp(expected, axis=0).min() > 1e-2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_written_model_is_checked(dtype: str) -> None:
    pytest.importorskip("onnx")
    from runner.exporting.onnx_models import onnx_bytes

    network = trained("relu", "softmax", dtype)
    content = onnx_bytes(network)
    assert "agrees to" in checked(content, network)
    other = replace(network, parameters=network.parameters * network.parameters.dtype.type(1.01))
    with pytest.raises(SnapshotError, match="nothing is written"):
        checked(content, other)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_an_npz_file_is_enough_to_compute_the_outputs(batch_norm: bool) -> None:
    network = replace(trained("tanh", "linear", batch_norm=batch_norm), fill=None)
    with np.load(io.BytesIO(npz_bytes(network)), allow_pickle=False) as file:
        a = (INPUTS - file["input_shift"]) * file["input_scale"]
        for layer in (1, 2, 3):
            z = a @ file[f"weights_{layer}"] + file[f"biases_{layer}"]
            a = np.tanh(z) if file["activations"][layer - 1] == "tanh" else z
        outputs = a / file["target_scale"] + file["target_shift"]
        assert file["classes"].tolist() == ["no", "yes"]
    np.testing.assert_allclose(outputs, network.predict(INPUTS))


def test_an_npz_file_is_enough_to_compute_a_recurrent_net() -> None:
    network = other_layers("5x3-4RNN-5x2", "float64")
    x = np.random.default_rng(1).normal(size=(1, 5, 3))
    with np.load(io.BytesIO(npz_bytes(network)), allow_pickle=False) as file:
        assert str(file["topology"]) == "5x3-4RNN-5x2"
        h, outputs = np.zeros(4), []
        for of_step in x[0] * file["input_scale"].reshape(5, 3):
            h = np.tanh(of_step @ file["weights_1"] + h @ file["recurrent_1"] + file["biases_1"])
            normal = h * file["factors_1"] + file["shifts_1"]
            outputs.append(normal @ file["weights_2"] + file["biases_2"])
    np.testing.assert_allclose(network.predict(x), [outputs])


def test_an_npz_file_holds_the_parts_of_every_layer() -> None:
    network = other_layers("1x6x6-3C3-MP2-2", "float64"), other_layers("5x3-4GRU-2", "float64")
    shapes = []
    for one in network:
        with np.load(io.BytesIO(npz_bytes(one)), allow_pickle=False) as file:
            shapes.append({name: file[name].shape for name in file.files if name[-1].isdigit()})
    assert shapes == [
        {"weights_1": (9, 3), "biases_1": (3,), "weights_3": (12, 2), "biases_3": (2,)},
        {
            "weights_1": (3, 12),
            "recurrent_1": (4, 12),
            "biases_1": (12,),
            "recurrent_biases_1": (4,),
            "factors_1": (4,),
            "shifts_1": (4,),
            "weights_2": (4, 2),
            "biases_2": (2,),
        },
    ]


def test_a_run_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_experiment(
        compose(["dataset=digits", "stopping.max_epochs=1"]), tmp_path / "r", {}, QUIETLY
    )
    assert run_command(main, [str(tmp_path / "r"), str(tmp_path / "net.onnx")]) == 0
    assert run_command(main, [str(tmp_path / "r"), str(tmp_path / "net.npz"), "--step", "0"]) == 0
    onnx, npz = capsys.readouterr().out.splitlines()
    assert onnx.startswith(f"{tmp_path / 'net.onnx'}: network 64-")
    assert "inputs [samples, 64] float32" in onnx
    assert "onnxruntime agrees to" in onnx
    assert npz.endswith("2 weight matrices of float32")
    from runner import load_network

    network = load_network(tmp_path / "r")
    images = np.random.default_rng(1).integers(0, 17, (20, 64))
    found = run_onnx((tmp_path / "net.onnx").read_bytes(), images.astype("float32"))
    np.testing.assert_allclose(found, network.predict(images), atol=1e-6)


def test_mistakes_get_one_line_and_their_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    assert run_command(main, [str(tmp_path), str(tmp_path / "net.onx")]) == 2
    assert "expected .npz or .onnx" in capsys.readouterr().err
    assert run_command(main, [str(tmp_path), str(tmp_path / "net.npz")]) == 4
    assert "holds no snapshot" in capsys.readouterr().err

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runner.commands import run_command
from runner.configuration.composing import compose
from runner.experiment import run_experiment
from runner.export import main, npz_bytes
from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Array, Topology
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
        parameters[layer.variance] **= 2
    return TrainedNetwork(
        network,
        parameters.astype(dtype),
        Scaling(np.array([1.0, 2, 3]), np.array([0.1, 0.02, 0.03])),
        Scaling(np.array([5.0, -5]), np.array([0.5, 4])),
        fill=np.array([1.0, 2, 3]),
        classes=("no", "yes"),
    )


def run_onnx(content: bytes, inputs: Array, dtype: str) -> Array:
    """What onnxruntime makes of the inputs."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    outputs: Array = session.run(["outputs"], {"inputs": inputs.astype(dtype)})[0]
    return outputs


CASES = [*((name, "sigmoid") for name in ELEMENTWISE), *(("tanh", name) for name in ACTIVATIONS)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("hidden", "output"), CASES)
def test_onnx_gives_what_the_network_gives(hidden: str, output: str, dtype: str) -> None:
    pytest.importorskip("onnx")
    from runner.analysis.onnx_graph import onnx_bytes

    network = trained(hidden, output, dtype)
    inputs = INPUTS.copy()
    inputs[::7, 1] = np.nan
    found = run_onnx(onnx_bytes(network), inputs, dtype)
    expected = network.predict(inputs.astype(dtype))
    np.testing.assert_allclose(
        found, expected, rtol=1e-6 if dtype == "float64" else 1e-5, atol=1e-6
    )


def test_onnx_normalises_as_prediction_does() -> None:
    pytest.importorskip("onnx")
    from runner.analysis.onnx_graph import onnx_bytes

    network = trained("tanh", "linear", batch_norm=True)
    found = run_onnx(onnx_bytes(network), INPUTS, "float64")
    np.testing.assert_allclose(found, network.predict(INPUTS), rtol=1e-6)


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


def test_a_run_is_exported(tmp_path: Path) -> None:
    run_experiment(
        compose(["dataset=digits", "stopping.max_epochs=1"]), tmp_path / "r", {}, quiet=True
    )
    assert run_command(main, [str(tmp_path / "r"), str(tmp_path / "net.onnx")]) == 0
    assert run_command(main, [str(tmp_path / "r"), str(tmp_path / "net.npz"), "--step", "0"]) == 0
    from runner import load_network

    network = load_network(tmp_path / "r")
    images = np.random.default_rng(1).integers(0, 17, (20, 64))
    dtype = network.parameters.dtype.name
    found = run_onnx((tmp_path / "net.onnx").read_bytes(), images, dtype)
    np.testing.assert_allclose(found, network.predict(images), atol=1e-6)


def test_mistakes_get_one_line_and_their_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    assert run_command(main, [str(tmp_path), str(tmp_path / "net.onx")]) == 2
    assert "expected .npz or .onnx" in capsys.readouterr().err
    assert run_command(main, [str(tmp_path), str(tmp_path / "net.npz")]) == 4
    assert "holds no snapshot" in capsys.readouterr().err

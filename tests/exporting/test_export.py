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
from runner.exporting.network_files import npz_bytes
from runner.exporting.onnx_models import checked, run_onnx
from runner.network.activations import ACTIVATIONS, ELEMENTWISE
from runner.network.network import Network
from runner.network.scaling import Scaling
from runner.network.topology import Topology
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

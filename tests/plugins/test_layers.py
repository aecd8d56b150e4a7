"""Kinds of layers of one's own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

import runner
from runner import export
from runner.errors import SettingsError, SnapshotError
from runner.network.arrays import Array
from runner.network.layers.parts import LayerKind, LayerPart, Place, Shape
from tests.plugins.registering import undone

FEW = ("topology=3-4PAIR-1", "stopping.max_steps=20", "stopping.target=null")


@pytest.fixture(autouse=True)
def _undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    with undone():
        yield


@dataclass(frozen=True)
class Pair(LayerKind):
    """z = (x W)^2."""

    notation: ClassVar[str] = "[0-9]{1,9}PAIR"
    factor: ClassVar[float] = 2.0

    inputs: int
    outputs: int

    @classmethod
    def read(cls, text: re.Match[str], place: Place) -> Self:
        return cls(place.below[0], int(text.group().removesuffix("PAIR")))

    def __str__(self) -> str:
        return f"{self.outputs}PAIR"

    @property
    def shape(self) -> Shape:
        return (self.outputs,)

    @property
    def parts(self) -> tuple[LayerPart, ...]:
        fans = self.inputs, self.outputs
        return (LayerPart("weights", fans, fans),)

    def forward(self, own: Any, x: Array, z: Array, _room: Any) -> None:
        z[:] = (x @ own["weights"]) ** 2

    def backward(
        self, own: Any, gradient: Any, x: Array, delta: Array, below: Array | None, _room: Any
    ) -> None:
        inner = self.factor * delta * (x @ own["weights"])
        gradient["weights"][:] = x.T @ inner
        if below is not None:
            below[:] = inner @ own["weights"].T


class Wrong(Pair):
    factor = 1.0


class Read(Pair):
    notation = "[0-9]{1,9}LSTM"


WRONG: dict[str, tuple[Any, str, str]] = {
    "another gradient": (Wrong, "4PAIR", "its gradient of weights is "),
    "an example that it is not": (Pair, "4DUO", "does not read the example '4DUO'"),
    "a notation that is taken": (Read, "4LSTM", "'4LSTM' is read as the layer 'lstm'"),
    "no layer": (int, "4PAIR", "expected a class below"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_layer_is_one_line(case: str) -> None:
    kind, example, expected = WRONG[case]
    with pytest.raises(SettingsError, match=re.escape(expected)):
        runner.layer(example=example)(kind)


def test_a_layer_is_trained_read_again_and_missed_by_name(
    capfd: pytest.CaptureFixture[str],
) -> None:
    runner.layer(example="4PAIR")(Pair)
    run = runner.train(*FEW, "recording.plots=true")
    assert np.isfinite(run.results["loss"])
    assert runner.load_network(run.path).predict(np.eye(3)).shape == (3, 1)
    with pytest.raises(SettingsError, match="has no form of layer 'pair'"):
        runner.train(*FEW, "engine=compiled")
    with pytest.raises(SettingsError, match=r"the layer 4PAIR is a plugin's|needs onnx"):
        export.main([str(run.path), "net.onnx"])
    with undone():
        pass
    with pytest.raises(SnapshotError, match="the layer 'pair' is not here: it came from the"):
        runner.load_network(run.path)
    with pytest.raises(SettingsError, match="'4PAIR' is no layer"):
        runner.train(*FEW)

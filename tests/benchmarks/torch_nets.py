"""The runner's nets as PyTorch's: modules layer by layer, and parameters from and into our vector.

Of PyTorch's two biases of a recurrent layer the second stays 0, but for the part that a GRU's reset
gate acts on: those that only add to one another are one here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

from runner.network.arrays import Array
from runner.network.layers.batch_norm import BatchNorm
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import BEHIND, LayerKind
from runner.network.layers.pooling import GlobalMeanPooling, MaxPooling, MeanPooling
from runner.network.layers.recurrent import Recurrent
from runner.network.network import Network
from runner.network.topology import Layer

PEER_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "leaky_relu": F.leaky_relu,
    "linear": lambda z: z,
    "relu": F.relu,
    "relu_straight_through": lambda z: z + (F.relu(z) - z).detach(),
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: F.softmax(z, dim=-1),
    "softplus": F.softplus,
    "tanh": torch.tanh,
}
PEER_LAYERS: Mapping[type[LayerKind], Callable[[Any], nn.Module]] = {
    Dense: lambda kind: nn.Linear(kind.inputs, kind.outputs, kind.bias),
    Convolution: lambda kind: nn.Conv2d(
        kind.below[0], kind.maps, kind.size, kind.stride, kind.padding, bias=kind.bias
    ),
    MaxPooling: lambda kind: nn.MaxPool2d(kind.size, kind.stride),
    MeanPooling: lambda kind: nn.AvgPool2d(kind.size, kind.stride),
    GlobalMeanPooling: lambda _: nn.AdaptiveAvgPool2d(1),
    Elman: lambda kind: nn.RNN(
        kind.below[1], kind.units, 1, kind.activation, kind.bias, batch_first=True
    ),
    Lstm: lambda kind: nn.LSTM(kind.below[1], kind.units, 1, kind.bias, batch_first=True),
    Gru: lambda kind: nn.GRU(kind.below[1], kind.units, 1, kind.bias, batch_first=True),
}


class PeerLayer(nn.Module):  # type: ignore[misc]  # its types are not installed everywhere
    """A layer, what normalises it and its activation, of samples [batch, numbers of a sample]."""

    def __init__(self, layer: Layer, kind: LayerKind, activation: str) -> None:
        super().__init__()
        self.layer, self.kind = layer, kind
        self.module = PEER_LAYERS[type(kind)](kind)
        self.norm = None if layer.norm is None else peer_norm(layer.norm)
        behind = activation if kind.activation_is == BEHIND else "linear"
        self.activation = PEER_ACTIVATIONS[behind]
        if isinstance(kind, Recurrent) and kind.bias:
            second: Any = self.module.bias_hh_l0
            trained = torch.zeros_like(second)
            trained[len(second) - kind.units * isinstance(kind, Gru) :] = 1
            second.data.zero_()
            second.register_hook(lambda gradient: gradient * trained)

    def forward(self, x: Any) -> Any:
        """Its outputs, flat."""
        kind = self.kind
        if isinstance(kind, Dense):
            z = self.module(x.reshape(len(x), -1, kind.inputs))
        else:
            z = self.module(x.reshape(len(x), *kind.below))  # type: ignore[attr-defined]
        if isinstance(kind, Recurrent):
            z = z[0] if kind.sequence else z[0][:, -1]
        if self.norm is not None:
            maps = len(kind.shape) == 3
            z = self.norm(z if maps else z.reshape(-1, kind.shape[-1]))
        return self.activation(z.reshape(len(x), *kind.shape)).flatten(1)

    def tensors(self) -> dict[str, Any]:
        """PyTorch's tensors by the names of our parts."""
        ends = ("_ih_l0", "_hh_l0") if isinstance(self.kind, Recurrent) else ("", None)
        names = {"weights": f"weight{ends[0]}", "bias": f"bias{ends[0]}"}
        names |= {"recurrent": f"weight{ends[1]}", "recurrent_bias": f"bias{ends[1]}"}
        of_norm = {"beta": "bias", "gamma": "weight"}
        of_norm |= {"mean": "running_mean", "variance": "running_var"}
        own = [part.name for part in self.kind.parts]
        return {
            part.name: getattr(self.module, names[part.name])
            if part.name in own
            else getattr(self.norm, of_norm[part.name])
            for part in self.layer.parts
        }

    def pairs(self, parameters: Array) -> Iterator[tuple[Any, Array]]:
        """Tensors, or what of them is ours, and the parts of the vector."""
        views = self.layer.views(parameters)
        for name, tensor in self.tensors().items():
            ours = tensor.data[-views[name].size :] if name == "recurrent_bias" else tensor.data
            yield ours, views[name]

    def take(self, parameters: Array) -> None:
        """Sets its tensors as the parts in the vector say."""
        for place, part in self.pairs(parameters):
            place[...] = torch.tensor(part.reshape(-1, len(place)).T.reshape(place.shape))

    def give(self, parameters: Array) -> None:
        """Writes its tensors into the vector."""
        for place, part in self.pairs(parameters):
            part[...] = place.numpy().reshape(len(place), -1).T.reshape(part.shape)


def peer_norm(norm: BatchNorm) -> nn.Module:
    """Over maps' places, or over rows."""
    return nn.BatchNorm2d(norm.units) if len(norm.shape) == 3 else nn.BatchNorm1d(norm.units)


class PeerNet(nn.Sequential):  # type: ignore[misc]
    """A network's layers."""

    def __init__(self, network: Network, parameters: Array) -> None:
        pairs = zip(network.topology.layers, network.kinds, network.activation_names, strict=True)
        super().__init__(*(PeerLayer(*three) for three in pairs))
        for layer in self.layers():
            layer.take(parameters)

    def layers(self) -> Iterator[PeerLayer]:
        """As what they are."""
        for layer in self:
            assert isinstance(layer, PeerLayer)
            yield layer

    def vector(self, size: int) -> Array:
        """All parameters in our layout."""
        result = np.empty(size)
        for layer in self.layers():
            layer.give(result)
        return result

    def groups(self, decay: float) -> list[dict[str, Any]]:
        """Weights, which decay, and the rest, which does not."""
        groups: list[dict[str, Any]] = [{"params": []}, {"params": []}]
        for layer in self.layers():
            tensors = layer.tensors()
            for part in layer.layer.parts:
                if part.trained:
                    groups[not part.decays]["params"].append(tensors[part.name])
        if decay:
            groups[0]["weight_decay"], groups[1]["weight_decay"] = decay, 0.0
        return groups

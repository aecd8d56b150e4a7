"""The kinds of layers that a topology is written with; `batch_norm` and `dropout` go with them."""

from runner.network.layers.dense import Dense

LAYERS = {"dense": Dense}

"""The kinds of layers that a topology is written with; `batch_norm` and `dropout` go with them."""

from runner.checking.tables import Table
from runner.network.layers.convolution import Convolution
from runner.network.layers.dense import Dense
from runner.network.layers.elman import Elman
from runner.network.layers.gru import Gru
from runner.network.layers.lstm import Lstm
from runner.network.layers.parts import LayerKind
from runner.network.layers.pooling import GlobalMeanPooling, MaxPooling, MeanPooling

OURS: dict[str, type[LayerKind]] = {
    "dense": Dense,
    "convolution": Convolution,
    "max_pooling": MaxPooling,
    "mean_pooling": MeanPooling,
    "global_mean_pooling": GlobalMeanPooling,
    "elman": Elman,
    "lstm": Lstm,
    "gru": Gru,
}
LAYERS = Table("layer", OURS)

"""Seconds of training to the same test accuracy, on images, against scikit-learn and PyTorch.

    python -m tests.benchmarks.time_to_accuracy [--mnist FOLDER] [--fashion FOLDER]
                                                [--only digits mnist] [--rounds 3]

The same net, relu and softmax cross-entropy, and Adam for all; each tool is taken at the best of
the same pairs of batch size and learning rate, its median over seeds. The test part is looked at
after every epoch, off the clock. Importing, with our kernels on disk, is counted apart.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from runner.assembly.building import build_engine, build_problem, build_state
from runner.assembly.loading import load_dataset, samples_of
from runner.configuration.composing import compose
from runner.network.topology import Array
from runner.settings import parse_settings
from runner.training.evaluation import evaluate
from tests.benchmarks.runs import python
from tests.benchmarks.timing import conditions, installed, seconds_of


@dataclass(frozen=True)
class Race:
    """A data set, a net, the test accuracy to reach, and what every tool is tried with."""

    dataset: str
    topology: str
    accuracy: float
    most_epochs: int
    settings: tuple[tuple[int, float], ...]
    """Batch size and learning rate."""


RACES = {
    "digits": Race("digits", "64-64-10", 0.97, 100, ((10, 0.002), (20, 0.002), (50, 0.005))),
    "mnist": Race("mnist", "784-128-10", 0.975, 15, ((32, 0.001), (100, 0.002), (256, 0.003))),
    "fashion": Race(
        "fashion_mnist", "784-128-10", 0.875, 15, ((32, 0.001), (100, 0.002), (256, 0.003))
    ),
}

IMPORTS = {
    "runner": "import runner.experiment, runner.training.compiled_engine",
    "scikit-learn": "import sklearn.neural_network",
    "PyTorch": "import torch",
}


@dataclass(frozen=True)
class Data:
    """Pixels [samples, n_in] float32 within [0, 1] and labels [samples], of both parts."""

    inputs: Array
    labels: Array
    test_inputs: Array
    test_labels: Array


Epochs = Iterator[tuple[float, float]]
"""Seconds of each epoch, and the test accuracy after it."""


def settings_of(race: Race, root: str | None, batch: int, rate: float, seed: int) -> Any:
    """The runner's configuration."""
    folder = [] if race.dataset == "digits" else [f"dataset.root={root or 'null'}"]
    return parse_settings(
        compose(
            [
                f"dataset={race.dataset}",
                f"topology={race.topology}",
                f"batch_size={batch}",
                f"optimizer.learning_rate={rate}",
                f"seed={seed}",
                *folder,
            ]
        )
    )


def runner_epochs(race: Race, dataset: Any, settings: Any) -> Epochs:
    """The compiled engine."""
    problem = build_problem(settings, dataset)
    engine, state = build_engine("compiled", problem), build_state(settings, problem)
    engine.prepare(state)
    encoded = dataset.for_outputs(problem.network.topology.sizes[-1], settings.dtype)
    test = samples_of("", encoded.test, encoded)
    while True:
        seconds = seconds_of(lambda: engine.advance(state, problem.steps_per_epoch, None))
        yield seconds, evaluate(problem, state.parameters, test)["accuracy"]


def sklearn_epochs(race: Race, data: Data, batch: int, rate: float, seed: int) -> Epochs:
    """MLPClassifier, an epoch a call of partial_fit."""
    from sklearn.neural_network import MLPClassifier

    hidden = tuple(int(size) for size in race.topology.split("-")[1:-1])
    model = MLPClassifier(
        hidden, alpha=0.0, batch_size=batch, learning_rate_init=rate, random_state=seed
    )
    classes = list(range(int(data.labels.max()) + 1))
    while True:
        seconds = seconds_of(lambda: model.partial_fit(data.inputs, data.labels, classes=classes))
        yield seconds, float((model.predict(data.test_inputs) == data.test_labels).mean())


def torch_epochs(race: Race, data: Data, batch: int, rate: float, seed: int) -> Epochs:
    """torch.nn.Sequential and torch.optim.Adam (fused), eagerly, on tensors in memory."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1 if batch < 64 else 2)  # more would only slow small batches down
    inputs, labels = torch.tensor(data.inputs), torch.tensor(data.labels)
    test = torch.tensor(data.test_inputs)
    sizes = [int(size) for size in race.topology.split("-")]
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    loss = torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        for chosen in torch.randperm(len(inputs)).split(batch):
            optimizer.zero_grad()
            loss(model(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()

    while True:
        seconds = seconds_of(epoch)
        with torch.no_grad():
            found = model(test).argmax(1).numpy()
        yield seconds, float((found == data.test_labels).mean())


def time_to(race: Race, epochs: Epochs) -> tuple[float, int]:
    """Seconds and epochs until the accuracy is reached; infinite when it is not."""
    total = 0.0
    for number in range(1, race.most_epochs + 1):
        seconds, accuracy = next(epochs)
        total += seconds
        if accuracy >= race.accuracy:
            return total, number
    return inf, race.most_epochs


def arrays_of(dataset: Any) -> Data:
    """The data set as the peers take it."""

    def scaled(raw: Array) -> Array:
        inputs = np.empty(raw.shape, np.float32)
        dataset.scaling.astype("float32").apply(raw, inputs)
        return inputs

    train, test = dataset.train, dataset.test
    labels, test_labels = train.targets.astype(np.int64), test.targets.astype(np.int64)
    return Data(scaled(train.inputs), labels, scaled(test.inputs), test_labels)


def run_race(name: str, root: str | None, rounds: int, imports: dict[str, float]) -> None:
    """One data set's table."""
    race = RACES[name]
    dataset = load_dataset(settings_of(race, root, *race.settings[0], 1).dataset)
    data = arrays_of(dataset)
    tools: dict[str, Callable[[int, float, int], Epochs]] = {
        "runner": lambda batch, rate, seed: runner_epochs(
            race, dataset, settings_of(race, root, batch, rate, seed)
        )
    }
    if installed("sklearn"):
        tools["scikit-learn"] = lambda *setting: sklearn_epochs(race, data, *setting)
    if installed("torch"):
        tools["PyTorch"] = lambda *setting: torch_epochs(race, data, *setting)
    found: dict[str, dict[tuple[int, float], list[tuple[float, int]]]] = {
        tool: {setting: [] for setting in race.settings} for tool in tools
    }
    for seed in range(1, rounds + 1):  # in turn: a busy moment of the machine falls on all
        for setting in race.settings:
            for tool, epochs in tools.items():
                found[tool][setting].append(time_to(race, epochs(*setting, seed)))
    table = Table(
        "tool", "batch, rate", "seconds", "epochs", "with import, s", "times the runner's"
    )
    best = {}
    for tool, tried in found.items():
        medians = {
            setting: statistics.median(s for s, _ in runs) for setting, runs in tried.items()
        }
        best[tool] = min((seconds, setting) for setting, seconds in medians.items())
    for tool, (seconds, setting) in best.items():
        middle = statistics.median(number for _, number in found[tool][setting])
        table.add_row(
            tool,
            f"{setting[0]}, {setting[1]:g}",
            f"{seconds:.3g}",
            f"{middle:g}",
            f"{seconds + imports[tool]:.3g}",
            f"{seconds / best['runner'][0]:.2f}",
        )
    console = Console()
    console.print(
        f"{name}: {race.topology} to {race.accuracy:.1%} of the test part, median of {rounds}",
        style="bold",
        highlight=False,
    )
    console.print(table)
    console.print(conditions(), "\n", highlight=False)


def import_seconds(statement: str) -> float:
    """Of a process that does nothing else; the second time, when files are in memory."""
    python("-c", statement)
    started = time.perf_counter()
    python("-c", statement)
    return time.perf_counter() - started


def main() -> None:
    """A table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", type=Path, help="folder with the files, else they are fetched")
    parser.add_argument("--fashion", type=Path, help="the same for Fashion-MNIST")
    parser.add_argument("--only", nargs="*", choices=list(RACES), default=list(RACES))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    imports = {tool: import_seconds(statement) for tool, statement in IMPORTS.items()}
    for name in options.only:
        run_race(name, getattr(options, name, None), options.rounds, imports)


if __name__ == "__main__":
    main()

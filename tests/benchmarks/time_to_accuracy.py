"""Seconds of training to the same test accuracy against scikit-learn and PyTorch, side by side.

    python -m tests.benchmarks.time_to_accuracy [--mnist FOLDER] [--fashion FOLDER]
                                                [--only digits mnist] [--rounds 3]

The same net, relu and softmax cross-entropy, and Adam for all. Each tool walks from the same point
to its own best batch size, learning rate and number of threads: to where twice and half of the
first two, and other threads, are no faster. There it is timed with seeds of its own, in turn with
the others. The test part is looked at after every epoch, off the clock. Importing, with our kernels
on disk, is counted apart.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from runner.configuration.composing import compose
from runner.experiment.building import build_engine, build_problem, build_state
from runner.experiment.loading import load_dataset, samples_of
from runner.network.arrays import Array
from runner.settings import parse_settings
from runner.training.evaluation import evaluate
from tests.benchmarks.runs import python
from tests.benchmarks.timing import conditions, installed, seconds_of


@dataclass(frozen=True)
class Setting:
    """What a tool is free to choose."""

    batch: int
    rate: float
    threads: int = 1

    def __str__(self) -> str:
        return f"{self.batch}, {self.rate:g}, {self.threads}"

    def neighbours(self, threads: tuple[int, ...]) -> Iterator["Setting"]:
        """Twice and half the batch and the rate, and other threads."""
        yield replace(self, batch=2 * self.batch)
        yield replace(self, rate=2 * self.rate)
        yield from (replace(self, threads=n) for n in threads if n != self.threads)
        if self.batch > 1:
            yield replace(self, batch=self.batch // 2)
        yield replace(self, rate=self.rate / 2)


@dataclass(frozen=True)
class Race:
    """A data set, a net, the test accuracy to reach, and where every tool's search starts."""

    dataset: str
    topology: str
    accuracy: float
    most_epochs: int
    start: Setting
    seeds: int
    """How many the search takes the median of."""


RACES = {
    "digits": Race("digits", "64-64-10", 0.96, 100, Setting(32, 0.004), 3),
    "mnist": Race("mnist", "784-128-10", 0.97, 20, Setting(128, 0.002), 1),
    "fashion": Race("fashion_mnist", "784-128-10", 0.87, 20, Setting(128, 0.002), 1),
}

IMPORTS = {
    "runner": "import runner.experiment.running, runner.compiled.compiled_engine",
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


def settings_of(race: Race, root: str | None, setting: Setting, seed: int) -> Any:
    """The runner's configuration."""
    folder = [] if race.dataset == "digits" else [f"dataset.root={root or 'null'}"]
    return parse_settings(
        compose(
            [
                f"dataset={race.dataset}",
                f"topology={race.topology}",
                f"batch_size={setting.batch}",
                f"optimizer.learning_rate={setting.rate}",
                f"seed={seed}",
                *folder,
            ]
        )
    )


def runner_epochs(race: Race, dataset: Any, settings: Any) -> Epochs:
    """The compiled engine."""
    problem = build_problem(settings, dataset)
    engine, state = build_engine("compiled", problem), build_state(settings, problem)
    list(engine.warm_up(state))
    encoded = dataset.for_outputs(problem.network.topology.sizes[-1], settings.dtype)
    test = samples_of("", encoded.test, encoded)
    while True:
        seconds = seconds_of(lambda: engine.advance(state, problem.steps_per_epoch, None))
        yield seconds, evaluate(engine, state.parameters, test)["accuracy"]


def sklearn_epochs(race: Race, data: Data, setting: Setting, seed: int) -> Epochs:
    """MLPClassifier, an epoch a call of partial_fit."""
    from sklearn.neural_network import MLPClassifier

    hidden = tuple(int(size) for size in race.topology.split("-")[1:-1])
    model = MLPClassifier(
        hidden,
        alpha=0.0,
        batch_size=setting.batch,
        learning_rate_init=setting.rate,
        random_state=seed,
    )
    classes = list(range(int(data.labels.max()) + 1))
    while True:
        with threadpool_limits(setting.threads):
            seconds = seconds_of(
                lambda: model.partial_fit(data.inputs, data.labels, classes=classes)
            )
        yield seconds, float((model.predict(data.test_inputs) == data.test_labels).mean())


def torch_epochs(race: Race, data: Data, setting: Setting, seed: int) -> Epochs:
    """torch.nn.Sequential and torch.optim.Adam (fused), eagerly, on tensors in memory."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(setting.threads)
    inputs, labels = torch.tensor(data.inputs), torch.tensor(data.labels)
    test = torch.tensor(data.test_inputs)
    sizes = [int(size) for size in race.topology.split("-")]
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=setting.rate, fused=True)
    loss = torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        for chosen in torch.randperm(len(inputs)).split(setting.batch):
            optimizer.zero_grad()
            loss(model(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()

    while True:
        seconds = seconds_of(epoch)
        with torch.no_grad():
            found = model(test).argmax(1).numpy()
        yield seconds, float((found == data.test_labels).mean())


def time_to(race: Race, epochs: Epochs, limit: float = inf) -> tuple[float, int]:
    """Seconds and epochs until the accuracy is reached; infinite when it is not within `limit`."""
    total = 0.0
    for number in range(1, race.most_epochs + 1):
        seconds, accuracy = next(epochs)
        total += seconds
        if total >= limit:
            break
        if accuracy >= race.accuracy:
            return total, number
    return inf, race.most_epochs


Tool = Callable[[Setting, int], Epochs]
"""From a setting and a seed to a training."""


def walk(race: Race, tool: Tool, threads: tuple[int, ...]) -> tuple[Setting, int]:
    """The tool's best setting, no neighbour of which is faster, and how many were tried."""

    def seconds(setting: Setting, limit: float) -> float:
        seeds = range(1, race.seeds + 1)
        return statistics.median(time_to(race, tool(setting, seed), limit)[0] for seed in seeds)

    best = race.start
    tried = {best: seconds(best, inf)}
    while untried := [near for near in best.neighbours(threads) if near not in tried]:
        for setting in untried:
            tried[setting] = seconds(setting, tried[best])
            if tried[setting] < tried[best]:
                best = setting
                break
    return best, len(tried)


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
    dataset = load_dataset(settings_of(race, root, race.start, 1).dataset)
    data = arrays_of(dataset)
    tools: dict[str, Tool] = {
        "runner": lambda setting, seed: runner_epochs(
            race, dataset, settings_of(race, root, setting, seed)
        )
    }
    if installed("sklearn"):
        tools["scikit-learn"] = lambda setting, seed: sklearn_epochs(race, data, setting, seed)
    if installed("torch"):
        tools["PyTorch"] = lambda setting, seed: torch_epochs(race, data, setting, seed)
    cores = tuple(sorted({1, os.cpu_count() or 1}))
    bests = {
        name: walk(race, tool, (1,) if name == "runner" else cores) for name, tool in tools.items()
    }
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in tools}
    for seed in range(
        race.seeds + 1, race.seeds + rounds + 1
    ):  # in turn: a busy moment of the machine falls on all
        for tool, epochs in tools.items():
            found[tool].append(time_to(race, epochs(bests[tool][0], seed)))
    table = Table(
        "tool",
        "batch, rate, threads",
        "tried",
        "seconds",
        "epochs",
        "with import",
        "ratio",
    )
    middles = {tool: statistics.median(s for s, _ in runs) for tool, runs in found.items()}
    for tool, seconds in middles.items():
        setting, tried = bests[tool]
        table.add_row(
            tool,
            str(setting),
            str(tried),
            f"{seconds:.3g}",
            f"{statistics.median(number for _, number in found[tool]):g}",
            f"{seconds + imports[tool]:.3g}",
            f"{seconds / middles['runner']:.2f}",
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

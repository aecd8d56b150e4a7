"""Sweeps as the runner leaves them, made without training."""

import csv
import json
from itertools import product
from pathlib import Path

import numpy as np

TOPOLOGIES = ("3-2-1", "3-4-1", "3-8-1", "3-16-1", "3-8-8-1")
RATES = (0.01, 0.1, 1.0, 10.0)
HISTORY = ("step", "epoch", "seconds", "loss", "mae", "mean_accuracy", "accuracy")


def make_sweep(folder: Path, jobs: int, name: str = "eight_samples") -> None:
    """A sweep over topologies, learning rates and seeds; name: of the data set."""
    generator = np.random.default_rng(11)
    seeds = range(1, 1 + -(-jobs // (len(TOPOLOGIES) * len(RATES))))
    grid = [*product(seeds, TOPOLOGIES, RATES)][:jobs]
    constants = {"engine": "auto", "dataset.name": name, "loss.name": "squared_error"}
    rows = []
    for job, (seed, topology, rate) in enumerate(grid):
        steps = int(10 ** generator.uniform(2, 6))
        overrides = [f"topology={topology}", f"seed={seed}", f"optimizer.learning_rate={rate}"]
        if name != "eight_samples":
            overrides.append(f"dataset.name={name}")
        loss = write_run(folder / str(job), overrides, steps, generator)
        row = {
            "topology": topology,
            "seed": seed,
            **constants,
            "optimizer.name": "sgd",
            "optimizer.learning_rate": rate,
            "status": "failed" if job % 97 == 96 else "completed",
            "stop_reason": "max_steps",
            "steps": steps,
            "seconds": steps / 1e6,
            "loss": loss,
            "mae": loss / 2,
            "accuracy": 1 - loss / 4,
        }
        rows.append({"job": job, **row})
    with open(folder / "results.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_run(
    folder: Path, overrides: list[str], steps: int, generator: np.random.Generator
) -> float:
    """A run's overrides and its history; gives its last loss."""
    (folder / ".hydra").mkdir(parents=True)
    texts = "".join(f"- {json.dumps(override)}\n" for override in overrides)
    (folder / ".hydra" / "overrides.yaml").write_text(texts, encoding="utf-8")
    at = np.unique(np.geomspace(1, steps, 75).astype(int))
    loss = at ** -generator.uniform(0.3, 0.8) * generator.uniform(0.5, 2)
    columns = (at, at, at / 1e6, loss, loss / 2, 1 - loss / 2, 1 - loss / 4)
    lines = [",".join(map(repr, row)) for row in zip(*(c.tolist() for c in columns), strict=True)]
    content = "\n".join([",".join(HISTORY), *lines]) + "\n"
    (folder / "history.csv").write_text(content, encoding="utf-8")
    return float(loss[-1])

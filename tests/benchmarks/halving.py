"""A grid of 200 settings on the digits, halved and whole: what is found, and what it costs.

    python -m tests.benchmarks.halving [--first 3] [--factor 3] [--record rows]

Steps are those that were made, also by jobs that were pruned (in rows, whose survivors begin again
at each rung, those are counted each time). The spread is that of seven seeds of the best setting.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import pandas as pd

from runner import load_runs

METRIC = "val_loss"
KEYS = (
    "topology",
    "batch_size",
    "network.activation.hidden",
    "optimizer.learning_rate",
)
GRID = (
    "dataset=digits",
    "dataset.validation=0.2",
    f"stopping.metric={METRIC}",
    "stopping.target=null",
    "stopping.max_epochs=81",
    "topology=64-8-10,64-16-10,64-32-10,64-64-10,64-32-32-10",
    "batch_size=10,20,50,100",
    "network.activation.hidden=relu,tanh",
    "optimizer.learning_rate=0.0003,0.001,0.003,0.01,0.03",
)


def swept(folder: Path, *overrides: str) -> tuple[pd.DataFrame, float]:
    """The runs of a sweep, and the seconds that its command took."""
    began = perf_counter()
    command = [sys.executable, "-m", "runner", "-m", *overrides, f"hydra.sweep.dir={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    return load_runs(folder), perf_counter() - began


def steps_made(folder: Path, runs: pd.DataFrame, *, again: bool) -> int:
    """By all jobs on the way to where they stand. again: from the first at each rung anew."""
    if not again:
        return int(runs["steps"].sum())
    rungs = pd.read_csv(folder / "halving.csv")
    epochs = rungs.groupby("job")["epochs"].sum()
    per_epoch = runs["steps"] / runs["epochs"]
    return int((epochs * per_epoch[epochs.index]).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description="A halved grid beside the whole one.")
    parser.add_argument("--first", type=int, default=3)
    parser.add_argument("--factor", type=int, default=3)
    parser.add_argument("--record", default="folders")
    asked = parser.parse_args()
    record = f"sweep.record={asked.record}"
    halving = (f"sweep.halving.first={asked.first}", f"sweep.halving.factor={asked.factor}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        whole, seconds = swept(folder / "whole", *GRID, record)
        runs, halved_seconds = swept(folder / "halved", *GRID, record, *halving)
        steps = steps_made(folder / "halved", runs, again=asked.record == "rows")
        best = whole.sort_values(METRIC).iloc[0]
        setting = [f"{key}={best[key]}" for key in KEYS]
        seeds, _ = swept(folder / "seeds", *GRID[:5], *setting, "seed=range(1,8)", record)
    found = runs[runs["status"] == "completed"].sort_values(METRIC).iloc[0]
    place = int((whole[METRIC] < found[METRIC]).sum()) + 1
    print(f"whole grid  {len(whole)} jobs, {int(whole['steps'].sum()):,} steps, {seconds:.1f} s")
    print(f"  best      {METRIC} {best[METRIC]:.4f}  {' '.join(setting)}")
    print(f"  its seeds {seeds[METRIC].min():.4f} to {seeds[METRIC].max():.4f}")
    share = steps / whole["steps"].sum()
    print(f"halved      {steps:,} steps ({share:.1%} of them), {halved_seconds:.1f} s")
    print(f"  statuses  {runs['status'].value_counts().to_dict()}")
    print(f"  found     {METRIC} {found[METRIC]:.4f}, place {place} of the whole grid")
    same = found[METRIC] <= seeds[METRIC].max()
    print(f"  {'within' if same else 'outside'} the spread of the best setting's seeds")


if __name__ == "__main__":
    main()

"""Draws the README's first picture from a sweep.

python -m runner -m topology=3-2-1,3-4-1,3-8-1 seed=1,2,3 hydra.sweep.dir=outputs/first
python docs/learning_curves.py outputs/first docs/learning_curves.png
"""

import sys

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import runner
from runner.analysis.plots.style import COLOURS, FAINT


def draw(sweep: str) -> Figure:
    """Error by step of every run, and the steps that each topology takes to the target."""
    runs = runner.load_runs(sweep)
    history = runner.load_history(runs).set_index("run")
    figure = Figure(figsize=(11, 4), dpi=100, layout="constrained")
    curves, steps = figure.subplots(1, 2, width_ratios=[2.2, 1])
    for place, (topology, group) in enumerate(runs.groupby("topology")):
        for run in group["path"]:
            rows = history.loc[run]
            curves.plot(rows["step"], rows["mae"], color=COLOURS[place], lw=1.4, alpha=0.85)
        millions = group["steps"].to_numpy(float) / 1e6
        steps.barh(place, millions.mean(), color=COLOURS[place], height=0.62, alpha=0.85)
        steps.plot(millions, np.full(len(millions), place), "o", color="black", ms=4, zorder=3)
        curves.plot([], [], color=COLOURS[place], lw=3, label=topology)
        target = 1 - float(group["stopping.target"].iloc[0])
        curves.axhline(target, color=FAINT, lw=0.9, ls=":")
    curves.set(xscale="log", yscale="log", xlabel="step", ylabel="mean absolute error")
    curves.set_title("Every run learns along a power law", loc="left", weight="bold")
    curves.legend(title="topology", frameon=False)
    names = [str(name) for name in runs["topology"].drop_duplicates().sort_values()]
    steps.set_yticks(range(len(names)), names)
    steps.invert_yaxis()
    steps.set(xlabel="million steps to 99.99 %; dots: seeds")
    steps.set_title("Wider nets need fewer steps", loc="left", weight="bold")
    for axes in (curves, steps):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e5e5e5", lw=0.6)
        axes.set_axisbelow(True)
    return figure


if __name__ == "__main__":
    canvas = FigureCanvasAgg(draw(sys.argv[1]))
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.quantize(64).save(sys.argv[2])

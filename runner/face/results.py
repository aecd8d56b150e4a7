"""What a run or a sweep left behind, as objects: tables, the network, pictures for a notebook."""

import os
import struct
from base64 import b64encode
from contextlib import suppress
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from runner.analysis.plots.pictures import PICTURES, drawn
from runner.analysis.plots.subject import Subject
from runner.analysis.replay.page import replay_page
from runner.analysis.runs import load_runs
from runner.analysis.sampling import sampled_text
from runner.analysis.telling_apart import telling
from runner.analysis.tidy_tables import load_history
from runner.checking.suggestions import suggestion
from runner.errors import RunnerError, SettingsError, SnapshotError, printable, system_errors
from runner.experiment.drawing import subject_of
from runner.experiment.expanding import with_folder
from runner.experiment.moved_files import check_places, places_in
from runner.experiment.replaying import replayed
from runner.network.arrays import Array
from runner.run_folder.run import RunFolder
from runner.run_folder.run_network import RunNetwork, load_network
from runner.run_folder.tables import configuration_columns
from runner.training.metrics import PREFIXES

SHOWN = ("topology", "dataset.name", "optimizer.name", "optimizer.learning_rate", "seed")
"""Settings of a run that a notebook shows."""
MEASURES = ("loss", "accuracy", "top_5_accuracy", "rmse", "r2", "mae")
RESULTS = (
    *("status", "stop_reason", "steps", "epochs", "seconds", *MEASURES),
    *(f"{part}{name}" for part in PREFIXES for name in MEASURES),
)
"""Results of a run that a notebook shows."""


class Picture:
    """A picture of a run: shown in a notebook, saved as a PNG file."""

    def __init__(self, png: bytes) -> None:
        self.png = png

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        # Two of its points are one of the page: sharp where screens are.
        width, height = struct.unpack(">II", self.png[16:24])
        return self.png, {"width": width // 2, "height": height // 2}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the PNG file."""
        Path(path).write_bytes(self.png)


class Replay:
    """A training as a page with a slider: shown in a notebook, saved as an HTML file."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        look = "width: 100%; height: 52em; border: 0"
        return (
            f'<iframe title="Replay of a training" sandbox="allow-scripts" style="{look}" '
            f'srcdoc="{escape(self.html)}"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the HTML file."""
        Path(path).write_text(self.html, encoding="utf-8", newline="\n")


class Run:
    """A run, read from its folder when it is asked; its pictures show what was there first.

    path: the run's folder. places: where files that it reads lie now, if they have moved:
    "dataset.path=data/table.csv".
    """

    def __init__(self, path: str | os.PathLike[str], *places: str) -> None:
        """Raises SnapshotError where the folder holds no run.

        SettingsError for what is no path, and for a place where the run reads nothing.
        """
        if not isinstance(path, str | os.PathLike):
            raise SettingsError(f"a Run of a {type(path).__name__}; expected a run's folder")
        self.path = Path(path).absolute()
        self._places = places_in(places)
        RunFolder(self.path).about()
        check_places(self._places, [self.path])

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def settings(self) -> dict[str, object]:
        """Its configuration, named as on the command line: `settings["optimizer.name"]`."""
        return configuration_columns(RunFolder(self.path).about()["configuration"])

    @property
    @system_errors()
    def results(self) -> "pd.Series[Any]":
        """Its row of `load_runs`: settings, results and path. Raises SnapshotError without one."""
        runs = load_runs(self.path)
        if runs.empty:
            raise SnapshotError(f"{printable(self.path)} has no results yet; resume it")
        return runs.iloc[0]

    @property
    @system_errors()
    def history(self) -> pd.DataFrame:
        """Its learning curves: `step`, `epoch`, `seconds` and the metrics, a row an epoch kept."""
        return load_history(self.path).drop(columns="run")

    @property
    @system_errors()
    def network(self) -> RunNetwork:
        """The network that it trained, with what its inputs go through."""
        return load_network(self.path)

    def predict(self, inputs: "ArrayLike | pd.DataFrame") -> Array:
        """Outputs [samples, n_out] for raw inputs, as `network.predict` gives them."""
        return self.network.predict(inputs)

    @system_errors()
    def sample(
        self,
        length: int = 500,
        temperature: float = 1.0,
        start: str = "\n",
        seed: int = 1,
        step: int | None = None,
    ) -> str:
        """A text as it goes on writing the one that it learnt: `start`, and so many characters.

        As `python -m runner.sample` writes it: each is drawn as likely as the network has it to
        the power of 1/temperature, at 0 the likeliest is taken. step: of which snapshot, or None
        for the last. Raises SettingsError where it learnt no text.
        """
        return "".join(sampled_text(self.path, length, temperature, start, seed, step))

    @cached_property
    @system_errors()
    def pictures(self) -> tuple[str, ...]:
        """The names of the pictures that say something about it.

        A job that is a row of its sweep is given its folder for it, as by `runner.expand`.
        Raises RunnerError where it has no end, or its data are not to be had.
        """
        return tuple(name for name, each in PICTURES.items() if each.applies(self._subject))

    @system_errors()
    def plot(self, name: str = "learning_curve") -> Picture:
        """One of its pictures. Raises SettingsError for one that it has not."""
        if name not in self.pictures:
            raise SettingsError(
                f"{printable(self.path)} has no picture '{printable(name)}'; "
                f"{suggestion(name, self.pictures)}it has {', '.join(self.pictures)}"
            )
        file = self.path / "plots" / f"{name}.png"
        return Picture(
            file.read_bytes() if file.is_file() else drawn(PICTURES[name], self._subject)
        )

    @system_errors()
    def replay(self) -> Replay:
        """Its training as a page with a slider, computed again, whatever was recorded.

        Raises RunnerError where the run failed, is in use, or its data are not to be had.
        """
        return Replay(replay_page(replayed(self.path, places=self._places)))

    @cached_property
    def _subject(self) -> Subject:
        return subject_of(with_folder(self.path, self._places), places=self._places)

    def _repr_html_(self) -> str:
        about = RunFolder(self.path)
        rows: dict[str, Any] = {"status": about.status}
        with suppress(RunnerError):
            rows |= {name: self.settings[name] for name in SHOWN if name in self.settings}
            rows["error"] = about.about()["error"]
        with suppress(RunnerError):
            results = self.results
            rows |= {name: results[name] for name in RESULTS if name in results}
        known = {name: cell(value) for name, value in rows.items() if pd.notna(value)}
        told = pd.DataFrame({str(self.path): known})
        files = [(name, self.path / "plots" / f"{name}.png") for name in PICTURES]
        images = "".join(
            f'<img alt="{name}" style="max-width: 32em" '
            f'src="data:image/png;base64,{b64encode(file.read_bytes()).decode()}">'
            for name, file in files
            if file.is_file()
        )
        return f"{told.to_html()}<div>{images}</div>"


class Runs(pd.DataFrame):
    """The runs of a sweep, a row each, as `load_runs` gives them.

    folder: the sweep's. Rows and columns taken from it are plain pandas.
    """

    _metadata = ["folder"]  # noqa: RUF012 - as pandas wants it
    folder: Path = Path()

    @classmethod
    def of(cls, folder: Path) -> "Runs":
        """The runs below a sweep's folder that have ended."""
        runs = cls(load_runs(folder) if folder.is_dir() else {"path": pd.array([], "string")})
        runs.folder = folder
        return runs

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def run(self, row: int) -> Run:
        """The run of a row, counted from 0."""
        return Run(self["path"].iloc[row])

    def _repr_html_(self) -> str:
        columns = telling(self) if len(self) else []
        known = [name for name in RESULTS if name in self and self[name].notna().any()]
        columns += [name for name in known if name not in columns]
        compared = [name for name in columns if "." in name or name in SHOWN]
        told = f"{len(self):,} runs in {escape(str(self.folder))}"
        what = f", compared by {escape(', '.join(compared))}" if compared else ""
        table = pd.DataFrame(self)[columns].to_html(max_rows=20, float_format=cell)
        return f"<p>{told}{what}</p>{table}"


def cell(value: object) -> str:
    """A cell, numbers to six digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)

"""The runner's own side: problems, engines and states from configuration, as a run builds them."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from runner.configuration.composing import compose
from runner.experiment.building import build_engine, build_problem, build_state
from runner.experiment.loading import load_dataset
from runner.settings import parse_settings
from runner.training.engine import Engine, Problem
from runner.training.metrics import Target
from runner.training.state import TrainingState

CHECKOUT = Path(__file__).resolve().parents[2]

OUT_OF_REACH = Target("mean_accuracy", 2.0)
"""Checked after every epoch and never met."""


@dataclass(frozen=True)
class Contestant:
    """An engine and the state it advances."""

    engine: Engine
    state: TrainingState

    def seconds_a_step(self, steps: int, until: Target | None = OUT_OF_REACH) -> float:
        """Of the next `steps` steps, one call."""
        started = time.perf_counter()
        self.engine.advance(self.state, steps, until)
        return (time.perf_counter() - started) / steps


def problem_of(*overrides: str) -> Problem:
    """The problem that a command line gives."""
    settings = parse_settings(compose(overrides))
    return build_problem(settings, load_dataset(settings.dataset))


def contestant(engine: str, *overrides: str) -> Contestant:
    """An engine on the problem of a command line, one step made: kernels are compiled."""
    settings = parse_settings(compose(overrides))
    problem = build_problem(settings, load_dataset(settings.dataset))
    made = Contestant(build_engine(engine, problem), build_state(settings, problem))
    made.engine.advance(made.state, 1, None)
    return made


def python(*arguments: str, cwd: Path | str = CHECKOUT, **environment: str) -> str:
    """What a Python process prints, run to its end."""
    return python_ending(0, *arguments, cwd=cwd, **environment)


def python_ending(
    code: int, /, *arguments: str, cwd: Path | str = CHECKOUT, **environment: str
) -> str:
    """What a Python process prints, run to its end, which is to come with that exit code."""
    completed = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode != code:
        raise SystemExit(f"{' '.join(arguments)}: {completed.stderr or completed.stdout}")
    return completed.stdout

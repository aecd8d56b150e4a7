"""The small net 3-4-1, eight samples, full batch: a step's time against peers'.

    python -m tests.benchmarks.small_net [--rounds 60] [--cc cc]

Rounds are many and short, about ten milliseconds for each contestant: the smallest figure of a busy
machine is then likely one that nothing disturbed.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runner.network.arrays import Array
from tests.benchmarks.runs import contestant, problem_of
from tests.benchmarks.script_2018 import Mask, Script, lean_mask, tutorial_mask
from tests.benchmarks.timing import Claim, alternate, installed, print_timings, seconds_of

DEFAULT = ("topology=3-4-1", "seed=1")
NO_DROPOUT = (*DEFAULT, "network.dropout.rate=0")


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def plain_loop(x: Array, y: Array, v: Array, w: Array, rate: float, steps: int) -> Array:
    """A net without dropout as NumPy tutorials train it; the weights after `steps` steps."""
    v, w = v.copy(), w.copy()
    for _ in range(steps):
        hidden = sigmoid(x @ v)
        out = sigmoid(hidden @ w)
        error = y - out
        accuracy = 1 - np.mean(np.abs(error))
        d_out = error * out * (1 - out)
        d_hidden = (d_out @ w.T) * hidden * (1 - hidden)
        w += rate * hidden.T @ d_out
        v += rate * x.T @ d_hidden
        if accuracy >= 2:
            break
    return np.concatenate([v.ravel(), w.ravel()])


def jax_loop(x: Array, y: Array, v: Array, w: Array, rate: float) -> Callable[[int], Array]:
    """The same as one jitted while_loop in float64: from steps to weights."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def train(v: Any, w: Any, steps: int) -> Any:
        def go_on(carry: Any) -> Any:
            return (carry[0] < steps) & (carry[3] < 2)

        def step(carry: Any) -> Any:
            i, v, w, _ = carry
            hidden = jax.nn.sigmoid(x @ v)
            out = jax.nn.sigmoid(hidden @ w)
            error = y - out
            d_out = error * out * (1 - out)
            d_hidden = (d_out @ w.T) * hidden * (1 - hidden)
            accuracy = 1 - jnp.mean(jnp.abs(error))
            return i + 1, v + rate * x.T @ d_hidden, w + rate * hidden.T @ d_out, accuracy

        return jax.lax.while_loop(go_on, step, (0, v, w, 0.0))

    run: Any = jax.jit(train)

    def weights(steps: int) -> Array:
        _, trained_v, trained_w, _ = jax.block_until_ready(run(v, w, steps))
        return np.concatenate([np.ravel(trained_v), np.ravel(trained_w)])

    return weights


def c_limit(compiler: str, folder: Path) -> Callable[[], tuple[float, float]]:
    """Seconds a step and seconds for 32 draws, of limit.c with the machine's own instructions."""
    program = folder / "limit"
    source = Path(__file__).with_name("limit.c")
    flags = ["-O3", "-march=native", "-ffast-math"]
    subprocess.run([compiler, *flags, str(source), "-o", str(program), "-lm"], check=True)

    def run() -> tuple[float, float]:
        done = subprocess.run([program], capture_output=True, text=True, check=True)
        step, draws = map(float, done.stdout.split())
        return step * 1e-9, draws * 1e-9

    return run


def check_equal(who: str, weights: Array, ours: Array) -> None:
    """A peer that does other work than ours is no peer."""
    if not np.allclose(weights, ours, rtol=1e-8, atol=1e-10):
        raise SystemExit(f"{who}: other weights than ours: {weights} instead of {ours}")


def with_dropout(rounds: int, compiler: str) -> None:
    """The default run against the script of 2018 and against C."""
    ours = contestant("compiled", *DEFAULT)
    problem = ours.engine.problem
    ours.engine.advance(ours.state, 1000, None)

    def script_figure(mask: Mask) -> Callable[[], float]:
        script = Script(problem.inputs, problem.targets, mask)
        script.train(1001, problem.learning_rate, 0.1, 2)
        check_equal("the script of 2018", script.weights, ours.state.parameters)
        return lambda: seconds_of(lambda: script.train(300, problem.learning_rate, 0.1, 2)) / 300

    with tempfile.TemporaryDirectory() as folder:
        limit = c_limit(compiler, Path(folder))
        timings = alternate(
            {
                "script of 2018": script_figure(tutorial_mask),
                "script, lean draws": script_figure(lean_mask),
                "compiled engine": lambda: ours.seconds_a_step(50_000),
                "C and 32 draws": lambda: sum(limit()),
            },
            rounds,
        )
    claims = [
        Claim("script of 2018", "compiled engine", 150),
        Claim("script, lean draws", "compiled engine"),
        Claim("compiled engine", "C and 32 draws", 2, at_most=True),
    ]
    print_timings("3-4-1 with dropout, the default run: a step", timings, claims)


def without_dropout(rounds: int) -> None:
    """The same net without dropout against the plain loop and JAX."""
    ours, reference = contestant("compiled", *NO_DROPOUT), contestant("numpy", *NO_DROPOUT)
    problem = problem_of(*NO_DROPOUT)
    start = contestant("numpy", *NO_DROPOUT)
    flat = Script(problem.inputs, problem.targets).weights
    v, w = flat[:12].reshape(3, 4), flat[12:].reshape(4, 1)
    net = (problem.inputs, problem.targets, v, w, problem.learning_rate)
    start.engine.advance(start.state, 100, None)
    check_equal("plain loop", plain_loop(*net, 101), start.state.parameters)

    contestants = {
        "plain NumPy loop": lambda: seconds_of(lambda: plain_loop(*net, 500)) / 500,
        "NumPy engine": lambda: reference.seconds_a_step(500),
        "compiled engine": lambda: ours.seconds_a_step(50_000),
    }
    if installed("jax"):
        run = jax_loop(*net)
        check_equal("JAX", run(101), start.state.parameters)
        contestants["JAX while_loop"] = lambda: seconds_of(lambda: run(10_000)) / 10_000
    claims = [
        Claim("JAX while_loop", "compiled engine", 4),
        Claim("plain NumPy loop", "compiled engine", 80),
        Claim("NumPy engine", "plain NumPy loop", 1.21, at_most=True),
    ]
    print_timings("3-4-1 without dropout: a step", alternate(contestants, rounds), claims)


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--cc", default="cc", help="C compiler")
    options = parser.parse_args()
    with_dropout(options.rounds, options.cc)
    without_dropout(options.rounds)


if __name__ == "__main__":
    main()

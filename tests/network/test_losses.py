import numpy as np
import pytest

from runner.network.losses import LOSSES


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_central_differences(name: str) -> None:
    generator = np.random.default_rng(3)
    outputs, targets = generator.random((2, 5, 3)) * 0.9 + 0.05
    gradient = np.empty_like(outputs)
    LOSSES[name].gradient(outputs, targets, gradient)
    step = 1e-6
    for place in np.ndindex(outputs.shape):
        up, down = outputs.copy(), outputs.copy()
        up[place] += step
        down[place] -= step
        difference = LOSSES[name].value(up, targets) - LOSSES[name].value(down, targets)
        assert gradient[place] == pytest.approx(difference / (2 * step), abs=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_sums_over_samples(name: str) -> None:
    generator = np.random.default_rng(4)
    outputs, targets = generator.random((2, 6, 2)) * 0.9 + 0.05
    parts = sum(LOSSES[name].value(outputs[i : i + 1], targets[i : i + 1]) for i in range(6))
    assert LOSSES[name].value(outputs, targets) == pytest.approx(parts, rel=1e-12)


def test_squared_error_is_half_the_sum_of_squares() -> None:
    value = LOSSES["squared_error"].value(np.array([[1.0, 2.0]]), np.array([[0.0, 5.0]]))
    assert value == pytest.approx(5.0)

"""When a loss is said not to move any more."""

from collections.abc import Callable

import pytest

from runner.experiment.stagnation import SECONDS, Stagnation, still_falling

STEPS = [1000 * k for k in range(1, 601)]
"""A report a tenth of a second, a minute long."""
LOSSES: dict[str, tuple[Callable[[int], float], int]] = {
    "constant": (lambda _: 2.5, 1),
    "creeping up": (lambda step: 2.5 + 1e-9 * step, 1),
    "a power law": (lambda step: step**-0.1, 0),
    "a slow one": (lambda step: step**-0.03, 0),
    "falling until it stands": (lambda step: max(1.0, 100 - step / 1000), 1),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_that_stands_still_is_told_once(case: str) -> None:
    loss, expected = LOSSES[case]
    stagnation = Stagnation()
    told = [stagnation.observe(step, loss(step), step / 10_000) for step in STEPS]
    assert sum(told) == expected


def test_nothing_is_said_of_a_run_that_takes_no_time() -> None:
    stagnation = Stagnation()
    assert not any(stagnation.observe(step, 1.0, SECONDS * step / 601_000) for step in STEPS)


@pytest.mark.parametrize(
    ("losses", "share"),
    [
        ([5.0, 4.0, 3.0, 2.0, 1.0], 0.5),
        ([4.0, 4.0, 4.0, 4.0, 3.0] * 2 + [1.5], 0.625),
        ([5.0, 4.0, 3.0, 2.0, 1.99], None),
        ([5.0, 1.0, 3.0, 2.0, 1.5], None),
        ([2.0, 1.0, 0.0, 0.0, 0.0], None),
        ([2.0, 1.0], None),
    ],
)
def test_a_loss_still_falls_that_is_lower_than_a_fifth_before(
    losses: list[float], share: float | None
) -> None:
    assert still_falling(losses) == share

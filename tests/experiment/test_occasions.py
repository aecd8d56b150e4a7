from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.experiment.occasions import Epochs, log_spaced

SCHEDULES = st.builds(
    Epochs,
    epochs=st.lists(st.integers(1, 300), max_size=8).map(lambda epochs: tuple(sorted(epochs))),
    every=st.none() | st.integers(1, 100),
)


@given(SCHEDULES, st.integers(0, 300))
def test_the_next_epoch_is_the_first_scheduled_one_after(schedule: Epochs, epoch: int) -> None:
    following = (e for e in range(epoch + 1, epoch + 501) if e in schedule)
    assert schedule.next_after(epoch) == next(following, None)


@given(SCHEDULES, st.integers(1, 500))
def test_an_epoch_is_scheduled_when_listed_or_a_multiple(schedule: Epochs, epoch: int) -> None:
    multiple = schedule.every is not None and epoch % schedule.every == 0
    assert (epoch in schedule) == (epoch in schedule.epochs or multiple)


@given(SCHEDULES, st.integers(0, 300), st.integers(0, 300))
def test_the_epochs_between_two_are_those_scheduled_after_the_first(
    schedule: Epochs, first: int, more: int
) -> None:
    scheduled = [epoch for epoch in range(first + 1, first + more + 1) if epoch in schedule]
    assert list(schedule.between(first, first + more)) == scheduled


def test_the_start_is_no_epoch() -> None:
    assert 0 not in Epochs(every=1)


def test_nothing_scheduled_is_nothing_to_wait_for() -> None:
    assert Epochs().next_after(0) is None


@pytest.mark.parametrize(("per_decade", "first"), [(25, 1), (1, 1000), (10, 5)])
def test_log_spaced_epochs_are_as_many_in_every_decade(per_decade: int, first: int) -> None:
    epochs = log_spaced(per_decade, first).epochs
    assert epochs[0] == first
    assert list(epochs) == sorted(set(epochs))
    for decade in range(2, 12):
        start = first * 10**decade
        assert sum(start <= epoch < 10 * start for epoch in epochs) == per_decade


def test_a_million_steps_are_a_few_hundred_log_spaced_rows() -> None:
    assert sum(epoch <= 10**6 for epoch in log_spaced(25).epochs) < 200


@pytest.mark.parametrize(("per_decade", "first"), [(25, 1), (1, 1000)])
def test_a_last_bit_of_a_power_moves_no_epoch(per_decade: int, first: int) -> None:
    for k in range(12 * per_decade):
        power = Context(prec=30).power(Decimal(10), Decimal(k) / per_decade)
        exact, epoch = first * power, round(first * 10 ** (k / per_decade))
        assert epoch == round(exact)
        assert epoch > 1e13 or abs(exact - epoch) < Decimal("0.4999")
        assert epoch in log_spaced(per_decade, first)

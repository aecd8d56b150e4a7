import numpy as np
import pytest

from runner.data.addition import SequencesOptions, addition_sequences, drawn_sums
from runner.data.dataset import Part
from runner.data.preparing import prepare
from runner.data.splits import Split
from runner.errors import SettingsError
from runner.network.arrays import Array
from runner.training.state import seeded_generator


def numbers_of(part: Part, bits: int) -> tuple[Array, Array]:
    """Pairs of numbers [samples, 2] and their sums [samples], from their bits."""
    places = 1 << np.arange(bits)
    pairs = part.inputs.reshape(-1, bits, 2)
    return np.einsum("stn,t->sn", pairs, places).astype(int), (part.targets @ places).astype(int)


@pytest.mark.parametrize("bits", [2, 5, 8])
def test_every_sum_comes_once(bits: int) -> None:
    pool = addition_sequences(SequencesOptions(bits, None))
    assert (pool.shape, pool.steps, pool.drawn) == ((bits, 2), bits, None)
    pairs, sums = numbers_of(pool.samples, bits)
    assert (pairs.sum(1) == sums).all()
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(pairs) == 4 ** (bits - 1)


@pytest.mark.parametrize("bits", [2, 8, 12])
def test_drawn_sums_are_numpys_from_the_same_stream(bits: int) -> None:
    generator, legacy = seeded_generator(0), np.random.RandomState(0)
    generator.random(17)
    legacy.random(17)
    pairs, sums = numbers_of(drawn_sums(generator, 300, bits), bits)
    largest = 2 ** (bits - 1)
    expected = [[legacy.randint(largest), legacy.randint(largest)] for _ in range(300)]
    assert pairs.tolist() == expected
    assert (pairs.sum(1) == sums).all()
    assert generator.random() == legacy.random()


def test_the_articles_sums_are_drawn_behind_its_weights() -> None:
    # a and b of every thousandth sum as the article prints them: iamtrask 2015, "Anyone Can Learn
    # To Code an LSTM-RNN in Python", where weights of 2 x 16, 16 x 1 and 16 x 16 are drawn first.
    generator = seeded_generator(0)
    generator.random(2 * 16 + 16 + 16 * 16)
    pairs, _ = numbers_of(drawn_sums(generator, 10_000, 8), 8)
    printed = "9+60 28+35 116+44 4+73 71+11 81+113 81+0 4+125 39+17 11+3"
    assert [f"{a}+{b}" for a, b in pairs[::1000].tolist()] == printed.split()


def test_a_set_that_is_drawn_keeps_how_and_is_not_divided() -> None:
    pool = addition_sequences(SequencesOptions(8, 100))
    dataset = prepare(pool, Split())
    assert dataset.drawn is not None
    assert (
        dataset.drawn(seeded_generator(3)).inputs.shape == dataset.train.inputs.shape == (100, 16)
    )
    assert dataset.output_names == tuple(f"{step}.sum" for step in range(1, 9))
    with pytest.raises(SettingsError, match=r"every run draws its own .*; leave them null"):
        prepare(pool, Split(test=0.2))


def test_more_sums_than_fit_are_refused_before_they_are_made() -> None:
    with pytest.raises(SettingsError, match=r"dataset\.bits=24 .*every sum once.*choose fewer"):
        addition_sequences(SequencesOptions(24, None))

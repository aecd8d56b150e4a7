import numpy as np
import pytest

from runner.network import generator_states
from runner.network.generator_states import found, set_state, state_of


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.PCG64])
def test_a_generator_goes_back_to_where_it_was(
    bits: type[np.random.BitGenerator], in_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator_states, "found", lambda: in_memory)
    generator, other = np.random.Generator(bits(3)), np.random.Generator(bits(4))
    for drawn in (0, 1, 311, 313, 1000):
        generator.random(drawn)
        state = state_of(generator)
        expected = generator.random(400).tolist()
        for each in (generator, other):
            set_state(each, state)
            assert each.random(400).tolist() == expected


def test_a_twisters_words_are_read_where_numpy_has_them() -> None:
    """Where another NumPy has them elsewhere all goes on, but takes longer."""
    assert found()
    bits = np.random.MT19937(9)
    words = state_of(np.random.Generator(bits))
    told = bits.state["state"]
    assert words[:-1].tolist() == told["key"].tolist()
    assert words[-1] == told["pos"]

import numpy as np
import pytest

from runner.training.state import seeded_generator


@pytest.mark.parametrize("seed", [0, 1, 2018, 2**32 - 1])
def test_the_generator_draws_the_doubles_of_the_seeded_global_one(seed: int) -> None:
    legacy = np.random.RandomState(seed)  # np.random.seed(seed) makes the same one
    assert seeded_generator(seed).random(2000).tolist() == legacy.random_sample(2000).tolist()


def test_seeding_leaves_the_global_generator_alone() -> None:
    before = np.random.get_state(legacy=True)  # noqa: NPY002 - the very thing not to be touched
    seeded_generator(5).random(10)
    after = np.random.get_state(legacy=True)  # noqa: NPY002
    assert str(before) == str(after)

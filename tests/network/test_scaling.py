import numpy as np

from runner.network.scaling import Scaling


def test_numbers_far_from_zero_keep_their_differences_in_float32() -> None:
    raw = 1.7e9 + np.array([[36.0], [37.0], [38.5]])
    scaled = np.empty(raw.shape, np.float32)
    Scaling(np.array([1.7e9 + 37]), np.array([2.0])).astype("float32").apply(raw, scaled)
    np.testing.assert_array_equal(scaled, [[-2.0], [0.0], [3.0]])

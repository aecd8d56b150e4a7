import numpy as np
import pytest
from scipy import ndimage

from runner.data.distortions import (
    Distortion,
    distort,
    elastic_field,
    gaussian,
    positions,
    sample_bilinear,
    smooth_directions,
)
from runner.network.arrays import Array

SIMARD = Distortion(alpha=34, sigma=4, rotation=15, scaling=0.15, shear=0.1, shift=2)
SHAPES = [(1, 28, 28), (3, 9, 12), (1, 1, 5), (2, 5, 1)]


def images(samples: int, shape: tuple[int, int, int]) -> Array:
    values = np.random.default_rng(1).random((samples, int(np.prod(shape))))
    return values.astype(np.float32)


def generator() -> np.random.Generator:
    return np.random.Generator(np.random.MT19937(1))


@pytest.mark.parametrize("shape", SHAPES)
def test_distorted_images_are_new_and_stay_within_their_values(
    shape: tuple[int, int, int],
) -> None:
    raw = images(300, shape)
    before = raw.copy()
    out = distort(raw, shape, SIMARD, generator())
    assert out.shape == raw.shape
    assert out.dtype == raw.dtype
    assert (out.min(), out.max()) >= (raw.min() - 1e-6, 0)
    assert out.max() <= raw.max() + 1e-6
    np.testing.assert_array_equal(raw, before)
    assert not np.array_equal(out, raw)


def test_the_same_generator_gives_the_same_images() -> None:
    raw, shape = images(300, (1, 28, 28)), (1, 28, 28)
    first, again = (distort(raw, shape, SIMARD, generator()) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_no_distortion_draws_nothing_and_changes_nothing() -> None:
    drawn, raw = generator(), images(3, (1, 28, 28))
    assert distort(raw, (1, 28, 28), Distortion(), drawn) is raw
    assert drawn.random() == generator().random()


@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("size", [3, 28, 96])
def test_smoothing_is_a_gaussian_filter_mirrored_at_the_edge(size: int, sigma: float) -> None:
    field = np.random.default_rng(1).random((size, size))
    ours = gaussian(size, sigma) @ field @ gaussian(size, sigma).T
    expected = ndimage.gaussian_filter(field, sigma, mode="reflect", truncate=4)
    np.testing.assert_allclose(ours, expected, atol=2e-4)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("size", [1, 3, 28, 96])
def test_few_directions_hold_all_that_smoothing_lets_through(size: int, sigma: float) -> None:
    smooth, whole = smooth_directions(size, sigma), gaussian(size, sigma)
    np.testing.assert_allclose(smooth @ smooth.T, whole @ whole.T, atol=1e-5)


def test_displacements_vary_as_smoothed_uniform_noise_does() -> None:
    drawn = elastic_field(20_000, 8, 6, Distortion(alpha=3, sigma=2), generator())
    uniform = np.random.default_rng(1).uniform(-1, 1, (20_000, 8, 6))
    expected = 3 * gaussian(8, 2) @ uniform @ gaussian(6, 2).T
    drawn, expected = (fields.reshape(20_000, 48) for fields in (drawn, expected))
    assert np.abs(drawn.mean(0)).max() < 0.02
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(expected.T), atol=0.02)


def test_sampling_is_bilinear_interpolation() -> None:
    raw = images(6, (2, 12, 9)).reshape(6, 2, 12, 9)
    rows, columns = positions(6, (2, 12, 9), SIMARD, generator())
    expected = [
        [ndimage.map_coordinates(channel, [y, x], order=1, mode="nearest") for channel in image]
        for image, y, x in zip(raw, rows, columns, strict=True)
    ]
    out = np.empty_like(raw)
    sample_bilinear(raw, rows, columns, out)
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_a_rotation_by_its_angle_turns_the_positions() -> None:
    rows, columns = positions(500, (1, 5, 5), Distortion(rotation=90), generator())
    y, x = rows - 2, columns - 2
    np.testing.assert_allclose(np.hypot(y, x)[:, 0, 0], np.hypot(2, 2), rtol=1e-5)
    turned = np.degrees(np.arctan2(y[:, 2, 4], x[:, 2, 4]))
    assert turned.min() < -80
    assert turned.max() > 80


def test_a_shift_moves_every_pixel_alike() -> None:
    rows, columns = positions(100, (1, 4, 4), Distortion(shift=2), generator())
    down = rows - np.arange(4)[:, None]
    right = columns - np.arange(4)
    assert np.ptp(down, axis=(1, 2)).max() < 1e-5
    assert np.ptp(right, axis=(1, 2)).max() < 1e-5
    assert 1.5 < np.abs(down).max() <= 2


def test_a_mirror_exchanges_left_and_right_of_about_half_of_the_images() -> None:
    raw = images(1000, (2, 3, 5)).reshape(-1, 2, 3, 5)
    out = distort(raw.reshape(1000, -1), (2, 3, 5), Distortion(mirror=True), generator())
    out = out.reshape(raw.shape)
    as_it_was = np.isclose(out, raw, atol=1e-6).all((1, 2, 3))
    mirrored = np.isclose(out, raw[:, :, :, ::-1], atol=1e-6).all((1, 2, 3))
    assert (as_it_was ^ mirrored).all()
    assert 400 < mirrored.sum() < 600

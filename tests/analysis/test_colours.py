"""Colours can be told apart, by colour-blind people too, and stand out from the paper."""

import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from runner.analysis.colours import DARK, LIGHT, Colours
from runner.analysis.pages.one_file import whole_page
from runner.analysis.plots import style
from runner.analysis.report.page import source
from runner.network.arrays import Array

# Machado, Oliveira and Fernandes 2009: how linear RGB is seen, severity 1.
SIGHTS = {
    "full": np.eye(3),
    "without green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "without red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
# sRGB to XYZ by the white point D65, IEC 61966-2-1.
XYZ = np.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]])
LUMINANCE = XYZ[1]


PAPERS = {"light": LIGHT, "dark": DARK}


def linear(colour: Any) -> Array:
    """Linear RGB of sRGB."""
    value = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    """CIE L*a*b* of linear RGB."""
    share = XYZ @ np.clip(rgb, 0, 1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def told_apart(one: Array, other: Array) -> float:
    """How different two colours of linear RGB look, CIE 1976."""
    return float(np.linalg.norm(lab(one) - lab(other)))


def contrast(one: Array, other: Array) -> float:
    """As WCAG 2 counts it."""
    least, most = sorted(LUMINANCE @ each for each in (one, other))
    return float((most + 0.05) / (least + 0.05))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("paper", PAPERS)
def test_any_two_colours_are_told_apart(paper: str, sight: str) -> None:
    seen = [SIGHTS[sight] @ linear(colour) for colour in PAPERS[paper].several]
    assert len(seen) == 8
    assert min(told_apart(a, b) for a, b in combinations(seen, 2)) > 14


@pytest.mark.parametrize("colours", PAPERS.values(), ids=PAPERS)
def test_colours_stand_out_from_the_paper(colours: Colours) -> None:
    for colour in colours.several:
        assert contrast(linear(colour), linear(colours.paper)) > 2.2


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("paper", PAPERS)
def test_signed_numbers_grow_stronger_both_ways_and_the_ways_are_told_apart(
    paper: str, sight: str
) -> None:
    shown = style.look_in(PAPERS[paper], "magma").signed(np.linspace(0, 1, 21))[:, :3]
    shades = [SIGHTS[sight] @ linear(colour) for colour in shown]
    lightness = np.array([lab(shade)[0] for shade in shades])
    steps = np.diff(lightness) * (1 if paper == "light" else -1)
    assert min(*steps[:10], *-steps[10:]) > 1
    for away in range(3, 11):  # from the middle
        assert told_apart(shades[10 - away], shades[10 + away]) > 20


def test_what_is_negative_has_the_hue_of_the_first_class_and_positive_of_the_second() -> None:
    for colours in PAPERS.values():
        negative, positive = (lab(linear(colours.signed[end])) for end in (0, -1))
        first, second = (lab(linear(colour)) for colour in colours.several[:2])
        assert hue(negative) == pytest.approx(hue(first), abs=12)
        assert hue(positive) == pytest.approx(hue(second), abs=12)


def hue(seen: Array) -> float:
    """The angle of a colour's hue, in degrees."""
    return float(np.degrees(np.arctan2(seen[2], seen[1])))


@pytest.mark.parametrize(("scheme", "paper"), [(0, "#ffffff"), (1, "#14171b"), (2, "#ffffff")])
@pytest.mark.parametrize("sight", SIGHTS)
def test_shades_of_a_metric_grow_lighter_and_stand_out_from_the_paper(
    scheme: int, paper: str, sight: str
) -> None:
    found = re.findall(r"--shade-(\d): (#[0-9A-F]{6})", source("page.css"))
    shades = [colour for _, colour in found[9 * scheme : 9 * scheme + 9]]
    assert [int(place) for place, _ in found] == 3 * list(range(9))
    seen = [np.clip(SIGHTS[sight] @ linear(colour), 0, 1) for colour in shades]
    lightness = [lab(rgb)[0] for rgb in seen]
    assert min(np.diff(lightness)) > 1
    for rgb in seen:
        high, low = sorted([LUMINANCE @ rgb, LUMINANCE @ linear(paper)], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 2


def test_pages_and_pictures_have_the_same_colours() -> None:
    page = whole_page("%%style%%%%scripts%%", "", "", {}, [""])
    for colours, look in ((LIGHT, style.LIGHT), (DARK, style.DARK)):
        assert look.colours == colours.several
        for colour in (*colours.several, *colours.signed, f"--paper: {colours.paper};"):
            assert colour in page
        np.testing.assert_allclose(look.signed(0.0)[:3], to_rgb(colours.signed[0]))

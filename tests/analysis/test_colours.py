"""Colours of groups can be told apart, by colour-blind people too, and stand out from the paper."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from runner.analysis.pages.one_file import look
from runner.analysis.plots.style import COLOURS, DARK
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


def palettes() -> dict[str, list[str]]:
    """The report's on light and dark paper, and that of the pictures."""
    light, dark = re.findall(r"(?:light|dark): \[(.*?)\]", look("elements.js"))[:2]
    found = {
        name: re.findall("#[0-9A-F]{6}", text) for name, text in (("light", light), ("dark", dark))
    }
    return {**found, "pictures": list(COLOURS), "dark pictures": list(DARK.colours)}


def linear(colour: str) -> Array:
    """Linear RGB of sRGB."""
    value = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    """CIE L*a*b* of linear RGB."""
    share = XYZ @ np.clip(rgb, 0, 1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("palette", ["light", "dark", "pictures", "dark pictures"])
def test_any_two_colours_are_told_apart(palette: str, sight: str) -> None:
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in palettes()[palette]]
    assert len(seen) == 8
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 14


@pytest.mark.parametrize(
    ("palette", "paper"),
    [
        ("light", "#ffffff"),
        ("dark", "#14171b"),
        ("pictures", "#ffffff"),
        ("dark pictures", DARK.paper),
    ],
)
def test_colours_stand_out_from_the_paper(palette: str, paper: str) -> None:
    for colour in palettes()[palette]:
        least, most = sorted(LUMINANCE @ linear(each) for each in (colour, paper))
        assert (most + 0.05) / (least + 0.05) > 2.2


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


@pytest.mark.parametrize(("pictures", "report"), [("pictures", "light"), ("dark pictures", "dark")])
def test_pictures_have_the_report_s_colours(pictures: str, report: str) -> None:
    assert palettes()[pictures] == palettes()[report]

"""Colours of groups can be told apart, by colour-blind people too, and stand out from the paper."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from runner.analysis.plots.style import COLOURS
from runner.analysis.report.page import source
from runner.network.topology import Array

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
    light, dark = re.findall(r"(?:light|dark): \[(.*?)\]", source("charts.js"))[:2]
    found = {
        name: re.findall("#[0-9A-F]{6}", text) for name, text in (("light", light), ("dark", dark))
    }
    return {**found, "pictures": list(COLOURS)}


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
@pytest.mark.parametrize("palette", ["light", "dark", "pictures"])
def test_any_two_colours_are_told_apart(palette: str, sight: str) -> None:
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in palettes()[palette]]
    assert len(seen) == 8
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 14


@pytest.mark.parametrize(
    ("palette", "paper"), [("light", "#ffffff"), ("dark", "#14171b"), ("pictures", "#ffffff")]
)
def test_colours_stand_out_from_the_paper(palette: str, paper: str) -> None:
    for colour in palettes()[palette]:
        least, most = sorted(LUMINANCE @ linear(each) for each in (colour, paper))
        assert (most + 0.05) / (least + 0.05) > 2.2

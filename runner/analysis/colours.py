"""The colours of all that is drawn: pictures and pages take them from here."""

from typing import NamedTuple


class Colours(NamedTuple):
    """Those on one paper."""

    paper: str
    ink: str
    faint: str
    """Of what is written beside the matter."""
    line: str
    """Of axes, grids and frames."""
    several: tuple[str, ...]
    """Of classes, parts of the data and groups of runs."""
    signed: tuple[str, ...]
    """Evenly from the most negative, or lowest, over the middle to the most positive."""


# The several: Okabe and Ito 2008, yellow and black left out; brighter ones on dark paper. Their
# first two are blue and orange, so those of signed numbers are, too: a class, its side of a plane
# and a weight that speaks for it look alike, and are told apart by colour-blind people.
LIGHT = Colours(
    paper="#ffffff",
    ink="#1c2127",
    faint="#5b6470",
    line="#d8dde3",
    several=(
        *("#0072B2", "#D55E00", "#009E73", "#CC79A7"),
        *("#1A1A1A", "#56B4E9", "#6B3E00", "#7A5CFF"),
    ),
    signed=("#005A9C", "#66A9D8", "#F8F8F8", "#F09A62", "#BF4F00"),
)
DARK = Colours(
    paper="#14171b",
    ink="#e6e9ed",
    faint="#a3adb8",
    line="#363d46",
    several=(
        *("#56B4E9", "#E8702A", "#2BC59B", "#D070A8"),
        *("#FFFFFF", "#F0E442", "#9A4A3A", "#7B61FF"),
    ),
    signed=("#8FD0FB", "#3D86B8", "#1D2228", "#B05A24", "#FFB07A"),
)

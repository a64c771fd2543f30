"""Colours are told apart by all readers, and text stands out.

The matrices are those of Machado GM, Oliveira MM, Fernandes LAF (2009), A physiologically-based model for simulation of
color vision deficiency, IEEE Transactions on Visualization and Computer Graphics 15(6), at severity 1.0, on linear RGB.
Distances are in CIE L*a*b* (CIE 1976, D65).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from cmhs_metrics.plots import colours

VISION = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
JUST_SEEN = 2.3
"""The least distance that is noticed; we ask for several times as much."""


def lab(colour: str, vision: str) -> Any:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / np.array([0.95047, 1, 1.08883])
    even = np.where(seen > 216 / 24389, np.cbrt(seen), (24389 / 27 * seen + 16) / 116)
    return np.array([116 * even[1] - 16, 500 * (even[0] - even[1]), 200 * (even[1] - even[2])])


def distance(first: str, second: str, vision: str) -> float:
    return float(np.linalg.norm(lab(first, vision) - lab(second, vision)))


GROUPS = {
    "places": ((colours.FOCUS, colours.OTHERS, colours.PEERS), 20),
    "lines": (colours.SERIES, 15),
    "segments": (colours.FILLS, 25),
    "shades": (colours.SHADES, 12),
    "averages": (colours.AVERAGES, 15),
    "steps": ((colours.RISE, colours.FALL, colours.OTHERS), 15),
    "run chart": ((colours.COMMON, colours.IMPROVEMENT, colours.CONCERN), 15),
    "run chart without better or worse": ((colours.COMMON, colours.NEUTRAL), 15),
}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("group", GROUPS)
def test_colours_are_told_apart(group: str, vision: str) -> None:
    held, least = GROUPS[group]
    assert least > 5 * JUST_SEEN
    for first, second in combinations(held, 2):
        assert distance(first, second, vision) >= least, (first, second)


@pytest.mark.parametrize("vision", VISION)
def test_ones_own_places_are_darker_than_the_rest_of_england(vision: str) -> None:
    assert lab(colours.OTHERS, vision)[0] - lab(colours.FOCUS, vision)[0] >= 20


@pytest.mark.parametrize("vision", VISION)
def test_shades_of_a_map_grow_darker_in_order(vision: str) -> None:
    lightness = [lab(each, vision)[0] for each in colours.SHADES]
    assert (np.diff(lightness) < -8).all()


def test_the_simulation_confuses_what_such_readers_confuse() -> None:
    # Red and green of equal lightness are alike without the cones for either, and blue and yellow are not.
    assert distance("#c07a00", "#8a9400", "deuteranopia") < 0.4 * distance("#c07a00", "#8a9400", "all colours")
    assert distance("#0000ff", "#ffff00", "deuteranopia") > 100


def test_contrast_is_that_of_the_guidelines() -> None:
    # WebAIM's well-known boundary: #767676 is the lightest grey that passes on white.
    assert colours.contrast("#767676", "#ffffff") >= 4.5 > colours.contrast("#777777", "#ffffff")
    assert colours.contrast("#ffffff", "#000000") == 21


def test_text_passes_on_every_fill() -> None:
    for fill in (*colours.FILLS, *colours.SHADES, colours.PAPER):
        assert colours.contrast(colours.text_on(fill), fill) >= 4.5, fill
    assert colours.contrast(colours.INK, colours.PAPER) >= 7


def test_what_is_drawn_stands_out_from_the_paper() -> None:
    drawn = [colours.FOCUS, colours.OTHERS, colours.PEERS, colours.MUTED, *colours.AVERAGES, *colours.SERIES]
    drawn += [colours.RISE, colours.FALL, colours.COMMON, colours.IMPROVEMENT, colours.CONCERN, colours.NEUTRAL]
    for each in drawn:
        # WCAG 2.2, 1.4.11: graphical objects.
        assert colours.contrast(each, colours.PAPER) >= 3, each

"""Text keeps WCAG AA contrast (4.5:1; 3:1 for large text and outlines) in light and in dark."""

from __future__ import annotations

import re

import pytest

from report.markup import FOLDER

CSS = (FOLDER / "style.css").read_text(encoding="utf-8")
PAIRS = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
COLOURS = [{name: pair[side] for name, *pair in PAIRS} for side in (0, 1)]
SEVERITIES = ("critical", "high", "medium", "low", "informational")
TEXT = [
    (ink, ground) for ink in ("ink", "muted", "link") for ground in ("page", "surface", "sunken")
]
TEXT += [(name, "surface") for name in SEVERITIES] + [("on-severity", name) for name in SEVERITIES]
TEXT += [("ink", "alert"), ("on-accent", "accent"), ("medium", "surface")]
SHAPES = [
    ("control", "surface"),
    ("control", "page"),
    ("medium", "alert"),
    ("accent", "surface"),
    ("muted", "sunken"),
]


def luminance(colour: str) -> float:
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_text_and_shapes_stand_out(side: int) -> None:
    colours = COLOURS[side]
    for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0)):
        for one, two in pairs:
            assert contrast(colours[one], colours[two]) >= least, (one, two)


def test_contrast_can_fail() -> None:
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")


def test_colours_are_named_once() -> None:
    body = CSS[CSS.index("}") :]
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", body)

"""Every colour can be read, and none of a terminal's few is used where it couldn't."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product

import pytest
from prompt_toolkit.styles import Style

from txtal.ui.themes import PALETTES, THEMES, Theme, styles

MEANINGS = ("suggestion", "chosen", "doubt", "differs", "measure", "warning", "text", "dim")
READABLE = 4.5
"""WCAG 2's AA, for text."""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("name", "meaning"), list(product(PALETTES, MEANINGS)))
def test_a_colour_can_be_read(name: str, meaning: str) -> None:
    palette = asdict(PALETTES[name])
    grounds = (
        ("#000000", "#ffffff") if name == "either" else (palette["background"], palette["bar"])
    )
    if palette[meaning]:
        assert min(contrast(palette[meaning], ground) for ground in grounds) >= READABLE


@pytest.mark.parametrize(("theme", "bits"), list(product(THEMES, (1, 4, 8, 24))))
@pytest.mark.parametrize("background", ["", "15;0", "0;15", "0;default;15", "x"])
def test_every_theme_is_one_prompt_toolkit_can_draw(
    theme: Theme, bits: int, background: str
) -> None:
    made = styles(theme, bits, background)
    Style.from_dict(dict(made))
    if bits == 1 or theme == "mono":
        assert not any("ansi" in style or "#" in style for style in made.values())
        assert made["bar"] == "reverse"


def test_auto_goes_by_what_the_terminal_says_of_its_background() -> None:
    assert styles("auto", 8, "15;0") == styles("night")
    assert styles("auto", 8, "0;15") == styles("paper")
    assert PALETTES["either"].suggestion in styles("auto")["good"]
    assert styles("auto", 4)["good"].split() == ["bold"]
    assert styles("calm") == styles("auto")
    assert styles("bright") == styles("night")

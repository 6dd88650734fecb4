"""Colours by meaning: of what an answer depends on, and none of them alone in what it says.

Every colour of a theme has a contrast of 4.5 or more (WCAG 2, AA) with the theme's background and
with the bar of a list; those of ``auto`` where the background is unknown have it with black and
with white. The terminal's background stays as it is. ``tests/ui/test_themes.py`` computes it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Theme = Literal["auto", "night", "peat", "paper", "linen", "mono", "calm", "bright"]
THEMES: tuple[Theme, ...] = get_args(Theme)
_FORMER: Mapping[Theme, Theme] = {"calm": "auto", "bright": "night"}
"""Names that themes had before."""

_FEW = 4
"""Bits of colour of a terminal that has sixteen."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour for each meaning; empty for the terminal's own."""

    suggestion: str
    chosen: str
    doubt: str
    differs: str
    """An answer and another one, or the model, disagree."""
    measure: str
    """The accuracy, and the mark that it may be time to stop."""
    warning: str
    text: str = ""
    dim: str = ""
    rule: str = ""
    bar: str = ""
    """Behind the selected row of a list; empty for the colours the other way round."""
    background: str = ""
    """What the others are made for."""


PALETTES: Mapping[str, Palette] = {
    "night": Palette(
        "#60ca7b", "#63b2f2", "#dea112", "#ea8ae2", "#4ebcb8", "#fb7a71",
        "#d7dde5", "#9aa2ac", "#67717e", "#2b3648", "#12161c",
    ),
    "peat": Palette(
        "#68cd81", "#6ab6f3", "#e2a412", "#eb8ee3", "#55bebb", "#fb7f76",
        "#e6dccd", "#aba399", "#7e7567", "#40362c", "#1c1815",
    ),
    "paper": Palette(
        "#106d27", "#0960a7", "#7c5803", "#a51d99", "#086865", "#c0261b",
        "#1f242b", "#586474", "#949ca8", "#dbe6f3", "#fcfbf7",
    ),
    "linen": Palette(
        "#0e6223", "#085696", "#704f03", "#961a8b", "#085e5b", "#ae2319",
        "#2b241c", "#63594b", "#a8a094", "#e2d5bf", "#f3ece0",
    ),
    "either": Palette("#2d8643", "#1178cc", "#986e0c", "#cc25be", "#31817f", "#e91507"),
}  # fmt: skip

_SIXTEEN: Mapping[str, Palette] = {
    "dark": Palette(
        "ansibrightgreen", "ansibrightcyan", "ansibrightyellow", "ansibrightmagenta", "ansicyan",
        "ansibrightred", dim="ansibrightblack",
    ),
    "light": Palette(
        "ansiblue", "ansiblue underline", "ansimagenta", "ansimagenta underline", "", "ansired"
    ),
}  # fmt: skip

_MONO = Palette("", "", "", "underline", "", "")


def styles(theme: Theme, depth_bits: int = 8, background: str = "") -> Mapping[str, str]:
    """Return the style of each class of fragments.

    ``depth_bits``: of the terminal's colours, 1 to 24. ``background``: ``COLORFGBG`` of the
    environment, by which ``auto`` knows a dark terminal from a light one.
    """
    palette = _palette(_FORMER.get(theme, theme), depth_bits, background)
    selected = f"bg:{palette.bar}" if palette.bar else "reverse"
    dim = palette.dim or "dim"
    return {
        "ticket": palette.text,
        "label": palette.text,
        "status": palette.text,
        "dim": dim,
        "thread": dim,
        "hint": dim,
        "off": f"italic {dim}",
        "rule": palette.rule or "dim",
        "key": f"bold {palette.text}",
        "heading": f"underline {dim}",
        "title": f"bold underline {palette.text}",
        "good": f"bold {palette.suggestion}",
        "chosen": f"bold {palette.chosen}",
        "doubt": f"bold {palette.doubt}",
        "was": f"bold {palette.differs}",
        "flag": f"bold {palette.warning}",
        "note": f"bold {palette.text}",
        "warn": f"bold {palette.warning}",
        "bad": f"bold reverse {palette.warning}",
        "measure": palette.measure,
        "stop": f"bold {palette.measure}",
        "match": f"bold underline {palette.text}",
        "for": f"bold underline {palette.suggestion}",
        "against": f"strike {palette.warning}",
        "bar": selected,
    }


def _palette(theme: Theme, depth_bits: int, background: str) -> Palette:
    if theme == "mono" or depth_bits < _FEW:
        return _MONO
    ground = {"night": "dark", "peat": "dark", "paper": "light", "linen": "light"}.get(
        theme, _ground(background)
    )
    if depth_bits == _FEW:
        return _SIXTEEN.get(ground, _MONO)
    if theme != "auto":
        return PALETTES[theme]
    return PALETTES[{"dark": "night", "light": "paper"}.get(ground, "either")]


def _ground(colorfgbg: str) -> str:
    """``dark`` or ``light`` by ``COLORFGBG`` such as ``15;0``; empty where it doesn't say."""
    number = colorfgbg.rpartition(";")[2]
    if not number.isdecimal():
        return ""
    return "light" if int(number) in (7, *range(9, 16)) else "dark"

"""Colours: sixteen at most, none of them alone in what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Theme = Literal["calm", "bright", "paper", "mono"]
THEMES: tuple[Theme, ...] = get_args(Theme)

_MONO = {
    "dim": "dim",
    "key": "bold",
    "title": "bold underline",
    "good": "bold",
    "chosen": "bold",
    "flag": "bold",
    "was": "bold",
    "warn": "bold",
    "bad": "bold reverse",
    "match": "bold underline",
    "for": "bold underline",
    "against": "strike",
}

# Calm's are such as neither a light nor a dark background swallows.
_COLOURS: dict[Theme, dict[str, str]] = {
    "calm": {
        "good": "bold ansigreen",
        "chosen": "bold ansigreen",
        "flag": "bold ansired",
        "match": "bold ansicyan underline",
        "for": "bold ansigreen underline",
        "against": "ansired strike",
    },
    "bright": {
        "dim": "ansibrightblack",
        "key": "bold ansibrightcyan",
        "title": "bold underline ansibrightyellow",
        "good": "bold ansibrightgreen",
        "chosen": "bold ansibrightgreen",
        "flag": "bold ansibrightred",
        "was": "bold ansibrightmagenta",
        "warn": "bold ansibrightyellow",
        "match": "bold ansibrightcyan underline",
        "for": "bold ansibrightgreen underline",
        "against": "ansibrightred strike",
    },
    "paper": {
        "key": "bold ansiblue",
        "title": "bold underline ansiblue",
        "good": "bold ansigreen",
        "chosen": "bold ansigreen",
        "flag": "bold ansired",
        "was": "bold ansimagenta",
        "warn": "bold ansired",
        "match": "bold ansicyan underline",
        "for": "bold ansigreen underline",
        "against": "ansired strike",
    },
    "mono": {},
}


def styles(theme: Theme) -> Mapping[str, str]:
    """The style of each class of fragments; ``paper`` is for light and ``bright`` for dark."""
    return {**_MONO, **_COLOURS[theme]}

"""Texts that were learned from, found again among those tested on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from txtal.learning.overlap import NEARLY, RUN, shared, sketches

PARCEL = "Where is my parcel? It was to come on Monday, and nobody answers the phone."


def found(tested: list[str], others: list[str]) -> list[str]:
    """``same``, ``near`` or nothing, for each text tested."""
    exact, near = shared(sketches(tested), sketches(others))
    return ["same" if a else "near" if b else "" for a, b in zip(exact, near, strict=True)]


def test_the_same_text_and_nearly_the_same() -> None:
    tested = [
        PARCEL,
        PARCEL.upper().replace("?", " !!!"),
        PARCEL.replace("Monday", "Mondays"),
        "My parcel came on Monday, thank you.",
        "ok",
        "OK!",
        "👍",
        "",
    ]
    others = [PARCEL, "ok", "👎", "Something else altogether, about a kettle that boils over."]
    assert found(tested, others) == ["same", "near", "near", "", "same", "near", "", ""]


def test_nothing_among_none_and_none_among_something() -> None:
    assert found([PARCEL], []) == [""]
    assert found([], [PARCEL]) == []
    assert shared(sketches([PARCEL, "a", PARCEL]), sketches([PARCEL])).counted.share == 2 / 3


@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_every_text_is_found_among_themselves(texts: list[str]) -> None:
    assert found(texts, texts) == ["same"] * len(texts)


def test_what_is_near_is_what_shares_four_fifths_of_its_runs() -> None:
    """Held against the Jaccard index itself, over texts with more and more letters replaced."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    wrong = 0
    for replaced in range(1, 13):
        for _ in range(10):
            text = rng.choice(letters, 200)
            other = text.copy()
            other[rng.choice(200, replaced, replace=False)] = "-"
            one, two = "".join(text), "".join(other).replace("-", "9")
            share = jaccard(one, two)
            if abs(share - NEARLY) > 0.1:
                wrong += (found([one], [two]) == ["near"]) != (share > NEARLY)
    assert wrong == 0


def jaccard(one: str, two: str) -> float:
    """The share of runs that both have of those that either has."""
    runs = [{text[i : i + RUN] for i in range(len(text) - RUN + 1)} for text in (one, two)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])

"""Finding a label by typing."""

from __future__ import annotations

import pytest

from txtal.types import Label
from txtal.ui.picker import Choice, choices, most_probable_first, rank, starting_with

NAMES = ("late refund", "refund", "bank", "Refund fees", "prefundate", "shipping", "refunded")
LABELS = tuple(Label(n, name) for n, name in enumerate(NAMES, start=1))


def names(ids: tuple[int, ...]) -> list[str]:
    return [NAMES[i - 1] for i in ids]


def test_prefix_before_word_before_inside_before_likeness() -> None:
    assert names(rank("refund", LABELS)) == [
        "refund",
        "Refund fees",
        "refunded",
        "late refund",
        "prefundate",
    ]


def test_ties_and_an_empty_query_go_by_probability_then_by_the_scheme() -> None:
    order = most_probable_first(LABELS, ((6, 0.5), (3, 0.4)), "")
    assert rank("", LABELS, order) == (6, 3, 1, 2, 4, 5, 7)
    assert names(rank("ref", LABELS, (7, 1, 2, 3, 4, 5, 6)))[:2] == ["refunded", "refund"]


@pytest.mark.parametrize("query", ["shiping", "shpping", "SHIP", " ship "])
def test_slips_of_the_finger_are_forgiven(query: str) -> None:
    assert names(rank(query, LABELS))[0] == "shipping"


def test_what_is_like_nothing_finds_nothing() -> None:
    assert rank("qqq", LABELS) == ()


@pytest.mark.parametrize("query", ["shipping/abroad", "refunded twice"])
def test_a_name_with_more_in_it_is_a_new_one(query: str) -> None:
    """Enter would else answer with a label that nobody meant."""
    assert choices(query, LABELS) == (Choice(new=query),)


@pytest.mark.parametrize("query", ["shippping", "refundd"])
def test_a_letter_too_many_is_forgiven_too(query: str) -> None:
    assert choices(query, LABELS)[0].label


def test_a_typed_name_means_itself_else_all_that_start_with_it() -> None:
    assert starting_with("Refund", LABELS) == (2,)
    assert names(starting_with("refunde", LABELS)) == ["refunded"]
    assert len(starting_with("re", LABELS)) == 3
    assert starting_with("xyz", LABELS) == ()

"""Texts that are nearly the same, and the index that finds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from txtal.store import near

WORDS = ["parcel", "late", "refund", "invoice", "kettle", "driver", "please", "where", "monday"]
Edit = tuple[str, int, str]
EDITS = st.tuples(
    st.sampled_from(["drop", "change", "add"]), st.integers(0, 40), st.sampled_from(["ana", "bo"])
)


def edited(words: list[str], edits: list[Edit]) -> list[str]:
    """A text after a few changes of whole words."""
    for what, place, word in edits:
        at = place % len(words)
        if what == "add":
            words = [*words[:at], word, *words[at:]]
        elif what == "change" or len(words) == 1:
            words = [*words[:at], word, *words[at + 1 :]]
        else:
            words = [*words[:at], *words[at + 1 :]]
    return words


@given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=40), st.lists(EDITS, max_size=8))
def test_one_part_is_whole_in_every_text_nearly_the_same(
    words: list[str], edits: list[Edit]
) -> None:
    edits = edits[: near.may_change(len(words))]
    other = edited(words, edits)
    parts = near.parts(" ".join(words))
    assert any(set(part) <= set(other) for part in parts)


def test_a_name_a_number_and_thanks_may_be_others() -> None:
    text = "Hello, I'm Ana. My parcel 4411 has not arrived since Monday!"
    others = {
        1: "Hello, I'm Robin. My parcel 92 has not arrived since Monday!",
        2: "hello i'm ana, my parcel 4411 has not arrived since monday. Thanks",
        3: "Hello, I'm Ana. My refund of 4411 has still not been paid to my card!",
    }
    assert near.same_as(text, others) == [1, 2]


def test_of_a_short_text_every_word_matters() -> None:
    assert near.parts("I love this app") == []
    assert near.same_as("I love this app", {1: "I hate this app"}) == []

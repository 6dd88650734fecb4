"""Names of labels as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.learning.label_text import label_text, label_texts, word_counts

TICKETS = ["Thank you for opening a ticket", "opening hours, thank you", "a greeting", "greeting"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("card_arrival", "card arrival"),
        ("LateFlight", "Late Flight"),
        ("HTTPError", "HTTP Error"),
        ("billing/refund", "billing refund"),
        ("oos", "oos"),
        ("a-b.c", "a b c"),
        ("3d-printer", "3d printer"),
        ("Größe", "Größe"),
        ("expensereport+softwareupdate", "expensereport softwareupdate"),
        ("__", ""),
    ],
)
def test_a_name_is_split_where_a_reader_would_split_it(name: str, words: str) -> None:
    assert label_text(name) == words


def test_a_description_follows_the_name() -> None:
    assert label_text("late", " A parcel is late ") == "late. A parcel is late"


def test_words_that_run_together_are_split_into_words_that_the_tickets_use() -> None:
    counts = word_counts(TICKETS)
    assert label_text("openinggreeting", "", counts) == "opening greeting"
    assert label_text("thankyou", "", counts) == "thank you"
    assert label_text("openingletter", "", counts) == "openingletter"  # nobody says letter
    assert label_text("opening", "", counts) == "opening"  # said as it is
    assert label_text("thanking", "", counts) == "thanking"


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_name_is_read(name: str, description: str) -> None:
    counts = word_counts(TICKETS)
    said = label_text(name, "", counts)
    assert sorted(said.replace(" ", "")) == sorted(label_text(name).replace(" ", "")) or (
        said.replace(" ", "").lower() == label_text(name).replace(" ", "").lower()
    )
    assert label_texts([(name, description)], counts)[0].startswith(said)

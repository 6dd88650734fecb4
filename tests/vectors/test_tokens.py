"""The tokens of spaCy's rules are spaCy's own."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.driving import LABELLED
from txtal.vectors.tokens import Rules, Splitter

NOTHING = Rules(None, None, None, None, None, {})

LANGUAGES = ("en", "de", "fr", "xx", "tr", "ru", "he", "hu")

PIECES = st.sampled_from(
    [*"aB1.,:;!?()[]'\"’-_/@%$€…😀", "n't", "'s", "'re", ":)", "):", ":'(", "a.m.", "U.S.", "e.g.",
     "...", "--", "www.x.org", "http://x.y/z?q=1", "don't", "10km", "l'", "qu'", "z.B.", "שלום"]
)  # fmt: skip
RUNS = st.lists(PIECES, min_size=1, max_size=9).map("".join) | st.text(
    st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=30
).filter(lambda text: text.split() == [text])


@cache
def both(language: str) -> tuple[Any, Splitter]:
    """spaCy's tokeniser, and ours by the rules as they are saved."""
    tokeniser = spacy.blank(language).tokenizer
    rules = Rules.of(tokeniser)
    assert rules is not None
    return tokeniser, Splitter(Rules.from_json(rules.to_json()))


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=60)
@given(run=RUNS)
def test_any_run(language: str, run: str) -> None:
    theirs, ours = both(language)
    assert ours(run) == [token.text for token in theirs(run)]


def test_every_special_case_with_anything_around_it() -> None:
    theirs, ours = both("en")
    for run in theirs.rules:
        for text in (run, f"({run})", f"{run}.", f'"{run}', f"{run}/{run}", f"{run}{run}"):
            if text.split() == [text]:
                assert ours(text) == [token.text for token in theirs(text)], text


def test_every_word_of_the_sample() -> None:
    theirs, ours = both("en")
    for run in set(LABELLED.read_text("utf-8").split()):
        assert ours(run) == [token.text for token in theirs(run)]


def test_another_kind_of_tokeniser_has_none() -> None:
    assert Rules.of(spacy.blank("zh").tokenizer) is None
    own = spacy.blank("en").tokenizer
    own.prefix_search = lambda text: None
    assert Rules.of(own) is None


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"[]",
        b"{}",
        b'{"prefix": "("}',
        *(
            json.dumps(asdict(replace(NOTHING, **forged))).encode()
            for forged in ({"special": {"a": 1}}, {"special": {"a": [1]}}, {"prefix": 7})
        ),
    ],
)
def test_what_is_no_rules_is_refused(written: bytes) -> None:
    with pytest.raises((TypeError, ValueError)):
        Rules.from_json(written)


@pytest.mark.parametrize("pattern", ["(", "(" * 20_000 + ")" * 20_000, "a{99999999999}"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        Splitter(replace(NOTHING, suffix=pattern))

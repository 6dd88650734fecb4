"""Patterns in Prodigy's format: read, refused with a line, and found."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.matcher import Matcher
from spacy.tokens import Doc

from txtal.errors import DataError
from txtal.recipes.patterns import Match, Patterns, pattern_of, read_patterns, spans


def read(folder: Path, *lines: str) -> Patterns:
    (folder / "p.jsonl").write_text("\n".join(lines), "utf-8")
    return Patterns(read_patterns(folder / "p.jsonl"))


def found(patterns: Patterns, text: str) -> list[tuple[str, str]]:
    return [(text[match.start : match.end], match.label) for match in patterns.find(text)]


@pytest.mark.parametrize(
    ("pattern", "text", "finds"),
    [
        ('"money back"', "my money  back!", ["money  back"]),
        ('"money back"', "my Money back, moneyback", []),
        (
            '[{"lower": "money"}, {"LOWER": "back"}]',
            "Money back and MONEY BACK",
            ["Money back", "MONEY BACK"],
        ),
        ('[{"ORTH": "IT"}]', "IT, not it", ["IT"]),
        ('[{"text": {"in": ["a", "b"]}}]', "a b c", ["a", "b"]),
        ('[{"IS_DIGIT": true}, {"lower": {"IN": ["days", "weeks"]}}]', "in 12 Days", ["12 Days"]),
        ('[{"lower": "very"}, {}, {"is_punct": true}]', "very late.", ["very late."]),
        ('[{"is_alpha": true, "lower": "late"}]', "late", ["late"]),
        ('[{"lower": "e-mail"}]', "an E-mail", ["E-mail"]),
        ('"grüße"', "viele grüße", ["grüße"]),
    ],
)
def test_finds(tmp_path: Path, pattern: str, text: str, finds: list[str]) -> None:
    patterns = read(tmp_path, f'{{"label": "x", "pattern": {pattern}, "id": "1"}}')
    assert found(patterns, text) == [(part, "x") for part in finds]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"label": "x", "pattern": [{"pos": "NOUN"}]}', "POS can't be matched without spaCy"),
        ('{"label": "x", "pattern": [{"lower": "a", "op": "!"}]}', "OP must be"),
        ('{"label": "x", "pattern": [{"lower": "a", "op": "{3,1}"}]}', "OP can stand for"),
        ('{"label": "x", "pattern": [{"lower": "a", "op": "{999}"}]}', "OP can stand for"),
        ('{"label": "x", "pattern": [{"lower": "e-mail", "op": "+"}]}', "which is several words"),
        ('{"label": "x", "pattern": [{"lower": "a", "op": "?"}, {"op": "*"}]}', "no words, too"),
        ('{"label": "x", "pattern": [{"lower": {"regex": "a"}}]}', "LOWER must be a word or"),
        ('{"label": "x", "pattern": [{"lower": ["a"]}]}', "LOWER must be a word or"),
        ('{"label": "x", "pattern": [{"is_digit": 1}]}', "IS_DIGIT must be true or false"),
        ('{"label": "x", "pattern": ["a"]}', "a token of a pattern is an object"),
        ('{"label": "x", "pattern": " "}', "the pattern is empty"),
        ('{"label": "x", "pattern": []}', "the pattern is empty"),
        ('{"label": "x"}', "a phrase or a list of tokens"),
        ('{"pattern": "a"}', "needs the name of a label"),
        ('{"label": "x", "pattern": "a"', "invalid JSON"),
    ],
)
def test_refuses_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path, '{"label": "x", "pattern": "good"}', "# a comment", line)
    assert f"{tmp_path / 'p.jsonl'}:3: " in str(caught.value)


def test_an_empty_file_and_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pattern"):
        read(tmp_path, "")
    with pytest.raises(DataError, match="can't be read"):
        read_patterns(tmp_path / "none.jsonl")
    assert Patterns().find("anything") == []


def test_matches_that_overlap_are_one_highlight() -> None:
    matches = [Match(0, 10, "a"), Match(5, 12, "b"), Match(20, 22, "a")]
    assert spans(matches, "s") == ((0, 12, "s"), (20, 22, "s"))


@given(st.lists(st.text("ab -'", min_size=1), max_size=4), st.text("ab -'\n", max_size=60))
def test_a_phrase_is_found_where_its_words_stand(phrases: list[str], text: str) -> None:
    from txtal.recipes.patterns import _TOKENS, pattern_of

    usable = [phrase for phrase in phrases if _TOKENS.findall(phrase)]
    patterns = Patterns(pattern_of({"label": phrase, "pattern": phrase}) for phrase in usable)
    for match in patterns.find(text):
        assert _TOKENS.findall(text[match.start : match.end]) == _TOKENS.findall(match.label)
    words = _TOKENS.findall(text)
    for phrase in usable:
        parts = _TOKENS.findall(phrase)
        there = any(words[at : at + len(parts)] == parts for at in range(len(words)))
        assert there == any(match.label == phrase.strip() for match in patterns.find(text))


TOKENS = st.sampled_from([{"LOWER": "a"}, {"LOWER": "b"}, {"TEXT": "B"}, {"IS_DIGIT": True}, {}])
OPS = st.sampled_from(
    [{}, {}, {"OP": "?"}, {"OP": "*"}, {"OP": "+"}, {"OP": "{2}"}, {"OP": "{1,2}"}]
)
PARTS = st.lists(st.tuples(TOKENS, OPS).map(lambda both: both[0] | both[1]), min_size=1, max_size=4)


@settings(max_examples=150)
@given(PARTS, st.lists(st.sampled_from([*"aBc1"]), max_size=8))
def test_repeated_tokens_match_what_spacy_matches_the_longest_first(
    parts: list[dict[str, Any]], words: list[str]
) -> None:
    if all(part.get("OP") in ("?", "*") for part in parts):
        return  # refused
    nlp = _blank()
    matcher = Matcher(nlp.vocab)
    matcher.add("x", [parts])
    doc = Doc(nlp.vocab, words)
    longest: dict[int, int] = {}
    for _, start, end in matcher(doc):
        longest[start] = max(end, longest.get(start, 0))
    theirs = [(doc[start].idx, doc[end - 1].idx + 1) for start, end in sorted(longest.items())]
    ours = Patterns([pattern_of({"label": "x", "pattern": parts})]).find(doc.text)
    assert [(one.start, one.end) for one in ours] == theirs


@lru_cache
def _blank() -> Any:
    import spacy

    return spacy.blank("en")

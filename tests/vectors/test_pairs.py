"""The block ``pairs``: which words stand together."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from txtal.errors import LearnerError
from txtal.vectors import bag, pairs_fit
from txtal.vectors.blocks import Sample
from txtal.vectors.pairs import Pairs
from txtal.vectors.pipeline import Pipeline
from txtal.vectors.vectoriser import Vectoriser

WORDS = "dog bites man cat sees bird fish eats".split()  # noqa: SIM905
ORDERS = [
    f"{a} {verb} {b}"
    for verb in ("bites", "sees", "eats")
    for a, b in (("dog", "man"), ("man", "dog"), ("cat", "bird"), ("bird", "cat"))
]
TEXTS = [f"Today {line} again" for line in ORDERS] * 10


def fitted(texts: list[str]) -> Pairs:
    return Pairs.fit("pairs", Sample(texts, Pipeline("en"), 0))


class TestFit:
    def test_two_texts_with_the_same_words_differ(self) -> None:
        both = ["dog bites man", "man bites dog"]
        one, other = Vectoriser.fit("lexical@en", TEXTS).transform(both)
        assert np.allclose(one, other, atol=1e-5)
        one, other = Vectoriser.fit("lexical+pairs@en", TEXTS).transform(both)
        assert one @ other < 0.9 * (one @ one)

    def test_it_knows_pairs_that_are_in_two_texts(self) -> None:
        block = fitted(["Red apple pie", "red APPLE tart", "green apple tart", "plum cake"])
        first, second = np.divmod(block.keys, len(block.numbers))
        names = list(block.numbers)
        assert {(names[a], names[b]) for a, b in zip(first, second, strict=True)} == {
            ("red", "apple"),
            ("apple", "tart"),
        }

    def test_coverage_is_the_fraction_of_pairs_that_it_knows(self) -> None:
        assert fitted(["a b c", "a b d", "x y"]).coverage == pytest.approx(2 / 5, abs=1e-4)

    def test_it_counts_for_less_where_it_knows_less(self) -> None:
        alike = Vectoriser.fit("lexical+pairs@en", TEXTS).to_arrays()[0]["lengths"][1]
        unlike = [*TEXTS[:20], *(f"w{n} v{n} u{n} t{n} s{n}" for n in range(200))]
        assert Vectoriser.fit("lexical+pairs@en", unlike).to_arrays()[0]["lengths"][1] < alike / 2

    def test_the_features_are_those_of_scikit_learn(self) -> None:
        """The cosines of TF-IDF of pairs, reduced: as many columns as there are pairs lose none."""
        texts = TEXTS[:12] * 2
        features = Vectoriser.fit("pairs@en", texts)
        summed = np.zeros((12, features.dims), np.float32)
        features._sums.into(summed, texts[:12])
        oracle = TfidfVectorizer(ngram_range=(2, 2), min_df=2, sublinear_tf=True)
        tfidf = oracle.fit_transform(texts)
        reduced = TruncatedSVD(features.dims, random_state=0).fit_transform(tfidf)[:12]
        reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
        assert np.allclose(summed @ summed.T, reduced @ reduced.T, atol=0.02)

    @pytest.mark.parametrize(
        "texts",
        [[], [""], ["word"], ["one two", "three four"], ["a b"] * 2, ["😀" * 300] * 2],
        ids=["none", "empty", "one word", "no pair twice", "one pair", "odd"],
    )
    def test_degenerate_texts_can_be_fitted(self, texts: list[str]) -> None:
        features = Vectoriser.fit("lexical+pairs@en", texts).transform([*texts, "", "other words"])
        assert np.isfinite(features).all()

    def test_a_large_pool_is_read_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = fitted(TEXTS)
        monkeypatch.setattr(bag, "BATCH_TEXTS", 7)
        parts = fitted(TEXTS)
        assert np.array_equal(whole.keys, parts.keys)
        assert np.allclose(np.abs(whole.table), np.abs(parts.table), atol=1e-2)

    def test_no_more_pairs_are_kept_than_fit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pairs_fit, "MOST", 3)
        assert len(fitted(TEXTS).keys) == 3


class TestTransform:
    FITTED = Vectoriser.fit("lexical+pairs@en", TEXTS)

    @settings(deadline=None, max_examples=60)
    @given(st.lists(st.lists(st.sampled_from([*WORDS, "new", "."])).map(" ".join), max_size=6))
    def test_pairs_are_those_within_a_text(self, texts: list[str]) -> None:
        block = self.FITTED._fitted.blocks["pairs"]
        assert isinstance(block, Pairs)
        known = set(block.keys.tolist())
        counter = bag.Bag(Pipeline("en").tokeniser)
        read = counter.read(texts)
        numbers = block.words(counter.types)[read.types]
        first, second, starts = bag.neighbours(numbers, read.starts)
        found = block.pairs(first, second)
        for text, begin, end in zip(texts, starts, starts[1:], strict=False):
            words = [block.numbers.get(word, -1) for word in text.split()]
            keys = [
                a * len(block.numbers) + b if min(a, b) >= 0 else -1 for a, b in pairwise(words)
            ]
            wanted = [key if key in known else -1 for key in keys]
            got = [int(block.keys[row]) if row >= 0 else -1 for row in found[begin:end]]
            assert got == wanted

    def test_a_row_doesnt_depend_on_its_neighbours(self) -> None:
        together = self.FITTED.transform(TEXTS[:20])
        alone = np.vstack([self.FITTED.transform([text]) for text in TEXTS[:20]])
        assert np.array_equal(together, alone)

    def test_a_saved_one_gives_the_very_same_features(self) -> None:
        header, arrays = self.FITTED.to_arrays()
        again = Vectoriser.from_arrays(json.loads(json.dumps(header)), arrays)
        assert np.array_equal(again.transform(TEXTS), self.FITTED.transform(TEXTS))

    @pytest.mark.parametrize("harm", ["fewer rows", "not ascending"])
    def test_a_damaged_one_is_refused(self, harm: str) -> None:
        header, arrays = self.FITTED.to_arrays()
        name = "pairs.table" if harm == "fewer rows" else "pairs.keys"
        arrays[name] = arrays[name][:-1] if harm == "fewer rows" else arrays[name][::-1]
        with pytest.raises(LearnerError, match="can't be read"):
            Vectoriser.from_arrays(header, arrays)

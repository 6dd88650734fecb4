from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors.conftest import TEXTS, Lengths, SavedLengths
from txtal.errors import LearnerError, UsageError
from txtal.vectors import bag, registry, static, sums, vectoriser
from txtal.vectors.vectoriser import Vectoriser, fit_sample

needs_static = pytest.mark.skipif(not static.available(), reason="no static vectors installed")
FITTED = Vectoriser.fit("auto@en", TEXTS)


def saved_and_loaded(fitted: Vectoriser) -> Vectoriser:
    header, arrays = fitted.to_arrays()
    return Vectoriser.from_arrays(json.loads(json.dumps(header)), arrays)


def lengths_of_blocks(features: np.ndarray, *dims: int) -> np.ndarray:
    parts = np.split(features, np.cumsum(dims)[:-1], axis=1)
    return np.stack([np.linalg.norm(part, axis=1) for part in parts], axis=1)


class TestFeatures:
    def test_they_are_float32_and_as_wide_as_said(self) -> None:
        features = FITTED.transform(TEXTS)
        assert features.dtype == np.float32
        assert features.shape == (len(TEXTS), FITTED.dims)

    def test_texts_on_one_thing_are_nearer_than_others(self) -> None:
        features = Vectoriser.fit("lexical@en", TEXTS).transform(
            ["a refund for the order", "refunds, for orders", "cannot log in, it crashes"]
        )
        near, far = features[0] @ features[1], features[0] @ features[2]
        assert near > far + 0.2

    def test_a_word_the_fit_never_met_lands_near_its_kin(self) -> None:
        kettle, ketle, card = Vectoriser.fit("lexical@en", TEXTS).transform(
            ["kettle", "ketle", "card"]
        )
        assert ketle @ kettle > ketle @ card + 0.2

    def test_case_matters_to_no_lexical_row(self) -> None:
        lower, upper = Vectoriser.fit("lexical@en", TEXTS).transform(["refund", "REFUND"])
        assert np.array_equal(lower, upper)

    def test_a_row_doesnt_depend_on_its_neighbours(self) -> None:
        together = FITTED.transform(TEXTS)
        alone = np.vstack([FITTED.transform([text]) for text in TEXTS])
        assert np.array_equal(together, alone)

    def test_nor_on_how_many_rows_are_made_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        together = saved_and_loaded(FITTED).transform(TEXTS)
        monkeypatch.setattr(sums, "ROWS_AT_ONCE", 3)
        assert np.array_equal(saved_and_loaded(FITTED).transform(TEXTS), together)

    def test_nor_on_what_was_read_before(self) -> None:
        texts = [" ".join(TEXTS), *TEXTS]
        fresh = saved_and_loaded(FITTED)
        fresh.transform([text[::-1] for text in texts])
        backwards = fresh.transform(texts[::-1])[::-1]
        assert np.array_equal(backwards, saved_and_loaded(FITTED).transform(texts))

    def test_the_seed_decides(self) -> None:
        once, again = (Vectoriser.fit("lexical@en", TEXTS, seed=3) for _ in range(2))
        assert once.fingerprint == again.fingerprint
        assert np.array_equal(once.transform(TEXTS), again.transform(TEXTS))
        assert Vectoriser.fit("lexical@en", TEXTS, seed=4).fingerprint != once.fingerprint

    @settings(max_examples=100)
    @given(st.lists(st.text(st.characters()), max_size=5))
    def test_any_text_gives_finite_rows_of_one_length_or_none(self, texts: list[str]) -> None:
        features = FITTED.transform(texts)
        assert np.isfinite(features).all()
        shares = lengths_of_blocks(features, *FITTED.widths) / FITTED.to_arrays()[0]["lengths"]
        assert (shares <= 1.001).all()
        alike = abs(shares - shares.max(axis=1, keepdims=True, initial=0)) < 1e-3
        assert (alike | (shares == 0)).all()

    @pytest.mark.parametrize(
        "texts",
        [
            [],
            [""],
            ["", " \n\t", "\u3000"],
            ["word"],
            ["."],
            ["same thing"] * 200,
            [f"word{number}" for number in range(150)],
            ["\x00", "\ud800", "😀" * 3000],
        ],
        ids=["none", "empty", "blank", "one", "dot", "same", "all different", "odd"],
    )
    def test_degenerate_texts_can_be_fitted(self, texts: list[str]) -> None:
        fitted = Vectoriser.fit("lexical@en", texts)
        features = fitted.transform([*texts, "", "other words"])
        assert fitted.dims >= 1
        assert np.isfinite(features).all()
        assert not features[len(texts)].any()
        for text, row in zip(texts, features, strict=False):
            assert row.any() == bool(text.strip())
        assert np.array_equal(saved_and_loaded(fitted).transform(texts), features[: len(texts)])

    def test_texts_of_other_words_are_short_and_of_none_that_is_known_zeros(self) -> None:
        known, half, other = FITTED.transform(
            ["my refund is late", "refund xqj wvz qqx kkz", "xqj"]
        )
        assert np.linalg.norm(known) > 0.99
        assert 0 < np.linalg.norm(half) < 0.9 * np.linalg.norm(known)
        assert not other.any()
        assert not FITTED.transform(["?!", "привет мир"]).any()
        assert FITTED.transform(
            ["xqj"], foreign=True
        ).any()  # the name of a label may be such a one

    def test_numbers_are_words_where_the_texts_have_some(self) -> None:
        texts = [f"order {n} is late" for n in range(30)]
        fitted = Vectoriser.fit("lexical@en", texts)
        assert np.linalg.norm(fitted.transform(["4711"])) == pytest.approx(1, abs=1e-3)

    def test_one_saved_before_rows_were_short_has_them_all_of_one_length(self) -> None:
        header, arrays = FITTED.to_arrays()
        del header["parts"]["lexical"]["usual"]
        before = Vectoriser.from_arrays(header, arrays)
        (row,) = before.transform(["refund xqj wvz qqx kkz"])
        assert np.linalg.norm(row) > 0.99
        assert before.to_arrays()[0] == header  # its fingerprint is what it was

    def test_empty_texts_are_zeros(self) -> None:
        assert not FITTED.transform(["", "  ", "\n"]).any()
        assert FITTED.transform([]).shape == (0, FITTED.dims)

    def test_a_text_of_5_mb_is_read_in_part(self) -> None:
        big = "My refund is late, again. " * 200_000
        (row,) = FITTED.transform([big])
        assert np.linalg.norm(row) > 0.99
        assert Vectoriser.fit("lexical@en", [big, "short"]).transform([big]).any()

    def test_a_full_bag_is_emptied_without_a_trace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = FITTED.transform(TEXTS)
        monkeypatch.setattr(bag, "MAX_TYPES", 5)
        monkeypatch.setattr(bag, "BATCH_TEXTS", 2)
        assert np.allclose(FITTED.transform(TEXTS), expected, atol=1e-6)

    def test_progress_counts_texts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bag, "BATCH_TEXTS", 20)
        told: list[tuple[int, int | None]] = []
        fitted = Vectoriser.fit("lexical@en", TEXTS, progress=lambda *now: told.append(now))
        assert told == [(20, 30), (30, 30)]
        fitted.transform(TEXTS, progress=lambda *now: told.append(now))
        assert told[2:] == [(20, 30), (30, 30)]

    def test_a_large_pool_is_sampled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vectoriser, "FIT_TEXTS", 10)
        assert Vectoriser.fit("lexical@en", TEXTS).fit_texts == 10
        sample = fit_sample(1000, seed=1)
        assert len(set(sample.tolist())) == 10
        assert sorted(sample) == list(sample)
        assert list(sample) == list(fit_sample(1000, seed=1)) != list(fit_sample(1000, seed=2))

    def test_a_bad_spec_is_refused(self) -> None:
        with pytest.raises(UsageError):
            Vectoriser.fit("lexical+@en", TEXTS)


class TestPipelineBlock:
    def test_it_goes_beside_the_others(self, folder_with_vectors: Path) -> None:
        fitted = Vectoriser.fit(f"spacy+lexical@{folder_with_vectors}", TEXTS)
        features = fitted.transform(["card card", "nothing", "card refund"])
        centre = fitted.to_arrays()[1]["centre"][:3]
        expected = np.array([[1, 0, 0], [0, 0, 0], [0.4472136, 0.8944272, 0]])
        expected[[0, 2]] -= centre
        expected[[0, 2]] /= np.linalg.norm(expected[[0, 2]], axis=1, keepdims=True)
        expected *= np.sqrt(2 / 1.36)
        assert centre.any()
        assert np.allclose(features[:, :3], expected, atol=1e-4)
        assert np.array_equal(saved_and_loaded(fitted).transform(TEXTS), fitted.transform(TEXTS))

    def test_a_blank_pipeline_has_none(self) -> None:
        with pytest.raises(LearnerError, match="no word vectors"):
            Vectoriser.fit("spacy@en", TEXTS)


class TestCentre:
    def test_what_all_texts_share_is_taken_away(self) -> None:
        greeting = "hello dear support team thank you very much for your kind help "
        texts = [greeting + text for text in TEXTS]
        features = Vectoriser.fit("lexical@en", texts).transform(texts)
        cosines = features @ features.T
        assert abs(cosines[~np.eye(len(texts), dtype=bool)].mean()) < 0.25

    def test_equal_texts_keep_their_features(self) -> None:
        for texts in (["card refund"], ["card refund"] * 50):
            features = Vectoriser.fit("lexical@en", texts).transform(texts)
            assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-3)

    def test_word_vectors_say_more_of_short_texts_and_less_of_long_ones(self) -> None:
        for words, expected in ((1, 0.36), (12, 0.71), (200, 4.0)):
            texts = [" ".join([f"a{i}xy"] * words) for i in range(10, 40)]
            fitted = Vectoriser.fit("lexical+static@en", texts)
            lexical, static = fitted.to_arrays()[0]["lengths"]
            assert (lexical / static) ** 2 == pytest.approx(expected, rel=0.05)
            assert lexical**2 + static**2 == pytest.approx(2, rel=1e-3)
            assert Vectoriser.fit("lexical@en", texts).to_arrays()[0]["lengths"] == [1]

    def test_a_centre_that_doesnt_fit_is_refused(self) -> None:
        header, arrays = FITTED.to_arrays()
        with pytest.raises(LearnerError, match="centre"):
            Vectoriser.from_arrays(header, {**arrays, "centre": arrays["centre"][:-1]})


class TestStatic:
    @pytest.fixture
    def _without(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        static._load.cache_clear()
        monkeypatch.setattr(static, "find_spec", lambda name: None)
        yield
        static._load.cache_clear()

    @needs_static
    def test_it_knows_words_no_ticket_holds(self) -> None:
        refund, money, kettle = Vectoriser.fit("static@en", []).transform(
            ["refund", "reimbursement", "bicycle"]
        )
        assert refund @ money > refund @ kettle + 0.1

    @needs_static
    def test_others_than_the_saved_ones_are_refused(self) -> None:
        header, arrays = Vectoriser.fit("static@en", TEXTS).to_arrays()
        header["parts"]["static"]["digest"] = "other"
        with pytest.raises(LearnerError, match="other static word vectors"):
            Vectoriser.from_arrays(header, arrays).transform(["word"])

    @pytest.mark.usefixtures("_without")
    def test_a_missing_package_says_what_to_install(self) -> None:
        assert not static.available()
        with pytest.raises(LearnerError, match="pip install wordllama"):
            Vectoriser.fit("static@en", TEXTS)

    @pytest.mark.usefixtures("_without")
    def test_auto_does_without(self) -> None:
        assert str(Vectoriser.fit("auto@en", TEXTS).spec) == "lexical@en"

    @needs_static
    def test_a_package_without_its_data_is_not_available(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(static, "_WEIGHTS", Path("weights", "gone.safetensors"))
        assert not static.available()


class TestSaving:
    def test_a_loaded_one_gives_the_very_same_features(self) -> None:
        loaded = saved_and_loaded(FITTED)
        texts = [*TEXTS, "Unsehen wörds, 😀 and TYPOES"]
        assert np.array_equal(loaded.transform(texts), FITTED.transform(texts))
        assert (loaded.spec, loaded.dims) == (FITTED.spec, FITTED.dims)
        assert (loaded.fingerprint, loaded.fit_texts) == (FITTED.fingerprint, FITTED.fit_texts)

    def test_one_that_is_repacked_is_the_same(self) -> None:
        repacked = FITTED.repacked()
        assert repacked is not FITTED
        assert repacked.fingerprint == FITTED.fingerprint
        assert np.array_equal(repacked.transform(TEXTS), FITTED.transform(TEXTS))

    def test_the_arrays_need_no_pickle(self, tmp_path: Path) -> None:
        header, arrays = FITTED.to_arrays()
        np.savez(tmp_path / "a.npz", allow_pickle=False, **arrays)
        with np.load(tmp_path / "a.npz", allow_pickle=False) as loaded:
            again = Vectoriser.from_arrays(header, dict(loaded))
        assert again.fingerprint == FITTED.fingerprint

    def test_loading_a_vectoriser_loads_no_pipeline(self) -> None:
        header, arrays = FITTED.to_arrays()
        header["spec"] = header["spec"].replace("@en", "@no_such_pipeline")
        loaded = Vectoriser.from_arrays(header, arrays)
        assert np.array_equal(loaded.transform(["it's"]), FITTED.transform(["it's"]))
        # They are the tokens of the spaCy that it was fitted with, whatever is installed.
        elder = {**header, "spacy": "3.0.0"}
        assert Vectoriser.from_arrays(elder, arrays).to_arrays()[0]["spacy"] == "3.0.0"
        # One that was saved without the tokeniser's rules needs it for the first text.
        del arrays["tokeniser"]
        older = Vectoriser.from_arrays(header, arrays)
        with pytest.raises(LearnerError, match="no_such_pipeline"):
            older.transform(["word"])

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"format": 1},
            {"format": 1, "spec": "lexical@en", "parts": {"lexical": {}}, "fit_texts": 3},
            {"format": 1, "spec": "static@en", "parts": {"static": 4}, "fit_texts": 3},
        ],
    )
    def test_what_isnt_a_vectoriser_is_refused(self, header: dict[str, Any]) -> None:
        with pytest.raises(LearnerError, match="make it again"):
            Vectoriser.from_arrays(header, {})

    def test_a_newer_format_is_refused(self) -> None:
        header, arrays = FITTED.to_arrays()
        with pytest.raises(LearnerError, match="format 99"):
            Vectoriser.from_arrays({**header, "format": 99}, arrays)

    def test_tables_that_dont_fit_their_words_are_refused(self) -> None:
        header, arrays = FITTED.to_arrays()
        short = {**arrays, "lexical.word_rows": arrays["lexical.word_rows"][:-1]}
        with pytest.raises(LearnerError, match="don't fit"):
            Vectoriser.from_arrays(header, short)


@pytest.mark.usefixtures("own_registry")
class TestCustom:
    def test_it_goes_beside_the_others_at_unit_length(self) -> None:
        registry.vectoriser("lengths")(Lengths)
        fitted = Vectoriser.fit("lengths+lexical@en", TEXTS)
        features = fitted.transform(["abc d", ""])
        assert features.shape == (2, fitted.dims)
        assert np.allclose(features[:, -2:], np.array([[5, 1], [0, 0]]) / [[26**0.5], [1]])

    def test_alone_it_needs_no_pipeline(self) -> None:
        registry.vectoriser("lengths")(Lengths)
        fitted = Vectoriser.fit("lengths@no_such_pipeline", TEXTS)
        assert fitted.transform(["ab"]).tolist() == [[1, 0]]

    def test_one_that_can_be_saved_is(self) -> None:
        registry.vectoriser("lengths")(SavedLengths)
        fitted = Vectoriser.fit("lexical+lengths@en", TEXTS)
        loaded = saved_and_loaded(fitted)
        assert fitted.savable
        assert np.array_equal(loaded.transform(TEXTS), fitted.transform(TEXTS))
        assert loaded.fingerprint == fitted.fingerprint

    def test_one_that_cant_be_saved_says_what_it_lacks(self) -> None:
        registry.vectoriser("lengths")(Lengths)
        fitted = Vectoriser.fit("lengths@en", TEXTS)
        assert not fitted.savable
        assert fitted.fingerprint == fitted.fingerprint
        assert fitted.fingerprint != Vectoriser.fit("lengths@en", TEXTS).fingerprint
        with pytest.raises(LearnerError, match=r"give Lengths the methods to_arrays\(\)"):
            fitted.to_arrays()

    @pytest.mark.parametrize(
        ("returned", "says"),
        [
            (np.zeros(2), "a row for each text"),
            (np.zeros((1, 3)), "a row for each text"),
            (np.zeros((2, 3)), "3 columns after 2"),
            (np.full((2, 2), np.nan), "NaN"),
            ([["a", "b"], ["c", "d"]], "array of numbers"),
        ],
    )
    def test_what_it_returns_is_checked(self, returned: object, says: str) -> None:
        class Odd(Lengths):
            def transform(self, texts: Sequence[str]) -> Any:
                return np.ones((1, 2)) if len(texts) == 1 else returned

        registry.vectoriser("odd")(Odd)
        fitted = Vectoriser.fit("odd@en", TEXTS)
        with pytest.raises(LearnerError, match=says):
            fitted.transform(["a", "b"])

    def test_its_failure_is_told_by_its_name(self) -> None:
        class Broken(Lengths):
            def transform(self, texts: Sequence[str]) -> np.ndarray:
                raise ConnectionError("no network")

        registry.vectoriser("broken")(Broken)
        with pytest.raises(LearnerError, match="'broken' failed: ConnectionError"):
            Vectoriser.fit("broken@en", TEXTS)


def test_several_threads_get_what_one_gets_and_a_copy_works() -> None:
    texts = [f"word{n} and word{n + 1} of {n % 7} parcels" for n in range(400)]
    made = Vectoriser.fit("lexical@en", texts[:50])
    expected = copy.deepcopy(made).transform(texts)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: made.transform(texts[n::8]), range(8)))
    for n, rows in enumerate(found):
        assert np.array_equal(rows, expected[n::8])

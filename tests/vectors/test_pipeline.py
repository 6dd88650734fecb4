from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from txtal.errors import LearnerError, UsageError
from txtal.vectors import bag, installed
from txtal.vectors.bag import Bag, batches
from txtal.vectors.pipeline import MAX_CHARACTERS, Pipeline
from txtal.vectors.pipeline_vectors import PipelineVectors

ENGLISH = Pipeline("en")


def counted(of: Bag, text: str) -> dict[str, float]:
    (row,) = of.count([text]).csr().toarray()
    return {of.types[i]: row[i] for i in np.flatnonzero(row)}


class TestLoading:
    @pytest.mark.parametrize("name", ["en", "xx", "deu"])
    def test_what_there_is_passes_the_check(self, name: str) -> None:
        installed.check(name)

    @pytest.mark.parametrize(
        ("name", "says"), [("qq", "knows no language 'qq'"), ("en_core_web_nn", "spacy download")]
    )
    def test_a_slip_of_the_pen_is_told_before_the_learner_starts(
        self, name: str, says: str
    ) -> None:
        with pytest.raises(UsageError, match=says):
            installed.check(name)

    def test_an_unknown_language_is_told_of_xx(self) -> None:
        with pytest.raises(LearnerError, match=r"no language 'qq'; use --lang xx"):
            _ = Pipeline("qq").nlp

    def test_a_language_that_needs_a_package_names_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def blank(code: str) -> None:
            raise ImportError("The Thai tokenizer requires the PyThaiNLP library:\n https://…")

        monkeypatch.setattr(spacy, "blank", blank)
        with pytest.raises(LearnerError, match=r"PyThaiNLP library: https.*--lang xx"):
            _ = Pipeline("th").nlp

    def test_a_pipeline_that_isnt_installed_says_how_to_install_it(self) -> None:
        with pytest.raises(LearnerError, match="spacy download en_core_web_qq"):
            _ = Pipeline("en_core_web_qq").nlp

    def test_a_broken_pipeline_says_what_spacy_says(self, tmp_path: Path) -> None:
        (tmp_path / "meta.json").write_text("{}")
        with pytest.raises(LearnerError, match=r"can't be loaded\. spaCy says: "):
            _ = Pipeline(str(tmp_path)).nlp

    def test_components_that_arent_needed_arent_loaded(self, tmp_path: Path) -> None:
        nlp = spacy.blank("en")
        nlp.add_pipe("sentencizer")
        nlp.to_disk(tmp_path / "p")
        assert Pipeline(str(tmp_path / "p")).nlp.pipe_names == []


class TestVectors:
    def test_rows_are_the_pipelines_own(self, folder_with_vectors: Path) -> None:
        block = PipelineVectors.of(Pipeline(str(folder_with_vectors)))
        assert block.dims == 3
        rows = block.rows(["refund", "nothing", "card"])
        assert rows.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]
        assert block.rows([]).shape == (0, 3)

    def test_a_pipeline_without_vectors_is_refused(self) -> None:
        with pytest.raises(LearnerError, match="'en' has no word vectors"):
            PipelineVectors.of(ENGLISH)

    def test_another_version_than_the_saved_one_is_refused(self, folder_with_vectors: Path) -> None:
        of = Pipeline(str(folder_with_vectors))
        with pytest.raises(LearnerError, match=r"9\.9\.9 of 3 columns"):
            PipelineVectors(of, "9.9.9", 3).rows(["card"])

    def test_has_vectors_reads_the_metadata(self, folder_with_vectors: Path) -> None:
        assert installed.has_vectors(str(folder_with_vectors))
        assert not installed.has_vectors("en")
        assert not installed.has_vectors("no_such_package")
        (folder_with_vectors / "meta.json").write_text("not JSON")
        assert not installed.has_vectors(str(folder_with_vectors))


class TestBag:
    @settings(max_examples=150)
    @given(st.text(max_size=90) | st.text("aB1 \t\n.,:;!?()'\"-_/@%$€😀", max_size=90))
    def test_its_types_are_spacys_tokens(self, text: str) -> None:
        of = Bag(ENGLISH.tokeniser)
        tokens = [token.text for token in ENGLISH.nlp(text) if not token.text.isspace()]
        assert counted(of, text) == {token: tokens.count(token) for token in tokens}

    def test_types_keep_their_numbers(self) -> None:
        of = Bag(ENGLISH.tokeniser)
        assert of.count(["b a a", ""]).csr().toarray().tolist() == [[1, 2], [0, 0]]
        assert of.count(["A a", "b"]).csr().toarray().tolist() == [[0, 1, 1], [1, 0, 0]]
        assert of.types == ["b", "a", "A"]

    def test_a_tokeniser_that_isnt_spacys_gets_whole_texts(self) -> None:
        chinese = Pipeline("zh").tokeniser
        assert chinese.runs(["退款 请", ""]) == [["退款 请"], []]
        assert counted(Bag(chinese), "退款 请") == {"退": 1, "款": 1, "请": 1}

    def test_only_the_head_of_a_long_text_is_read(self) -> None:
        of = Bag(ENGLISH.tokeniser)
        assert "end" not in counted(of, "word " * (MAX_CHARACTERS // 5) + "end")

    def test_a_long_run_of_punctuation_doesnt_take_quadratic_time(self) -> None:
        draw = random.Random(0)
        text = "".join(draw.choices("([{!?😀…", k=20_000))
        began = time.perf_counter()
        assert sum(counted(Bag(ENGLISH.tokeniser), text).values()) >= 1000
        assert time.perf_counter() - began < 10  # spaCy alone: more than 30 s

    def test_of_a_long_run_each_piece_is_tokenised_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokeniser = Pipeline("en").tokeniser
        split = vars(tokeniser)["_split"]
        tokenised: list[str] = []
        monkeypatch.setitem(
            vars(tokeniser), "_split", lambda piece: [tokenised.append(piece), *split(piece)][1:]
        )
        (tokens,) = tokeniser.tokens(["[" * 100_000])
        assert tokens == ["["] * 100_000
        assert len(tokenised) == 1

    def test_lone_surrogates_are_read_as_question_marks(self) -> None:
        assert counted(Bag(ENGLISH.tokeniser), "a\ud800b") == {"a?b": 1}

    @pytest.mark.parametrize("pipeline", [ENGLISH, Pipeline("zh")])
    def test_spacy_forgets_the_strings_it_read(self, pipeline: Pipeline) -> None:
        before = len(pipeline.nlp.vocab.strings)
        Bag(pipeline.tokeniser).count([f"qzx{number}" for number in range(1000)])
        assert len(pipeline.nlp.vocab.strings) == before

    def test_it_is_loaded_anew_once_it_has_met_many_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("txtal.vectors.pipeline.MOST_MET", 100)
        monkeypatch.setattr("txtal.vectors.pipeline._blank", spacy.blank)  # none made for all tests
        chinese = Pipeline("zh")
        chinese.forget()  # nothing is loaded yet
        first, old = chinese.tokeniser, chinese.nlp
        first.tokens(["".join(map(chr, range(0x4E00, 0x4E00 + 100)))])
        chinese.forget()
        assert chinese.tokeniser is first
        first.tokens(["再"])
        chinese.forget()
        assert chinese.tokeniser is not first
        assert chinese.tokeniser.met == 0
        assert len(chinese.nlp.vocab) < len(old.vocab)

    def test_it_is_full_at_many_types_or_much_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        of = Bag(ENGLISH.tokeniser)
        of.count(["one two three"])
        assert not of.full
        monkeypatch.setattr(bag, "MAX_TYPES", 2)
        assert of.full
        monkeypatch.setattr(bag, "MAX_TYPES", 100)
        monkeypatch.setattr(bag, "MAX_REMEMBERED", 10)
        assert of.full


@given(st.lists(st.text(max_size=9)))
def test_batches_are_the_texts_in_order(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bag, "BATCH_TEXTS", 3)
        patch.setattr(bag, "BATCH_CHARACTERS", 10)
        parts = list(batches(texts))
    assert [text for part in parts for text in part] == texts
    assert all(0 < len(part) <= 3 for part in parts)
    assert all(len(part) == 1 or sum(map(len, part)) <= 10 for part in parts)

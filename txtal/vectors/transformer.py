"""The forward pass of BERT and its kin, in numpy: sentence vectors without torch.

Reads a folder as sentence-transformers writes it (Reimers and Gurevych 2019, arXiv:1908.10084):
``config.json``, ``tokenizer.json``, ``model.safetensors`` and what ``modules.json`` says is done
with the tokens' vectors. The architectures are those of Devlin et al. 2019 (BERT,
arXiv:1810.04805), Liu et al. 2019 (RoBERTa, arXiv:1907.11692; XLM-RoBERTa is the same) and Sanh
et al. 2019 (DistilBERT, arXiv:1910.01108). Of others, :func:`.architectures.unread` says why they
aren't read.

GELU is computed with tanh (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2), which is twice
as fast here as with the error function; of all-MiniLM-L6-v2's vectors no cosine with the original's
falls below 0.9999.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.vectors.architectures import (
    KINDS,
    TOKENIZER,
    WEIGHTS,
    Kind,
    activation,
    kind_of,
    modules_of,
    pooling,
    read_json,
)

Floats = NDArray[np.float32]

TOKENS_AT_ONCE = 1_024
"""Tokens of a batch, padding included: what they become must fit the processor's cache. On one core
4,096 took a third longer."""

_LONGEST = 512
"""Tokens of a text where the folder doesn't say."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """Texts to vectors, as the folder it was read from says."""

    embeddings: tuple[Floats, Floats]
    """Of words and of positions."""
    embedded_norm: tuple[Floats, Floats]
    layers: tuple[_Layer, ...]
    after: tuple[Callable[[Floats], Floats], ...]
    """What pooled vectors go through."""
    tokenizer: Any
    pooling: str
    heads: int
    epsilon: float
    activate: Callable[[Floats], Floats]
    prepare: Callable[[str], str]

    @classmethod
    def read(cls, folder: Path) -> Encoder:
        """The model in ``folder``. Raises OSError, ValueError or KeyError for a damaged one."""
        from safetensors.numpy import load_file

        config = read_json(folder / "config.json")
        kind = KINDS[str(config["model_type"])]
        weights = _unprefixed(load_file(folder / WEIGHTS), kind.prefix)
        count = int(config.get("num_hidden_layers", config.get("n_layers", 0)))
        heads = int(config.get("num_attention_heads", config.get("n_heads", 0)))
        words = weights["embeddings.word_embeddings.weight"]
        positions = weights["embeddings.position_embeddings.weight"]
        if kind.offset:
            positions = positions[int(config.get("pad_token_id", 1)) + 1 :]
        types = weights.get("embeddings.token_type_embeddings.weight")
        if types is not None:
            positions = positions + types[0]
        modules = modules_of(folder)
        pooled = [folder / str(m.get("path", "")) for m in modules if kind_of(m) == "Pooling"]
        return cls(
            (words, positions),
            _norm_of(weights, "embeddings.LayerNorm"),
            tuple(_layer(weights, kind, number, heads) for number in range(count)),
            tuple(_after(folder, modules)),
            _tokenizer(folder, len(positions)),
            pooling(read_json(pooled[0] / "config.json")) if pooled else "mean",
            heads,
            float(config.get("layer_norm_eps", 1e-12)),
            _ACTIVATIONS[activation(config)],
            _preparation(folder),
        )

    def encode(self, texts: Sequence[str], **_: Any) -> Floats:
        """The vectors (n, d) of ``texts``, whose order and length cost nothing but their own."""
        said = [self.prepare(text) for text in texts]
        encoded = [found.ids for found in self.tokenizer.encode_batch_fast(said)]
        order = np.argsort([len(ids) for ids in encoded], kind="stable")
        found: list[Floats] = []
        for rows in _batches(order, [len(ids) for ids in encoded]):
            found.append(self._batch([encoded[row] for row in rows]))
        vectors = np.concatenate(found) if found else np.zeros((0, 0), np.float32)
        vectors[order] = vectors.copy()
        return vectors

    def _batch(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Texts of about the same length, as (batch, tokens, d) all the way."""
        lengths = np.array([len(one) for one in ids])
        tokens = np.zeros((len(ids), lengths.max()), np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
        there = np.arange(tokens.shape[1]) < lengths[:, None]
        words, positions = self.embeddings
        state = words[tokens] + positions[: tokens.shape[1]]
        state = _normalised(state, self.embedded_norm, self.epsilon)
        absent: Floats | None = None
        if not there.all():
            absent = np.where(there, 0, -1e9).astype(np.float32)[:, None, None, :]
        for layer in self.layers:
            state = layer.forward(state, absent, self.heads, self.epsilon, self.activate)
        vectors = _pooled(state, there, self.pooling)
        for step in self.after:
            vectors = step(vectors)
        return vectors


@dataclass(frozen=True, eq=False)
class _Layer:
    """One block of attention and the two dense layers after it. Weights are (in, out)."""

    attention: tuple[Floats, Floats]
    """Query, key and value side by side."""
    attended: tuple[Floats, Floats]
    attended_norm: tuple[Floats, Floats]
    up: tuple[Floats, Floats]
    down: tuple[Floats, Floats]
    norm: tuple[Floats, Floats]

    def forward(
        self,
        state: Floats,
        absent: Floats | None,
        heads: int,
        epsilon: float,
        activate: Callable[[Floats], Floats],
    ) -> Floats:
        batch, tokens, d = state.shape
        both = _dense(state, self.attention).reshape(batch, tokens, 3, heads, d // heads)
        query, key, value = both.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(-1, -2)
        if absent is not None:
            scores += absent
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        seen = (scores @ value).transpose(0, 2, 1, 3).reshape(batch, tokens, d)
        attended = _dense(seen, self.attended)
        attended += state
        state = _normalised(attended, self.attended_norm, epsilon)
        done = _dense(activate(_dense(state, self.up)), self.down)
        done += state
        return _normalised(done, self.norm, epsilon)


# --- arithmetic ---------------------------------------------------------------------------------


def _dense(state: Floats, layer: tuple[Floats, Floats]) -> Floats:
    weights, bias = layer
    flat = state.reshape(-1, state.shape[-1]) @ weights
    flat += bias
    return flat.reshape(*state.shape[:-1], weights.shape[1])


def _normalised(state: Floats, norm: tuple[Floats, Floats], epsilon: float) -> Floats:
    """Layer normalisation, in place."""
    state -= state.mean(axis=-1, keepdims=True)
    variance = np.einsum("...d,...d->...", state, state)[..., None] / state.shape[-1]
    state *= 1 / np.sqrt(variance + epsilon)
    state *= norm[0]
    state += norm[1]
    return state


def _gelu(x: Floats) -> Floats:
    """By tanh, in place where it can be."""
    inner = x * x
    inner *= 0.044715
    inner += 1
    inner *= x
    inner *= np.float32(np.sqrt(2 / np.pi))
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= 0.5
    return inner


def _relu(x: Floats) -> Floats:
    return np.maximum(x, 0, out=x)


_ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "gelu": _gelu,
    "gelu_new": _gelu,
    "gelu_pytorch_tanh": _gelu,
    "relu": _relu,
}


def _pooled(state: Floats, there: NDArray[np.bool_], how: str) -> Floats:
    if how == "cls":
        return np.ascontiguousarray(state[:, 0])
    if how == "max":
        return np.asarray(np.where(there[:, :, None], state, -np.inf).max(axis=1), np.float32)
    shares = there / there.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("btd,bt->bd", state, shares.astype(np.float32)))


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _batches(order: NDArray[np.int64], lengths: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Rows in ``order`` of length, as many at once as their padding allows."""
    begin = 0
    while begin < len(order):
        end = begin + 1
        while end < len(order) and (end + 1 - begin) * lengths[order[end]] <= TOKENS_AT_ONCE:
            end += 1
        yield order[begin:end]
        begin = end


# --- reading a folder ---------------------------------------------------------------------------


def _unprefixed(weights: Mapping[str, Any], prefix: str) -> dict[str, Floats]:
    """In single precision, without the name of a model around it."""
    return {name.removeprefix(prefix): np.asarray(w, np.float32) for name, w in weights.items()}


def _layer(weights: Mapping[str, Floats], kind: Kind, number: int, heads: int) -> _Layer:
    at = kind.layer.format(number)

    def linear(name: str) -> tuple[Floats, Floats]:
        kernel = np.ascontiguousarray(weights[f"{at}{name}.weight"].T)
        return kernel, weights[f"{at}{name}.bias"]

    query, bias = linear(kind.query)
    scale = np.float32((query.shape[1] / heads) ** -0.5)  # of the attention's scores
    three = [(query * scale, bias * scale), linear(kind.key), linear(kind.value)]
    return _Layer(
        (
            np.ascontiguousarray(np.concatenate([kernel for kernel, _ in three], axis=1)),
            np.concatenate([bias for _, bias in three]),
        ),
        linear(kind.attended),
        _norm_of(weights, at + kind.attended_norm),
        linear(kind.up),
        linear(kind.down),
        _norm_of(weights, at + kind.norm),
    )


def _norm_of(weights: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _tokenizer(folder: Path, positions: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    said = read_json(folder / "sentence_bert_config.json").get("max_seq_length") or _LONGEST
    tokenizer.enable_truncation(min(int(said), positions))
    tokenizer.no_padding()
    return tokenizer


def _preparation(folder: Path) -> Callable[[str], str]:
    """What is done to a text before it is split into tokens."""
    config = read_json(folder / "config_sentence_transformers.json")
    name = config.get("default_prompt_name")
    prompt = str(config.get("prompts", {}).get(name, "")) if name else ""
    lower = bool(read_json(folder / "sentence_bert_config.json").get("do_lower_case"))
    return lambda text: prompt + (text.lower() if lower else text).strip()


def _after(
    folder: Path, modules: Sequence[Mapping[str, Any]]
) -> Iterator[Callable[[Floats], Floats]]:
    for module in modules:
        if kind_of(module) == "Normalize":
            yield _unit
        elif kind_of(module) == "Dense":
            yield _dense_module(folder / str(module.get("path", "")))


def _dense_module(folder: Path) -> Callable[[Floats], Floats]:
    from safetensors.numpy import load_file

    weights = load_file(folder / WEIGHTS)
    kernel = np.ascontiguousarray(np.asarray(weights["linear.weight"], np.float32).T)
    bias = np.asarray(weights.get("linear.bias", np.zeros(kernel.shape[1])), np.float32)
    name = str(read_json(folder / "config.json").get("activation_function", ""))
    activate = next(f for end, f in _DENSE.items() if name.endswith(end))
    return lambda vectors: activate(vectors @ kernel + bias)


_DENSE: Mapping[str, Callable[[Floats], Floats]] = {
    "Tanh": np.tanh,
    "Identity": lambda vectors: vectors,
}
"""What may follow a dense layer, by how its name ends."""

"""Sentence models made on the spot: tables of a few words, which model2vec reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

WORDS = {
    "[UNK]": (9, 9, 9),
    "card": (1, 0, 0),
    "refund": (0, 2, 0),
    "money": (0, 2, 0.5),
    "kettle": (0, 0, 1),
}


def make_static(folder: Path, words: dict[str, tuple[float, ...]] = WORDS) -> Path:
    """Write a static model of these words; skip the test where model2vec isn't installed."""
    model2vec = pytest.importorskip("model2vec", reason="the extra sentence isn't installed")
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel

    tokeniser = Tokenizer(WordLevel({w: n for n, w in enumerate(words)}, unk_token="[UNK]"))
    tokeniser.normalizer = normalizers.Lowercase()
    tokeniser.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.array(list(words.values()), dtype=np.float32)
    model2vec.StaticModel(vectors, tokeniser).save_pretrained(folder)
    return folder


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))

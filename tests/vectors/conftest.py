"""Texts, a pipeline with vectors of its own, and a vectoriser that somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy

from txtal.vectors import pipeline, registry

_blank = lru_cache(pipeline._blank)

TEXTS = [
    "My card hasn't arrived yet",
    "Where is my new card?",
    "The card was declined at the shop",
    "Please refund my order #8839201",
    "I'd like a refund for the broken kettle",
    "When will the refund reach my account?",
    "I can't log in to my account",
    "The app crashes when I log in",
    "Password reset e-mail never came",
    "Thank you, the kettle works well",
] * 3


@pytest.fixture(autouse=True)
def _blank_pipelines_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 0.1 s, a hundred times."""
    monkeypatch.setattr(pipeline, "_blank", _blank)


@pytest.fixture
def folder_with_vectors(tmp_path: Path) -> Path:
    """A pipeline on disk that knows two words."""
    nlp = spacy.blank("en")
    nlp.vocab.set_vector("card", np.array([1, 0, 0], dtype=np.float32))
    nlp.vocab.set_vector("refund", np.array([0, 2, 0], dtype=np.float32))
    folder = tmp_path / "my_pipeline"
    nlp.to_disk(folder)
    return folder


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(registry, "_registered", {})


class Lengths:
    """Length and spaces of a text; can't be saved."""

    def fit(self, texts: Sequence[str]) -> Lengths:
        return self

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), text.count(" ")] for text in texts], dtype=float)


class SavedLengths(Lengths):
    """The same, relative to the longest text it was fitted on; can be saved."""

    def __init__(self, longest: int = 1) -> None:
        self.longest = longest

    def fit(self, texts: Sequence[str]) -> SavedLengths:
        self.longest = max(map(len, texts))
        return self

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        return super().transform(texts) / self.longest + 1

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"kind": "lengths"}, {"longest": np.array([self.longest])}

    @classmethod
    def from_arrays(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> SavedLengths:
        assert header == {"kind": "lengths"}
        return cls(int(arrays["longest"][0]))

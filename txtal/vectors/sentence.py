"""A block that reads texts whole, by a sentence model: what a text means, not only its words.

Any model of the kinds that :mod:`transformer` reads, or that model2vec (the extra ``sentence``) or
sentence-transformers (Reimers and Gurevych 2019, arXiv:1908.10084; the extra ``sentence-torch``)
can read; see :mod:`models` for where it may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors import models
from txtal.vectors.pipeline import MAX_CHARACTERS, encodable


@dataclass(frozen=True)
class Sentence:
    """The block; its model is loaded when first used, for that takes seconds."""

    model: str
    """Its name; see :func:`models.find`."""
    digest: str
    """Of the model, so that a saved vectoriser never meets another."""
    library: str
    dims: int

    learns: ClassVar = False
    savable: ClassVar = True

    @classmethod
    def of(cls, name: str) -> Sentence:
        """The block of the model that has this name now. Raises as :meth:`transform`."""
        found = models.find(name)
        dims = np.shape(_encode(name, _load(found), ["dims"]))[1]
        return cls(name, found.digest, found.library, dims)

    @property
    def in_context(self) -> bool:
        """Whether it reads words in their context, rather than average what each means alone."""
        return self.library != models.STATIC

    @property
    def slow(self) -> bool:
        """Whether texts are better handed over a few at a time."""
        return self.in_context

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The model's vectors, (texts, dims); zeros for blank texts.

        Raises UsageError when the model is gone, LearnerError when it is another, can't be
        loaded, or fails.
        """
        features = np.zeros((len(texts), self.dims), dtype=np.float32)
        said = [index for index, text in enumerate(texts) if text.strip()]
        if said:
            heads = [encodable(texts[index][:MAX_CHARACTERS]) for index in said]
            features[said] = _encode(self.model, self._encoder, heads)
        return features

    @cached_property
    def _encoder(self) -> Any:
        found = models.find(self.model)
        if found.digest != self.digest:
            raise LearnerError(
                f"made with another sentence model than the {self.model!r} found here in"
                f" {found.folder}; put the one it was made with in its place"
            )
        return _load(found)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """How to know the model again; it stays where it is."""
        return {"digest": self.digest, "library": self.library, "dims": self.dims}, {}


def _load(model: models.Model) -> Any:
    """What has ``encode``. Reads the folder alone: no network, and no code that lies in it."""
    try:
        if model.library == models.TRANSFORMER:
            from txtal.vectors.transformer import Encoder

            return Encoder.read(model.folder)
        if model.library == models.STATIC:
            from model2vec import StaticModel

            return StaticModel.from_pretrained(model.folder)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        # The terminal is ours: neither its bars nor its reports on every file it reads.
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        return SentenceTransformer(str(model.folder), local_files_only=True)
    except Exception as error:
        raise LearnerError(
            f"the sentence model in {model.folder} can't be loaded: {_said(error)}; get it again,"
            " or use another"
        ) from error


def _encode(name: str, encoder: Any, texts: list[str]) -> NDArray[np.float32]:
    try:
        vectors = np.asarray(encoder.encode(texts, show_progress_bar=False), dtype=np.float32)
    except Exception as error:
        raise LearnerError(f"the sentence model {name!r} failed: {_said(error)}") from error
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise LearnerError(
            f"the sentence model {name!r} gave something else than finite vectors; use another"
        )
    return vectors


def _said(error: Exception) -> str:
    """Its kind and first line: the whole can be long."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0].rstrip('.')}"

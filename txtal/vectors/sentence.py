"""A block that reads texts whole, by a sentence model: what a text means, not only its words.

Any model of the kinds that :mod:`transformer` reads, or that model2vec (the extra ``sentence``) or
sentence-transformers (Reimers and Gurevych 2019, arXiv:1908.10084; the extra ``sentence-torch``)
can read; see :mod:`models` for where it may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors import models
from txtal.vectors.blocks import Floats, Knowledge, Sample, Saved, TextEncoder
from txtal.vectors.pipeline import MAX_CHARACTERS, Pipeline, encodable


@dataclass(frozen=True)
class Sentence(TextEncoder):
    """The block ``sentence=MODEL``; its model is loaded when first used, which takes seconds."""

    model: str
    """Its name; see :func:`models.find`."""
    digest: str
    """Of the model, so that a saved vectoriser never meets another."""
    library: str
    """The package that reads the model."""
    dims: int

    @property
    def in_context(self) -> bool:
        """Whether it reads words in their context, instead of averaging what each means alone."""
        return self.library != models.STATIC

    @property
    def knows(self) -> Knowledge:
        """What words mean in their context, if it reads that."""
        return "context" if self.in_context else "other"

    @property
    def learns(self) -> bool:
        """It came ready-made."""
        return False

    @property
    def slow(self) -> bool:
        """A model that reads context takes seconds for a few hundred texts."""
        return self.in_context

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Sentence:
        """Return the block of the model that has this name now. Raises as :meth:`transform`."""
        found = models.find(_model(name))
        dims = np.shape(_encode(found.name, _load(found), ["dims"]))[1]
        return cls(found.name, found.digest, found.library, dims)

    def transform(self, texts: Sequence[str]) -> Floats:
        """Return the model's vectors, (texts, dims); zeros for blank texts.

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

    def to_arrays(self) -> Saved:
        """Return how to know the model again; it stays where it is."""
        return {"digest": self.digest, "library": self.library, "dims": self.dims}, {}

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Sentence:
        """Make it again from :meth:`to_arrays`; see :class:`Block`."""
        return cls(_model(name), header["digest"], header["library"], int(header["dims"]))

    @classmethod
    def versions(cls, name: str) -> list[str]:
        """Return what changes when the model's vectors may have. Raises as :func:`models.find`."""
        return models.find(_model(name)).versions


def _model(name: str) -> str:
    """Return the MODEL of ``sentence=MODEL``."""
    return name.partition("=")[2]


def _load(model: models.Model) -> Any:
    """Return an object with ``encode``. Reads the folder alone: no network, none of its code."""
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
    """Return the kind and first line of an error: the whole can be long."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0].rstrip('.')}"

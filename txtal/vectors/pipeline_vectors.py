"""The word vectors that come with an installed spaCy pipeline, as a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors.blocks import Floats, Knowledge, Sample, Saved, TypeTable
from txtal.vectors.pipeline import Pipeline


@dataclass(frozen=True)
class PipelineVectors(TypeTable):
    """The block ``spacy``; the vectors are read when they are first used."""

    pipeline: Pipeline
    version: str
    """Of the pipeline, so that a saved vectoriser never meets another."""
    dims: int

    @property
    def knows(self) -> Knowledge:
        """What words mean."""
        return "words"

    @classmethod
    def fit(cls, name: str, sample: Sample) -> PipelineVectors:
        """Return the block of the sample's pipeline. Raises LearnerError without word vectors."""
        return cls.of(sample.pipeline)

    @classmethod
    def of(cls, pipeline: Pipeline) -> PipelineVectors:
        """Return the block of this pipeline as it is installed now. Raises as :meth:`fit`."""
        width = pipeline.nlp.vocab.vectors_length
        if not width:
            raise LearnerError(
                f"pipeline {pipeline.name!r} has no word vectors, which the block spacy needs; use"
                " one that has, such as en_core_web_md, or the block lexical or static"
            )
        return cls(pipeline, str(pipeline.nlp.meta.get("version", "")), int(width))

    def rows(self, types: Sequence[str]) -> Floats:
        """Return a row for each type, (types, dims); zeros for those the pipeline doesn't know.

        Raises LearnerError when another pipeline is installed than the block was made with.
        """
        if self._installed != (self.version, self.dims):
            raise LearnerError(
                f"made with pipeline {self.pipeline.name!r} {self.version} of {self.dims} columns,"
                f" but {self._installed[0]} of {self._installed[1]} is installed; install the first"
            )
        vocab = self.pipeline.nlp.vocab
        with self.pipeline.nlp.memory_zone():
            found = [np.array(vocab.get_vector(type_)) for type_ in types]
        return np.array(found, dtype=np.float32).reshape(len(types), self.dims)

    @cached_property
    def _installed(self) -> tuple[str, int]:
        now = PipelineVectors.of(self.pipeline)
        return now.version, now.dims

    def to_arrays(self) -> Saved:
        """Return how to know the pipeline again; its vectors stay in their package."""
        return {"version": self.version, "dims": self.dims}, {}

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> PipelineVectors:
        """Make it again from :meth:`to_arrays`; see :class:`Block`."""
        return cls(pipeline, header["version"], int(header["dims"]))

"""A spaCy pipeline, of which only the tokeniser and the word vectors are used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors.installed import is_language, meta, no_language, not_installed

MAX_CHARACTERS = 100_000
"""Leading characters of a text that are read; the rest of a longer one is left out."""

MOST_MET = 200_000
"""Words that a pipeline meets before it is loaded anew: see :meth:`Pipeline.forget`."""

_RUN = re.compile(r"\S{1,100}")
"""What is tokenised at a time. Cut at 100 characters because spaCy takes time quadratic in the
length of a run of punctuation or emoji: 9 s for 10,000 of them."""


class Tokeniser:
    """Texts to runs of characters, runs to tokens.

    spaCy's own tokeniser treats each run of non-space characters by itself (but for the rare
    abbreviation with a space in it), and most runs come again and again, so a caller that
    remembers them tokenises several times as fast as one that hands over whole texts. Other
    tokenisers, such as those of Chinese and Thai, look further: they get each text whole.
    """

    def __init__(self, nlp: Any) -> None:
        from spacy.attrs import IS_SPACE
        from spacy.tokenizer import Tokenizer

        self._nlp = nlp
        # All else that spaCy works out of a word it meets for the first time (is it like a number,
        # an address, a stop word?) nobody asks for, and it takes longer than splitting the text.
        getters = nlp.vocab.lex_attr_getters
        nlp.vocab.lex_attr_getters = {k: v for k, v in getters.items() if k == IS_SPACE}
        self._by_run = isinstance(nlp.tokenizer, Tokenizer)
        self._began = len(nlp.vocab)

    @property
    def met(self) -> int:
        """Words that spaCy has met since, each as often as it was tokenised."""
        return len(self._nlp.vocab) - self._began

    def runs(self, text: str) -> list[str]:
        """What of ``text`` to tokenise, in order; nothing for an empty one."""
        head = text[:MAX_CHARACTERS]
        if self._by_run:
            return _RUN.findall(head)
        return [head] if head else []

    def tokens(self, runs: Sequence[str]) -> list[list[str]]:
        """The tokens of each run, without those that are only space."""
        # The zone frees what spaCy would otherwise keep of every string it ever saw.
        with self._nlp.memory_zone():
            docs = map(self._nlp.tokenizer, map(encodable, runs))
            return [[token.text for token in doc if not token.is_space] for doc in docs]


def encodable(text: str) -> str:
    """``text`` with "?" for lone surrogates, which JSON can hold and tokenisers can't."""
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Pipeline:
    """A pipeline by name; loaded when first used, for that takes a second or more."""

    name: str

    @cached_property
    def nlp(self) -> Any:
        """The loaded spaCy pipeline. Raises LearnerError when there is none of this name."""
        return _blank(self.name) if is_language(self.name) else _installed(self.name)

    @cached_property
    def tokeniser(self) -> Tokeniser:
        """Its tokeniser; raises as :attr:`nlp`."""
        return Tokeniser(self.nlp)

    def forget(self) -> None:
        """Load it anew when it is next used, if it has met ``MOST_MET`` words.

        A memory zone frees words, but every one leaves a mark in spaCy's tables (preshed's, of
        which a deleted cell is never empty again), and these double for ever: 35 bytes a word.
        """
        loaded = vars(self)
        if "tokeniser" in loaded and self.tokeniser.met > MOST_MET:
            del loaded["tokeniser"], loaded["nlp"]


@dataclass(frozen=True)
class PipelineVectors:
    """A block of the word vectors that come with an installed pipeline.

    Raises LearnerError when it has none, or isn't the one a saved vectoriser was made with.
    """

    pipeline: Pipeline
    version: str
    dims: int

    @classmethod
    def of(cls, pipeline: Pipeline) -> PipelineVectors:
        """The block of this pipeline as it is installed now."""
        width = pipeline.nlp.vocab.vectors_length
        if not width:
            raise LearnerError(
                f"pipeline {pipeline.name!r} has no word vectors, which the block spacy needs; use"
                " one that has, such as en_core_web_md, or the block lexical or static"
            )
        return cls(pipeline, str(pipeline.nlp.meta.get("version", "")), int(width))

    def rows(self, types: Sequence[str]) -> NDArray[np.float32]:
        """A row for each type, (types, dims); zeros for those the pipeline doesn't know."""
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

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """How to know the pipeline again; its vectors stay in their package."""
        return {"version": self.version, "dims": self.dims}, {}


def _blank(code: str) -> Any:
    import spacy

    try:
        return spacy.blank(code)
    except ImportError as error:
        if "E048" in str(error):
            raise LearnerError(no_language(code)) from error
        reason = " ".join(str(error).split())
        raise LearnerError(
            f"spaCy's tokeniser for {code!r} needs a package that isn't installed. spaCy says:"
            f" {reason.rstrip('.')}. Install it, or use --lang xx, which needs none"
        ) from error


def _installed(name: str) -> Any:
    import spacy

    components = meta(name).get("components", [])
    try:
        return spacy.load(name, exclude=components)
    except (ImportError, OSError, ValueError) as error:
        if "E050" in str(error):
            raise LearnerError(not_installed(name)) from error
        reason = " ".join(str(error).split())
        raise LearnerError(
            f"spaCy pipeline {name!r} can't be loaded. spaCy says: {reason.rstrip('.')}. Install it"
            " again, or use a language code such as --lang en"
        ) from error

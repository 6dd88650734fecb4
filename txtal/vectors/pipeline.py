"""A spaCy pipeline, of which only the tokeniser and the word vectors are used."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from txtal.errors import LearnerError
from txtal.vectors.installed import is_language, meta, no_language, not_installed
from txtal.vectors.tokens import Rules, Splitter

MAX_CHARACTERS = 100_000
"""Leading characters of a text that are read; the rest of a longer one is ignored."""

MOST_MET = 200_000
"""Words after which a pipeline is loaded again: see :meth:`Pipeline.forget`."""

_LONG = 100
"""Characters of a run that are tokenised at once: the time it takes is quadratic in the length of a
run of punctuation or emoji, since after each mark taken off the rest is searched for one behind."""

_PIECE = re.compile(rf"\S{{1,{_LONG}}}")


class Tokeniser(ABC):
    """Splits texts into runs of characters, and runs into tokens.

    Most runs come again and again, so a caller that remembers them tokenises several times as fast
    as one that hands over whole texts.
    """

    met = 0
    """How many words spaCy has met because of it, each as often as it was tokenised."""

    @abstractmethod
    def runs(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the parts of each text to tokenise, in order; none for an empty text."""

    @abstractmethod
    def tokens(self, runs: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each run, without those that are only space."""


class ByRules(Tokeniser):
    """As spaCy's own tokeniser does, which treats each run of non-space characters by itself.

    (But for the rare abbreviation with a space in it.)
    """

    def __init__(self, rules: Rules) -> None:
        """Raises ValueError for rules that can't be read."""
        self._split = Splitter(rules)

    def runs(self, texts: Sequence[str]) -> list[list[str]]:
        """Return what stands between spaces."""
        return [text[:MAX_CHARACTERS].split() for text in texts]

    def tokens(self, runs: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each run; of a long one, piece by piece."""
        return [
            self._split(run) if len(run) <= _LONG else self._long(run)
            for run in map(encodable, runs)
        ]

    def _long(self, run: str) -> list[str]:
        """Split each piece once: what is very long is mostly the same again and again."""
        pieces = _PIECE.findall(run)
        split = {piece: self._split(piece) for piece in dict.fromkeys(pieces)}
        return [token for piece in pieces for token in split[piece]]


class ByPipeline(Tokeniser):
    """By a tokeniser that looks further than a run, such as that of Thai: it gets texts whole."""

    def __init__(self, nlp: Any) -> None:
        from spacy.attrs import IS_SPACE

        self._nlp = nlp
        # Whatever else spaCy works out for a new word (is it like a number, an address, a stop
        # word?) isn't used here, and takes longer than splitting the text.
        nlp.vocab.lex_attr_getters = {IS_SPACE: nlp.vocab.lex_attr_getters[IS_SPACE]}
        self._began = len(nlp.vocab)

    @property
    def met(self) -> int:  # type: ignore[override]
        """Return how much its vocabulary has grown."""
        return len(self._nlp.vocab) - self._began

    def runs(self, texts: Sequence[str]) -> list[list[str]]:
        """Return each text as it is, but for its end if it is long."""
        return [[text[:MAX_CHARACTERS]] if text else [] for text in texts]

    def tokens(self, runs: Sequence[str]) -> list[list[str]]:
        """Return spaCy's tokens."""
        # The zone frees what spaCy would otherwise keep of every string it ever saw.
        with self._nlp.memory_zone():
            docs = map(self._nlp.tokenizer, map(encodable, runs))
            return [[token.text for token in doc if not token.is_space] for doc in docs]


def encodable(text: str) -> str:
    """Return ``text`` with "?" for lone surrogates, which JSON can hold and tokenisers can't."""
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Pipeline:
    """A pipeline by name; loaded when first used, for that takes a second or more."""

    name: str
    known: Rules | None = None
    """Its tokeniser's rules, where they are known without loading it."""

    @cached_property
    def nlp(self) -> Any:
        """Load the spaCy pipeline. Raises LearnerError when there is none of this name."""
        return _blank(self.name) if is_language(self.name) else _installed(self.name)

    @property
    def rules(self) -> Rules | None:
        """Return its tokeniser's rules; None if it goes by something else; raises as `nlp`."""
        if self.known is not None:
            return self.known
        if is_language(self.name):
            return _rules_of(self.name)
        return Rules.of(self.nlp.tokenizer)

    @cached_property
    def tokeniser(self) -> Tokeniser:
        """Return its tokeniser; raises as :attr:`nlp`, and LearnerError for rules that are none."""
        rules = self.rules
        if rules is None:
            return ByPipeline(self.nlp)
        try:
            return ByRules(rules)
        except ValueError as error:
            raise LearnerError(f"{self.name}: {error}; make the vectoriser again") from error

    def forget(self) -> None:
        """Load the pipeline again when it is next used, if it has met ``MOST_MET`` words.

        A memory zone frees words, but each leaves a mark in spaCy's tables (preshed's, where a
        deleted cell is never empty again), and these keep doubling: 35 bytes per word.
        """
        loaded = vars(self)
        if "tokeniser" in loaded and self.tokeniser.met > MOST_MET:
            del loaded["tokeniser"], loaded["nlp"]


@lru_cache(maxsize=8)
def _rules_of(code: str) -> Rules | None:
    """Return the rules of a language: made once, as spaCy takes a tenth of a second for it."""
    return Rules.of(_blank(code).tokenizer)


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

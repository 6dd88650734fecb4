"""The language of texts, and which tokeniser suits it. Everything is on this machine already."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from txtal.vectors.installed import has_language
from txtal.vectors.spec import DEFAULT_PIPELINE, DETECTED, Spec, parse

TEXTS = 200
"""Texts that are looked at, evenly spaced."""

CHARACTERS = 500
"""Characters of each, from its beginning."""

LEAST = 200
"""Bytes of letters that say enough. A shorter text often looks like another language, so as many
as it takes are read as one."""

AGREED = 0.8
"""Fraction of the parts that must be in one language; else it is a mixture."""

ANY = "xx"
"""spaCy's pipeline for any language: it splits at spaces and punctuation."""

_AS_ANY = frozenset({"bo", "dz", "ja", "km", "ko", "lo", "my", "th", "vi", "zh"})
"""Read as :data:`ANY`. Where nothing separates words, which characters stand together is what
counts. spaCy's own tokenisers for the others need more packages."""


_ENGLISH = frozenset([
    "the", "and", "you", "my", "your", "this", "that", "with", "have", "what", "how", "not", "when",
    "from", "can", "it", "are", "would", "please", "there", "but", "if", "they", "will", "get",
    "been", "does", "is", "to", "of", "for", "has", "had", "be",
])  # fmt: skip
"""Words without which nobody writes English for long, and of which other languages have few."""

_PLAINLY = 0.15
"""Fraction of a part's words that are these where it is English beyond doubt."""

_MOST = 0.7
"""Fraction of the parts that must be so; of English texts some always have too few such words."""

_WORD = re.compile(r"[^\W\d_]+")


class Detected(NamedTuple):
    """The language of some texts."""

    language: str
    """Its code; ``xx`` for a mixture, "" for too few letters to know."""
    pipeline: str
    """What splits it into tokens."""

    @property
    def notice(self) -> str:
        """What the annotator should know of it, in a line; "" where it is as it always was."""
        if self.pipeline == DEFAULT_PIPELINE:
            return ""
        what = "several languages" if self.language == ANY else f"in one language, {self.language}"
        return f"the texts are {what}: read with --lang {self.pipeline}, unless you give another"


def detect(texts: Sequence[str]) -> Detected:
    """Detect the language of the texts by some of them."""
    step = max(1, len(texts) // TEXTS)
    parts = list(_joined([text[:CHARACTERS] for text in texts[::step]][:TEXTS]))
    if not parts:
        return Detected("", DEFAULT_PIPELINE)
    if sum(map(_is_plainly_english, parts)) >= _MOST * len(parts):
        return Detected(DEFAULT_PIPELINE, DEFAULT_PIPELINE)
    found, times = Counter(_identified(tuple(parts))).most_common(1)[0]
    language = found if times >= AGREED * len(parts) else ANY
    alike = language == ANY or language in _AS_ANY or not has_language(language)
    return Detected(language, ANY if alike else language)


def _joined(texts: Sequence[str]) -> Iterator[str]:
    """Yield the texts, as many together as have ``LEAST`` bytes of letters; not what is left."""
    together: list[str] = []
    letters = 0
    for text in texts:
        together.append(text)
        letters += len("".join(filter(str.isalpha, text)).encode("utf-8", "replace"))
        if letters >= LEAST:
            yield "\n".join(together)
            together, letters = [], 0


def _is_plainly_english(text: str) -> bool:
    """Whether its words say so: most texts are, and then no model has to be loaded."""
    words = _WORD.findall(text.casefold())
    return sum(word in _ENGLISH for word in words) >= _PLAINLY * max(1, len(words))


@lru_cache(maxsize=1)  # what opens a session, fits and measures each asks for the same texts
def _identified(texts: tuple[str, ...]) -> list[str]:
    """Return the language of each text, as an ISO 639 code."""
    # Imported here: the model takes half a second and 100 MB, which are free again afterwards.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    return [str(identifier.classify(text)[0]) for text in texts]


def in_language(spec: str | Spec, texts: Sequence[str]) -> tuple[Spec, str]:
    """Return the spec with the language of the texts where it was to be detected.

    With it comes what the annotator should know of that, or "". Raises UsageError for a bad spec.
    """
    wanted = parse(spec) if isinstance(spec, str) else spec
    if wanted.pipeline != DETECTED:
        return wanted, ""
    language = detect(texts)
    return replace(wanted, pipeline=language.pipeline), language.notice

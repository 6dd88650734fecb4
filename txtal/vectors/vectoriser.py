"""Turning texts into features: the columns of several blocks side by side, each with its length.

Most blocks are tables with a row for every token type, so their features of a batch are one sparse
product, and vectorising costs little more than tokenising. The others, sentence models and
registered vectorisers, read each text whole.
"""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors import registry
from txtal.vectors.bag import batches
from txtal.vectors.blocks import (
    Arrays,
    Block,
    Floats,
    PairTable,
    Progress,
    Sample,
    TextEncoder,
    TypeTable,
)
from txtal.vectors.language import in_language
from txtal.vectors.lengths import lengths, scale
from txtal.vectors.pipeline import Pipeline
from txtal.vectors.spec import Spec, parse, resolve
from txtal.vectors.sums import TypeSums
from txtal.vectors.tokens import Rules

FIT_TEXTS = 20_000
"""The maximum number of texts that a fit sees; of more, a sample is taken."""

FIT_CHARACTERS = 5_000
"""Characters of each text, from its beginning, that a fit sees."""

CENTRE_TEXTS = 2_000
"""Texts whose mean row is subtracted from the tables' rows."""

FAMILIAR = 1 / 3
"""Of how familiar the words of the median text are, what is enough for rows of their whole length.
Of 3,000 texts of a pool none of banking77's have less, 41 of multidogo_software's, and 83 of
wisesight_th's."""

_RULES = "tokeniser"
"""Of the saved arrays: the rules as JSON."""

FORMAT = 2
"""The version of saved vectorisers and of features; raised when either changes."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The result of a fit; it can be saved if its blocks can."""

    spec: Spec
    blocks: Mapping[str, Block]
    """In the order of their columns: tables of types, tables of pairs, encoders, each as in the
    spec."""
    texts: int
    """How many texts the fit saw."""
    lengths: tuple[float, ...]
    """The length of each block's rows."""
    centre: Floats
    """The mean row of the tables."""
    rules: Rules | None = None
    """The tokeniser's, with which no spaCy is needed to make features again."""
    spacy: str = ""
    """The version of spaCy that its tokens are of."""

    def __post_init__(self) -> None:
        """Raise ValueError when the parts don't fit together."""
        columns = sum(table.dims for table in self.tables)
        if len(self.lengths) != len(self.blocks) or self.centre.shape != (columns,):
            raise ValueError("its lengths or its centre don't fit its blocks")

    @property
    def tables(self) -> list[TypeTable | PairTable]:
        """The blocks with a row for every token type or for pairs of them."""
        return [one for one in self.blocks.values() if isinstance(one, TypeTable | PairTable)]

    @property
    def enough(self) -> float:
        """How familiar the words of a text must be for rows of their whole length; 0: any."""
        types = (one for one in self.tables if isinstance(one, TypeTable))
        return FAMILIAR * max((one.usual for one in types), default=0.0)

    @property
    def encoders(self) -> list[TextEncoder]:
        """The blocks that read texts whole."""
        return [block for block in self.blocks.values() if isinstance(block, TextEncoder)]


class Columns(NamedTuple):
    """The columns of a block."""

    name: str
    """As the spec has it."""
    dims: int
    length: float
    """Of its rows."""
    reads_whole: bool
    """Whether it reads texts whole, instead of adding up rows of a table."""


class Vectoriser:
    """Fitted features. Made by :meth:`fit` or :meth:`from_arrays`.

    Columns are those of the tables in the order of the spec, then those of the encoders. Within
    each, rows are of one length (see :mod:`txtal.vectors.lengths`), or zero if the text has
    nothing that it knows.

    What all texts have in common is subtracted from the tables' rows first: sums of many word
    vectors all point the same way, and long texts would seem alike (Arora, Liang and Ma 2017, "A
    Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR; theirs is the first
    component, this the mean).
    """

    def __init__(self, fitted: Fitted, sums: TypeSums) -> None:
        self._fitted = fitted
        self._sums = sums
        self._transforming = threading.Lock()

    def __getstate__(self) -> tuple[Fitted, TypeSums]:
        """Return what a copy is made of: all but the lock."""
        return self._fitted, self._sums

    def __setstate__(self, state: tuple[Fitted, TypeSums]) -> None:
        """Be the copy."""
        self.__init__(*state)  # type: ignore[misc]

    @classmethod
    def fit(
        cls,
        spec: str | Spec,
        texts: Sequence[str],
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Vectoriser:
        """Learn from ``texts``, of which at most 20,000 are sampled, 5,000 characters of each.

        Raises UsageError for a bad spec, LearnerError when a part of it isn't installed.
        """
        resolved, _ = resolve(in_language(spec, texts)[0])
        heads = [texts[i][:FIT_CHARACTERS] for i in fit_sample(len(texts), seed)]
        sample = Sample(heads, Pipeline(resolved.pipeline), seed, progress)
        blocks = _in_columns(
            {name: registry.block(name).fit(name, sample) for name in resolved.blocks}
        )
        tables = [one for one in blocks.values() if isinstance(one, TypeTable | PairTable)]
        # The bag is kept for the transforms: the runs it has met needn't be tokenised again.
        sums = TypeSums(sample.pipeline, tables, sample.counted)
        centre = sums.mean(heads[:: 1 + len(heads) // CENTRE_TEXTS])
        scales = tuple(lengths(list(blocks.values()), heads))
        rules = Rules.of(sample.pipeline.nlp.tokenizer) if tables else None
        return cls(
            Fitted(resolved, blocks, len(heads), scales, centre, rules, version("spacy")), sums
        )

    @property
    def spec(self) -> Spec:
        """The spec, with ``auto`` replaced."""
        return self._fitted.spec

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline of the spec; with the tokeniser's rules, which need no spaCy."""
        return Pipeline(self.spec.pipeline, self._fitted.rules)

    @property
    def fit_texts(self) -> int:
        """How many texts the fit saw."""
        return self._fitted.texts

    @property
    def dims(self) -> int:
        """Columns of the features."""
        return sum(self.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """The columns of each block, in their order."""
        return tuple(block.dims for block in self._fitted.blocks.values())

    @property
    def blocks(self) -> list[Columns]:
        """The blocks, in the order of their columns."""
        return [
            Columns(name, block.dims, length, isinstance(block, TextEncoder))
            for (name, block), length in zip(
                self._fitted.blocks.items(), self._fitted.lengths, strict=True
            )
        ]

    @property
    def learns(self) -> bool:
        """Whether more texts would change the features; False if no block is fitted to texts."""
        return any(block.learns for block in self._fitted.blocks.values())

    @property
    def savable(self) -> bool:
        """Whether :meth:`to_arrays` works; False if a registered vectoriser has no such method."""
        return all(block.savable for block in self._fitted.blocks.values())

    @property
    def slow(self) -> bool:
        """Whether it is better to pass only a few texts at a time."""
        return any(block.slow for block in self._fitted.blocks.values())

    def transform(
        self, texts: Sequence[str], progress: Progress | None = None, *, foreign: bool = False
    ) -> Floats:
        """Return the features of ``texts``: (n, dims), always finite. Several threads may ask.

        A text most of whose words are not those of the texts of the fit has shorter rows in the
        tables, and zeros if no word and no part of one is: what the sum of next to nothing points
        at is chance, as is what vectors made elsewhere say of words that these texts never have.
        With ``foreign`` they have their length, as for the names of labels.
        What was tokenised is kept for the next text, so one thread works at a time.
        Raises LearnerError if a part of it isn't installed, or if a registered vectoriser returns
        an invalid array.
        """
        features = np.zeros((len(texts), self.dims), dtype=np.float32)
        done = 0
        for batch in batches(texts):
            with self._transforming:
                self._transform(batch, features[done : done + len(batch)], foreign=foreign)
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return features

    def _transform(self, texts: Sequence[str], out: Floats, *, foreign: bool) -> None:
        start, summed = self._sums.dims, len(self._fitted.tables)
        lengths = self._fitted.lengths
        enough = 0.0 if foreign else self._fitted.enough
        self._sums.into(out[:, :start], texts, self._fitted.centre, lengths[:summed], enough)
        for encoder, length in zip(self._fitted.encoders, lengths[summed:], strict=True):
            rows = out[:, start : start + encoder.dims]
            rows[:] = encoder.transform(texts)
            scale(rows, length)
            start += encoder.dims

    def forget(self) -> None:
        """Drop the remembered rows of token types; they are computed again when needed."""
        self._sums.forget()

    def repacked(self) -> Vectoriser:
        """Return a copy in new memory, or itself if it can't be saved.

        A fit's arrays are scattered among its temporary ones, whose memory would not be freed.
        """
        return Vectoriser.from_arrays(*self.to_arrays()) if self.savable else self

    @cached_property
    def fingerprint(self) -> str:
        """Return a digest that is the same for vectorisers with the same features.

        One that can't be saved has a digest of its own, even if it is fitted again.
        """
        if not self.savable:
            return uuid.uuid4().hex
        header, arrays = self.to_arrays()
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for name, array in sorted(arrays.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def check_portable(self) -> None:
        """Raise LearnerError for a block that another machine with txtal couldn't compute."""
        for name, block in self._fitted.blocks.items():
            if not block.portable:
                raise LearnerError(
                    f"the vectoriser {name!r} is a recipe's own, which Dask's workers don't have;"
                    " use --engine local"
                )

    def to_arrays(self) -> tuple[dict[str, Any], Arrays]:
        """Return a JSON-able header and arrays, for :meth:`from_arrays`; tables are float16.

        Raises LearnerError when a registered vectoriser has no ``to_arrays``.
        """
        parts: dict[str, Any] = {}
        arrays: Arrays = {}
        for name, block in self._fitted.blocks.items():
            parts[name], own = block.to_arrays()
            arrays |= {f"{name}.{key}": array for key, array in own.items()}
        arrays["centre"] = self._fitted.centre
        if self._fitted.rules is not None:
            arrays[_RULES] = np.frombuffer(self._fitted.rules.to_json(), np.uint8)
        header = {
            "format": FORMAT,
            "spec": str(self.spec),
            "spacy": self._fitted.spacy,
            "fit_texts": self.fit_texts,
            "lengths": list(self._fitted.lengths),
            "parts": parts,
        }
        return header, arrays

    @classmethod
    def from_arrays(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Vectoriser:
        """Return the vectoriser that :meth:`to_arrays` saved; it gives the very same features.

        Nothing is loaded before it is used, so a missing package shows at the first transform.
        Raises LearnerError when this isn't a vectoriser, or one of another format.
        """
        if header.get("format") != FORMAT:
            raise LearnerError(
                f"the saved vectoriser is of format {header.get('format')!r}, but this txtal reads"
                f" format {FORMAT}; make it again, or use the txtal that made it"
            )
        try:
            spec = parse(header["spec"])
            rules = Rules.from_json(arrays[_RULES].tobytes()) if _RULES in arrays else None
            pipeline = Pipeline(spec.pipeline, rules)
            blocks = {
                name: registry.block(name).from_arrays(
                    name, pipeline, header["parts"][name], _under(name, arrays)
                )
                for name in spec.blocks
            }
            fitted = Fitted(
                spec,
                _in_columns(blocks),
                int(header["fit_texts"]),
                tuple(header["lengths"]),
                np.asarray(arrays["centre"], np.float32),
                rules,
                # Without rules the tokens are of the spaCy that is installed now.
                str(header["spacy"]) if rules else version("spacy"),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise LearnerError(
                f"the saved vectoriser can't be read ({error!r}); make it again"
            ) from error
        return cls(fitted, TypeSums(pipeline, fitted.tables))


def fit_sample(texts: int, seed: int) -> NDArray[np.int64]:
    """Return which of so many texts a fit sees: all, or 20,000 drawn by the seed, in order."""
    if texts <= FIT_TEXTS:
        return np.arange(texts)
    return np.sort(np.random.default_rng(seed).choice(texts, FIT_TEXTS, replace=False))


def _in_columns(blocks: Mapping[str, Block]) -> dict[str, Block]:
    """Return the blocks in the order of their columns."""

    def place(block: Block) -> int:
        return 0 if isinstance(block, TypeTable) else 1 if isinstance(block, PairTable) else 2

    return dict(sorted(blocks.items(), key=lambda item: place(item[1])))


def _under(name: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return a block's arrays, by the names that the block uses."""
    prefix = f"{name}."
    return {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}

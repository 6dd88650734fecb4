"""Texts to features: count token types, add up their rows, scale them.

Most blocks are tables with a row for every type, so their features of a batch are one sparse
product, and vectorising costs little more than tokenising. The others, sentence models and
registered vectorisers, read each text whole.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors import lexical
from txtal.vectors.bag import Bag, batches, dampened
from txtal.vectors.custom import Custom
from txtal.vectors.lexical import Lexical
from txtal.vectors.pipeline import Pipeline, PipelineVectors
from txtal.vectors.sentence import Sentence
from txtal.vectors.spec import Spec, model_of, parse, resolve
from txtal.vectors.static import Static

FIT_TEXTS = 20_000
"""Texts a fit sees at most; more are sampled."""

FIT_CHARACTERS = 5_000
"""Leading characters of each that it sees."""

BESIDE = 0.5
"""Length of other blocks' rows beside those of a sentence model that reads words in context. On
banking77 at 10 labels a class, lexical+sentence has 0.851 with it, 0.839 with 1."""

SHORT = 100
"""Characters of a text, in the mean, below which its words alone say little: the square of the
lexical block's length beside word vectors is their number / SHORT, and MOST_SHORT at least."""

MOST_SHORT = 0.36

CENTRE_TEXTS = 2_000
"""Texts whose mean row the tables' rows are taken from."""

CENTRE_PRIOR = 10
"""Rows of zeros counted with them, so that a few texts, or equal ones, don't become nothing."""

ROWS_AT_ONCE = 4_096
"""Rows of the tables that are made at a time, in several times the memory that they take."""

FORMAT = 2
"""Of saved vectorisers and of the features themselves: raised when either changes."""

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Progress = Callable[[int, int | None], None]
"""Called with how many texts are done, and of how many if that is known."""


class Part(Protocol):
    """Some columns of the features."""

    @property
    def dims(self) -> int: ...
    def to_arrays(self) -> tuple[dict[str, Any], Arrays]: ...


class Table(Part, Protocol):
    """A row for every type, to be added up."""

    def rows(self, types: Sequence[str]) -> Floats: ...


class Encoder(Part, Protocol):
    """Reads texts whole."""

    @property
    def learns(self) -> bool: ...
    @property
    def savable(self) -> bool: ...
    @property
    def slow(self) -> bool: ...
    def transform(self, texts: Sequence[str]) -> Floats: ...


class Vectoriser:
    """Fitted features. Made by :meth:`fit` or :meth:`from_arrays`.

    Columns are those of the tables in the order of the spec, then those of the encoders. Within
    each, rows are of one length (see :func:`_lengths`), or zero when the text says nothing to it.

    What all texts have in common is taken from the tables' rows first: sums of many word vectors
    all point the same way, and long texts would seem alike (Arora, Liang and Ma 2017, "A Simple but
    Tough-to-Beat Baseline for Sentence Embeddings", ICLR; theirs is the first component, this the
    mean).
    """

    def __init__(
        self,
        spec: Spec,
        pipeline: Pipeline,
        tables: Mapping[str, Table],
        encoders: Mapping[str, Encoder],
        fit_texts: int,
        lengths: Sequence[float],
        centre: Floats,
        bag: Bag | None = None,
    ) -> None:
        self.spec = spec
        self.fit_texts = fit_texts
        """How many texts the fit saw."""
        self._pipeline = pipeline
        self._tables = tables
        self._encoders = encoders
        self._bag = bag
        self._rows = _Rows(tables)
        self._parts: dict[str, Part] = {**tables, **encoders}
        self._lengths = tuple(lengths)
        self._centre = centre
        if len(self._lengths) != len(self._parts) or centre.shape != (self._rows.dims,):
            raise ValueError("its lengths or its centre don't fit its blocks")

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
        resolved, _ = resolve(spec)
        sample = [texts[i][:FIT_CHARACTERS] for i in fit_sample(len(texts), seed)]
        pipeline = Pipeline(resolved.pipeline)
        bag: Bag | None = None
        tables: dict[str, Table] = {}
        encoders: dict[str, Encoder] = {}
        for name in resolved.blocks:
            if name == "lexical":
                # Kept for the transforms: the runs it has met needn't be tokenised again.
                bag = Bag(pipeline.tokeniser)
                counts = _count(bag, sample, progress)
                tables[name] = lexical.fit(bag.types, counts, seed)
            elif name == "static":
                tables[name] = Static.installed()
            elif name == "spacy":
                tables[name] = PipelineVectors.of(pipeline)
            elif model := model_of(name):
                encoders[name] = Sentence.of(model)
            else:
                encoders[name] = Custom.fit(name, sample)
        lengths = _lengths([*tables.values(), *encoders.values()], sample)
        centre = np.zeros(sum(table.dims for table in tables.values()), np.float32)
        fitted = cls(resolved, pipeline, tables, encoders, len(sample), lengths, centre, bag)
        if tables:
            fitted._centre = fitted._mean(sample[:: 1 + len(sample) // CENTRE_TEXTS])
        return fitted

    def _mean(self, texts: Sequence[str]) -> Floats:
        """The mean row of the tables (their columns,)."""
        total = np.zeros(self._rows.dims, np.float32)
        for batch in batches(texts):
            rows = np.zeros((len(batch), self._rows.dims), np.float32)
            self._sum_rows(batch, rows)
            total += rows.sum(axis=0)
        return np.asarray(total / (len(texts) + CENTRE_PRIOR), np.float32)

    @property
    def dims(self) -> int:
        """Columns of the features."""
        return sum(self.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """The columns of each block, in their order."""
        return tuple(part.dims for part in self._parts.values())

    @property
    def learns(self) -> bool:
        """Whether more texts would make other features: not when every block came ready-made."""
        return bool(self._tables) or any(one.learns for one in self._encoders.values())

    @property
    def savable(self) -> bool:
        """Whether :meth:`to_arrays` works: not with a registered vectoriser that lacks its own."""
        return all(one.savable for one in self._encoders.values())

    @property
    def slow(self) -> bool:
        """Whether texts are better handed over a few at a time."""
        return any(one.slow for one in self._encoders.values())

    def transform(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """The features of ``texts``: (n, dims), always finite.

        Raises LearnerError when a part of it isn't installed or a registered vectoriser returns
        what it shouldn't.
        """
        features = np.zeros((len(texts), self.dims), dtype=np.float32)
        done = 0
        for batch in batches(texts):
            self._transform(batch, features[done : done + len(batch)])
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return features

    def _transform(self, texts: Sequence[str], out: Floats) -> None:
        if self._tables:
            self._sum_rows(texts, out[:, : self._rows.dims])
        start = self._rows.dims
        for encoder in self._encoders.values():
            out[:, start : start + encoder.dims] = encoder.transform(texts)
            start += encoder.dims
        start = 0
        for part, length in zip(self._parts.values(), self._lengths, strict=True):
            _scale(out[:, start : start + part.dims], length)
            start += part.dims

    def forget(self) -> None:
        """Let go of what is kept of every type met; it is made again when the type comes back."""
        self._bag, self._rows = None, _Rows(self._tables)
        self._pipeline.forget()

    def repacked(self) -> Vectoriser:
        """The same one in memory of its own; itself if it can't be saved.

        What a fit leaves is strewn among all that it needed meanwhile, which so isn't given back.
        """
        return Vectoriser.from_arrays(*self.to_arrays()) if self.savable else self

    def _sum_rows(self, texts: Sequence[str], out: Floats) -> None:
        if self._bag is not None and self._bag.full:
            self.forget()
        if self._bag is None:
            self._bag = Bag(self._pipeline.tokeniser)
        counts = dampened(self._bag.count(texts))
        out[:] = counts @ self._rows.of(self._bag.types)
        start = 0
        for table in self._tables.values():
            columns = slice(start, start + table.dims)
            _scale(out[:, columns], 1.0)
            known = out[:, columns].any(axis=1)
            out[known, columns] -= self._centre[columns]
            start += table.dims

    @cached_property
    def fingerprint(self) -> str:
        """The same for two vectorisers that give the same features.

        One that can't be saved is like no other, not even when fitted again.
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
        """Raise LearnerError for what another machine couldn't make, though it has txtal."""
        own = [name for name, one in self._encoders.items() if isinstance(one, Custom)]
        if own:
            raise LearnerError(
                f"the vectoriser {own[0]!r} is a recipe's own, which Dask's workers don't have; use"
                " --engine local"
            )

    def to_arrays(self) -> tuple[dict[str, Any], Arrays]:
        """A JSON-able header and arrays, for :meth:`from_arrays`; tables are float16.

        Raises LearnerError when a registered vectoriser has no ``to_arrays``.
        """
        parts: dict[str, Any] = {}
        arrays: Arrays = {}
        for name, part in self._parts.items():
            parts[name], own = part.to_arrays()
            arrays |= {f"{name}.{key}": array for key, array in own.items()}
        arrays["centre"] = self._centre
        header = {
            "format": FORMAT,
            "spec": str(self.spec),
            "spacy": version("spacy"),
            "fit_texts": self.fit_texts,
            "lengths": list(self._lengths),
            "parts": parts,
        }
        return header, arrays

    @classmethod
    def from_arrays(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Vectoriser:
        """Back from :meth:`to_arrays`; gives the very same features.

        Nothing is loaded before it is used, so a missing package shows at the first transform.
        Raises LearnerError when this isn't a vectoriser, or one of another format.
        """
        if header.get("format") != FORMAT:
            raise LearnerError(
                f"the saved vectoriser is of format {header.get('format')!r}, but this txtal reads"
                f" format {FORMAT}; make it again, or use the txtal that made it"
            )
        tables: dict[str, Table] = {}
        encoders: dict[str, Encoder] = {}
        try:
            spec = parse(header["spec"])
            pipeline = Pipeline(spec.pipeline)
            for name in spec.blocks:
                part, own = header["parts"][name], _under(name, arrays)
                if name == "lexical":
                    tables[name] = Lexical.from_arrays(own)
                elif name == "static":
                    tables[name] = Static(part["digest"])
                elif name == "spacy":
                    tables[name] = PipelineVectors(pipeline, part["version"], int(part["dims"]))
                elif model := model_of(name):
                    dims = int(part["dims"])
                    encoders[name] = Sentence(model, part["digest"], part["library"], dims)
                else:
                    encoders[name] = Custom.from_arrays(name, part, own)
            fit_texts = int(header["fit_texts"])
            centre = np.asarray(arrays["centre"], np.float32)
            return cls(spec, pipeline, tables, encoders, fit_texts, header["lengths"], centre)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise LearnerError(
                f"the saved vectoriser can't be read ({error!r}); make it again"
            ) from error


class _Rows:
    """The rows of a bag's types, all tables side by side; made when a type is first met."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.dims = sum(table.dims for table in tables.values())
        self._tables = tuple(tables.values())
        self._rows = np.zeros((0, self.dims), dtype=np.float32)
        self._filled = 0

    def of(self, types: Sequence[str]) -> Floats:
        """(types, dims); ``types`` are those of the last call, and any number after them."""
        self._make_room(len(types))
        while self._filled < len(types):
            new = types[self._filled : self._filled + ROWS_AT_ONCE]
            parts = [table.rows(new) for table in self._tables]
            np.concatenate(parts, axis=1, out=self._rows[self._filled : self._filled + len(new)])
            self._filled += len(new)
        return self._rows[: self._filled]

    def _make_room(self, size: int) -> None:
        if size > len(self._rows):
            grown = np.zeros((max(size, 2 * len(self._rows)), self.dims), dtype=np.float32)
            grown[: self._filled] = self._rows[: self._filled]
            self._rows = grown


def fit_sample(texts: int, seed: int) -> NDArray[np.int64]:
    """Which of so many texts a fit sees: all, or 20,000 drawn by the seed, in order."""
    if texts <= FIT_TEXTS:
        return np.arange(texts)
    return np.sort(np.random.default_rng(seed).choice(texts, FIT_TEXTS, replace=False))


def _count(bag: Bag, texts: Sequence[str], progress: Progress | None) -> sp.csr_array:
    """All texts counted, a batch at a time: (texts, types)."""
    parts = []
    done = 0
    for batch in batches(texts):
        parts.append(bag.count(batch))
        done += len(batch)
        if progress:
            progress(done, len(texts))
    for part in parts:
        part.resize(part.shape[0], len(bag.types))
    return sp.vstack(parts, format="csr") if parts else sp.csr_array((0, 0), dtype=np.float32)


def _lengths(parts: Sequence[Part], texts: Sequence[str]) -> list[float]:
    """The length of each part's rows: one, but where a part knows more of such texts than others.

    A sentence model that reads words in context knows more than any other block. Word vectors know
    more of short texts than the counts of their few words do; the longer the texts, the less.
    """
    lengths = np.ones(len(parts))
    is_lexical = np.array([isinstance(part, Lexical) for part in parts])
    is_vectors = np.array([isinstance(part, Static | PipelineVectors) for part in parts])
    if texts and is_lexical.any() and is_vectors.any():
        square = min(1.0, max(MOST_SHORT, float(np.mean([len(t) for t in texts])) / SHORT))
        tables = is_lexical | is_vectors
        lengths[is_lexical] = np.sqrt(square)
        # What C means doesn't depend on it: the mean square stays.
        lengths[tables] /= np.sqrt(np.mean(lengths[tables] ** 2))
    in_context = np.array([_in_context(part) for part in parts])
    if in_context.any():
        lengths[~in_context] *= BESIDE
    return [round(float(length), 4) for length in lengths]


def _in_context(part: Part) -> bool:
    return isinstance(part, Sentence) and part.in_context


def _scale(rows: Floats, length: float) -> None:
    """Scale each row to ``length`` in place; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True) / length
    np.divide(rows, lengths, out=rows, where=lengths > 0)


def _under(name: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """A part's own arrays, by its own names for them."""
    prefix = f"{name}."
    return {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}

"""Texts to features: count token types, add up their rows, scale to unit length.

Each built-in block is a table with a row for every type, so the features of a batch are one
sparse product, and vectorising costs little more than tokenising.
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
from txtal.vectors.spec import Spec, parse, resolve
from txtal.vectors.static import Static

FIT_TEXTS = 20_000
"""Texts a fit sees at most; more are sampled."""

FIT_CHARACTERS = 5_000
"""Leading characters of each that it sees."""

FORMAT = 1
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


class Block(Part, Protocol):
    """A linear table over types."""

    def rows(self, types: Sequence[str]) -> Floats: ...


class Vectoriser:
    """Fitted features. Made by :meth:`fit` or :meth:`from_arrays`.

    Columns are those of the built-in blocks in the order of the spec, then those of registered
    vectorisers. Within each, a row is of unit length, or zero when the text says nothing to it.
    """

    def __init__(
        self,
        spec: Spec,
        pipeline: Pipeline,
        blocks: Mapping[str, Block],
        custom: Mapping[str, Custom],
        fit_texts: int,
        bag: Bag | None = None,
    ) -> None:
        self.spec = spec
        self.fit_texts = fit_texts
        """How many texts the fit saw."""
        self._pipeline = pipeline
        self._blocks = blocks
        self._custom = custom
        self._bag = bag
        self._table = _Table(blocks)
        self._parts: dict[str, Part] = {**blocks, **custom}

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
        blocks: dict[str, Block] = {}
        custom: dict[str, Custom] = {}
        for name in resolved.blocks:
            if name == "lexical":
                # Kept for the transforms: the runs it has met needn't be tokenised again.
                bag = Bag(pipeline.tokeniser)
                counts = _count(bag, sample, progress)
                blocks[name] = lexical.fit(bag.types, counts, seed)
            elif name == "static":
                blocks[name] = Static.installed()
            elif name == "spacy":
                blocks[name] = PipelineVectors.of(pipeline)
            else:
                custom[name] = Custom.fit(name, sample)
        return cls(resolved, pipeline, blocks, custom, len(sample), bag)

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
        return "lexical" in self._blocks or bool(self._custom)

    @property
    def savable(self) -> bool:
        """Whether :meth:`to_arrays` works: not with a registered vectoriser that lacks its own."""
        return all(custom.savable for custom in self._custom.values())

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
        if self._blocks:
            self._sum_rows(texts, out[:, : self._table.dims])
        start = self._table.dims
        for custom in self._custom.values():
            out[:, start : start + custom.dims] = custom.transform(texts)
            start += custom.dims
        start = 0
        for part in self._parts.values():
            _to_unit(out[:, start : start + part.dims])
            start += part.dims

    def _sum_rows(self, texts: Sequence[str], out: Floats) -> None:
        if self._bag is None or self._bag.full:
            self._bag = Bag(self._pipeline.tokeniser)
            self._table = _Table(self._blocks)
        counts = dampened(self._bag.count(texts))
        out[:] = counts @ self._table.rows(self._bag.types)

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

    def to_arrays(self) -> tuple[dict[str, Any], Arrays]:
        """A JSON-able header and arrays, for :meth:`from_arrays`; tables are float16.

        Raises LearnerError when a registered vectoriser has no ``to_arrays``.
        """
        parts: dict[str, Any] = {}
        arrays: Arrays = {}
        for name, part in self._parts.items():
            parts[name], own = part.to_arrays()
            arrays |= {f"{name}.{key}": array for key, array in own.items()}
        header = {
            "format": FORMAT,
            "spec": str(self.spec),
            "spacy": version("spacy"),
            "fit_texts": self.fit_texts,
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
        blocks: dict[str, Block] = {}
        custom: dict[str, Custom] = {}
        try:
            spec = parse(header["spec"])
            pipeline = Pipeline(spec.pipeline)
            for name in spec.blocks:
                part, own = header["parts"][name], _under(name, arrays)
                if name == "lexical":
                    blocks[name] = Lexical.from_arrays(own)
                elif name == "static":
                    blocks[name] = Static(part["digest"])
                elif name == "spacy":
                    blocks[name] = PipelineVectors(pipeline, part["version"], int(part["dims"]))
                else:
                    custom[name] = Custom.from_arrays(name, part, own)
            fit_texts = int(header["fit_texts"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise LearnerError(
                f"the saved vectoriser can't be read ({error!r}); make it again"
            ) from error
        return cls(spec, pipeline, blocks, custom, fit_texts)


class _Table:
    """The rows of a bag's types, all blocks side by side; made when a type is first met."""

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self.dims = sum(block.dims for block in blocks.values())
        self._blocks = tuple(blocks.values())
        self._rows = np.zeros((0, self.dims), dtype=np.float32)
        self._filled = 0

    def rows(self, types: Sequence[str]) -> Floats:
        """(types, dims); ``types`` are those of the last call, and any number after them."""
        new = types[self._filled :]
        if new:
            self._make_room(len(types))
            parts = [block.rows(new) for block in self._blocks]
            np.concatenate(parts, axis=1, out=self._rows[self._filled : len(types)])
            self._filled = len(types)
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


def _to_unit(rows: Floats) -> None:
    """Scale each row to unit length in place; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, lengths, out=rows, where=lengths > 0)


def _under(name: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """A part's own arrays, by its own names for them."""
    prefix = f"{name}."
    return {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}

"""A block of features added from outside: a class, and a row in the table of the built-in ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.driving import LABELLED, Program
from tests.vectors.conftest import TEXTS
from tests.worked_examples import worked_example
from txtal.errors import LearnerError, UsageError
from txtal.vectors import spec
from txtal.vectors.blocks import Knowledge, Sample, Saved, TextEncoder, TypeTable
from txtal.vectors.cache import FeatureCache
from txtal.vectors.pipeline import Pipeline
from txtal.vectors.table import BUILT_IN, Argument, BlockRow
from txtal.vectors.vectoriser import Vectoriser


@dataclass(frozen=True)
class Shape(TypeTable):
    """What a word looks like; it takes the letters that it looks for as an argument."""

    letters: str
    dims: int

    @property
    def knows(self) -> Knowledge:
        return "words"

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Shape:
        letters = name.partition("=")[2]
        assert sample.counts.shape == (len(sample.texts), len(sample.bag.types))
        return cls(letters, len(letters))

    def rows(self, types: Sequence[str]) -> np.ndarray:
        rows = [[type_.count(letter) for letter in self.letters] for type_ in types]
        return np.array(rows, np.float32).reshape(len(types), self.dims)

    def to_arrays(self) -> Saved:
        return {"dims": self.dims}, {}

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
    ) -> Shape:
        return cls(name.partition("=")[2], header["dims"])


@dataclass(frozen=True)
class Size(TextEncoder):
    """How long a text is; slow, and not for other machines."""

    longest: int
    dims = 2
    slow = True
    portable = False

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Size:
        return cls(max(map(len, sample.texts), default=1))

    def transform(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[1, len(text) / self.longest] for text in texts], np.float32)

    def to_arrays(self) -> Saved:
        return {}, {"longest": np.array([self.longest])}

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
    ) -> Size:
        return cls(int(arrays["longest"][0]))

    @classmethod
    def versions(cls, name: str) -> list[str]:
        return [VERSION]


VERSION = "1"


def lower(letters: str) -> None:
    if not letters.islower():
        raise UsageError(f"shape={letters}: give lower-case letters")


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    argument = Argument("LETTERS", "say which letters, as in shape=aeiou", lower)
    monkeypatch.setitem(BUILT_IN, "shape", BlockRow(Shape, argument))
    monkeypatch.setitem(BUILT_IN, "size", BlockRow(Size))


def test_they_stand_beside_the_others_and_are_saved() -> None:
    fitted = Vectoriser.fit("size+shape=aeiou+lexical@en", TEXTS)
    features = fitted.transform(TEXTS)
    assert fitted.widths == (5, fitted.dims - 7, 2)  # tables first, then what reads texts whole
    assert fitted.slow
    header, arrays = fitted.to_arrays()
    shape, lexical, size = header["lengths"]
    assert lexical / shape == pytest.approx(0.6, rel=1e-3)  # as beside any word vectors
    assert size == 1
    assert np.allclose(np.linalg.norm(features[:, -2:], axis=1), 1)
    again = Vectoriser.from_arrays(json.loads(json.dumps(header)), arrays)
    assert np.array_equal(again.transform(TEXTS), features)
    assert again.fingerprint == fitted.fingerprint
    with pytest.raises(LearnerError, match="'size' is a recipe's own"):
        fitted.check_portable()


def test_the_argument_is_checked_where_a_spec_is() -> None:
    spec.check("lexical+shape=ae@en")
    for check in (spec.check, spec.resolve):
        with pytest.raises(UsageError, match="shape=AE: give lower-case letters"):
            check("lexical+shape=AE@en")
        with pytest.raises(UsageError, match="say which letters, as in shape=aeiou"):
            check("shape@en")
        with pytest.raises(UsageError, match=r"write BLOCK\[\+BLOCK...\]@PIPELINE"):
            check("size=3@en")


def test_features_are_made_again_when_its_version_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> str:
        return FeatureCache(tmp_path).ensure(range(30), TEXTS, "size+lexical@en").made

    first = made()
    assert made() == first
    monkeypatch.setattr(f"{__name__}.VERSION", "2")
    assert made() != first


def test_it_is_trained_with_and_predicts(tmp_path: Path) -> None:
    quick = Program(tmp_path).quick
    vectors = "lexical+shape=aeiou+size"
    some = quick.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:80])
    words = ["--budget", "20", "--batch", "10", "--vectors", vectors, "-s", "random"]
    body = quick.json("simulate", some, "--test", some, *words, "--seeds", "1", "--json")
    assert body["runs"][0]["vectoriser"] == f"{vectors}@en"
    quick.ok("load", "d", "--answers", some)
    quick.ok("train", "d", "-o", "model", "--vectors", vectors)
    assert len(quick.ok("predict", "model", some).out.splitlines()) == 80


def test_the_lines_in_the_documentation_add_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    module, row = worked_example("### A block of features")
    monkeypatch.setitem(sys.modules, "txtal.vectors.shape", module)
    for name, block in eval(f"{{{row}}}", {"BlockRow": BlockRow}).items():
        monkeypatch.setitem(BUILT_IN, name, block)
    fitted = Vectoriser.fit("shape@en", TEXTS)
    features = fitted.transform(["NEW iPHONE", "order 66", "new phone", ""])
    assert features.shape == (4, 3)
    assert features[0] @ features[1] < 0.5
    again = Vectoriser.from_arrays(*fitted.to_arrays())
    assert np.array_equal(again.transform(TEXTS), fitted.transform(TEXTS))

"""What a learner knew when a simulated session had so many answers, and the figures made of it."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from txtal.learning import calibrate, estimate, evaluate
from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.estimate import Evidence
from txtal.learning.model import decide
from txtal.types import Estimate

AGAINST = {
    "accuracy": ("accuracy", "accuracy"),
    "accuracy at the pool's mix": ("accuracy", "mix"),
    "accuracy on open tickets": ("accuracy", "pool"),
    "corrected": ("corrected", "accuracy"),
    "audit": ("audit", "accuracy"),
    "macro_f1": ("macro_f1", "macro_f1"),
    "macro_f1 on open tickets": ("macro_f1", "pool_f1"),
    "audit_f1": ("audit_f1", "macro_f1"),
}
"""An estimate and a truth that it is held against."""

BINS = 15

Line = dict[str, Any]
"""A session at a mark: set, seed, answers, truths, estimates and calibration errors."""


@dataclass(frozen=True, eq=False)
class Mark:
    """The answers as models that hadn't seen them predict them, and the model on a test file."""

    evidence: Evidence
    proba: Floats
    """(n, k): of the test file's texts, not calibrated."""
    truth: Cells
    """(n, k'): the pool's labels, and those that only the test file has."""
    mix: Floats
    """(n,): weights with which each label is as frequent as in the pool."""
    on_the_pool: Mapping[str, float]
    """The accuracy and macro-F1 on the tickets that nobody has answered."""

    @cached_property
    def decided(self) -> Cells:
        """What the model says of the test file (n, k')."""
        decided = decide(self.proba, self.evidence.task)
        return np.pad(decided, ((0, 0), (0, self.truth.shape[1] - decided.shape[1])))

    def figures(self) -> Line:
        """Return the truths, the estimates and the calibration errors."""
        right = (self.decided == self.truth).all(axis=1)
        measures = estimate.estimated(self.evidence)
        heat = estimate.temperature(self.evidence)
        names = {name for name, _ in AGAINST.values()}
        given = {name: getattr(measures, name) if measures else None for name in sorted(names)}
        sure, shown = self._sure(self.proba), self._sure(self.calibrated(heat))
        return {
            "truth": {
                "accuracy": float(right.mean()),
                "mix": float(self.mix @ right / self.mix.sum()),
                **self.on_the_pool,
                "macro_f1": evaluate.f1(self.truth, self.decided, "macro"),
            },
            "estimates": {name: _plain(found) for name, found in given.items()},
            "temperature": heat,
            "ece": {
                "before": ece(sure, right),
                "after": ece(shown, right),
                "mix": ece(shown, right, self.mix),
                "floor": _floor(shown),
            },
        }

    def calibrated(self, heat: float) -> Floats:
        """Return the probabilities that are shown, at this temperature."""
        found, task = self.evidence, self.evidence.task
        unseen = calibrate.unseen_proportion(found.cells) if task == "exclusive" else 0.0
        known = np.broadcast_to(found.trained, self.proba.shape)
        return calibrate.calibrated(self.proba, known, heat, unseen, task)

    def _sure(self, proba: Floats) -> Floats:
        decided = self.decided[:, : proba.shape[1]]
        return evaluate.confidence(proba, decided, self.evidence.task)


def _plain(found: Estimate | None) -> list[float] | None:
    return found and [found.n, found.value, found.low, found.high]


def ece(sure: Floats, right: Mask, weights: Floats | None = None) -> float:
    """The expected calibration error, with bins of equal width."""
    weights = np.ones(len(sure)) if weights is None else weights
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    off = np.bincount(bins, weights * (right - sure.astype(np.float64)), minlength=BINS)
    return float(np.abs(off).sum() / weights.sum())


def _floor(sure: Floats) -> float:
    rng = np.random.default_rng(0)
    return float(np.mean([ece(sure, rng.random(len(sure)) < sure) for _ in range(20)]))


def keep(folder: Path, of: Line, mark: Mark) -> None:
    """Write a mark of this session into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(str(part) for part in of.values())
    with gzip.open(folder / f"{name}.gz", "wb", compresslevel=3) as out:
        pickle.dump((of, asdict(mark)), out)


def kept(folder: Path) -> Iterator[tuple[Line, Mark]]:
    """Yield each mark that the folder has, and what it is of."""
    for path in sorted(folder.glob("*.gz")):
        with gzip.open(path) as file:
            of, mark = pickle.load(file)
        yield of, Mark(**{**mark, "evidence": Evidence(**mark["evidence"])})

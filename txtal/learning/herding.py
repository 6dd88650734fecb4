"""Uncertainty herding: one way to pick tickets with few answers and with many.

A ticket is worth showing for the uncertain tickets near it that no answer is near yet. Without a
model every ticket is equally uncertain and the most representative are picked; as the model grows
sure of most of the pool, it is those it is unsure of (Bae, Oliveira and Sutherland 2024,
"Uncertainty Herding: One Active Learning Method for All Label Budgets", arXiv 2412.20644)::

    gain(x) = sum_i  u_i * max(0, k(x, i) - max_{j answered} k(j, i))

with u_i the uncertainty of ticket i and k(x, i) = exp(sharpness * (cos(x, i) - 1)), cut off after
the nearest neighbours. The next ticket is the one of greatest gain, then the gains are taken again.

The kernel narrows as answers come in, as in the paper: an answer speaks for its surroundings while
there are few answers per label, and for little but itself once there are many. Where the kernel is
narrow the gain is the ticket's own uncertainty, so herding ends as uncertainty sampling.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from txtal.learning.arrays import Floats, Indices
from txtal.learning.neighbourhood import Neighbourhood

SHARPNESS = 5.0
"""With few answers; from there it grows."""

FEW = 3
"""Answers per label up to which they count as few."""


def sharpness(answers: int, labels: int) -> float:
    """Return the kernel's sharpness for so many answers, in which so many labels were met."""
    return SHARPNESS * max(1.0, answers / (FEW * max(2, labels)))


class Herding:
    """The kernel over a sample of the pool; made once and kept."""

    def __init__(self, sample: Neighbourhood) -> None:
        self.sample = sample

    @cached_property
    def _closeness(self) -> sp.csr_array:
        """Symmetric (m, m): the kernel of sharpness 1."""
        near = self.sample.near
        m, count = near.places.shape
        closeness = np.exp(near.cosines - 1).ravel()
        begin = np.arange(0, m * count + 1, max(1, count))[: m + 1]
        one_way = sp.csr_array((closeness, near.places.ravel(), begin), shape=(m, m))
        return sp.csr_array(one_way.maximum(one_way.T))

    @cached_property
    def _distances(self) -> Floats:
        """Of the entries of the kernel: its logarithm where the sharpness is 1."""
        return np.asarray(np.log(self._closeness.data), np.float32)

    def _kernel(self, sharpness: float) -> sp.csr_array:
        """Return the kernel (m, m)."""
        near = self._closeness
        # A power of each entry would take thirty times as long.
        values = np.exp(np.float32(sharpness) * self._distances)
        return sp.csr_array((values, near.indices, near.indptr), shape=near.shape)

    def gains(
        self,
        uncertainty: Floats,
        answered: Indices,
        size: int,
        sharpness: float = SHARPNESS,
    ) -> Floats:
        """Return what showing each ticket of the sample would gain (m,).

        ``uncertainty`` (m,) is 0 or more; ``answered`` are rows of the features. The gain of each
        of the first ``size`` is what it adds to those before it; the others have what they would
        add after them. Answered tickets have -inf.
        """
        if not len(self.sample):
            return np.zeros(0, np.float32)
        kernel = self._kernel(sharpness)
        covered = self._covered(answered, sharpness)
        left = np.maximum(kernel.data - covered[kernel.indices], 0) * uncertainty[kernel.indices]
        gains = np.add.reduceat(np.append(left, 0), kernel.indptr[:-1])[: len(self.sample)]
        gains[np.diff(kernel.indptr) == 0] = 0
        gains[self.sample.inside(answered)[1]] = -np.inf
        scores = gains.copy()
        for _ in range(min(size, len(gains))):
            best = int(gains.argmax())
            if not np.isfinite(gains[best]):
                break
            scores[best] = gains[best]
            _take(kernel, best, gains, covered, uncertainty)
            gains[best] = -np.inf
            waiting = np.isfinite(gains)
            scores[waiting] = gains[waiting]
        return scores

    def _covered(self, answered: Indices, sharpness: float) -> Floats:
        """Return how near each ticket is to an answer (m,), 0 to 1."""
        covered = np.zeros(len(self.sample), np.float32)
        near = self.sample.near_to(answered)
        np.maximum.at(covered, near.places, np.exp(sharpness * (near.cosines - 1)))
        return covered


def _take(
    kernel: sp.csr_array, best: int, gains: Floats, covered: Floats, uncertainty: Floats
) -> None:
    """Cover what ``best`` covers, and lower the gains of all that would have covered it, too."""
    own = slice(kernel.indptr[best], kernel.indptr[best + 1])
    for ticket, value in zip(kernel.indices[own], kernel.data[own], strict=True):
        before = covered[ticket]
        if value > before:
            row = slice(kernel.indptr[ticket], kernel.indptr[ticket + 1])
            ties = kernel.data[row]
            lost = np.maximum(ties - before, 0) - np.maximum(ties - value, 0)
            gains[kernel.indices[row]] -= lost * uncertainty[ticket]
            covered[ticket] = value

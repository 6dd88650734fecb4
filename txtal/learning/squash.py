"""From logits to probabilities, with numpy alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from txtal.learning.arrays import Floats, Mask


def shares(logits: Floats) -> Floats:
    """Return the softmax of each row (n, k)."""
    raised: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def sigmoid(logits: Floats) -> Floats:
    """Return ``1 / (1 + exp(-logits))``, worked out in float64 and rounded once."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))), np.float32)


def averaged(squash: Callable[[Floats], Floats], logits: Floats, spread: float | Floats) -> Floats:
    """Return the mean of the probabilities that ``squash`` makes of logits (n, k), spread.

    ``spread`` is one for all or one per label (k,); see LinearModel.spread.
    """
    if np.all(spread == 1):
        return np.asarray(squash(logits))
    return np.asarray((squash(logits * spread) + squash(logits) + squash(logits / spread)) / 3)


def with_unseen(proba: Floats, known: Mask, unseen: float) -> Floats:
    """Give a share of probabilities (n, k) to the labels that aren't ``known`` (k,) or (n, k).

    It is no more than they would have if all labels were equally probable, so that none of them
    becomes the most probable.
    """
    unknown = np.broadcast_to(~known, proba.shape)
    count = unknown.sum(axis=1, keepdims=True)
    share = np.minimum(unseen, count / proba.shape[1]) * (count < proba.shape[1])
    return np.asarray(np.where(unknown, share / np.maximum(count, 1), (1 - share) * proba))

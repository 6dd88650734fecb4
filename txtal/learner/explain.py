"""Why a label: the words that count for it and against it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from txtal.learner.fit import Fit
from txtal.learner.source import DatasetSource
from txtal.learning.arrays import Floats
from txtal.learning.model import LinearModel
from txtal.store import tickets
from txtal.types import Explanation
from txtal.vectors.vectoriser import Vectoriser

READ = 4_000
"""The most characters of a text that are looked at."""

MOST = 80
"""The most different words that are weighed."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def explanation(
    fit: Fit | None, source: DatasetSource, ticket_id: int, label_id: int
) -> Explanation:
    """Explain a label by the words of a ticket; without a model that knows the label by none.

    Raises DatabaseError.
    """
    labels = fit.answered.labels if fit and fit.model.ready else ()
    if fit is None or label_id not in labels:
        return Explanation(ticket_id, label_id, ())
    with source.reading() as conn:
        text = tickets.get(conn, ticket_id).text
        words = weigh(fit.features.vectoriser, fit.model, text, labels.index(label_id))
    return Explanation(ticket_id, label_id, words)


def weigh(
    vectoriser: Vectoriser, model: LinearModel, text: str, column: int
) -> tuple[tuple[str, float], ...]:
    """Return each word of a text with its weight for a label, the strongest first.

    A word's weight is the score of what the text's features lose when the word is left out: the
    linear model's own weights, applied through whatever reduction made the features. For an
    exclusive label it is the score against its strongest rival; for a rating what the word adds to
    the mean grade, whichever grade is asked about. Case is ignored.
    """
    text = text[:READ]
    words = list(dict.fromkeys(word.casefold() for word in _WORD.findall(text)))[:MOST]
    variants = [text, *(_without(word, text) for word in words)]
    features = np.asarray(vectoriser.transform(variants))
    lost = _lost(features[0], features[1:], vectoriser.widths)
    weights = lost @ _direction(model, features[0], column)
    order = np.argsort(-np.abs(weights), kind="stable")
    return tuple((words[i], round(float(weights[i]), 4)) for i in order)


def _lost(whole: Floats, rests: Floats, widths: Sequence[int]) -> Floats:
    """Return the part of the whole row (d,) that each of the rests (n, d) lacks.

    Each block of a row is scaled to one length, so that a rest is not simply the whole minus a
    word. A word that the model knows nothing of would seem to count against whatever the others
    count for. So what a rest lacks is the part of the whole at right angles to it.
    """
    lost = np.empty_like(rests)
    start = 0
    for width in widths:
        block = slice(start, start + width)
        rest = rests[:, block]
        squares = np.maximum((rest**2).sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        lost[:, block] = whole[block] - rest * (rest @ whole[block])[:, None] / squares
        start += width
    return lost


def _direction(model: LinearModel, whole: Floats, column: int) -> Floats:
    """Return the weights (d,) of the label's log-odds, as probabilities near 1 hardly move.

    For a rating, the slope of the mean grade: the sum of the probabilities of each grade or above.
    """
    weights = model.coef[column]
    if model.task == "rating":
        reached = expit(model.coef[1:] @ whole + model.intercept[1:])
        return np.asarray((reached * (1 - reached)) @ model.coef[1:])
    if model.task != "exclusive":
        return np.asarray(weights)
    rivals = np.flatnonzero(model.trained & (np.arange(len(model.coef)) != column))
    if not len(rivals):
        return np.asarray(weights)
    logits = model.coef[rivals] @ whole + model.intercept[rivals]
    return np.asarray(weights - model.coef[rivals[np.argmax(logits)]])


def _without(word: str, text: str) -> str:
    return _WORD.sub(lambda found: "" if found[0].casefold() == word else found[0], text)

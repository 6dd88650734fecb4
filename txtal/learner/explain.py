"""Why a label: the words that push for it and against it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from txtal.learning.arrays import Floats
from txtal.learning.model import LinearModel
from txtal.vectors.vectoriser import Vectoriser

READ = 4_000
"""Characters of a text that are looked at."""

MOST = 80
"""Different words that are weighed."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def weigh(
    vectoriser: Vectoriser, model: LinearModel, text: str, column: int
) -> tuple[tuple[str, float], ...]:
    """Each word of a text with what it does for a label, the strongest first.

    That is the score of what the text has and, once the word is left out, no longer has: the linear
    model's own weights, carried back through whatever reduction the features have gone. Of an
    exclusive label it is the score against its strongest rival; of a rating what it adds to the
    mean grade, whichever grade is asked about. Words are told apart without case.
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
    """What of the whole row (d,) each of the rests (n, d) lacks.

    Each block's rows are of one length, so that a rest is not the whole less a word: it is that
    drawn out again. A word the model knows nothing of would seem to weigh against whatever the
    others speak for. Therefore what is lacking is what is at right angles to the rest.
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
    """The weights (d,) of the label's log-odds, as probabilities near 1 hardly move.

    Of a rating the slope of the mean grade: the sum of the chances of each grade or above.
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

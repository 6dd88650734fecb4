"""Why a label: the words that push for it and against it."""

from __future__ import annotations

import re

import numpy as np

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

    That is by how much the label's score falls when the word is left out: the linear model's own
    weights, carried back through whatever reduction the features have gone. Of an exclusive label
    it is the score against its strongest rival. Words are told apart without case.
    """
    text = text[:READ]
    words = list(dict.fromkeys(word.casefold() for word in _WORD.findall(text)))[:MOST]
    variants = [text, *(_without(word, text) for word in words)]
    scores = _scores(model, np.asarray(vectoriser.transform(variants)), column)
    weights = scores[0] - scores[1:]
    order = np.argsort(-np.abs(weights), kind="stable")
    return tuple((words[i], round(float(weights[i]), 4)) for i in order)


def _scores(model: LinearModel, features: Floats, column: int) -> Floats:
    """The log-odds of the label; not its probability, which hardly moves where it is near 1."""
    logits: Floats = np.asarray(features @ model.coef.T + model.intercept)
    if model.task != "exclusive":
        return logits[:, column]
    rivals = np.flatnonzero(model.trained & (np.arange(logits.shape[1]) != column))
    if not len(rivals):
        return logits[:, column]
    rival = rivals[np.argmax(logits[0, rivals])]
    difference: Floats = logits[:, column] - logits[:, rival]
    return difference


def _without(word: str, text: str) -> str:
    return _WORD.sub(lambda found: "" if found[0].casefold() == word else found[0], text)

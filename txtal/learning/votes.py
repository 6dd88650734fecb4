"""Votes as evidence: what rules and commands say about tickets that nobody has answered.

The votes on a ticket become one opinion by a model of the sources, without looking at the text
(Dawid and Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm", JRSS C 28; for labelling functions: Ratner et al. 2017, "Snorkel", VLDB 11). Each source
has one accuracy, and errs on all other labels alike; each label has a prevalence. Both are found by
expectation-maximisation, from a majority vote on. People's answers are anchors: on an answered
ticket it is known whether a source was right. A ticket with a single vote can't show a
source's accuracy, so that only those with several count, and no more than ``UNHEARD`` of them.

The one linear model learns from the opinions as from answers of less weight: that of the fit
(``Hyperparameters.votes``) times the square of the opinion's probability, as a doubtful opinion
does more harm than good to rare labels. Votes on answered tickets only measure the sources: the
model that is tested on an answer has learned nothing from the votes on its ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit, logit, softmax

from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.types import ONE_OF, Task

MOST = 2_000
"""The most tickets that opinions are learned from; it bounds the time of a fit."""

USUAL = 0.7
"""The accuracy that is expected of a source before anything is known of it."""

PRIOR = 4.0
"""Votes that this expectation counts for."""

UNHEARD = 10.0
"""Votes at most that agreement with other sources counts for; those that answers judge all do."""

ROUNDS = 10
"""Of expectation-maximisation."""

LEVEL = 0.1
"""Votes a ticket that are spread over all labels alike, so that no label takes everything."""

SILENT = 0.25
"""What a ticket that nobody votes on counts, where several labels may apply: perhaps none does."""


@dataclass(frozen=True, eq=False)
class VoteTable:
    """Votes, a row each."""

    source: Indices
    """(n,): the number of the source, from 0."""
    at: Indices
    """(n,): the number of the ticket, from 0."""
    named: Mask
    """(n, k): the labels it names; where one applies, several leave open which."""

    def of(self, tickets: Mask) -> VoteTable:
        """Return the votes on these tickets (t,), numbered from 0 in the same order."""
        kept = tickets[self.at]
        numbers = np.cumsum(tickets) - 1
        return VoteTable(self.source[kept], numbers[self.at[kept]], self.named[kept])


@dataclass(frozen=True, eq=False)
class Opinions:
    """What the votes on tickets come to."""

    accuracy: Floats
    """(s,): of each source."""
    proba: Floats
    """(t, k)."""


@dataclass(frozen=True, eq=False)
class Votes:
    """The votes on open tickets, which teach, and on answered ones, which measure the sources."""

    task: Task
    sources: int
    features: Floats
    """(t, d): of the open tickets with votes."""
    open: VoteTable
    """On those."""
    silent: Floats
    """(q, d): of open tickets without a vote; of use where several labels may apply."""
    rows: Indices
    """(a,): the rows of the answered tickets with votes, ascending."""
    answered: VoteTable
    """On those."""

    def judged(self, rows: Indices, cells: Cells) -> tuple[Floats, Floats]:
        """Return how many votes of each source (s,) were right, and how many were judged.

        ``cells`` (m, k) are the answers that may be known, to the tickets of ``rows`` (m,).
        """
        where = np.full(len(self.rows), -1, np.int64)
        found = np.searchsorted(self.rows, rows)
        there = found < len(self.rows)
        there[there] = self.rows[found[there]] == rows[there]
        where[found[there]] = np.flatnonzero(there)
        answer = where[self.answered.at]
        known = answer >= 0
        named, said = self.answered.named[known], cells[answer[known]]
        is_right, is_wrong = _judged(named, said, self.task)
        source = self.answered.source[known]

        def counted(which: Mask) -> Floats:
            return np.bincount(source[which], minlength=self.sources).astype(np.float32)

        return counted(is_right), counted(is_right | is_wrong)

    def opinions(self, rows: Indices, cells: Cells) -> Opinions:
        """Return one opinion of each open ticket; anchored by these answers (m, k)."""
        right, judged = self.judged(rows, cells)
        if self.task not in ONE_OF:
            accuracy = _accuracy(right, judged)
            return Opinions(accuracy, self._by_label(accuracy))
        named, k = self.open.named, self.open.named.shape[1]
        prevalence = np.full(k, 1 / k)
        accuracy = np.full(self.sources, USUAL, np.float32)
        proba = self._posterior(accuracy, prevalence)
        for _ in range(ROUNDS):
            agreed = np.where(named, proba[self.open.at], 0).sum(axis=1) * self._in_company
            heard = np.bincount(self.open.source, self._in_company, self.sources)
            share = np.minimum(1, UNHEARD / np.maximum(heard, 1))
            with_others = share * np.bincount(self.open.source, agreed, self.sources)
            accuracy = _accuracy(right + with_others, judged + share * heard)
            counts = proba.sum(axis=0) + (cells == IS).sum(axis=0)
            prevalence = (counts + LEVEL * counts.sum() / k + 1) / (1.1 * counts.sum() + k)
            proba = self._posterior(accuracy, prevalence)
        return Opinions(accuracy, proba)

    def joined(
        self,
        features: Features,
        cells: Cells,
        weights: Floats | None,
        opinions: Opinions,
        weight: float,
    ) -> tuple[Features, Cells, Floats]:
        """Return what is learned from (n, k) with the opinions after it, and what each row weighs.

        Where one label applies, an opinion is its most probable label, if a source names that.
        Otherwise it is that the labels named apply, and tickets without a vote are some to which
        none of the labels applies that anybody votes for.
        """
        if self.task in ONE_OF:
            said, sure = _as_one(opinions, self._named)
        else:
            said, sure = self._as_many(opinions)
        kept = sure > 0
        rows, said, sure = self.features[kept], said[kept], sure[kept] ** 2
        if self.task not in ONE_OF:
            none = np.where(self._named.any(axis=0), NOT, UNKNOWN).astype(np.int8)
            rows = np.vstack([rows, self.silent])
            said = np.vstack([said, np.tile(none, (len(self.silent), 1))])
            said[:, ~(said == NOT).any(axis=0)] = UNKNOWN  # as nothing speaks against these labels
            sure = np.append(sure, np.full(len(self.silent), SILENT))
        known = np.ones(len(cells), np.float32) if weights is None else weights
        return (
            np.vstack([features, rows]),
            np.vstack([cells, said]),
            np.append(known, weight * sure).astype(np.float32),
        )

    @cached_property
    def _matrix(self) -> sp.csr_array:
        """(t, n): which votes are on which ticket."""
        n = len(self.open.at)
        ones = np.ones(n, np.float32)
        return sp.csr_array((ones, (self.open.at, np.arange(n))), shape=(len(self.features), n))

    @cached_property
    def _named(self) -> Mask:
        """(t, k): the labels that any vote on the ticket names."""
        voted: Floats = self._matrix @ self.open.named.astype(np.float32)
        return np.asarray(voted > 0, np.bool_)

    @cached_property
    def _in_company(self) -> Floats:
        """(n,): 1 for a vote on a ticket that another source votes on, too."""
        counts = np.bincount(self.open.at, minlength=len(self.features))
        return (counts[self.open.at] > 1).astype(np.float32)

    def _posterior(self, accuracy: Floats, prevalence: Floats) -> Floats:
        """Return the probability (t, k) of each label by the votes."""
        named, k = self.open.named, self.open.named.shape[1]
        size = np.maximum(named.sum(axis=1), 1)
        gain = logit(accuracy[self.open.source]) + np.log(np.maximum(k - size, 0.5) / size)
        gain[named.all(axis=1)] = 0  # to name all labels is to abstain
        scores = self._matrix @ (named * gain[:, None]).astype(np.float32)
        return np.asarray(softmax(scores + np.log(prevalence), axis=1), np.float32)

    def _by_label(self, accuracy: Floats) -> Floats:
        """Return the probability (t, k) that each label applies; 0.5 where no vote is about it."""
        gain = logit(accuracy[self.open.source]).astype(np.float32)
        none = ~np.any(self.open.named, axis=1)
        spoken = self.open.named * gain[:, None] - none[:, None] * gain[:, None]
        return np.asarray(expit(self._matrix @ spoken), np.float32)

    def _as_many(self, opinions: Opinions) -> tuple[Cells, Floats]:
        """Return what applies or doesn't (t, k), and how sure the least sure part is (t,)."""
        proba = opinions.proba
        said = np.where(proba > 0.5, IS, np.where(proba < 0.5, NOT, UNKNOWN)).astype(np.int8)
        sure = np.where(said == UNKNOWN, 1.0, np.maximum(proba, 1 - proba)).min(axis=1)
        sure[(said == UNKNOWN).all(axis=1)] = 0.0
        said[(said == UNKNOWN) & self._could_be_named] = NOT
        return said, sure

    @cached_property
    def _could_be_named(self) -> Mask:
        """(t, k): the labels that a source which votes on the ticket names on some ticket."""
        named = np.zeros((self.sources, self.open.named.shape[1]), np.float32)
        np.maximum.at(named, self.open.source, self.open.named.astype(np.float32))
        counts: Floats = self._matrix @ named[self.open.source]
        return np.asarray(counts > 0, np.bool_)


def _as_one(opinions: Opinions, named: Mask) -> tuple[Cells, Floats]:
    """Return the most probable label as an answer (t, k), and its probability (t,)."""
    places = np.arange(len(named))
    best = opinions.proba.argmax(axis=1)
    said = np.full(named.shape, NOT, np.int8)
    said[places, best] = IS
    return said, np.where(named[places, best], opinions.proba[places, best], 0.0)


def _judged(named: Mask, said: Cells, task: Task) -> tuple[Mask, Mask]:
    """Return which votes (n, k) the answers (n, k) show to be right, and which to be wrong."""
    if task in ONE_OF:
        possible: Mask = np.asarray(said != NOT, np.bool_)
        is_right = np.all(~possible | named, axis=1) & np.any(possible, axis=1)
        is_wrong = ~np.any(possible & named, axis=1)
        return is_right, is_wrong
    silent = ~np.any(named, axis=1)
    about = named | silent[:, None]
    expected = np.where(named, IS, NOT)
    against = np.any(about & (said != UNKNOWN) & (said != expected), axis=1)
    agreed = np.all(~about | (said == expected), axis=1)
    return agreed, against


def _accuracy(right: npt.ArrayLike, judged: npt.ArrayLike) -> Floats:
    found = (np.asarray(right) + PRIOR * USUAL) / (np.asarray(judged) + PRIOR)
    return np.clip(found, 0.05, 0.98).astype(np.float32)

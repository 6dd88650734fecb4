"""What was measured: how good the model is, whether to go on, which answers to review, its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from txtal.types.answers import Answer


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was measured on ``n`` audit answers, with its 95% interval.

    The share that is right; of ratings, by how many grades predictions are off in the mean.
    """

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, with a 95% interval; None: more than any number."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether it is worth going on; see :mod:`txtal.learning.stopping`."""

    answers: int
    """After how many this was seen."""
    gain: Forecast
    """Of macro-F1 by 50 more answers."""
    kappa: float
    """Agreement with the model of 100 answers before, on tickets nobody has answered."""
    changed: float
    """The share of those tickets that it decided otherwise."""
    target: float | None = None
    """The accuracy wished for."""
    needed: Forecast | None = None
    """Answers still needed for that."""
    reached: str = ""
    """Why it may be time to stop: ``target``, ``gain``, ``plateau``, or nothing."""
    notice: str = ""
    """The same in words."""


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What a model did with one label: precision is right / predicted, recall right / support."""

    label: int
    """Its id; of a classifier from a folder, its place in the scheme."""
    support: int
    """Tickets that have it."""
    predicted: int
    right: int
    """Tickets that have it and were given it."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions of about the same confidence."""

    n: int
    confidence: float
    """In the mean: the probability, by the model, that it is right."""
    right: float
    """The share that was."""
    low: float
    """The 95% interval of that share, as is high."""
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far a model's confidence is from its accuracy."""

    ece: float
    """Expected calibration error: the mean distance of confidence from the share right."""
    reliability: tuple[Bin, ...]
    """From the least confident decisions to the most."""
    temperature: float = 1.0
    """What the logits are divided by, so that probabilities mean what they say."""


@dataclass(frozen=True, slots=True)
class Measures:
    """How good a model is, measured on answers that it had not seen."""

    answers: int
    """Tickets whose answers it had learned from; of a classifier from a folder 0, for it doesn't
    say."""
    accuracy: Estimate
    """The share of tickets right; of multilabel ones, right in every label."""
    macro_f1: Estimate
    """The mean F1 of the labels."""
    labels: tuple[LabelCounts, ...]
    """The labels that were met, in the order of the scheme."""
    confusion: tuple[tuple[int, int, int], ...]
    """Triples of true label, predicted label and count, the most frequent first; exclusive only."""
    calibration: Calibration
    audit: Estimate | None = None
    """The share of audit answers right, as it is."""
    audit_f1: Estimate | None = None
    """Macro-F1 of the labels the audit met."""
    corrected: Estimate | None = None
    """Accuracy by the model's confidence in the pool, corrected by the audit."""
    error: Estimate | None = None
    """rating: the mean absolute error, in grades."""
    state: str = ""
    """Of which answers, labels and tickets this holds; see :func:`txtal.store.revisions.state`."""

    @property
    def headline(self) -> Estimate:
        """The one number shown: the accuracy, or for ratings the mean absolute error."""
        return self.error or self.accuracy


@dataclass(frozen=True, slots=True)
class Near:
    """An answered ticket beside another."""

    ticket_id: int
    labels: tuple[int, ...]
    """That were accepted for it."""
    similarity: float
    """The cosine of their features."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An answer that is probably wrong; see :mod:`txtal.learning.suspects`."""

    answer: Answer
    label: int
    """What it would be instead; or, ``missing`` or not, the label in question."""
    missing: bool
    """Whether the model would give that label, rather than take it away."""
    given: float
    """The probability of what was answered, by a model that has not seen the answer."""
    other: float
    """The probability of what the model would say instead."""
    near: tuple[Near, ...] = ()
    """The nearest tickets with an answer, the most similar first."""

    @property
    def agreeing(self) -> int:
        """How many of the nearest are answered as the model would."""
        return sum((self.label in near.labels) == self.missing for near in self.near)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Texts tested on that are among those learned from."""

    tested: int
    exact: int
    near: int
    """Nearly the same as one of them; see :mod:`txtal.learning.overlap`."""

    @property
    def share(self) -> float:
        """Of those tested, the same or nearly so."""
        return (self.exact + self.near) / self.tested if self.tested else 0.0


@dataclass(frozen=True, slots=True)
class Effort:
    """What labelling has cost, and what it would still cost by hand."""

    median: float
    """Seconds from a question to its answer, pauses left out."""
    slow: float
    """Nine in ten take no longer."""
    hours: float
    """All of them together."""
    an_hour: float
    """Answers in an hour."""
    left: int
    """Tickets nobody has answered."""
    left_hours: float
    """How long they would take at that pace."""
    fits: int
    """Of the model, after an answer or more."""
    fit_seconds: float | None
    """A fit takes, in the median: from reading the answers to the ranking."""
    fit_answers: float | None
    """From one fit to the next, in the mean."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Where a dataset stands, for its annotators."""

    verdicts: Mapping[str, int]
    labels: tuple[tuple[str, int], ...]
    """Names with how often each was accepted: the most frequent first, or grades in order."""
    annotators: tuple[tuple[str, int], ...]
    curve: tuple[tuple[int, Estimate], ...]
    """The estimates of the model's quality, each with the answers it had learned from."""
    effort: Effort | None = None
    """None where no answer was timed."""
    measures: Measures | None = None
    """The newest."""

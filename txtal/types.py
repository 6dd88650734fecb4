"""The nouns of txtal as plain data. Standard library only; see docs/architecture.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Task = Literal["exclusive", "multilabel", "binary", "rating"]
"""One of K labels; any of K; one label, yes or no; or one of K grades, which have an order."""

Verdict = Literal["accept", "reject", "ignore"]

TASKS: tuple[Task, ...] = ("exclusive", "multilabel", "binary", "rating")

ONE_OF: frozenset[Task] = frozenset({"exclusive", "rating"})
"""Tasks of which each ticket has exactly one label, so that its probabilities sum to one."""

LabelKeys = Literal["auto", "fixed", "ranked", "mnemonic"]
"""Which keys mean which labels: digits in the scheme's order, digits for the likeliest, or a letter
of its own for each. ``auto`` is fixed for up to nine labels and else ranked."""

Span = tuple[int, int, str]
"""Where a part of a text begins and ends, and its style."""

ALIKE = "alike"
"""The reason given for answers that were given to a near-identical ticket."""

SUSPECT = "suspect"
"""The reason given for answered tickets whose answer is probably wrong, shown once more."""

OVERLAP = "overlap"
"""The reason given for tickets that everybody is asked, and that another has answered."""

CHOSEN = "chosen"
"""The reason given for tickets that the annotator looked for, what was said of them in sight."""

RECHECK = "recheck"
"""The reason kept with answers that were asked for a second time, the first one hidden."""

IN_SIGHT = frozenset({CHOSEN, SUSPECT})
"""Reasons of questions that are asked with what was answered before on the screen."""

VERDICTS: tuple[Verdict, ...] = ("accept", "reject", "ignore")


@dataclass(slots=True)
class Record:
    """A ticket as a file holds it, before the store knows it.

    Not frozen, though nobody changes one: one is made of each line of a file, and a frozen one
    takes three times as long to make.
    """

    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Every other key of the line, kept and given back on export."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One text to label."""

    id: int
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    """Nobody sent it: it was composed of others."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label; ``id`` is stable, so a new name touches no answer."""

    id: int
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What may be answered: the task and its labels, in the annotator's order."""

    task: Task
    labels: tuple[Label, ...]
    former: tuple[Label, ...] = ()
    """Labels that are no longer offered; old answers still name them."""

    def label(self, label_id: int) -> Label:
        """The label with this id. Raises KeyError when there is none."""
        for label in self.labels:
            if label.id == label_id:
                return label
        raise KeyError(label_id)

    @property
    def ids(self) -> tuple[int, ...]:
        """Label ids in order; the columns of the answer matrix."""
        return tuple(label.id for label in self.labels)

    @property
    def names(self) -> Mapping[int, str]:
        """Every label's name by its id, former ones too."""
        return {label.id: label.name for label in (*self.former, *self.labels)}


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A change of a label scheme; see :mod:`txtal.store.labels`."""

    action: Literal["add", "rename", "describe", "merge", "split", "retire", "undo"]
    """``undo`` takes back the newest change that stands."""
    label: int = 0
    """The label that is changed; not for ``add`` and ``undo``."""
    name: str = ""
    """add, rename: the name it gets."""
    description: str = ""
    into: int = 0
    """merge: the label it becomes a part of."""
    names: tuple[str, ...] = ()
    """split: the names of the labels it becomes, its own perhaps among them."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named pool of tickets with a label scheme."""

    id: int
    name: str
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ticket's place in a ranking: what the model thinks of it and why it should be asked."""

    ticket_id: int
    suggestion: tuple[int, ...] = ()
    """Label ids the model would accept: one, but any number for multilabel."""
    probabilities: tuple[tuple[int, float], ...] = ()
    """(label id, probability), most probable first; the head of the list, not every label."""
    reason: str = "random"
    """The strategy that chose it, ``audit`` or ``start``."""
    score: float | None = None
    """The strategy's score, higher asked sooner; None where nothing was scored."""
    selection_probability: float | None = None
    """The chance this ticket had of being drawn, given the pool; 1.0 for a deterministic choice."""


AUDIT = "audit"
"""The reason given for tickets drawn uniformly at random to estimate quality."""

RANDOM = "random"
"""The same for those drawn so because nothing else is to choose, or is there to choose by."""

SYNTHETIC = "synthetic"
"""The reason given for tickets that were composed of others."""

START = "start"
"""The reason given for tickets asked before there is a model worth asking."""

Fate = Literal["ask", "let go", "predict"]
"""What becomes of a ticket that arrives: a human is asked, nobody, or the model's word stands."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How tickets are dealt with that arrive while the session is on."""

    follow: bool = False
    """Whether the SOURCE is a file that grows, rather than one that ends."""
    budget: float = 0.1
    """Share of the arriving tickets to ask."""
    band: tuple[float, float] | None = None
    """Probabilities between which a human is asked; outside them the model's label is stored."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a stream has come to: all that the next decision needs."""

    decided: int = 0
    """Tickets whose fate is settled."""
    asked: int = 0
    """Of them, those to be asked."""
    predicted: int = 0
    credit: float = 0.0
    """Questions the budget has room for now; below 0, those it is overdrawn by."""
    threshold: float | None = None
    """Above this score a ticket is worth asking; None before the first was scored."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a ticket that arrived, and why."""

    ranked: Ranked
    """With the reason, score and chance with which it is asked, if it is."""
    fate: Fate
    probability: float | None = None
    """Of what the model would answer; None without a model."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A ticket whose label is the model's word alone."""

    ticket: Ticket
    labels: tuple[int, ...]
    """Label ids; none where no label applies."""
    probability: float
    revision: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was measured on ``n`` audit answers, with its 95 % interval.

    The share that is right; of ratings, by how many grades predictions are off in the mean.
    """

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected, with a 95 % interval; None: more than any number."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether it is worth going on; see :mod:`txtal.learning.stopping`."""

    answers: int
    """After how many this was seen."""
    gain: Prediction
    """Of macro-F1 by 50 more answers."""
    kappa: float
    """Agreement with the model of 100 answers before, on tickets nobody has answered."""
    changed: float
    """The share of those tickets that it decided otherwise."""
    target: float | None = None
    """The accuracy wished for."""
    needed: Prediction | None = None
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
    """The 95 % interval of that share, as is high."""
    high: float


@dataclass(frozen=True, slots=True)
class Measures:
    """How good a model is, measured on answers that it had not seen."""

    answers: int
    """It had learned from; of a classifier from a folder 0, for it doesn't say."""
    accuracy: Estimate
    """The share of tickets right; of multilabel ones, right in every label."""
    macro_f1: Estimate
    """The mean F1 of the labels."""
    labels: tuple[LabelCounts, ...]
    """The labels that were met, in the order of the scheme."""
    confusion: tuple[tuple[int, int, int], ...]
    """(label, what it was taken for, how often), the most frequent first; exclusive only."""
    ece: float
    """Expected calibration error: how far confidence is from the share right, in the mean."""
    reliability: tuple[Bin, ...]
    """From the least confident decisions to the most."""
    audit: Estimate | None = None
    """The share of audit answers right, as it is."""
    audit_f1: Estimate | None = None
    """Macro-F1 of the labels the audit met."""
    corrected: Estimate | None = None
    """Accuracy by the model's confidence in the pool, put right by the audit."""
    weighted: Estimate | None = None
    """The same put right by all answers, each weighted by its chance of being asked: this is shown
    as ``accuracy``. None where that would say less; then the former is."""
    error: Estimate | None = None
    """rating: the mean absolute error, in grades."""
    temperature: float = 1.0
    """What the logits are divided by, so that probabilities mean what they say."""


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
class Revision:
    """One fit of the model."""

    answers: int
    """How many current answers it learned from."""
    newest: int
    """Id of the newest row of the answer log it had read."""
    seconds: float
    vectoriser: str
    strategy: str
    audit: Estimate | None = None
    note: str = ""
    """What the annotator should know of this fit: why there is no model yet, or what was chosen."""
    outlook: Outlook | None = None
    """The newest there is; not made at every fit."""
    measures: Measures | None = None
    """Where it was measured anew; ``audit`` is handed on from one revision to the next."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A text made of two tickets', to be asked as a synthetic ticket."""

    text: str
    of: tuple[int, int]
    """Their ids."""
    ranked: Ranked
    """What the model thinks of it; its ticket id is 0, for it isn't one yet."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a revision hands the session: whom to ask next."""

    revision: Revision
    items: tuple[Ranked, ...]
    """By the strategy, best first."""
    audit: tuple[Ranked, ...] = ()
    """A uniform random sample of the same pool, in random order."""
    suspects: tuple[Ranked, ...] = ()
    """Answered tickets to look at again, the most suspect first; only where they are asked for."""
    composed: tuple[Composed, ...] = ()
    """Texts to be asked as synthetic tickets; only where they are asked for."""
    scored: tuple[Ranked, ...] = ()
    """Of a stream: tickets that have arrived and whose fate is to be settled, in their order."""


@dataclass(frozen=True, slots=True)
class Question:
    """A ticket as presented."""

    ticket: Ticket
    ranked: Ranked
    revision: int | None = None
    """Id of the stored revision behind the suggestion."""
    previous: Answer | None = None
    """The answer it had, when the ticket is back on the screen."""
    again: bool = False
    """It was answered before, and the annotator isn't to know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator said of a ticket. Append-only: an undo is another row."""

    ticket_id: int
    verdict: Verdict
    labels: tuple[int, ...] = ()
    """accept: the labels that apply. reject: the labels that don't. ignore: none."""
    ranked: Ranked | None = None
    """The ticket's place in the ranking when it was asked."""
    revision: int | None = None
    shown: float = 0.0
    """When the question was shown, seconds since the epoch, UTC; informative, never an order."""
    answered: float = 0.0
    flagged: bool = False
    comment: str = ""
    annotator: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Classified:
    """What a classifier says of one text."""

    labels: tuple[str, ...]
    """What it would answer: for multilabel and binary those with probability 0.5 or more."""
    probabilities: Mapping[str, float]
    """Of every label, most probable first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is about to be recorded, as a recipe checks it."""

    verdict: Verdict
    labels: tuple[str, ...]
    """By name."""
    flagged: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that was looked for, with what was said of it."""

    ticket: Ticket
    answer: Answer | None = None
    """The newest that stands."""
    ranked: Ranked | None = None
    """Its place in the ranking, where it has one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the model thinks of a label for a ticket."""

    ticket_id: int
    label: int
    words: tuple[tuple[str, float], ...]
    """In lower case, with what each does for the label's score: above 0 it speaks for it."""


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


@dataclass(frozen=True, slots=True)
class Undone:
    """An answer taken back."""

    answer: Answer
    ticket: Ticket
    row: int
    """Id of the undo in the answer log."""


@dataclass(frozen=True, slots=True)
class LearnerSettings:
    """Everything the learner needs besides the database."""

    vectoriser: str = "auto"
    """Spec of the features; see :mod:`txtal.vectors.spec`."""
    strategy: str = "auto"
    audit: float = 0.1
    """Share of questions drawn uniformly at random to estimate quality."""
    seed: int = 0
    synthesise: bool = False
    """Whether rankings hold texts composed of tickets'."""
    stream: bool = False
    """Whether tickets are scored as they arrive, rather than the whole pool."""
    threads: int = 1
    """BLAS threads; one, so that the screen keeps a core."""
    stop_gain: float = 0.0
    """Points of macro-F1 by 100 more answers below which it is said that it may be time to stop; 0:
    never."""
    stop_at: float | None = None
    """The accuracy at which it is said."""
    robust: bool = False
    """Whether fits leave out answers that are next to impossible by a model of the others."""
    suspects: bool = False
    """Whether rankings hold answers to look at again."""
    code: str | None = None
    """A recipe file to load in the learner, for the strategies and vectorisers it registers."""
    engine: str = "local"
    """Where texts are vectorised and large pools swept; see :mod:`txtal.engine`."""
    scheduler: str | None = None
    """The address of Dask's, for the engine ``dask``."""

"""What the learner is given, and what it and a classifier return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from txtal.types.answers import Ranked
from txtal.types.measures import Estimate, Measures, Outlook


@dataclass(frozen=True, slots=True)
class Revision:
    """One fit of the model."""

    answers: int
    """Of how many tickets it learned an answer."""
    newest: int
    """Id of the newest row of the answer log it had read."""
    seconds: float
    vectoriser: str
    strategy: str
    headline: Estimate | None = None
    """The estimate that is shown: the accuracy, or for ratings the mean absolute error. It stays
    from one revision to the next until it is measured again."""
    note: str = ""
    """What the annotator should know of this fit: why there is no model yet, or what was chosen."""
    outlook: Outlook | None = None
    """The newest; not made at every fit."""
    measures: Measures | None = None
    """All that was measured; None where this very fit wasn't."""
    by_names: bool = False
    """Whether its suggestions say little but what the labels are called."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A text made of two tickets', to be shown as a synthetic ticket."""

    text: str
    of: tuple[int, int]
    """Their ids."""
    ranked: Ranked
    """What the model thinks of it; its ticket id is 0, for it isn't one yet."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a revision gives the session: the tickets to show next."""

    revision: Revision
    items: tuple[Ranked, ...]
    """By the strategy, best first."""
    audit: tuple[Ranked, ...] = ()
    """A uniform random sample of the same pool, in random order."""
    suspects: tuple[Ranked, ...] = ()
    """Answered tickets to review, the most suspect first; only if the settings say so."""
    composed: tuple[Composed, ...] = ()
    """Texts to be shown as synthetic tickets; only if the settings say so."""
    held: tuple[Ranked, ...] = ()
    """Open tickets that are on screens: one that was shown before there was a model gets what the
    model thinks of it."""
    scored: tuple[Ranked, ...] = ()
    """Of a stream: tickets that have arrived and whose fate is to be settled, in their order."""


@dataclass(frozen=True, slots=True)
class Classified:
    """What a classifier says of one text."""

    labels: tuple[str, ...]
    """What it would answer: for multilabel and binary those with probability 0.5 or more."""
    probabilities: Mapping[str, float]
    """Of every label, most probable first."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the model thinks of a label for a ticket."""

    ticket_id: int
    label: int
    words: tuple[tuple[str, float], ...]
    """In lower case, with what each does for the label's score: above 0 it speaks for it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Open tickets like one, to be answered together."""

    ticket_id: int
    items: tuple[Ranked, ...]
    """The best first; with a model, those alone that it gives the same label."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A fault that a label scheme may have."""

    kind: str
    """``merge``, ``split``, ``few``, ``new`` or ``description``."""
    labels: tuple[str, ...]
    why: str
    tickets: tuple[int, ...]
    """Ids of those that show it."""
    command: str
    """What would mend it."""


FAULTS: Mapping[str, str] = {
    "merge": "labels that overlap, and might be one",
    "split": "labels that hold two clusters, and might be two",
    "few": "labels with too few answers",
    "new": "tickets that fit no label, and might be a new one",
    "description": "descriptions that contradict how the label is used",
}
"""What advice of each kind is about, in words; the order it is shown in."""


@dataclass(frozen=True, slots=True)
class Advised:
    """Every fault that was found, with the beginnings of the tickets that show it."""

    items: tuple[Advice, ...]
    excerpts: Mapping[int, str]
    """By the tickets' ids."""
    answers: int
    """Answers that it is by."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """When the annotator is notified that labelling may stop."""

    gain: float = 0.0
    """Points of macro-F1: when 100 more answers would gain less; 0 means never."""
    target: float | None = None
    """The accuracy that is enough."""

    def __bool__(self) -> bool:
        """Return whether the annotator wants to be notified at all."""
        return bool(self.gain) or self.target is not None


@dataclass(frozen=True, slots=True)
class Compute:
    """Where and with how much a learner computes."""

    engine: str = "local"
    """Where texts are vectorised and large pools swept; see :mod:`txtal.engine`."""
    scheduler: str | None = None
    """The address of Dask's scheduler, for the engine ``dask``."""
    threads: int = 1
    """BLAS threads; one, so that the screen keeps a core."""


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """What rankings hold, beside what a strategy picks of all open tickets."""

    suspects: bool = False
    """Whether they hold answers to review."""
    synthesise: bool = False
    """Whether they hold texts composed of tickets'."""
    new: bool = False
    """Whether the strategy picks from tickets loaded after the newest answered one alone."""


@dataclass(frozen=True, slots=True)
class LearnerSettings:
    """Everything the learner needs besides the database."""

    vectoriser: str = "auto@auto"
    """Spec of the vectors; see :mod:`txtal.vectors.spec`."""
    strategy: str = "auto"
    audit: float = 0.1
    """Fraction of tickets drawn uniformly at random, to measure accuracy."""
    seed: int = 0
    stream: bool = False
    """Whether tickets are scored as they arrive, rather than the whole pool."""
    robust: bool = False
    """Whether fits leave out answers that are nearly impossible by a model of the others."""
    names: bool = True
    """Whether the labels' names and descriptions are evidence."""
    measured: bool = True
    """Whether fits are measured by cross-fitting, now and then."""
    code: str | None = None
    """A recipe file to load in the learner, for the strategies and vectorisers it registers."""
    stop: StopRule = StopRule()
    ranking: RankingSettings = RankingSettings()
    compute: Compute = Compute()


UNRANKED = frozenset({"file", "disputed"})
"""Orders of tickets that need no learner; see :data:`txtal.session.setup.Order`."""

"""Where a dataset stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from txtal.measures.agreement import AnnotatorAgreement, annotator_agreement
from txtal.measures.gold import counting, dispute
from txtal.measures.intervals import Agreement, agreement
from txtal.store import (
    answers,
    arrivals,
    datasets,
    effort,
    leases,
    rechecks,
    revisions,
    settings,
    synthetic,
    tickets,
)
from txtal.store.sqlite import Connection
from txtal.types import (
    VERDICTS,
    Answer,
    Dataset,
    Effort,
    Estimate,
    Measures,
    Outlook,
    Overview,
    Revision,
    Scheme,
)
from txtal.types.grades import in_ranges


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many standing answers there are, and of what."""

    verdicts: Mapping[str, int]
    flagged: int
    labels: Mapping[str, int]
    """How often each label was accepted, in the order of the scheme."""
    annotators: Mapping[str, int]
    synthetic: int
    """Those to synthetic tickets."""


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What became of the tickets that arrived by a stream."""

    arrived: int
    asked: int
    waiting: int
    """Those of the tickets to be shown that have no answer yet."""
    set_aside: int
    predicted: int
    pending: int
    """Nothing is decided of them yet."""


@dataclass(frozen=True, slots=True)
class ShownQuality:
    """How good the model is, and whether to go on."""

    audits: int
    """Answered tickets that were drawn at random."""
    headline: Estimate | None
    """The one number to show."""
    measures: Measures | None
    """Those to show; see :func:`.revisions.shown`."""
    outlook: Outlook | None
    """The newest, which comes with the ranking that was kept."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Everything that `txtal stats` shows of a dataset."""

    dataset: Dataset
    tickets: int
    answered: int
    """Tickets with an answer by anyone."""
    answers: AnswerCounts
    effort: Effort | None
    """None where no answer was timed."""
    revision: tuple[int, Revision] | None
    """The newest, with its id."""
    quality: ShownQuality
    stream: StreamCounts | None
    """None where none ever arrived."""
    self_agreement: Agreement | None
    """How often annotators answered the same when they were shown a ticket again, unknowing."""
    annotator_agreement: AnnotatorAgreement | None
    """How far annotators agree on tickets that several have answered."""
    disputed: int
    """Tickets on which annotators differ and nobody has decided."""
    settings: Mapping[str, settings.Value]
    """What is kept with it; see :mod:`.settings`."""


def of(conn: Connection, name: str) -> Stats:
    """Return where the dataset stands. Raises UsageError when there is none of that name."""
    dataset = datasets.get(conn, name)
    standing = answers.standing(conn, dataset.id)
    total = tickets.count(conn, dataset.id)
    return Stats(
        dataset=dataset,
        tickets=total,
        answered=total - leases.open_count(conn, dataset.id),
        answers=_counts(conn, dataset, standing),
        effort=effort.of(conn, dataset.id, standing),
        revision=revisions.latest(conn, dataset.id),
        quality=_quality(conn, dataset),
        stream=_stream(conn, dataset.id),
        self_agreement=_self_agreement(conn, dataset.id),
        annotator_agreement=annotator_agreement(standing, dataset.scheme),
        disputed=_disputed(standing, dataset.scheme),
        settings=settings.kept(conn, dataset.id),
    )


def _quality(conn: Connection, dataset: Dataset) -> ShownQuality:
    ranked = revisions.last_ranking(conn, dataset.id)
    return ShownQuality(
        audits=len(answers.drawn(conn, dataset.id, dataset.scheme.task)),
        headline=revisions.headline(conn, dataset.id),
        measures=revisions.shown(conn, dataset.id),
        outlook=ranked[1].revision.outlook if ranked else None,
    )


def overview(conn: Connection, name: str) -> Overview:
    """Return what the session's own panel shows, with the estimates there were."""
    found = of(conn, name)
    counts = found.answers.labels
    labels = list((in_ranges(counts) if found.dataset.scheme.scored else counts).items())
    if found.dataset.scheme.task != "rating":
        labels.sort(key=lambda item: -item[1])
    return Overview(
        found.answers.verdicts,
        tuple(labels),
        tuple(found.answers.annotators.items()),
        tuple(revisions.curve(conn, found.dataset.id)),
        found.effort,
        found.quality.measures,
    )


def accepted(conn: Connection, dataset_id: int) -> Counter[int]:
    """Count how many standing answers accept each label, by its id."""
    return _accepted(answers.standing(conn, dataset_id))


def verdicts(conn: Connection, dataset_id: int) -> dict[str, int]:
    """Count the standing answers by verdict."""
    rows = conn.execute(
        "SELECT verdict, count(*) FROM standing_answer WHERE dataset_id = ? GROUP BY verdict",
        (dataset_id,),
    )
    found = dict(rows.fetchall())
    return {verdict: found.get(verdict, 0) for verdict in VERDICTS}


def _counts(conn: Connection, dataset: Dataset, standing: Sequence[Answer]) -> AnswerCounts:
    verdicts = Counter(answer.verdict for answer in standing)
    labels = _accepted(standing)
    composed = synthetic.ids(conn, dataset.id)
    return AnswerCounts(
        verdicts={verdict: verdicts[verdict] for verdict in VERDICTS},
        flagged=sum(answer.flagged for answer in standing),
        labels={label.name: labels[label.id] for label in dataset.scheme.labels},
        annotators=dict(Counter(answer.annotator for answer in standing)),
        synthetic=sum(answer.ticket_id in composed for answer in standing),
    )


def _accepted(standing: Sequence[Answer]) -> Counter[int]:
    return Counter(
        label for answer in standing if answer.verdict == "accept" for label in answer.labels
    )


def _stream(conn: Connection, dataset_id: int) -> StreamCounts | None:
    spent = arrivals.spending(conn, dataset_id)
    pending = arrivals.count_pending(conn, dataset_id)
    if not spent.decided and not pending:
        return None
    return StreamCounts(
        arrived=spent.decided + pending,
        asked=spent.asked,
        waiting=arrivals.count_waiting(conn, dataset_id, 0)[0],
        set_aside=spent.decided - spent.asked - spent.predicted,
        predicted=spent.predicted,
        pending=pending,
    )


def _disputed(standing: Sequence[Answer], scheme: Scheme) -> int:
    said = counting(standing).values()
    return sum(dispute(of, scheme) > 0 for of in said if len(of) > 1)


def _self_agreement(conn: Connection, dataset_id: int) -> Agreement | None:
    pairs = rechecks.pairs(conn, dataset_id)
    return agreement([(_given(first), _given(second)) for first, second in pairs])


def _given(answer: Answer) -> tuple[str, frozenset[int]]:
    return answer.verdict, frozenset(answer.labels)

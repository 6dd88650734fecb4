"""Votes teach the learner while that helps, and are never answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.learner.test_learner import SETTINGS, TOPICS, Desk, MakeDesk, desk, topic
from txtal.learner.pool import PoolLearner
from txtal.store import votes
from txtal.types import Ranked, SourceVote

__all__ = ["desk"]

WRONG = dict(zip(TOPICS, [*list(TOPICS)[1:], next(iter(TOPICS))], strict=True))


def vote(one: Desk, name: str, labels: dict[str, str], ids: list[int] | None = None) -> None:
    """Have a source vote on tickets: by their topic, for the label that ``labels`` says."""
    source = votes.enter(one.conn, one.dataset.id, name, "rule", name)
    made = [
        SourceVote(source.id, ticket, (one.labels[labels[topic(one.text(ticket))]],))
        for ticket in (one.ids if ids is None else ids)
    ]
    votes.add(one.conn, one.dataset.id, made, through=[(source.id, one.ids[-1])])


def right(one: Desk, ranked: tuple[Ranked, ...]) -> float:
    return float(
        np.mean([one.suggested(item) == (topic(one.text(item.ticket_id)),) for item in ranked])
    )


def settled(learner: PoolLearner) -> str:
    """Do all that pauses do, and return what the next model says of itself."""
    learner.rank()
    while learner.idle.work():
        pass
    return learner.rank().revision.note


SAME = {name: name for name in TOPICS}


def test_rules_suggest_labels_before_the_first_answer(desk: MakeDesk) -> None:
    one = desk()
    assert one.learner().rank().items[0].suggestion == ()
    vote(one, "by topic", SAME)
    ranking = one.learner().rank()
    assert right(one, ranking.audit) == 1
    assert ranking.revision.answers == 0
    assert "votes of 1 source: count 0.3 of an answer" in ranking.revision.note


def test_rules_alone_must_say_more_than_the_labels_names(desk: MakeDesk) -> None:
    """The names of the topics are in the texts here, so that they teach."""
    texts = [f"{text.format(n)} {name}" for n in range(30) for name, text in TOPICS.items()]
    one = desk(texts)
    vote(one, "by topic", SAME)
    learner = one.learner(replace(SETTINGS, names=True))
    assert "not learned from until 20 answers show that they say more" in settled(learner)
    assert learner.fit is not None
    assert learner.fit.trainer.evidence is not None
    assert learner.fit.trainer.hyper.votes == 0
    source = votes.enter(one.conn, one.dataset.id, "ask.py", "command", "x")
    label = one.labels["refund"]
    votes.add(one.conn, one.dataset.id, [SourceVote(source.id, one.ids[0], (label,))])
    assert "votes of 2 sources: count 0.3 of an answer until" in settled(learner)
    votes.remove(one.conn, one.dataset.id, "ask.py")
    without = one.learner()
    assert "votes of 1 source: count 0.3 of an answer until" in settled(without)


def test_votes_that_help_are_kept_and_it_is_said(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:24], reason="audit")
    vote(one, "by topic", SAME)
    said = settled(one.learner())
    assert "votes of 1 source: count " in said
    assert "cross-validation of 24 answers" in said


def test_votes_that_hurt_are_not_learned_from_and_it_is_said(desk: MakeDesk) -> None:
    one = desk([text.format(n) for n in range(100) for text in TOPICS.values()])
    one.answer(one.ids[:30], reason="audit")
    vote(one, "mistaken", WRONG)
    vote(one, "mistaken", SAME, one.ids[:30])  # so that answers alone can't find it out
    learner = one.learner()
    said = settled(learner)
    assert "votes of 1 source: not learned from, as the model is no better with" in said
    plain = desk_without_votes(one)
    now = learner.fit
    assert now is not None
    np.testing.assert_allclose(now.model.coef, plain, atol=1e-3)


def desk_without_votes(one: Desk) -> np.ndarray:
    for source in votes.sources(one.conn, one.dataset.id):
        votes.remove(one.conn, one.dataset.id, source.name)
    learner = one.learner()
    settled(learner)
    assert learner.fit is not None
    return learner.fit.model.coef


def test_new_votes_count_from_the_next_model_on(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:2])
    learner = one.learner()
    assert "votes" not in learner.rank().revision.note
    vote(one, "by topic", SAME)
    ranking = learner.rank()
    assert "votes of 1 source" in ranking.revision.note
    assert right(one, ranking.audit) == 1
    votes.remove(one.conn, one.dataset.id, "by topic")
    assert "votes" not in learner.rank().revision.note


def test_the_votes_on_an_answered_ticket_teach_nothing(desk: MakeDesk) -> None:
    """So what is measured on its answer is honest, however much a source knows of it."""
    one = desk()
    one.answer(one.ids[:12], reason="audit")
    learner = one.learner()
    alone = learner.learn().model
    vote(one, "mistaken", WRONG, one.ids[:12])
    fit = learner.learn()
    assert fit.trainer.votes is not None
    assert len(fit.trainer.votes.features) == 0
    np.testing.assert_allclose(fit.model.coef, alone.coef, atol=1e-3)


def test_what_was_carried_from_answers_is_no_second_opinion(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:6])
    source = votes.enter(one.conn, one.dataset.id, "carried", "carried", "")
    label = one.labels["refund"]
    votes.add(one.conn, one.dataset.id, [SourceVote(source.id, one.ids[-1], (label,))])
    assert "votes" not in one.learner().rank().revision.note


def test_labels_that_were_retired_get_no_votes(desk: MakeDesk) -> None:
    from txtal.store import label_changes
    from txtal.types import LabelChange

    one = desk()
    vote(one, "by topic", SAME)
    label_changes.change(
        one.conn, one.dataset.id, LabelChange("retire", one.labels["login"]), "ann"
    )
    fit = one.learner(replace(SETTINGS, names=False)).learn()
    assert fit.trainer.votes is not None
    assert fit.trainer.votes.open.named.shape[1] == 2
    assert len(fit.trainer.votes.features) == 60


def test_several_labels_and_yes_or_no(desk: MakeDesk) -> None:
    one = desk(labels="refund", task="binary")
    source = votes.enter(one.conn, one.dataset.id, "money", "rule", "")
    mine = [t for t in one.ids if topic(one.text(t)) == "refund"]
    votes.add(
        one.conn, one.dataset.id,
        [SourceVote(source.id, ticket, (one.labels["refund"],)) for ticket in mine],
    )  # fmt: skip
    ranking = one.learner().rank()
    found = {item.ticket_id: bool(item.suggestion) for item in ranking.audit}
    assert found == {ticket: ticket in mine for ticket in found}


def test_of_very_many_votes_a_part_is_read_and_all_those_that_measure(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:10], reason="audit")
    vote(one, "by topic", SAME)
    read = [found.ticket_id for found in votes.some(one.conn, one.dataset.id, 45)]
    assert set(one.ids[:10]) <= set(read)
    assert 20 < len(set(read)) < 80
    assert len(list(votes.some(one.conn, one.dataset.id, 90))) == 90

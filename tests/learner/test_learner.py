"""What the learner makes of a small dataset, in this process: rankings, suggestions, measures."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from tests.sessions import session_of
from txtal.engine import LOCAL
from txtal.errors import LearnerError, RecipeError, UsageError
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import SIZE, PoolLearner
from txtal.learner.prepare import prepare
from txtal.learner.protocol import dump_message, load_message
from txtal.learning import calibrate, neighbourhood
from txtal.learning.arrays import Floats
from txtal.measures.intervals import wilson
from txtal.store import answers, cache_folder, datasets, label_changes, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import (
    Answer,
    Dataset,
    LabelChange,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Record,
    Verdict,
)

TOPICS = {
    "refund": "please refund order {} the money is not back on my card",
    "praise": "wonderful shop number {} thanks a lot and greetings",
    "login": "the password of account {} fails and I cannot log in",
}
TEXTS = [text.format(n) for n in range(30) for text in TOPICS.values()]
LABELS = ",".join(TOPICS)
SETTINGS = LearnerSettings("lexical@en", "margin", names=False)


def number(text: str) -> str:
    return next(word for word in text.split() if word.isdigit())


def topic(text: str) -> str:
    return next(name for name, form in TOPICS.items() if text.startswith(form[:8]))


class Desk:
    """A dataset, an annotator who answers in any way, and a learner that looks on."""

    def __init__(self, conn: Connection, path: Path, dataset: Dataset) -> None:
        self.conn, self.path = conn, path
        self.dataset = dataset
        self.ledger = StoreLedger(conn, path, dataset, annotator="ann")
        self.ids = list(tickets.ids_after(conn, dataset.id))

    @property
    def labels(self) -> dict[str, int]:
        scheme = datasets.get(self.conn, self.dataset.name).scheme
        return {label.name: label.id for label in scheme.labels}

    def text(self, ticket_id: int) -> str:
        return tickets.get(self.conn, ticket_id).text

    def say(
        self, ticket_id: int, *names: str, verdict: Verdict = "accept", reason: str = "margin"
    ) -> None:
        labels = tuple(self.labels[name] for name in names)
        self.ledger.record(
            Answer(ticket_id, verdict, labels, Ranked(ticket_id, reason=reason), answered=1.0)
        )

    def answer(self, ticket_ids: Iterable[int], reason: str = "margin") -> None:
        """Answer with the label that is right."""
        for ticket_id in ticket_ids:
            self.say(ticket_id, topic(self.text(ticket_id)), reason=reason)

    def learner(self, settings: LearnerSettings = SETTINGS) -> PoolLearner:
        return PoolLearner(self.path, self.dataset.name, settings)

    def suggested(self, ranked: Ranked) -> tuple[str, ...]:
        names = {number: name for name, number in self.labels.items()}
        return tuple(names[number] for number in ranked.suggestion)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> MakeDesk:
    def make(texts: list[str] = TEXTS, labels: str = LABELS, task: str | None = None) -> Desk:
        return Desk(conn, path, make_dataset(texts, labels, task))

    return make


def ids(ranked: Iterable[Ranked]) -> list[int]:
    return [one.ticket_id for one in ranked]


def is_sound(ranking: Ranking, open_ids: Iterable[int]) -> None:
    """What must hold of any ranking: each ticket once, open, and nothing that isn't a number."""
    for part in (ranking.items, ranking.audit):
        assert len(set(ids(part))) == len(part)
        assert set(ids(part)) <= set(open_ids)
        for one in part:
            assert one.score is None or one.score == one.score
            assert 0 < (one.selection_probability or 0) <= 1
            assert all(0 <= p <= 1 for _, p in one.probabilities)


# --- before there is a model --------------------------------------------------------------------


def test_without_answers_it_starts_with_tickets_far_apart(desk: MakeDesk) -> None:
    one = desk()
    ranking = one.learner().rank()
    is_sound(ranking, one.ids)
    assert {item.reason for item in ranking.items} == {"start"}
    assert {topic(one.text(item.ticket_id)) for item in ranking.items[:9]} == set(TOPICS)
    assert all(item.suggestion == () for item in ranking.items)
    assert all(item.selection_probability == 1.0 for item in ranking.items)
    assert {item.selection_probability for item in ranking.audit} == {1 / 90}
    assert "two kinds" in ranking.revision.note
    assert (ranking.revision.answers, ranking.revision.newest) == (0, 0)
    assert ranking.revision.headline is None


def test_the_last_of_the_start_order_are_followed_by_what_the_strategy_picks(
    desk: MakeDesk,
) -> None:
    """Fast answers may use them up before the next ranking is there."""
    one = desk()
    learner = one.learner()
    one.answer(ids(learner.rank().items)[:21])
    ranking = learner.rank()
    is_sound(ranking, one.ids)
    reasons = [item.reason for item in ranking.items]
    assert reasons == ["start"] * 3 + ["margin"] * 47
    assert ids(ranking.audit) == ids(one.learner().rank().audit)


def test_one_class_is_no_model(desk: MakeDesk) -> None:
    one = desk()
    for ticket_id in one.ids[:40]:
        one.say(ticket_id, "refund")
    ranking = one.learner().rank()
    is_sound(ranking, one.ids[40:])
    assert ranking.items
    assert all(item.suggestion == () for item in ranking.items)
    assert "two kinds" in ranking.revision.note


@pytest.mark.parametrize(
    "texts",
    [
        ["the same" + " " * n for n in range(40)],
        [mark * n for n in range(1, 14) for mark in (".", "\u200b", "😻")],
        ["only one"],
    ],
    ids=["all alike", "hardly any words", "one ticket"],
)
@pytest.mark.parametrize("answered", [0, 6])
def test_texts_there_is_little_to_learn_from(
    desk: MakeDesk, texts: list[str], answered: int
) -> None:
    one = desk(texts)
    for n, ticket_id in enumerate(one.ids[:answered]):
        one.say(ticket_id, list(TOPICS)[n % 3])
    ranking = one.learner().rank()
    left = one.ids[answered:]
    is_sound(ranking, left)
    assert len(ranking.audit) == min(20, len(left))


def test_an_empty_dataset(desk: MakeDesk) -> None:
    ranking = desk([]).learner().rank()
    assert (ranking.items, ranking.audit) == ((), ())


def test_everything_answered(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids)
    ranking = one.learner().rank()
    assert (ranking.items, ranking.audit) == ((), ())
    assert ranking.revision.answers == 90


# --- the three tasks ----------------------------------------------------------------------------


def test_exclusive(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:30])
    ranking = one.learner().rank()
    is_sound(ranking, one.ids[30:])
    assert len(ranking.items) == SIZE
    assert {item.reason for item in ranking.items} == {"margin"}
    assert {item.reason for item in ranking.audit} == {"audit"}
    scores = [item.score for item in ranking.items]
    assert scores[0] == max(score for score in scores if score is not None)
    for item in (*ranking.items, *ranking.audit):
        assert one.suggested(item) == (topic(one.text(item.ticket_id)),)
        assert sum(p for _, p in item.probabilities) == pytest.approx(1, abs=0.01)
        assert item.probabilities[0][0] == item.suggestion[0]
    assert ranking.revision.note == ""
    assert ranking.revision.vectoriser == "lexical@en"


def test_multilabel(desk: MakeDesk) -> None:
    texts = TEXTS + [f"{TEXTS[n]} and {TEXTS[n + 1]}" for n in range(0, 60, 3)]
    one = desk(texts, task="multilabel")
    for ticket_id in one.ids[:60:2] + one.ids[90:100]:
        text = one.text(ticket_id)
        one.say(ticket_id, *(name for name, form in TOPICS.items() if form[:8] in text))
    ranking = one.learner().rank()
    drawn = {item.ticket_id: item for item in (*ranking.items, *ranking.audit)}
    both = [drawn[ticket_id] for ticket_id in one.ids[100:] if ticket_id in drawn]
    assert both
    right = [set(one.suggested(item)) == {"refund", "praise"} for item in both]
    assert sum(right) > len(right) / 2


def test_multilabel_where_none_applies(desk: MakeDesk) -> None:
    one = desk(task="multilabel")
    for ticket_id in one.ids[:45]:
        name = topic(one.text(ticket_id))
        one.say(ticket_id, *([] if name == "login" else [name]))
    ranking = one.learner().rank()
    for item in ranking.audit:
        name = topic(one.text(item.ticket_id))
        assert one.suggested(item) == (() if name == "login" else (name,))


def test_binary(desk: MakeDesk) -> None:
    one = desk(labels="refund")
    for ticket_id in one.ids[:30]:
        is_one = topic(one.text(ticket_id)) == "refund"
        one.say(ticket_id, "refund", verdict="accept" if is_one else "reject")
    ranking = one.learner().rank()
    for item in ranking.audit:
        likely = dict(item.probabilities)[one.labels["refund"]]
        assert (likely > 0.5) == (topic(one.text(item.ticket_id)) == "refund")


# --- what answers teach -------------------------------------------------------------------------


def test_rejects_teach(desk: MakeDesk) -> None:
    """Of two labels, not the one is the other."""
    one = desk(labels="refund,other")
    for ticket_id in one.ids[:30]:
        if topic(one.text(ticket_id)) == "refund":
            one.say(ticket_id, "refund")
        else:
            one.say(ticket_id, "refund", verdict="reject")
    for item in one.learner().rank().audit:
        wanted = "refund" if topic(one.text(item.ticket_id)) == "refund" else "other"
        assert one.suggested(item) == (wanted,)


def test_ignored_tickets_teach_nothing_and_are_not_asked_again(desk: MakeDesk) -> None:
    one = desk()
    for ticket_id in one.ids[:40]:
        one.say(ticket_id, verdict="ignore")
    ranking = one.learner().rank()
    is_sound(ranking, one.ids[40:])
    assert "two kinds" in ranking.revision.note


def test_an_undone_answer_teaches_nothing_and_its_ticket_is_open_again(desk: MakeDesk) -> None:
    one = desk(TEXTS[:40])
    one.answer(one.ids)
    learner = one.learner()
    before = learner.rank()
    undone = [one.ledger.undo() for _ in range(3)]
    after = learner.rank()
    assert set(ids(after.items)) == {each.answers[0].ticket_id for each in undone if each}
    assert after.revision.answers == before.revision.answers - 3
    assert after.revision.newest == before.revision.newest + 3
    assert after.revision.newest == answers.newest(one.conn, one.dataset.id)


def test_tickets_that_come_later(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:60])
    learner = one.learner()
    learner.rank()
    one.answer(one.ids[60:])
    tickets.add(one.conn, one.dataset.id, [Record(f"please refund order x{n}") for n in range(9)])
    new = list(tickets.ids_after(one.conn, one.dataset.id, one.ids[-1]))
    ranking = learner.rank()
    assert sorted(ids(ranking.items)) == new
    assert {one.suggested(item) for item in ranking.items} == {("refund",)}
    # So many that the vectoriser is fitted anew, and the model's old weights mean nothing.
    more = [Record(f"{text} again in {word}") for text in TEXTS for word in ("may", "june", "july")]
    tickets.add(one.conn, one.dataset.id, more)
    ranking = learner.rank()
    for item in ranking.audit:
        assert one.suggested(item) == (topic(one.text(item.ticket_id)),)


def rested(learner: PoolLearner) -> Ranking:
    """A ranking, and what can wait done after it."""
    ranking = learner.rank()
    while learner.idle.work():
        pass
    return ranking


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tickets were compared with a sample, each time."""
    found: list[int] = []
    nearest = neighbourhood._nearest

    def counted(unit: Floats, sample: Floats) -> neighbourhood.Nearest:
        found.append(len(unit))
        return nearest(unit, sample)

    monkeypatch.setattr(neighbourhood, "_nearest", counted)
    return found


def test_a_new_sitting_finds_the_neighbours_that_the_last_one_found(
    desk: MakeDesk, compared: list[int]
) -> None:
    one = desk()
    one.answer(one.ids[:20])
    first = rested(one.learner())
    assert compared == [len(TEXTS)]
    again = one.learner().rank()
    assert compared == [len(TEXTS)]
    assert ids(again.items) == ids(first.items)
    assert [item.probabilities for item in again.items] == [
        item.probabilities for item in first.items
    ]
    tickets.add(one.conn, one.dataset.id, [Record(f"please refund order x{n}") for n in range(9)])
    rested(one.learner())
    assert compared == [len(TEXTS), 9], "new tickets cost what they are"
    rested(one.learner())
    assert compared == [len(TEXTS), 9]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", None])
def test_neighbours_that_can_not_be_read_are_found_anew(
    desk: MakeDesk, compared: list[int], content: bytes | None
) -> None:
    one = desk()
    one.answer(one.ids[:20])
    first = rested(one.learner())
    (file,) = cache_folder(one.path).rglob("worked-out.npz")
    file.write_bytes(file.read_bytes()[:-100] if content is None else content)
    assert ids(one.learner().rank().items) == ids(first.items)
    assert compared == [len(TEXTS)] * 2


def test_neighbours_belong_to_the_features_they_were_found_in(
    desk: MakeDesk, compared: list[int]
) -> None:
    one = desk()
    rested(one.learner())
    (file,) = cache_folder(one.path).rglob("worked-out.npz")
    kept = file.read_bytes()
    shutil.rmtree(file.parent)
    one.learner().rank()
    file.write_bytes(kept)
    one.learner().rank()
    assert compared == [len(TEXTS)] * 3


def test_what_was_prepared_has_its_neighbours(desk: MakeDesk, compared: list[int]) -> None:
    one = desk()
    for _ in range(2):
        prepare(one.path, one.dataset.name, SETTINGS.vectoriser, LOCAL, lambda done, total: None)
    one.learner().rank()
    assert compared == [len(TEXTS)]


def test_a_label_that_comes_later(desk: MakeDesk) -> None:
    one = desk(labels="refund,praise")
    by_topic = {name: [i for i in one.ids if topic(one.text(i)) == name] for name in TOPICS}
    one.answer([*by_topic["refund"], *by_topic["praise"]])  # more than a warm start needs
    learner = one.learner()
    learner.rank()
    datasets.prepare(one.conn, one.dataset.name, [("login", "")])
    untold = learner.rank()
    assert all("login" not in one.suggested(item) for item in untold.items)
    one.answer(by_topic["login"][:10])
    ranking = learner.rank()
    assert sorted(ids(ranking.items)) == by_topic["login"][10:]
    assert {one.suggested(item) for item in ranking.items} == {("login",)}


# --- settings -----------------------------------------------------------------------------------

STRATEGY = """
import numpy as np
from txtal import strategy, vectoriser

@strategy("last letters {mark}")
def last_letters(pool):
    return np.array([ord(text[-1]) for text in pool.texts], float)

@strategy("broken {mark}")
def broken(pool):
    return np.full(len(pool), np.nan)

@strategy("short {mark}")
def short(pool):
    return np.zeros(3)
"""


@pytest.fixture
def code(tmp_path: Path) -> tuple[str, str]:
    """A recipe file with strategies whose names nobody else has taken in this process."""
    mark = tmp_path.name.replace("_", " ")
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY.format(mark=mark))
    return str(file), mark


def test_a_strategy_of_the_users_own(desk: MakeDesk, code: tuple[str, str]) -> None:
    file, mark = code
    one = desk([f"{text} {chr(ord('a') + n % 26)}" for n, text in enumerate(TEXTS)])
    one.answer(one.ids[:30])
    settings = LearnerSettings("lexical@en", f"last letters {mark}", code=file)
    ranking = one.learner(settings).rank()
    asked = [one.text(item.ticket_id)[-1] for item in ranking.items[:4]]
    assert asked == sorted((one.text(i)[-1] for i in one.ids[30:]), reverse=True)[:4]
    assert ranking.items[0].reason == f"last letters {mark}"
    assert ranking.items[0].score == ord(asked[0])


def test_what_no_strategy_wants_is_asked_at_random(desk: MakeDesk, code: tuple[str, str]) -> None:
    file, mark = code
    one = desk()
    one.answer(one.ids[:30])
    ranking = one.learner(LearnerSettings("lexical@en", f"broken {mark}", code=file)).rank()
    is_sound(ranking, one.ids[30:])
    assert len(ranking.items) == SIZE
    assert {item.reason for item in ranking.items} == {"random"}
    assert ranking.items[0].selection_probability == 1 / len(one.ids[30:])
    with pytest.raises(LearnerError, match="shape"):
        one.learner(LearnerSettings("lexical@en", f"short {mark}", code=file)).rank()


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        (LearnerSettings("lexical@en", "nosuch"), UsageError, "nosuch"),
        (LearnerSettings("nosuch@en"), UsageError, "nosuch"),
        (LearnerSettings("lexical@zz"), LearnerError, "language 'zz'"),
        (LearnerSettings("lexical@no_such_pipeline"), LearnerError, "no_such_pipeline"),
        (LearnerSettings("lexical@en", code="nosuch.py"), RecipeError, "nosuch.py"),
    ],
)
def test_settings_that_cant_be(
    desk: MakeDesk, settings: LearnerSettings, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        desk(TEXTS[:5]).learner(settings).rank()


def test_a_dataset_without_labels(desk: MakeDesk) -> None:
    one = desk()
    datasets.prepare(one.conn, "bare")
    with pytest.raises(LearnerError, match="no labels"):
        PoolLearner(one.path, "bare", SETTINGS).rank()


@pytest.mark.parametrize("strategy", ["margin", "random"])
@pytest.mark.parametrize("answered", [0, 30, 60])
def test_a_restart_makes_the_same_ranking(desk: MakeDesk, strategy: str, answered: int) -> None:
    one = desk()
    one.answer(one.ids[:answered])
    settings = LearnerSettings("lexical@en", strategy)
    first, second = (one.learner(settings).rank() for _ in range(2))
    assert (first.items, first.audit) == (second.items, second.audit)
    other = one.learner(LearnerSettings("lexical@en", strategy, seed=1)).rank()
    assert ids(first.audit) != ids(other.audit)


# --- measuring ----------------------------------------------------------------------------------


def test_the_estimate_comes_with_enough_audit_answers(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:30])
    learner = one.learner()
    one.answer(one.ids[30:39], reason="audit")
    assert learner.rank().revision.headline is None
    one.answer(one.ids[39:40], reason="audit")
    estimate = learner.rank().revision.headline
    assert estimate is not None
    assert estimate.n == 10
    assert estimate.value == pytest.approx(1.0, abs=0.006)
    assert 0.5 < estimate.low < estimate.high == pytest.approx(1.0, abs=0.001)
    # A restart measures the same, and undoing below the least takes the estimate back.
    assert one.learner().rank().revision.headline == estimate
    one.ledger.undo()
    assert learner.rank().revision.headline is None


def test_wrong_answers_show_in_the_estimate(desk: MakeDesk) -> None:
    one = desk()
    rng = random.Random(7)
    for ticket_id in one.ids[:60]:
        one.say(ticket_id, rng.choice(list(TOPICS)), reason="audit")  # whatever the text says
    estimate = one.learner().rank().revision.headline
    assert estimate is not None
    assert estimate.n == 60
    assert estimate.value < 0.7


def test_whatever_is_drawn_at_random_measures_as_the_audit_does(desk: MakeDesk) -> None:
    one = desk()
    learner = one.learner(LearnerSettings("lexical@en", "random"))
    session = session_of(one.ledger, one.dataset.scheme, learner=InlineLearner(learner), audit=0.2)
    session.begin()
    session.update()
    for _ in range(40):
        assert session.question is not None
        session.choose(one.labels[topic(session.question.ticket.text)])
        session.update()
    standing = learner.learn().snapshot.answers
    reasons = Counter(answer.ranked.reason for answer in standing if answer.ranked)
    assert set(reasons) == {"random", "audit"}
    estimate, alone = one.learner().rank().revision.headline, reasons["audit"]
    assert estimate is not None
    # The first was shown with a suggestion that came late: it is none of those judged unseen.
    assert (estimate.n, estimate.value) == (39, pytest.approx(1.0, abs=0.006))
    assert estimate.low > wilson(alone, alone)[0]
    # Imported answers are of nobody knows which tickets, and were there a reject, of the easy ones.
    one.say(session.question.ticket.id, "refund", reason="random")  # type: ignore[union-attr]
    assert answers.drawn(one.conn, 1, "exclusive") == answers.drawn(one.conn, 1, "multilabel")
    one.ledger.record(
        Answer(one.ids[-1], "reject", (1,), Ranked(one.ids[-1], selection_probability=0.1))
    )
    assert len(answers.drawn(one.conn, 1, "multilabel")) == 40
    assert len(answers.drawn(one.conn, 1, "exclusive")) == alone


# --- in a session, without a process -------------------------------------------------------------


def test_a_session_that_asks_the_learner_in_its_own_process(desk: MakeDesk) -> None:
    one = desk()
    learner = InlineLearner(one.learner(), batch=5)
    session = session_of(one.ledger, one.dataset.scheme, learner=learner, audit=0.2, seed=1)
    session.begin()
    session.update()
    reasons = []
    for _ in range(45):
        question = session.question
        assert question is not None
        reasons.append(question.ranked.reason)
        session.choose(one.labels[topic(question.ticket.text)])
        session.update()
    assert reasons[0] == "random"  # asked before there was a ranking
    assert set(reasons[1:]) == {"start", "margin", "audit"}
    assert learner.status == LearnerStatus("ready")
    assert session.ranking is not None
    assert session.ranking.revision.answers == 45
    assert session.behind == 0


def test_the_words_that_speak_for_a_label_and_against_it(
    conn: Connection, path: Path, make_dataset: MakeDataset
) -> None:
    desk = Desk(conn, path, make_dataset(TEXTS, LABELS))
    learner = PoolLearner(path, "d", SETTINGS)
    refund = desk.labels["refund"]
    assert learner.explain(desk.ids[0], refund).words == ()
    desk.answer(desk.ids[:24])
    learner.rank()
    ticket_id = desk.ids[30]
    assert topic(desk.text(ticket_id)) == "refund"
    pushes = dict(learner.explain(ticket_id, refund).words)
    assert pushes["refund"] > 0.05
    assert abs(pushes[number(desk.text(ticket_id))]) < pushes["refund"] / 3  # says nothing
    assert max(pushes, key=lambda word: pushes[word]) in desk.text(ticket_id)
    assert dict(learner.explain(ticket_id, desk.labels["login"]).words)["refund"] < 0
    assert learner.explain(ticket_id, 99).words == ()


def test_the_words_are_those_of_the_label_after_a_change_of_the_labels(
    conn: Connection, path: Path, make_dataset: MakeDataset
) -> None:
    desk = Desk(conn, path, make_dataset(TEXTS, LABELS))
    learner = PoolLearner(path, "d", SETTINGS)
    desk.answer(desk.ids[:24])
    learner.rank()
    refund, login = desk.labels["refund"], desk.labels["login"]
    ticket_id = next(i for i in desk.ids[24:] if topic(desk.text(i)) == "login")
    before = learner.explain(ticket_id, login)
    assert before.words[0][1] > 0
    label_changes.change(conn, 1, LabelChange("retire", label=refund), "ann")
    assert learner.explain(ticket_id, login) == before  # of the model there is
    learner.rank()
    assert dict(learner.explain(ticket_id, login).words)["password"] > 0
    assert learner.explain(ticket_id, refund).words == ()


def test_calibration_changes_what_is_shown_and_not_who_is_asked(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk()
    one.answer(one.ids[:45])
    one.answer(one.ids[45:60], reason="audit")
    calibrated = one.learner().rank()
    monkeypatch.setattr(calibrate, "FEWEST", 1000)
    as_it_is = one.learner().rank()
    for after, before in ((calibrated.items, as_it_is.items), (calibrated.audit, as_it_is.audit)):
        assert ids(after) == ids(before)
        assert [a.suggestion for a in after] == [b.suggestion for b in before]
        assert [a.score for a in after] == [b.score for b in before]
        assert [a.probabilities for a in after] != [b.probabilities for b in before]


def test_measures_come_with_the_revision_that_was_measured(desk: MakeDesk) -> None:
    one = desk()
    one.answer(one.ids[:40])
    one.answer(one.ids[40:52], reason="audit")
    learner = one.learner()
    first = learner.rank()
    measures = first.revision.measures
    assert measures is not None
    assert first.revision.headline == measures.accuracy
    assert {counts.label for counts in measures.labels} <= set(one.labels.values())
    assert measures.audit is not None
    assert measures.audit.n == 12
    one.answer(one.ids[52:53])
    second = learner.rank()
    assert second.revision.measures is None
    assert second.revision.headline == first.revision.headline
    line = dump_message(first)
    assert load_message(line) == first


def test_a_cluster_is_of_open_tickets_that_the_model_gives_the_same_label(desk: MakeDesk) -> None:
    one = desk()
    learner = PoolLearner(one.path, "d", LearnerSettings(vectoriser="lexical"))
    assert learner.gather(one.ids[0]).items == ()  # before the first fit
    one.answer(one.ids[:24])
    fit = learner.learn()
    asked = one.ids[30]
    found = learner.gather(asked)
    assert found.ticket_id == asked
    assert found.items
    assert len({item.suggestion for item in found.items}) == 1
    assert asked not in ids(found.items)
    assert not {*ids(found.items)} & {*one.ids[:24]}
    scores = [item.score or 0 for item in found.items]
    assert scores == sorted(scores, reverse=True)
    sent = load_message(dump_message(found))
    assert sent == found
    assert fit is learner.fit


def test_before_there_is_a_model_a_cluster_is_what_stands_out(desk: MakeDesk) -> None:
    one = desk()
    one.say(one.ids[0], one.dataset.scheme.labels[0].name)
    learner = PoolLearner(one.path, "d", LearnerSettings(vectoriser="lexical", names=False))
    learner.learn()
    found = learner.gather(one.ids[1])
    assert one.ids[0] not in ids(found.items)
    assert all(item.suggestion == () for item in found.items)

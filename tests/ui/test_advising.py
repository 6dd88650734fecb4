"""The page of faults that the labels may have: asked of the learner, shown when it has answered."""

from __future__ import annotations

from tests.conftest import StillLearner
from tests.ui.fakes import Sitting, make_session
from tests.ui.test_plain import talk
from txtal.types import Advice, Advised

ADVICE = Advised(
    (
        Advice("merge", ("refund", "billing"), "8 confused", (3, 4), "txtal label merge d a b"),
        Advice("new", (), "5 open tickets unlike every answer", (5,), "txtal label add d NEW"),
    ),
    {3: "I was charged\x1b[2J twice", 4: "pay me back", 5: "do you sell kettles"},
    120,
)


def sitting_with(learner: StillLearner | None) -> Sitting:
    return Sitting(make_session(learner=learner), columns=80, rows=30)


def test_the_page_fills_when_the_learner_has_looked() -> None:
    learner = StillLearner()
    sitting = sitting_with(learner)
    assert "looking for faults…" in sitting.press("advice")
    assert learner.advised == 1
    learner.advice = ADVICE
    sitting.screen.news()
    text = sitting.read()
    assert "2 remarks, from 120 answers" in text
    for part in (
        "Labels that overlap, and might be one",
        "refund and billing: 8 confused",
        "• I was charged",
        "• pay me back",
        "txtal label merge d a b",
        "Tickets that fit no label, and might be a new one",
        "• do you sell kettles",
        "here / lists the labels, where ctrl-g merges, ctrl-s splits, ctrl-e describes one",
    ):
        assert part in " ".join(text.split())
    assert "\x1b" not in text
    sitting.press("close")
    assert "refund and billing: 8" in sitting.press("advice")
    assert learner.advised == 1  # nothing was answered since


def test_nothing_found_and_nobody_to_look() -> None:
    learner = StillLearner()
    learner.advice = Advised((), {}, 40)
    assert "no faults found, from 40 answers" in sitting_with(learner).press("advice")
    assert "`txtal advise`" in sitting_with(None).press("advice")


def test_the_line_mode_reads_it_out() -> None:
    learner = StillLearner()
    learner.advice = ADVICE
    said = talk(make_session(learner=learner), "advice")
    assert "refund and billing: 8 confused" in said
    assert "txtal label merge d a b" in said

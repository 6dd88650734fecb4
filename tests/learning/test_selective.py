"""What becomes of a ticket that arrives, with no store and no model: the rule alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.errors import UsageError
from txtal.learning.selective import Rule, band, certainty, settle
from txtal.types import AUDIT, START, Ranked, Settled, Spending


def scored(score: float | None, *shares: float, reason: str = "stream") -> Ranked:
    return Ranked(1, (1,), tuple(enumerate(shares or (0.6,), 1)), reason, score)


def run(rule: Rule, ranked: list[Ranked], seed: int = 0) -> tuple[list[Settled], Spending]:
    spent, coin, fates = Spending(), random.Random(seed), []
    for one in ranked:
        settled, spent = settle(rule, spent, one, coin)
        fates.append(settled)
    return fates, spent


def test_by_hand() -> None:
    # Half of the tickets to ask, and none drawn: the threshold is the first score, and a step down
    # is .1 * .5 / .5, as large as a step up.
    rule = Rule("binary", budget=0.5, audit=0.0)
    fates, spent = run(rule, [scored(0.8), scored(0.73), scored(0.9), scored(0.79), scored(0.9)])
    assert [one.fate for one in fates] == ["let go", "ask", "ask", "let go", "ask"]
    # .8 -> .72 -> .792 -> .8712 -> .78408 -> .862488; the credit is half a question a ticket.
    assert spent.threshold == pytest.approx(0.862488)
    assert spent == Spending(5, 3, 0, pytest.approx(-0.5), spent.threshold)
    assert fates[1].ranked.selection_probability == 1


def test_above_the_threshold_but_over_the_budget_is_let_go() -> None:
    rule = Rule("binary", budget=0.25, audit=0.0)
    fates, spent = run(rule, [scored(1 + n) for n in range(6)])
    # Every score is above the threshold once the first has set it. The credit is 1/4 a ticket: .5
    # after the second, -.5 once that is asked, and above 0 again with the fifth.
    assert [one.fate for one in fates] == ["let go", "ask", "let go", "let go", "ask", "let go"]
    assert spent.asked == 2


@pytest.mark.parametrize("budget", [0.02, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("audit", [0.0, 0.1, 1.0])
def test_the_budget_is_kept_while_the_model_grows_sure_and_then_unsure(
    budget: float, audit: float
) -> None:
    draw = random.Random(1)
    sure = [max(0.05, 200 / (200 + n)) if n % 4000 < 2500 else 1.0 for n in range(8_000)]
    ranked = [scored(scale * draw.random() ** 3) for scale in sure]
    fates, spent = run(Rule("binary", budget, audit), ranked)
    assert spent.asked == sum(one.fate == "ask" for one in fates)
    assert spent.asked / len(fates) == pytest.approx(budget, rel=0.1)


def test_what_is_asked_are_those_the_model_is_in_most_doubt_about() -> None:
    draw = random.Random(2)
    fates, _ = run(Rule("binary", 0.1, audit=0.0), [scored(draw.random()) for _ in range(5000)])
    asked = [one.ranked.score or 0 for one in fates if one.fate == "ask"]
    assert sum(asked) / len(asked) > 0.9  # 0.95 with a threshold that knew what is to come


def test_a_share_of_the_questions_is_drawn_whatever_the_score() -> None:
    fates, _ = run(Rule("binary", 0.2, audit=0.5), [scored(0.5 + n % 2) for n in range(5000)])
    drawn = [one for one in fates if one.ranked.reason == AUDIT]
    assert len(drawn) / len(fates) == pytest.approx(0.1, rel=0.15)
    assert {one.ranked.selection_probability for one in drawn} == {0.1}
    low = sum(one.ranked.score == 0.5 for one in drawn)
    assert low / len(drawn) == pytest.approx(0.5, rel=0.15)


def test_the_first_are_asked_and_their_cost_is_saved_again() -> None:
    start = [scored(None, reason=START)] * 20
    fates, spent = run(Rule("exclusive", 0.1, audit=0.0), [*start, *[scored(0.5)] * 180])
    assert {one.fate for one in fates[:20]} == {"ask"}
    assert {one.fate for one in fates[20:]} == {"let go"}
    assert spent.credit == pytest.approx(0)


def test_with_no_model_chance_decides() -> None:
    unknown = [Ranked(n) for n in range(1, 4001)]
    fates, spent = run(Rule("exclusive", 0.1, audit=0.0), unknown)
    assert spent.asked / len(fates) == pytest.approx(0.1, rel=0.15)
    assert spent.threshold is None
    asked = next(one for one in fates if one.fate == "ask")
    assert asked.ranked.selection_probability == pytest.approx(0.1)


def test_what_is_blank_to_the_model_is_never_asked_for_its_doubt() -> None:
    fates, spent = run(Rule("binary", 0.5, audit=0.0), [scored(None, 0.5)] * 50)
    assert {one.fate for one in fates} == {"let go"}
    assert spent.threshold is None


def test_a_band_asks_inside_and_predicts_outside() -> None:
    rule = Rule("binary", 1.0, 0.0, (0.4, 0.6))
    shares = [0.39, 0.4, 0.5, 0.6, 0.61]
    fates, spent = run(rule, [scored(0.1, share) for share in shares])
    assert [one.fate for one in fates] == ["predict", "ask", "ask", "ask", "predict"]
    assert [one.probability for one in fates] == shares
    assert (spent.asked, spent.predicted) == (3, 2)
    nothing_known, _ = run(rule, [Ranked(1)])
    assert nothing_known[0].fate == "ask"  # with a budget for all, and nothing to predict


def test_a_band_and_a_budget() -> None:
    rule = Rule("binary", 0.5, 0.0, (0.4, 0.6))
    fates, _ = run(rule, [scored(0.9, 0.5)] * 6)
    assert [one.fate for one in fates] == ["ask", "let go"] * 3


def test_what_a_band_is_about() -> None:
    assert certainty("exclusive", scored(0.1, 0.7, 0.2, 0.1)) == 0.7
    assert certainty("binary", scored(0.1, 0.2)) == 0.2
    assert certainty("multilabel", scored(0.1, 0.9, 0.45, 0.3)) == 0.45
    assert certainty("exclusive", Ranked(1)) is None


@pytest.mark.parametrize("text", ["0.4,0.6", "0.4..0.6", " .4 , .6 "])
def test_bounds_are_read(text: str) -> None:
    assert band(text) == (0.4, 0.6)


@given(st.text(max_size=12))
def test_anything_else_is_refused(text: str) -> None:
    try:
        low, high = band(text)
    except UsageError:
        return
    assert 0 <= low < high <= 1


@pytest.mark.parametrize("text", ["", "0.4", "0.6,0.4", "0.4,1.1", "-1,0.5", "nan,0.5", "a,b"])
def test_no_band(text: str) -> None:
    with pytest.raises(UsageError, match="a band needs two"):
        band(text)


def test_a_ticket_of_which_the_model_knows_nothing_is_never_labelled_by_it() -> None:
    rule = Rule("binary", budget=0.5, audit=0.0, band=(0.4, 0.6))
    fates, spent = run(rule, [scored(None, 0.97), scored(0.1, 0.97)])
    assert [one.fate for one in fates] == ["let go", "predict"]
    assert spent.predicted == 1

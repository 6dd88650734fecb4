"""What labelling has cost, by the times of the answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.test_verify import MEASURES
from txtal.measures.quality import measures_line
from txtal.store import answers, effort
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import ALIKE, BULK, Answer, Dataset, Effort, Ranked, Ranking, Revision


@pytest.fixture
def ledger(path: Path, conn: Connection, make_dataset: Callable[..., Dataset]) -> StoreLedger:
    dataset = make_dataset([f"ticket {n}" for n in range(30)])
    return StoreLedger(conn, path, dataset, annotator="ann")


def found(ledger: StoreLedger) -> Effort | None:
    standing = answers.standing(ledger.file.conn, ledger.dataset.id)
    return effort.of(ledger.file.conn, ledger.dataset.id, standing)


def take(ledger: StoreLedger, *seconds: float, reason: str = "margin") -> None:
    for taken in seconds:
        ticket = 1 + len(answers.standing(ledger.file.conn, ledger.dataset.id))
        ranked = Ranked(ticket, reason=reason)
        ledger.record(Answer(ticket, "accept", (1,), ranked, shown=100, answered=100 + taken))


def test_by_hand(ledger: StoreLedger) -> None:
    take(ledger, *[2.0] * 9, 4.0)
    ledger.save_ranking(Ranking(Revision(0, 0, 9.0, "lexical@en", "margin"), ()))
    ledger.save_ranking(Ranking(Revision(5, 5, 0.1, "lexical@en", "margin"), ()))
    ledger.save_ranking(Ranking(Revision(10, 10, 0.3, "lexical@en", "margin"), ()))
    cost = found(ledger)
    assert cost is not None
    assert (cost.median, cost.slow) == (2.0, 2.0)
    assert cost.hours == pytest.approx(22 / 3600)
    assert cost.an_hour == pytest.approx(10 * 3600 / 22)
    assert (cost.left, cost.left_hours) == (20, pytest.approx(20 * 2.2 / 3600))
    assert (cost.fits, cost.fit_seconds, cost.fit_answers) == (2, pytest.approx(0.2), 5.0)


def test_a_night_between_two_answers_is_no_labelling(ledger: StoreLedger) -> None:
    take(ledger, 2.0, 2.0, 2.0, 40_000.0)
    cost = found(ledger)
    assert cost is not None
    assert cost.hours == pytest.approx((6 + 20) / 3600)


def test_answers_given_along_with_another_cost_nothing(ledger: StoreLedger) -> None:
    take(ledger, 2.0, 2.0)
    take(ledger, 2.0, 2.0, reason=ALIKE)
    cost = found(ledger)
    assert cost is not None
    assert cost.hours == pytest.approx(4 / 3600)
    assert cost.an_hour == pytest.approx(3600)
    assert cost.fits == 0
    assert cost.fit_seconds is None


def test_answers_given_to_a_list_are_not_in_the_pace(ledger: StoreLedger) -> None:
    take(ledger, 2.0, 2.0)
    take(ledger, 0.0, 0.0, 0.0, reason=BULK)
    cost = found(ledger)
    assert cost is not None
    assert cost.an_hour == pytest.approx(2 / (4 / 3600))


def test_nothing_timed(ledger: StoreLedger) -> None:
    assert found(ledger) is None
    ledger.record(Answer(1, "accept", (1,)))  # as an import has it
    assert found(ledger) is None


def test_the_overview_has_the_newest_measures(ledger: StoreLedger) -> None:
    assert ledger.overview().measures is None
    revision = Revision(4, 4, 0.1, "lexical@en", "margin", MEASURES.accuracy, measures=MEASURES)
    ledger.save_ranking(Ranking(revision, ()))
    again = Revision(5, 5, 0.1, "lexical@en", "margin", MEASURES.accuracy)
    ledger.save_ranking(Ranking(again, ()))
    assert ledger.overview().measures == MEASURES
    said = measures_line(MEASURES)
    assert said == "accuracy 80% (50–90), macro-F1 80% (50–90), calibration error 10%"

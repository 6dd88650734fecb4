"""Looking things up in a thread: the newest counts, and a key never waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal.store.finder import Finder
from txtal.store.ledger import StoreLedger
from txtal.store.lookups import BackgroundLookups
from txtal.store.sqlite import Connection
from txtal.types.query import Query

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
def ledger(make_dataset: MakeDataset, conn: Connection) -> Iterator[StoreLedger]:
    dataset = make_dataset(["a parcel is late", "the kettle is broken"], "delivery,broken")
    path = conn.execute("PRAGMA database_list").fetchone()[2]
    ledger = StoreLedger(conn, Path(path), dataset, annotator="ana")
    ledger.finder.index.start()
    ledger.finder.index.wait()
    yield ledger
    ledger.close()


def taken(lookups: BackgroundLookups, lane: str = "list") -> object:
    for _ in range(100):
        lookups.wait(lane)
        outcome = lookups.take(lane)
        if outcome is not None:
            if outcome.error:
                raise outcome.error
            return outcome.value
    raise AssertionError("nothing came")


def test_it_finds_what_the_session_finds(ledger: StoreLedger) -> None:
    woken = threading.Event()
    ledger.lookups.wake = woken.set
    ledger.lookups.begin("list", lambda finder: finder.find(Query(words=("parcel",)), 10))
    assert taken(ledger.lookups) == ledger.finder.find(Query(words=("parcel",)), 10) != []
    assert woken.wait(60)
    assert ledger.lookups.take("list") is None  # once


def test_the_newest_ends_what_is_under_way(ledger: StoreLedger) -> None:
    began = threading.Event()

    def endless(finder: Finder) -> object:
        began.set()
        return finder._file.conn.execute(ENDLESS).fetchone()

    ledger.lookups.begin("list", endless)
    assert began.wait(60)
    ledger.lookups.begin("list", lambda finder: "newer")
    assert taken(ledger.lookups) == "newer"


def test_what_may_wait_holds_up_nothing_and_is_given_up_like_any_other(ledger: StoreLedger) -> None:
    ledger.lookups.begin("near", lambda finder: "much later", after=3600)
    ledger.lookups.begin("list", lambda finder: "now")
    assert taken(ledger.lookups) == "now"
    assert ledger.lookups.take("near") is None
    ledger.lookups.begin("near", lambda finder: "soon", after=0.001)
    assert taken(ledger.lookups, "near") == "soon"


def test_lanes_do_not_end_each_other_and_faults_are_told(ledger: StoreLedger) -> None:
    def fault(finder: Finder) -> object:
        raise ValueError("unforeseen")

    ledger.lookups.begin("list", fault)
    ledger.lookups.begin("near", lambda finder: "near")
    assert taken(ledger.lookups, "near") == "near"
    with pytest.raises(ValueError, match="unforeseen"):
        taken(ledger.lookups)


def test_nobody_is_woken_for_nothing(ledger: StoreLedger) -> None:
    woken: list[int] = []
    ledger.lookups.wake = lambda: woken.append(1)
    ledger.lookups.begin("near", lambda finder: None)
    assert taken(ledger.lookups, "near") is None
    ledger.lookups.begin("list", lambda finder: "found")
    assert taken(ledger.lookups) == "found"
    ledger.close()  # ends the thread
    assert woken == [1]


def test_what_may_wait_is_begun_by_the_next_stir(ledger: StoreLedger) -> None:
    ledger.lookups.begin("near", lambda finder: "found", after=0.001)
    ledger.lookups.stir()
    assert taken(ledger.lookups, "near") == "found"

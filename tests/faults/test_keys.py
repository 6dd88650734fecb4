"""Keys that come faster than anybody types, and what is pasted where somebody searches."""

from __future__ import annotations

import time

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TICKETS, Program
from tests.faults.conftest import Tries, many
from tests.ui.fakes import ledger, make_session
from txtal.errors import UsageError
from txtal.types.query import MOST_WORDS, parse


def test_ten_thousand_keys_at_once_answer_next_to_nothing(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    """A paste without bracketed paste; the session is there afterwards, and ctrl-C ends it."""
    for _ in range(many(1, 5)):
        with tries.one():
            before = len(sample.quick.exported())
            screen = terminal(sample, "manual", "d")
            screen.wait("1-9 label")
            for _ in range(100):
                screen.burst("1" * 100)
                screen.read()
            screen.wait("too fast")
            # On a slow machine a key may come late enough for its ticket to have been seen.
            assert len(sample.quick.exported()) - before < 100
            screen.send("\x03")
            assert screen.end() == 130


@pytest.mark.slow
def test_a_search_for_one_word_two_thousand_times(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    screen = terminal(sample, "manual", "d")
    screen.wait("1-9 label")
    screen.send("s")
    screen.wait("tickets:")
    with tries.one("typed"):
        screen.burst("parcel " * 2000)
        screen.wait("parcel")
    with tries.one("pasted"):
        screen.burst("\x1b[200~" + "x" * 200_000 + "\x1b[201~")
        screen.wait("at most 200 characters")
    with tries.one("ctrl-C works all the same"):
        began = time.monotonic()
        screen.send("\x03")
        assert screen.end() == 130
        assert time.monotonic() - began < 60


def test_a_query_is_as_small_as_what_it_asks(tries: Tries) -> None:
    with tries.one("one word again and again"):
        assert parse("parcel " * 2000).words == ("parcel",)
    for line in (" ".join(map(str, range(MOST_WORDS + 1))), "x" * 200_000, "label:" + "y" * 201):
        with tries.one(line[:20]), pytest.raises(UsageError, match="at most"):
            parse(line)


def test_a_search_that_takes_long_is_given_up(tries: Tries, sample: Program) -> None:
    from contextlib import closing

    from txtal.store import schema
    from txtal.store.sqlite import within

    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with tries.one(), closing(schema.open_database(sample.folder / "t.db")) as conn:
        with pytest.raises(UsageError, match="takes too long"), within(conn, 0.05):
            conn.execute(endless).fetchone()
        assert conn.execute("SELECT 1").fetchone()[0] == 1
        sample.quick.ok("load", "d", TICKETS)


def test_a_clock_that_is_set_changes_no_duration(
    monkeypatch: pytest.MonkeyPatch, tries: Tries
) -> None:
    real = time.time
    for days in (400, -400):
        with tries.one(days):
            session = make_session()
            monkeypatch.setattr(time, "time", lambda days=days: real() + days * 86_400)
            session.choose(1)
            (answer,) = ledger(session).answers
            assert 0 <= answer.answered - answer.shown < 60
            assert abs(answer.answered - real()) < 86_400
            monkeypatch.undo()

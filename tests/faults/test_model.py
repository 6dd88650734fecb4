"""Sittings that answer, undo, skip, flag, crash and begin again, against a plain dict.

A crash is what kill -9 leaves: the files as they are at that moment, copied while the connection
that writes them is still open, and the next sitting goes on with the copy.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults import MEMORY
from tests.faults.conftest import Tries, many
from tests.sessions import session_of
from txtal.store import answers, datasets, schema, tickets
from txtal.store.backup import back_up, restore
from txtal.store.ledger import StoreLedger
from txtal.store.verify import verify
from txtal.types import Record

TICKETS = 7

"""Where a sync costs nothing: these crashes aren't power cuts."""


@dataclass(frozen=True)
class Given:
    """An answer, as the dict knows it."""

    annotator: str
    ticket: int
    verdict: str
    labels: tuple[int, ...]
    flagged: bool
    comment: str


class Sittings(RuleBasedStateMachine):
    """Two annotators who take turns on one file; the model is the list of what stands."""

    runs = 0

    @initialize()
    def make(self) -> None:
        type(self).runs += 1
        self.folder = Path(tempfile.mkdtemp(prefix="txtal-model-", dir=MEMORY))
        self.copies = 0
        self.path = self.folder / "t0.db"
        self.conn = schema.open_database(self.path, create=True)
        dataset = datasets.prepare(self.conn, "d", [("a", ""), ("b", ""), ("c", "")])
        tickets.add(self.conn, dataset.id, (Record(f"ticket {n}") for n in range(TICKETS)))
        self.stands: list[Given] = []
        self.rows = 0
        self.sit("ann")

    def sit(self, annotator: str) -> None:
        """A new sitting on what is there."""
        # The one before may have crashed: fifteen minutes later, its lease is over.
        self.conn.execute("UPDATE lease SET expires = 0")
        dataset = datasets.get(self.conn, "d")
        self.annotator = annotator
        self.ledger = StoreLedger(self.conn, self.path, dataset, annotator=annotator)
        self.session = session_of(self.ledger, dataset.scheme, order="file")
        self.session.begin()

    @property
    def asked(self) -> bool:
        return self.session.question is not None

    def expect(self, verdict: str, labels: tuple[int, ...]) -> Given:
        """What the next answer should leave."""
        question = self.session.question
        assert question is not None
        ticket, session = question.ticket.id, self.session
        return Given(
            self.annotator,
            ticket,
            verdict,
            labels,
            session.current.flagged,
            session.current.comment,
        )

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 2))
    def answer(self, number: int) -> None:
        label = self.session.scheme.ids[number]
        given = self.expect("accept", (label,))
        self.session.choose(label)
        self.stands.append(given)
        self.rows += 1

    @precondition(lambda self: self.asked)
    @rule()
    def skip(self) -> None:
        given = self.expect("ignore", ())
        self.session.ignore()
        self.stands.append(given)
        self.rows += 1

    @precondition(lambda self: self.asked)
    @rule(comment=st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
    def flag_and_comment(self, comment: str) -> None:
        self.session.current.toggle_flag()
        self.session.current.comment = comment

    @rule()
    def undo(self) -> None:
        mine = [given for given in self.stands if given.annotator == self.annotator]
        # Those of this sitting come first, and they are this annotator's newest.
        self.session.undo()
        if not mine:
            assert self.session.notice == "nothing to undo"
            return
        self.stands.remove(mine[-1])
        self.rows += 1
        assert self.asked
        assert self.expect(mine[-1].verdict, mine[-1].labels) == mine[-1]

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 2))
    def relabel(self, number: int) -> None:
        """Undo, and answer the same ticket otherwise."""
        self.undo()
        if self.asked:
            self.answer(number)

    @rule(annotator=st.sampled_from(["ann", "bob"]))
    def leave_and_come_back(self, annotator: str) -> None:
        self.ledger.close()
        self.conn.close()
        self.conn = schema.open_database(self.path)
        self.sit(annotator)

    @rule(annotator=st.sampled_from(["ann", "bob"]))
    def crash(self, annotator: str) -> None:
        self.copies += 1
        after = self.folder / f"t{self.copies}.db"
        for suffix in ("", "-wal", "-journal"):
            file = self.path.with_name(self.path.name + suffix)
            if file.exists():
                shutil.copyfile(file, after.with_name(after.name + suffix))
        self.conn.close()
        self.path = after
        self.conn = schema.open_database(after)
        self.sit(annotator)

    @rule(annotator=st.sampled_from(["ann", "bob"]))
    def back_up_and_restore(self, annotator: str) -> None:
        backup = self.folder / "backup.db"
        back_up(self.path, backup)
        _, kept = restore(backup, self.path)
        assert kept is not None
        kept.unlink()
        self.sit(annotator)

    @invariant()
    def what_stands_is_what_was_said(self) -> None:
        standing = [
            Given(a.annotator, a.ticket_id, a.verdict, a.labels, a.flagged, a.comment)
            for a in answers.standing(self.conn, 1)
        ]
        assert standing == self.stands
        self.ledger.refresh()
        assert self.ledger.open == TICKETS - len({given.ticket for given in self.stands})
        question = self.session.question
        if question is not None:
            assert question.ticket.id not in {given.ticket for given in self.stands}
        else:
            assert len(self.stands) == TICKETS
        assert self.conn.execute("SELECT count(*) FROM answer").fetchone()[0] == self.rows

    def teardown(self) -> None:
        if hasattr(self, "conn"):
            assert verify(self.conn).faults == ()
            self.conn.close()
            shutil.rmtree(self.folder)


def test_sittings_agree_with_a_dict(tries: Tries) -> None:
    with tries.one():
        run_state_machine_as_test(
            Sittings,
            settings=settings(
                max_examples=many(10, 600),
                stateful_step_count=many(20, 40),
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
    tries.tries = Sittings.runs

"""Columns that say nothing of a ticket are left to its details."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import MakeDataset
from tests.ui.fakes import Sitting
from txtal.session.session import Session
from txtal.store import tickets
from txtal.store.sqlite import Connection
from txtal.types import Record


def test_meta_that_all_tickets_have_alike_is_left_to_the_details(
    conn: Connection, make_dataset: MakeDataset, make_session: Callable[..., Session]
) -> None:
    made = make_dataset([])
    rows = [{"brand": "Acme", "empty": "", "lang": "en", "id": n} for n in range(20)]
    rows[9]["lang"] = "de"
    tickets.add(conn, made.id, [Record(f"ticket {row['id']}", row) for row in rows])
    sitting = Sitting(make_session(made, order="file"))
    assert "  lang: en · id: 0\n" in sitting.read()
    assert "brand: Acme · empty:  · lang: en · id: 0" in sitting.press("whole")
    tickets.add(conn, made.id, [Record("another", {"brand": "Other", "lang": "en", "id": 20})])
    sitting.press("whole")
    assert "brand: Acme · lang: en · id: 1" in sitting.press("label", "1")

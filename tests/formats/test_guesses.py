"""Files as helpdesks, forms and mail programs write them are read without an option."""

from __future__ import annotations

import csv
import io
import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.formats.reading import notes, taken
from txtal.errors import DataError
from txtal.formats.folders import shards
from txtal.formats.reading import Reading
from txtal.formats.source import read
from txtal.types import Record

TEXTS = [
    f"My parcel number {n} has not come, where is it and when will I have it?" for n in range(6)
]


def table(header: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([*([header] if header else []), *rows])
    return out.getvalue()


def test_a_helpdesk_that_says_ticket_before_each_name() -> None:
    header = ["Ticket ID", "Ticket subject", "Ticket description", "Assignee name"]
    data = table(header, [[n, f"Order {n}", text, "Ana Lee"] for n, text in enumerate(TEXTS)])
    records, _ = taken(data, "zendesk.csv")
    assert records[1].text == f"Order 1\n\n{TEXTS[1]}"
    assert "'Ticket subject' and 'Ticket description'" in notes(data, "zendesk.csv")


def test_a_form_whose_heading_is_a_question() -> None:
    header = ["Timestamp", "What can we help you with today?", "Your name"]
    rows = [["3/1/2026 10:11:12", text, "Ana Lee"] for text in TEXTS]
    records, _ = taken(table(header, rows), "form.csv")  # type: ignore[arg-type]
    assert [record.text for record in records] == TEXTS


@pytest.mark.parametrize("first", [[7, "2026-02-01"], ["email"], []])
def test_a_first_ticket_is_not_taken_for_a_header(first: list[object]) -> None:
    rows = [[*first, text] for text in TEXTS] if first else [[text, "x"] for text in TEXTS]
    with pytest.raises(DataError, match="if it is a ticket, name them with --columns") as raised:
        taken(table([], rows), "in.csv")
    columns = str(raised.value).split("as in --columns ")[1].split()[0].removesuffix(",")
    assert len(columns.split(",")) == len(rows[0])
    records, _ = taken(table([], rows), "in.csv", columns=tuple(columns.split(",")))
    assert [record.text for record in records] == TEXTS


def message(number: int) -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["Message-ID"] = "Help", "a@b.org", f"<{number}@b>"
    made.set_content(f"from day {number} on\nFrom here it is broken")
    return made


def loaded(folder: Path) -> list[Record]:
    return [one for part in shards(str(folder)) for one in read(part, print, Reading())]


def test_a_mailbox_without_an_ending(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "Inbox")
    for number in range(3):
        box.add(message(number))
    box.close()
    (tmp_path / "Inbox.msf").write_text("// an index")
    records = loaded(tmp_path)
    assert [record.text.splitlines()[2] for record in records] == [
        f"from day {number} on" for number in range(3)
    ]


def test_a_maildir(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "mail")
    for number in range(3):
        box.add(message(number))
    assert {record.extra["id"] for record in loaded(tmp_path / "mail")} == {
        f"<{number}@b>" for number in range(3)
    }

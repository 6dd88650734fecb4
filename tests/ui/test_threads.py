"""The messages before a ticket: read from the file, shown above it, folded away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.driving import Program
from tests.sessions import session_of
from tests.ui.fakes import MemoryLedger, Sitting
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.types import Label, Scheme
from txtal.types.conversation import messages

THREAD = [
    {"author": "ana", "text": "Where is my parcel?"},
    {"author": "shop", "body": "It left on Monday."},
    "It is\nThursday now.",
]
SCHEME = Scheme("exclusive", (Label(1, "delivery"), Label(2, "praise")))


def with_thread(thread: object, text: str = "Still nothing.") -> Session:
    session = session_of(
        MemoryLedger([text], {"lang": "en", "thread": thread}), SCHEME, order="file"
    )
    session.begin()
    return session


@pytest.mark.parametrize(
    ("thread", "said"),
    [
        (THREAD, ["ana: Where is my parcel?", "shop: It left on Monday.", "It is\nThursday now."]),
        (json.dumps(["hello", {"from": "bo", "content": "hi"}]), ["hello", "bo: hi"]),
        ("one text before it", ["one text before it"]),
        ("T-4411", []),
        (4411, []),
        ("[not json", ["[not json"]),
        ([None, {}, {"text": " "}, ["nested"]], []),
    ],
)
def test_what_counts_as_messages(thread: object, said: list[str]) -> None:
    assert messages({"thread": thread}) == said


def test_they_stand_above_the_ticket_and_fold_away() -> None:
    sitting = Sitting(with_thread(THREAD))
    text = sitting.read()
    assert text.index("lang: en") < text.index("ana: Where") < text.index("Thursday now")
    assert text.index("Thursday now") < text.index("Still nothing")
    assert "author" not in text
    assert "ctrl-t thread" in text
    text = sitting.press("thread")
    assert "ana" not in text
    assert "3 messages before · ctrl-t" in text
    assert "Still nothing" in text
    assert "ana: Where" in sitting.press("thread")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (140, 40)])
@pytest.mark.parametrize("words", [3, 400])
def test_the_ticket_begins_in_sight_whatever_is_before_it(
    size: tuple[int, int], words: int
) -> None:
    session = with_thread([f"message {n}" for n in range(60)], "beginning " + "word " * words)
    sitting = Sitting(session, columns=size[0], rows=size[1])
    text = sitting.read()
    assert "beginning" in text
    assert "message 59" in text
    assert "message 0\n" not in text
    for _ in range(80):
        text = sitting.press("up")
    assert "message 0" in text


def test_an_id_stays_in_the_line_of_the_meta() -> None:
    text = Sitting(with_thread("T-4411")).read()
    assert "thread: T-4411" in text
    assert "ctrl-t thread" not in text


def test_line_by_line() -> None:
    said = talk(with_thread([f"message {n}" for n in range(5)]), "thread", "q")
    first, _, then = said.partition("Still nothing.")
    assert "(2 earlier; `thread` reads out all)" in first
    assert "message 0" not in first
    assert "message 0\nmessage 1\n" in then


def test_a_chosen_column_and_the_field_thread(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    program.file("desk.csv", ["body,earlier", '"no answer yet","hello, is anybody there"'])
    program.ok("load", "desk", "desk.csv", "--text", "body", "--thread", "earlier")
    program.file("chat.jsonl", [json.dumps({"text": "and now?", "thread": ["hi", "hello"]})])
    program.ok("load", "chat", "chat.jsonl")
    said = program.ok("teach", "desk", "-l", "a,b", "--plain", stdin="1\n").out
    assert said.index("hello, is anybody there") < said.index("no answer yet")
    said = program.ok("teach", "chat", "-l", "a,b", "--plain", stdin="1\n").out
    assert said.index("  hello") < said.index("and now?")
    line = json.loads(program.ok("export", "chat").out)
    assert line["meta"]["thread"] == ["hi", "hello"]
    failed = program("load", "desk", "desk.csv", "--text", "body", "--thread", "before")
    assert failed.code
    assert "no field is called 'before'" in failed.err

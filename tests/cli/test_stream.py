"""``txtal teach`` on tickets that arrive, as its users run it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TXTAL, Program, until
from tests.cli.terminal import Terminal
from txtal.learning.selective import FEW
from txtal.store import arrivals, schema
from txtal.store.verify import verify
from txtal.types import Ranked, Settled, Spending

TEXTS = [f"ticket {n}" for n in range(5)]


@pytest.fixture
def stream(txtal: Program) -> Program:
    """txtal with five tickets in ``t.jsonl``, one line of them bad."""
    lines = [json.dumps({"text": text}) for text in TEXTS]
    path = txtal.folder / "t.jsonl"
    path.write_text("\n".join([*lines[:3], '{"text": 7}', *lines[3:], ""]))
    return txtal


def test_a_file_as_a_stream_line_by_line(stream: Program) -> None:
    ran = stream.ok(
        "teach", "d", "t.jsonl", "--stream", "--plain", "-l", "a,b", stdin="1\n2\n1\n1\n2\nq\n"
    )
    assert "note: 1 bad line left out; the last is t.jsonl:4" in ran.out
    assert "The stream has ended, and none of its tickets waits for an answer." in ran.out
    assert [line["text"] for line in stream.exported()] == TEXTS
    assert {line["reason"] for line in stream.exported()} == {"start"}
    body = json.loads(stream.ok("stats", "d", "--json").out)
    assert body["stream"] == {
        "arrived": 5, "asked": 5, "waiting": 0, "set_aside": 0, "predicted": 0, "pending": 0,
        "let_go": 0, "unsettled": 0,
    }  # fmt: skip
    assert "5 arrived, 5 asked" in stream.ok("stats", "d").out


@pytest.mark.parametrize("how", ["--stream", "--follow"])
def test_what_was_taken_for_the_text_is_said(quick: Program, how: str) -> None:
    quick.file("t.jsonl", [{"body": "late", "nr": 1}, {"body": "broken", "nr": 2}])
    ran = quick.ok("teach", "d", "t.jsonl", how, "--plain", "-l", "a,b", stdin="1\n2\nq\n")
    assert "the text is taken from 'body'; --text chooses others ('body', 'nr')" in ran.out
    assert [line["text"] for line in quick.exported()] == ["late", "broken"]


@pytest.mark.parametrize("last", ["", "q\n", "Quit\n"])
def test_a_growing_file_is_followed_until_the_answers_end(stream: Program, last: str) -> None:
    ran = stream.ok(
        "teach", "d", "t.jsonl", "--follow", "--plain", "-l", "a,b", stdin=f"1\n2\n1\n1\n2\n{last}"
    )
    assert [line["text"] for line in stream.exported()] == TEXTS
    assert ("(the answers have ended)" in ran.out) == (not last)
    assert ran.out.endswith("\n")  # no prompt is left open
    assert ran.err.startswith("5 answers in this session, saved in ")


@pytest.mark.slow
def test_a_growing_file_line_by_line(stream: Program) -> None:
    words = [*TXTAL, "teach", "d", "t.jsonl", "--follow", "--plain", "-l", "a,b"]
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, cwd=stream.folder, env=stream.environ, **piped) as process:
        assert process.stdin is not None
        process.stdin.write(b"1\n2\n1\n1\n2\n")
        process.stdin.flush()
        until(lambda: len(exported(stream)) == 5, "five answers")
        with (stream.folder / "t.jsonl").open("a") as file:
            file.write('{"text": "the sixth"}\n')
        process.stdin.write(b"2\n")
        process.stdin.flush()
        until(lambda: len(exported(stream)) == 6, "a sixth")
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert [line["text"] for line in exported(stream)] == [*TEXTS, "the sixth"]


def exported(program: Program) -> list[dict[str, Any]]:
    """The answers there are; none before there is a dataset."""
    ran = program("export", "d")
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["-", "--follow"], "needs a file that grows"),
        (["--follow"], "needs a file that grows"),
        (["t.jsonl", "--band", "0.6,0.4"], "a band needs two probabilities"),
        (["t.jsonl", "--band", "0.4,0.6", "-s", "margin"], "leave out --strategy"),
        (["t.jsonl", "--budget", "0.2"], "add --stream or --follow"),
        (["t.jsonl", "--stream", "--budget", "0"], "budget must be above 0"),
        (["t.jsonl", "--stream", "--budget", "1.5"], "got 1.5"),
        (["t.jsonl", "--stream", "--band", "0.6,0.4"], "a band needs two probabilities"),
        (["t.jsonl", "--stream", "-s", "badge"], "choose from auto"),
        (["none.jsonl", "--follow"], "none.jsonl: no such file"),
        (["t.csv", "--follow"], "only .jsonl and .txt"),
        (["dataset:e", "--stream"], "are all there already"),
        (["-", "--stream", "--plain"], "the answers come on standard input"),
    ],
)
def test_what_can_not_be_a_stream(stream: Program, words: list[str], fault: str) -> None:
    ran = stream.quick("teach", "d", *words, "--plain", "-l", "a,b")
    assert ran.code in (2, 3)
    assert fault in ran.complaint
    assert stream.quick("export", "d").code == 2


@pytest.mark.parametrize(("labels", "warned"), [("a,b,c", True), ("a,b", False), ("a", False)])
def test_a_band_that_would_store_what_is_unlikely(
    stream: Program, labels: str, warned: bool
) -> None:
    ran = stream.ok(
        "teach", "d", "t.jsonl", "--stream", "--band", "0.4,0.6", "--plain", "-l", labels
    )  # fmt: skip
    assert ("--band 0,0.6 shows those, too" in ran.err) == warned


def test_predictions_are_exported_when_asked_for(stream: Program) -> None:
    stream.ok("teach", "d", "t.jsonl", "--stream", "--plain", "-l", "a,b", stdin="1\n")
    predict(stream.folder / stream.db, 4, 0.97)
    assert len(stream.exported()) == 1
    ran = stream.ok("export", "d", "--predicted")
    assert ran.err == "1 line from 1 answer, and 1 prediction\n"
    line = json.loads(ran.out.splitlines()[1])
    assert (line["text"], line["label"], line["predicted"]) == (TEXTS[3], "b", "accept")
    assert "answer" not in line
    refused = stream.quick("export", "d", "--predicted", "-f", "doccano")
    assert (refused.code, refused.out) == (2, "")
    assert "can't mark" in refused.complaint


def predict(path: Path, ticket_id: int, probability: float) -> None:
    conn = schema.open_database(path)
    with conn:
        ranked = Ranked(ticket_id, (2,), ((2, probability),), "stream")
        arrivals.settle(conn, ticket_id, Settled(ranked, "predict", probability), None, None)
        arrivals.save_spending(conn, 1, Spending(5, 4, 1))
    assert verify(conn).faults == ()
    conn.close()


@pytest.mark.slow
def test_killed_in_the_middle_of_a_stream_nothing_is_lost(txtal: Program, terminal: Open) -> None:
    writer = (
        "import json, itertools\n"
        "for n in itertools.count(): print(json.dumps({'text': f'ticket {n}'}), flush=True)"
    )
    piped = f"{shlex.quote(sys.executable)} -c {shlex.quote(writer)} | {TXTAL[0]} teach d"
    one = terminal(txtal, f"{piped} - --stream -l a,b", command=("sh", "-c"))
    one.wait("typical ticket, to get started")
    for number in range(1, 4):
        one.answer("1", number)
    screen(one).kill()
    one.end()
    conn = schema.open_database(txtal.folder / txtal.db)
    assert verify(conn).faults == ()
    assert len(txtal.exported()) == 3
    assert arrivals.spending(conn, 1).asked >= FEW
    texts = [row[0] for row in conn.execute("SELECT text FROM ticket ORDER BY id")]
    assert texts == [f"ticket {n}" for n in range(len(texts))]
    assert conn.execute("SELECT count(*) FROM arrival").fetchone()[0] == len(texts)
    conn.close()


@pytest.mark.slow
def test_killed_and_begun_again_nothing_is_asked_twice(txtal: Program, terminal: Open) -> None:
    texts = [f"{one}{two}{three} arrived" for one, two, three in product("abcdefg", repeat=3)]
    lines = (json.dumps({"text": text}) + "\n" for text in texts)
    (txtal.folder / "t.jsonl").write_text("".join(lines))
    piped = f"cat t.jsonl | {TXTAL[0]} teach d - --stream -l a,b --budget 0.2"
    number = 0
    for _ in range(2):
        one = terminal(txtal, piped, command=("sh", "-c"))
        one.wait(" arrived")  # a key pressed before there is a ticket answers none
        for _ in range(6):
            number += 1
            one.answer("12"[number % 2], number)
            if number % 6 == 3:
                learner(one).kill()
        screen(one).kill()
        one.end()
    conn = schema.open_database(txtal.folder / txtal.db)
    assert verify(conn).faults == ()
    answered = [line["text"] for line in txtal.exported()]
    assert len(answered) == len(set(answered)) == number
    assert [row[0] for row in conn.execute("SELECT text FROM ticket ORDER BY id")] == texts
    assert conn.execute("SELECT count(*) FROM arrival").fetchone()[0] == len(texts)
    let_go = "SELECT count(*) FROM arrival WHERE fate = 'let go' AND score IS NULL"
    assert conn.execute(let_go).fetchone()[0] == 0
    conn.close()


def learner(terminal: Terminal) -> psutil.Process:
    """The process that learns behind the screen's."""
    children = screen(terminal).children()
    return next(child for child in children if "txtal.learner" in child.cmdline())


def screen(terminal: Terminal) -> psutil.Process:
    """The process of the screen, at the end of its pipe."""
    children = psutil.Process(terminal.pid).children(recursive=True)
    return next(child for child in children if "teach" in child.cmdline()[2:])


@pytest.mark.slow
def test_a_writer_that_goes_away_leaves_what_it_wrote(txtal: Program, terminal: Open) -> None:
    lines = "\\n".join(json.dumps({"text": text}) for text in TEXTS)
    piped = f"printf '{lines}' | {TXTAL[0]} teach d - --stream -l a,b"
    one = terminal(txtal, piped, command=("sh", "-c"))
    for number, text in enumerate(TEXTS, start=1):
        one.wait(text)
        one.answer("1", number)
    one.wait("The stream has ended")
    one.send("\x03")
    assert one.end() == 130
    assert [line["text"] for line in txtal.exported()] == TEXTS

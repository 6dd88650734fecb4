"""Sitting down to label, on the real program: by keys, line by line, and by two at once."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import LABELS, LABELS_FILE, TICKETS, TXTAL, Program
from tests.cli.terminal import Terminal, in_step, saved, version

LEXICAL = ("--vectors", "lexical")


# --- the judged scenario ----------------------------------------------------------------------


def label_quit_resume_undo(
    program: Program,
    open_terminal: Open,
    words: list[str],
    keys: list[str],
    *,
    learned_by: int | None = None,
) -> list[dict[str, object]]:
    """Give an answer a key; quit; come back and undo four of them; redo one. The export.

    ``learned_by`` is the answer after which a model is waited for.
    """
    one = open_terminal(program, "teach", "d", *words)
    one.wait("1-9 label")
    for number, key in enumerate(keys, start=1):
        one.answer(key, number)
        if "Same answer (" in one.text:  # for near-identical tickets
            one.send("n")
            one.wait(lambda text: "Same answer (" not in text)
        if number == learned_by:
            one.wait(version)
    one.send("q")
    assert one.end() == 0
    assert f"{len(keys)} answers in this" in one.text
    first = program.exported()
    assert len(first) == len(keys)

    again = open_terminal(program, "teach", "d", *LEXICAL)
    again.wait(f"{len(keys)} of ")
    for undone in reversed(first[-4:]):
        again.send("u")
        start = " ".join(str(undone["text"]).split())[:20]
        # Beside a long suggestion little is left of what it was.
        # What the terminal keeps of combining marks is its own affair.
        signs = ("was: acc", "undone", start if start.isascii() else "undone")
        again.wait(lambda text, signs=signs: all(one in " ".join(text.split()) for one in signs))
    again.send("1")
    again.wait(saved)
    again.send("q")
    assert again.end() == 0
    assert "1 answer in this" in again.text  # those taken back were of the sitting before

    last = program.exported()
    assert len(last) == len(keys) - 4 + 1
    assert last[:-1] == first[:-4]
    assert last[-1]["text"] == first[-4]["text"]
    return last


def test_thirty_answers_quit_resume_and_undo(txtal: Program, terminal: Open) -> None:
    keys = [str(1 + n % 8) for n in range(30)]
    words = [str(TICKETS), "--labels-from", str(LABELS_FILE), *LEXICAL]
    lines = label_quit_resume_undo(txtal, terminal, words, keys)
    assert [line["label"] for line in lines] == [LABELS[n % 8] for n in range(26)] + [LABELS[0]]
    assert {line["annotator"] for line in lines} == {"ann"}
    body = txtal.json("stats", "d", "--json")
    assert body["answers"] == {"accept": 27, "reject": 0, "ignore": 0}
    assert txtal.json("doctor", "--json")["database"]["state"] == "ok"
    assert txtal.log == ""


@pytest.mark.slow
def test_thirty_answers_to_seventy_seven_labels(
    txtal: Program, terminal: Open, real_data: Path
) -> None:
    train = real_data / "banking77" / "train.jsonl"
    if not train.exists():
        pytest.skip(f"no banking77 at {train}; set TXTAL_DATA to where it is")
    records = [json.loads(line) for line in train.read_text("utf-8").splitlines()]
    labels = sorted({record["label"] for record in records})
    assert len(labels) == 77
    txtal.file("labels.txt", labels)
    keys = [str(1 + n % 9) for n in range(24)]
    # Of so many labels, those without a key are found by typing.
    keys += [f"/{labels[n]}\r" for n in (70, 60, 50, 40, 30, 20)]
    words = [str(train), "--labels-from", "labels.txt"]
    lines = label_quit_resume_undo(txtal, terminal, words, keys, learned_by=20)
    assert [line["label"] for line in lines[24:26]] == [labels[70], labels[60]]
    assert {line["label"] for line in lines} <= set(labels)
    assert txtal.json("stats", "d", "--json")["revision"] is not None


@pytest.mark.slow
def test_the_model_learns_behind_the_screen_and_measures_itself(
    txtal: Program, terminal: Open
) -> None:
    txtal.file(
        "t.jsonl",
        [{"text": f"please refund order {chr(97 + n)}"} for n in range(25)]
        + [{"text": f"a wonderful shop, thanks from {chr(97 + n)}"} for n in range(25)],
    )
    words = ["t.jsonl", "-l", "refund,praise", "--audit", "0.8", *LEXICAL]
    one = terminal(txtal, "teach", "d", *words)
    for number in range(1, 31):
        one.wait(lambda text: "please refund" in text or "wonderful" in text)
        one.answer("1" if "please refund" in one.text else "2", number)
        one.wait(in_step)
        if "audit" in one.text and "n 1" in one.text:
            break
    one.send("q")
    assert one.end() == 0
    body = txtal.json("stats", "d", "--json")
    assert body["revision"] >= 1
    assert body["vectoriser"] == "lexical@en"
    assert body["audit"]["n"] >= 10
    assert body["audit"]["low"] <= body["audit"]["accuracy"] <= body["audit"]["high"]
    assert body["audit"]["accuracy"] > 0.95  # never quite 1: there is a prior
    assert "accuracy  9" in txtal.ok("stats", "d").out
    answers = txtal.exported()
    assert {line["reason"] for line in answers} > {"audit"}
    for line in answers:
        assert 0 < float(line["selection_probability"]) <= 1
        right = "refund" if "refund" in str(line["text"]) else "praise"
        assert line["label"] == right
        if line["suggestion"] is not None and line["revision"] > 5:
            assert line["suggestion"] == right
    # Tomorrow's first question is of the stored ranking, before anything has been learned.
    again = terminal(txtal, "teach", "d", *LEXICAL)
    again.wait(lambda text: "▸ " in text or "random check" in text)
    again.send("q")
    assert again.end() == 0


# --- line by line -----------------------------------------------------------------------------


def test_plain_takes_its_answers_from_a_pipe(txtal: Program) -> None:
    typed = "1\npraise\nf\nc looks odd\nrefund\n \nu\n2\ns\n?\nq\n"
    txtal.file("t.jsonl", [{"text": f"ticket {n}"} for n in range(9)])
    ran = txtal.ok("teach", "d", "t.jsonl", "--plain", "-l", "refund,praise", stdin=typed)
    assert "\x1b" not in ran.out
    said = [(line["answer"], line["label"]) for line in txtal.exported()]
    assert said == [
        ("accept", "refund"), ("accept", "praise"), ("accept", "refund"), ("accept", "praise"),
    ]  # fmt: skip
    third = txtal.exported()[2]
    assert (third["flagged"], third["comment"]) == (True, "looks odd")
    assert re.search(r"saved \d\d:\d\d:\d\d #1, accept refund", ran.out)
    assert "4 answers in this" in ran.err
    assert "saved in t.db" in ran.err


def test_plain_ends_with_its_input_and_goes_on_where_it_was(txtal: Program) -> None:
    txtal.file("t.jsonl", [{"text": f"ticket {n}"} for n in range(3)])
    txtal.ok("manual", "d", "t.jsonl", "--plain", "-l", "a,b", stdin="1\n")
    ran = txtal.ok("manual", "d", "--plain", stdin="2\nu\n1\n2\n1\n")
    assert "(1 of 3 answered)\nticket 1\n" in ran.out
    assert "All 3 tickets of d are answered." in ran.out
    assert [line["label"] for line in txtal.exported()] == ["a", "a", "b"]


@pytest.mark.parametrize("why", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}, {"TXTAL_PLAIN": "1"}])
def test_plain_where_it_is_asked_for_or_nothing_else_will_do(
    answered: Program, why: dict[str, str]
) -> None:
    assert "Type ? for help" in answered.quick.ok("manual", "d", stdin="q\n", **why).out


# --- terminals --------------------------------------------------------------------------------


def test_tickets_from_a_pipe_and_keys_from_the_terminal(txtal: Program, terminal: Open) -> None:
    txtal.file("t.jsonl", [{"text": "one"}, {"text": "two"}])
    shell = f"cat t.jsonl | {TXTAL[0]} manual d - -l a,b"
    one = terminal(txtal, command=["sh", "-c", shell])
    one.wait("one")
    one.answer("2", 1)
    one.wait("two")
    one.send("q")
    assert one.end() == 0
    assert [line["label"] for line in txtal.exported()] == ["b"]


def test_output_that_is_no_terminal(answered: Program, terminal: Open) -> None:
    one = terminal(answered, command=["sh", "-c", f"{TXTAL[0]} manual d | cat; read _"])
    one.wait("--plain")
    assert "\x1b" not in one.raw.decode()


def asked(one: Terminal, before: str = "") -> str:
    """The ticket on the screen, once it is another than ``before``; empty at the end."""
    pattern = re.compile(r"\bticket-\d\d\b")

    def look(text: str) -> list[str] | None:
        found = pattern.findall(text)
        if found and found[0] != before:
            return found[:1]
        return [""] if "open in other sessions" in text or "are answered." in text else None

    return str(one.wait(look)[0])


@pytest.mark.parametrize("command", ["manual", pytest.param("teach", marks=pytest.mark.slow)])
def test_two_at_once_are_never_asked_the_same(txtal: Program, terminal: Open, command: str) -> None:
    txtal.file("t.jsonl", [{"text": f"ticket-{n:02}"} for n in range(9)])
    txtal.ok("load", "d", "t.jsonl")
    words = [command, "d", "-l", "a,b", *(LEXICAL if command == "teach" else ())]
    both = [terminal(txtal, *words, "--annotator", name) for name in ("ann", "bob")]
    shown = [asked(one) for one in both]
    seen = list(shown)
    assert shown[0] != shown[1]
    turn = 0
    while any(shown):
        turn = 1 - turn if shown[1 - turn] else turn
        both[turn].send("1")
        shown[turn] = asked(both[turn], shown[turn])
        assert shown[turn] not in seen
        seen += [shown[turn]] if shown[turn] else []
    for one in both:
        one.wait("All 9 tickets")  # each has counted what the other answered
        one.send("q")
        assert one.end() == 0
    lines = txtal.exported()
    assert sorted(str(line["text"]) for line in lines) == sorted(seen)
    assert len(seen) == 9
    assert txtal.json("stats", "d", "--json")["annotators"].keys() == {"ann", "bob"}


def test_a_held_key_labels_each_ticket_once(txtal: Program, terminal: Open) -> None:
    txtal.file("t.jsonl", [{"text": f"ticket-{n:02}"} for n in range(60)])
    one = terminal(txtal, "manual", "d", "t.jsonl", "-l", "a,b")
    one.wait("ticket-00")
    while "All 60 tickets" not in one.text:  # a key that repeats some thirty times a second
        time.sleep(1 / 30)
        one.burst("1")
        one.read()
    one.wait("All 60 tickets")
    one.send("q")
    assert one.end() == 0
    texts = [line["text"] for line in txtal.exported()]
    assert texts == [f"ticket-{n:02}" for n in range(60)]


def test_the_terminal_is_resized_and_suspended_without_loss(txtal: Program, terminal: Open) -> None:
    txtal.file("t.jsonl", [{"text": "one"}, {"text": "two"}])
    shell = f"set -m; {TXTAL[0]} manual d t.jsonl -l a,b; echo suspended; read _; fg"
    one = terminal(txtal, command=["bash", "-c", shell])
    one.wait("one")
    one.answer("1", 1)
    one.send("\x1a")
    one.wait("suspended")
    assert one.is_cooked
    one.send("\r")
    one.wait("two")
    one.answer("2", 2)
    one.send("q")
    assert one.end() == 0
    assert len(txtal.exported()) == 2

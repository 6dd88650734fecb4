"""A command as annotator: whatever it does, nothing is lost and nothing waits for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.driving import Program
from txtal.annotators import command
from txtal.annotators.command import Command, CommandGoneError, parsed, words_of
from txtal.annotators.suggesting import Suggesting
from txtal.errors import UsageError
from txtal.store import datasets, schema, votes
from txtal.store.sqlite import Connection

HEAD = "import json, sys, time\n"
GOOD = (
    HEAD
    + """
for line in sys.stdin:
    one = json.loads(line)
    label = "refund" if "money" in one["text"] else "praise"
    said = {"id": one["id"], "label": label, "confidence": 0.9, "reason": "it says so"}
    print(json.dumps(said), flush=True)
"""
)
BAD = {
    "hangs": HEAD + "time.sleep(600)\n",
    "deaf": HEAD + "sys.stdin.close(); time.sleep(600)\n",
    "ends": "raise SystemExit(3)\n",
    "garbage": HEAD + "while True: print('no JSON at all', flush=True); time.sleep(0.01)\n",
    "endless line": HEAD + "while True: sys.stdout.write('x' * 65536)\n",
    "leaves a child with its pipes": HEAD
    + "import subprocess\n"
    + "subprocess.Popen(['sleep', '3'], start_new_session=True)\n"
    + "print('{', flush=True)\n",
    "complains without end": HEAD + "while True: sys.stderr.write('x' * 65536)\n",
}


@pytest.fixture
def loaded(tmp_path: Path) -> Program:
    """Forty tickets of two labels, eight of them answered."""
    txtal = Program(tmp_path).quick
    rows = [
        {"text": f"{'give my money back' if n % 2 else 'thank you'} {n}", "id": n}
        for n in range(40)
    ]
    given = [{**row, "label": "refund" if row["id"] % 2 else "praise"} for row in rows[:8]]
    txtal.ok("load", "d", txtal.file("a.jsonl", given), "--answers")
    txtal.ok("load", "d", txtal.file("b.jsonl", rows[8:]))
    return txtal


def script(txtal: Program, text: str) -> str:
    path = txtal.folder / "suggest.py"
    path.write_text(text)
    return f"{sys.executable} {path}"


def suggesting(
    conn: Connection, txtal: Program, text: str, told: list[str], budget: int | None = None
) -> Suggesting:
    path = txtal.folder / "t.db"
    dataset = datasets.get(conn, "d")
    made = Suggesting(conn, path, dataset, script(txtal, text), budget, told.append, (0.0, 0.0))
    made.begin()
    made.command.seconds = 0.3
    return made


def test_it_votes_on_all_tickets_and_is_measured(loaded: Program) -> None:
    told: list[str] = []
    with schema.open_database(loaded.folder / "t.db") as conn:
        suggesting(conn, loaded, GOOD, told).work()
        found = list(votes.of_dataset(conn, 1))
        assert len(found) == 32  # the answered ones were no random checks
        assert {vote.confidence for vote in found} == {0.9}
        again = suggesting(conn, loaded, GOOD, told)
        assert again.left is None
        assert not list(again._next_batch())
        changed = suggesting(conn, loaded, GOOD + "\n# changed", told)
        assert len(list(changed._next_batch())) == command.BATCH
    assert told == []


def test_a_budget_is_never_exceeded(loaded: Program) -> None:
    told: list[str] = []
    with schema.open_database(loaded.folder / "t.db") as conn:
        suggesting(conn, loaded, GOOD, told, budget=11).work()
        assert len(list(votes.of_dataset(conn, 1))) == 11
        suggesting(conn, loaded, GOOD, told, budget=11).work()
        assert len(list(votes.of_dataset(conn, 1))) == 11
    assert "budget of 11 tickets is spent" in told[0]


@pytest.mark.parametrize("kind", BAD)
def test_a_command_that_is_no_use_is_given_up(loaded: Program, kind: str) -> None:
    told: list[str] = []
    with schema.open_database(loaded.folder / "t.db") as conn:
        made = suggesting(conn, loaded, BAD[kind], told)
        made.work()
        assert made.command._running is None
        assert list(votes.of_dataset(conn, 1)) == []
        (source,) = votes.sources(conn, 1)
    assert source.note.startswith("stopped: it ")
    assert "labelling goes on" in told[0]


def test_what_it_said_before_it_ended_is_kept(loaded: Program) -> None:
    once = GOOD + "    if one['id'] % 3 == 0: raise SystemExit(1)\n"
    with schema.open_database(loaded.folder / "t.db") as conn:
        suggesting(conn, loaded, once, []).work()
        assert len(list(votes.of_dataset(conn, 1))) >= 4


def test_long_lines_are_no_answers_and_hold_up_nothing(loaded: Program) -> None:
    chatty = GOOD.replace("    label =", "    print('x' * 3_000_000)\n    label =", 1)
    with schema.open_database(loaded.folder / "t.db") as conn:
        made = suggesting(conn, loaded, chatty, [])
        made.command.seconds = 20
        made.work()
        assert len(list(votes.of_dataset(conn, 1))) == 32


def test_what_it_complains_of_is_said_and_not_logged(loaded: Program) -> None:
    told: list[str] = []
    bad = "import sys\nsys.stderr.write('key\\x1b[31m expired\\n\\n')\nraise SystemExit(4)\n"
    with schema.open_database(loaded.folder / "t.db") as conn:
        suggesting(conn, loaded, bad, told).work()
    assert "ended with exit code 4: key" in told[0]
    assert "expired" in told[0]
    assert "\x1b" not in told[0]


@pytest.mark.parametrize(
    ("said", "sure"),
    [("NaN", None), ("2", None), ("-1", None), ('"high"', None), ("true", None), ("1e400", None),
     ("0", 0.0), ("1", 1.0)],
)  # fmt: skip
def test_a_confidence_that_is_none_is_left_out(said: str, sure: float | None) -> None:
    found = parsed(f'{{"id": 1, "label": "a", "confidence": {said}}}', {1: None})
    assert found is not None
    assert (found.labels, found.confidence) == (("a",), sure)


def test_two_sessions_share_the_tickets_and_the_budget(loaded: Program) -> None:
    asked: list[list[int]] = []
    with (
        schema.open_database(loaded.folder / "t.db") as conn,
        schema.open_database(loaded.folder / "t.db") as other,
    ):
        two = [suggesting(one, loaded, GOOD, [], budget=20) for one in (conn, other)]
        for one in (*two, *two):
            batch = one._next_batch()
            asked.append([ticket.id for ticket in batch])
        assert [len(ids) for ids in asked] == [8, 8, 4, 0]
        assert len({ticket for ids in asked for ticket in ids}) == 20
        assert [one.left for one in two] == [0, 0]


def test_a_budget_counts_what_a_command_was_asked_in_vain(loaded: Program) -> None:
    told: list[str] = []
    deaf = HEAD + "for line in sys.stdin: pass\n"
    with schema.open_database(loaded.folder / "t.db") as conn:
        first = suggesting(conn, loaded, deaf, told, budget=30)
        first.work()
        assert first.left == 30 - 2 * command.BATCH  # it was given up after two failures
        again = suggesting(conn, loaded, deaf, told, budget=30)
        assert again.left == first.left
        assert len(again._next_batch()) == command.BATCH  # nothing came of them: they are free


def test_tickets_whose_session_was_killed_are_asked_for_once_more(
    loaded: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e9]
    monkeypatch.setattr(votes.time, "time", lambda: now[0])
    with schema.open_database(loaded.folder / "t.db") as conn:
        batches = []
        for _ in range(3):
            made = suggesting(conn, loaded, GOOD, [])
            batches.append([ticket.id for ticket in made._next_batch()])
            now[0] += 100
        assert batches[0] == batches[1]
        assert not {*batches[2]} & {*batches[0]}
        made = suggesting(conn, loaded, GOOD, [])
        assert made._next_batch()[0].id == batches[2][0]
        made = suggesting(conn, loaded, GOOD, [])
        assert not {ticket.id for ticket in made._next_batch()} & {*batches[2]}


def test_a_wrong_label_is_no_vote_and_is_said(loaded: Program) -> None:
    with schema.open_database(loaded.folder / "t.db") as conn:
        made = suggesting(conn, loaded, GOOD.replace('"refund"', '"refnd"'), [])
        made.work()
        given = {vote.labels for vote in votes.of_dataset(conn, 1)}
        assert len(given) == 1
        (source,) = votes.sources(conn, 1)
    assert "refnd" in source.note
    assert len(made._asked) == 32  # it isn't asked for them again


def test_a_command_that_isnt_there_is_said_to_be() -> None:
    with pytest.raises(CommandGoneError, match="can't be started"):
        list(Command(["/no/such/program"]).ask({1: {}}))


@pytest.mark.parametrize("line", ["", "'", "txtal:nothing"])
def test_what_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        words_of(line)


def test_shipped_commands_are_found_by_name() -> None:
    program, file, *rest = words_of("txtal:local-server --model x")
    assert program == sys.executable
    assert Path(file).name == "local_server.py"
    assert rest == ["--model", "x"]


@given(st.text() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "label"]), inner),
).map(json.dumps))  # fmt: skip
def test_any_line_is_a_suggestion_or_none(line: str) -> None:
    found = parsed(line, {1: None})
    assert found is None or found.ticket_id == 1


def test_a_session_doesnt_wait_for_a_command_that_hangs(loaded: Program) -> None:
    slow = Program(loaded.folder).installed
    line = script(loaded, BAD["hangs"])
    slow.ok("teach", "d", "--suggest", line, "-s", "random", "--plain", stdin="1\n2\n1\n")
    assert len(loaded.exported()) == 11
    assert not _running(loaded.folder / "suggest.py")


def _running(path: Path) -> list[int]:
    import psutil

    return [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if str(path) in (one.info["cmdline"] or ())
    ]


# --- the screen ----------------------------------------------------------------------------------


def test_the_screen_says_who_suggests_but_not_in_a_random_check(loaded: Program) -> None:
    with schema.open_database(loaded.folder / "t.db") as conn:
        suggesting(conn, loaded, GOOD, []).work()
    slow = Program(loaded.folder).installed
    shown = slow.ok("teach", "d", "-s", "random", "--audit", "0", "--plain", stdin="1\n1\n").out
    assert "it says so" in shown
    hidden = slow.ok("teach", "d", "-s", "random", "--audit", "1", "--plain", stdin="1\n1\n").out
    assert "it says so" not in hidden

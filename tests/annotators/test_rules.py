"""Rules vote, are measured, and are stopped when they hang; their votes are never answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.driving import Program
from txtal.annotators import applying, rules
from txtal.annotators.rules import read_rules
from txtal.annotators.scoring import agrees, weighted_proportion
from txtal.errors import DataError
from txtal.measures.gold import Vote
from txtal.measures.intervals import wilson
from txtal.store import datasets, schema, votes
from txtal.store.verify import verify
from txtal.types import Label, Scheme

TEXTS = [
    ("please refund my order", "refund"),
    ("money back now", "refund"),
    ("I want a REFUND", "refund"),
    ("thank you so much", "praise"),
    ("no refund needed, thank you", "praise"),
    ("where is my parcel", "delivery"),
]
ROWS = [{"text": text, "label": label} for text, label in TEXTS]

TOML = """
[[rule]]
name = "money"
label = "refund"
regex = 'refund|money\\s+back'

[[rule]]
name = "thanks"
label = "praise"
words = ["thank you", "great"]

[[rule]]
name = "exact"
label = "delivery"
pattern = [{lower = "where"}, {}, {lower = "my"}]
"""


@pytest.fixture
def loaded(fresh: Program) -> Program:
    """A dataset whose six tickets are answered."""
    txtal = fresh.quick
    txtal.ok("load", "d", txtal.file("rows.jsonl", ROWS), "--answers")
    (txtal.folder / "rules.toml").write_text(TOML)
    return txtal


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    return Program(tmp_path)


def voted(txtal: Program) -> dict[str, Any]:
    """What the rules of the file come to, by their names."""
    rows = txtal.json("rules", "d", "--rules", "rules.toml", "--json")
    return {row["name"]: row for row in rows}


def test_rules_vote_and_are_measured_by_answers(loaded: Program) -> None:
    found = {
        row["name"]: row for row in loaded.json("rules", "d", "--rules", "rules.toml", "--json")
    }
    money, thanks = found["money"], found["thanks"]
    assert money["votes"] == 4
    assert money["coverage"] == pytest.approx(4 / 6)
    assert money["overlap"] == money["conflicts"] == pytest.approx(1 / 6)
    assert money["accuracy"] == pytest.approx(3 / 4)
    assert (money["low"], money["high"]) == pytest.approx(wilson(3, 4), abs=1e-4)
    assert thanks["accuracy"] == 1.0
    assert money["differ"] == 1
    assert money["examples"] == [
        {"text": "no refund needed, thank you", "voted": ["refund"], "people": ["praise"]}
    ]
    assert found["exact"]["votes"] == 1


def test_why_a_source_is_not_measured_is_told(loaded: Program) -> None:
    loaded.ok("rules", "d", "--rules", "rules.toml")
    loaded.ok("label", "merge", "d", "praise", "delivery")
    loaded.ok("label", "merge", "d", "delivery", "refund")
    assert "one label" in loaded.ok("rules", "d").out
    loaded.ok("load", "new", loaded.file("new.jsonl", [{"text": "a refund, thank you"}]))
    for name in ("refund", "praise", "delivery"):
        loaded.ok("label", "add", "new", name)
    assert "no answers yet" in loaded.ok("rules", "new", "--rules", "rules.toml").out
    loaded.ok("load", "new", loaded.file("one.jsonl", ROWS[-1:]), "--answers")
    assert "no answers on its tickets" in loaded.ok("rules", "new").out


def test_votes_are_no_answers_and_are_made_once(loaded: Program) -> None:
    first = loaded.ok("rules", "d", "--rules", "rules.toml")
    assert "7 new votes on 6 tickets" in first.err
    assert "people: praise" in first.out
    assert "0 new votes on 0 tickets" in loaded.ok("rules", "d", "--rules", "rules.toml").err
    assert len(loaded.exported()) == len(ROWS)
    assert loaded.ok("verify")
    more = loaded.file("more.jsonl", [{"text": "a refund for my cousin"}])
    loaded.ok("load", "d", more)
    assert "1 new vote on 1 ticket" in loaded.ok("rules", "d", "--rules", "rules.toml").err


def test_a_changed_rule_votes_again_and_a_removed_one_is_gone(loaded: Program) -> None:
    loaded.ok("rules", "d", "--rules", "rules.toml")
    (loaded.folder / "rules.toml").write_text(TOML.replace("refund|", ""))
    found = {
        row["name"]: row for row in loaded.json("rules", "d", "--rules", "rules.toml", "--json")
    }
    assert found["money"]["votes"] == 1
    assert found["thanks"]["votes"] == 2
    assert "deleted with 1 vote" in loaded.ok("rules", "d", "--remove", "money").err
    assert loaded.json("rules", "d", "--json")[0]["name"] != "money"
    assert "money" in loaded("rules", "d", "--remove", "money").complaint


CODE = '''
"""Labelling functions."""
import re
from txtal import labels

@labels("hangs")
def hangs(ticket):
    return "refund" if re.search(r"(a|aa)+$", "a" * 80 + "b") else None

@labels("fails")
def fails(ticket):
    return "refund" if ticket.meta["missing"] else None

@labels("unknown")
def unknown(ticket):
    return "refnd"

@labels("parcels")
def parcels(ticket):
    return {"delivery", "refund"} if "my" in ticket.text else None

@labels("number")
def number(ticket):
    return 3

@labels("sometimes")
def sometimes(ticket):
    return {"I": None}.get(ticket.text[0], "refund") if ticket.id != 3 else 1 / 0
'''


def found_votes(txtal: Program, name: str) -> int:
    rows = txtal.json("rules", "d", "--json")
    return int(next(row["votes"] for row in rows if row["name"] == name))


def test_a_function_that_hangs_or_fails_is_stopped_and_named(
    loaded: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SECONDS", 0.05)
    monkeypatch.setattr(rules, "FIRST_SECONDS", 0.05)
    (loaded.folder / "mine.py").write_text(CODE)
    ran = loaded.ok("rules", "d", "--rules", "mine.py", "--json")
    assert "hangs: stopped: mine.py:6: took longer than" in ran.err
    assert "fails: stopped: mine.py:10: failed on ticket 1: mine.py:12: KeyError" in ran.err
    assert "unknown: stopped: mine.py:14: gives the label refnd, which the dataset" in ran.err
    assert "number: stopped: mine.py:22: returned 3, and not a label, several, or None" in ran.err
    assert "sometimes: mine.py:26: failed on ticket 3: " in ran.err
    assert "(1 ticket without its vote)" in ran.err
    assert found_votes(loaded, "sometimes") == 5
    found = {row["name"]: row for row in loaded.json("rules", "d", "--json")}
    assert found["parcels"]["votes"] == 2
    assert found["parcels"]["accuracy"] == 1.0  # one of the two that it names
    assert found["hangs"]["votes"] == 0
    assert found["hangs"]["note"].startswith("stopped")


def test_a_regular_expression_that_hangs_is_stopped_and_the_others_go_on(
    loaded: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SECONDS", 0.05)
    evil = loaded.file("evil.jsonl", [{"text": "a" * 60 + "b" * number} for number in (1, 2, 3)])
    loaded.ok("load", "d", evil)
    slow = '[[rule]]\nname = "slow"\nlabel = "refund"\nregex = "^(a|aa)+$"\n'
    (loaded.folder / "rules.toml").write_text(TOML + slow)
    ran = loaded.ok("rules", "d", "--rules", "rules.toml")
    assert "slow: stopped: rules.toml:16: took longer than" in ran.err
    assert "money" in ran.out


def test_a_label_that_isnt_there_is_said_though_the_rule_never_matches(loaded: Program) -> None:
    typo = '[[rule]]\nname = "typo"\nlabel = "refnd"\nwords = "never"\n'
    (loaded.folder / "rules.toml").write_text(TOML + typo)
    said = loaded.ok("rules", "d", "--rules", "rules.toml").err
    assert "typo: stopped: rules.toml:16: gives the label refnd, which the dataset" in said
    assert found_votes(loaded, "money") == 4
    loaded.ok("label", "add", "d", "refnd")
    assert "typo" not in loaded.ok("rules", "d", "--rules", "rules.toml").err


def test_two_functions_of_one_name_are_refused(loaded: Program) -> None:
    twice = "from txtal import labels\n" + "".join(
        f"\n@labels('one')\ndef f{n}(ticket):\n    return None\n" for n in (1, 2)
    )
    (loaded.folder / "twice.py").write_text(twice)
    said = loaded("rules", "d", "--rules", "twice.py").complaint
    assert "twice.py:7: two labelling functions are called 'one'" in said


def test_every_line_of_patterns_that_is_none_is_counted(loaded: Program) -> None:
    lines = ['\ufeff{"label": "refund", "pattern": "refund"}', "no JSON",
             '{"label": "refund", "pattern": [{"LEMMA": "pay"}]}',
             '{"label": "refund", "pattern": [{"LOWER": "a", "OP": "!"}]}']  # fmt: skip
    (loaded.folder / "p.jsonl").write_text("\n".join(lines))
    said = loaded("rules", "d", "--rules", "p.jsonl").complaint
    assert "p.jsonl:2: invalid JSON" in said
    assert "(2 other rules can not be used either)" in said
    (loaded.folder / "p.jsonl").write_text(lines[0] + "\n" + lines[2])
    assert (
        "p.jsonl:2: LEMMA can't be matched without spaCy"
        in loaded("rules", "d", "--rules", "p.jsonl").complaint
    )


def test_prodigys_patterns_are_rules(loaded: Program) -> None:
    lines = [
        {"label": "refund", "pattern": [{"lower": "refund"}]},
        {"label": "praise", "pattern": "thank you"},
    ]
    found = loaded.json("rules", "d", "--rules", loaded.file("p.jsonl", lines), "--json")
    assert {row["name"]: row["votes"] for row in found} == {"p:refund": 3, "p:praise": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nlabel = 'a'\n", "r.toml:1: a rule has a regex, a pattern or words"),
        ("[[rule]]\nregex = 'a'\n", "r.toml:1: a rule needs the name of a label"),
        ("[[rule]]\nlabel='a'\nregex='('\n", "'(' is no regular expression: missing )"),
        ("[[rule]]\nlabel='a'\nwords=[1]\n", "words must be a phrase or a list"),
        ("[[rule]]\nlabel='a'\nregx='x'\n", "a rule has no 'regx'"),
        ("[[rule]]\nlabel='a'\nwords='x'\ncase=1\n", "case must be true or false"),
        ("# x\n\n[[rule]]\nlabel=''\nregex='x'\n", "r.toml:3: a label needs a name"),
        ("[[rule]]\nlabel='a'\nregex=''\n", "r.toml:1: regex must be text, and not empty"),
        ("[[rule]]\nlabel='a'\nwords=[]\n", "words must not be empty"),
        ("[[rule]]\nlabel='a'\nwords=['b', ' ']\n", "words must not be empty"),
        ("[[rule]]\nlabel='a'\nwords='x'\nname=3\n", "name must be a text"),
        ("[[rule]]\nlabel='a'\nwords='x'\nname='" + 70 * "n" + "'\n", "at most 60 characters"),
        ("[[rule]]\nlabel='a'\nwords='x'\n[[rules]]\nlabel='b'\n", "'rules' is no rule"),
        (
            "[[rule]]\nlabel='a'\nwords='x'\n\n"
            "[[ rule ]]\nlabel='a'\n\n[[rule]]\nregex='('\nlabel='a'\n",
            "r.toml:5: a rule has a regex, a pattern or words: one of them (1 other rule can",
        ),
        ('[[rule]]\nlabel=\'a\'\nwords="""\n[[rule]]\n"""\ncase=1\n', "r.toml: rule 1: case"),
        ("rule = 3\n", "begin with [[rule]]"),
        ("[[rule", "not TOML"),
        ("", "holds no rule"),
    ],
)
def test_a_file_that_is_none_is_said_to_be(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_rules(path)
    assert said in str(error.value)


def test_forgotten_tickets_and_dropped_datasets_take_their_votes_along(loaded: Program) -> None:
    loaded.ok("rules", "d", "--rules", "rules.toml")
    loaded.ok("forget", "d", "6", "--yes")
    with schema.open_database(loaded.folder / "t.db") as conn:
        assert verify(conn).faults == ()
        assert len(list(votes.of_dataset(conn, 1))) == 6
    loaded.ok("dataset", "drop", "d", "--yes")
    with schema.open_database(loaded.folder / "t.db") as conn:
        assert verify(conn).faults == ()
        assert conn.execute("SELECT count(*) FROM vote").fetchone()[0] == 0


def test_a_vote_that_changed_is_found(loaded: Program) -> None:
    loaded.ok("rules", "d", "--rules", "rules.toml")
    with schema.open_database(loaded.folder / "t.db") as conn:
        conn.execute("UPDATE vote SET labels = '[2]' WHERE ticket_id = 1")
        assert verify(conn).faults == (
            "vote of source 1 on ticket 1: it changed since it was written",
        )


def test_rules_vote_behind_a_session(loaded: Program) -> None:
    more = loaded.file("more.jsonl", [{"text": f"a refund {n}"} for n in range(5)])
    loaded.ok("load", "d", more)
    slow = Program(loaded.folder)
    slow.ok("teach", "d", "--rules", "rules.toml", "-s", "random", "--plain", stdin="1\n")
    assert "no such" in slow("teach", "d", "--rules", "none.toml", "--plain").err.lower()


# --- what a vote says ----------------------------------------------------------------------------

TWO = Scheme("exclusive", (Label(1, "a"), Label(2, "b")))
ANY = Scheme("multilabel", (Label(1, "a"), Label(2, "b")))
A, B = frozenset({0}), frozenset({1})


def test_where_one_applies_a_vote_for_several_is_one_of_them() -> None:
    said = Vote(A, B)
    assert agrees(said, A, TWO) is True
    assert agrees(said, B, TWO) is False
    assert agrees(said, A | B, TWO) is True
    assert agrees(Vote(A | B, frozenset()), A, TWO) is None


def test_where_several_may_a_vote_is_about_what_it_names() -> None:
    said = Vote(A, B)
    assert agrees(said, A, ANY) is True
    assert agrees(said, A | B, ANY) is False
    assert agrees(said, frozenset(), ANY) is False
    assert agrees(Vote(frozenset(), A | B), frozenset(), ANY) is True
    assert agrees(Vote(A, frozenset()), B, ANY) is None


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_equal_weights_are_wilsons_interval(right: list[bool]) -> None:
    share, low, high = weighted_proportion(right, [0.7] * len(right))
    assert (low, high) == pytest.approx(wilson(sum(right), len(right)))
    assert share == pytest.approx(sum(right) / len(right))


def test_answers_that_count_for_nothing_measure_nothing() -> None:
    assert weighted_proportion([True], [0.0]) == (None, None, None)


def test_damaged_tickets_are_passed_over(loaded: Program) -> None:
    with schema.open_database(loaded.folder / "t.db") as conn:
        conn.execute("UPDATE ticket SET meta = '{' WHERE id = 2")
        done = applying.apply_rules(
            conn,
            loaded.folder / "t.db",
            datasets.get(conn, "d"),
            [rules.LabellingRule("all", "x", lambda ticket: frozenset({"refund"}))],
        )
    assert (done.looked_at, done.votes) == (6, 5)

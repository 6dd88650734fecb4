"""Votes in files: out beside answers and in again, as votes and never as answers."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.driving import Program
from txtal.formats.own import restored
from txtal.formats.rows import ExportRow, PredictedRow, Row, VotedRow
from txtal.formats.votes import NamedVote, votes_of
from txtal.formats.writers import full, tasks
from txtal.store import datasets, predictions, schema, tickets, votes
from txtal.types import (
    TASKS,
    Answer,
    Label,
    Predicted,
    Record,
    Scheme,
    SourceVote,
    Task,
    Ticket,
)

ROWS = [
    {"text": "give my money back", "id": 1, "label": "refund"},
    {"text": "thank you", "id": 2, "label": "praise"},
]
OPEN = [
    {"text": "my money please", "id": 3, "meta": {"source": "mail", "score": 4}},
    {"text": "lovely", "id": 4, "sources": "theirs", "task": "mine"},
    {"text": "nobody votes on this", "id": 5},
]
RULES = """
[[rule]]
name = "money"
label = "refund"
words = "money"
[[rule]]
name = "either"
labels = ["refund", "praise"]
words = ["money", "lovely"]
"""
MODEL = "python classify.py"


@pytest.fixture
def voted(tmp_path: Path) -> Program:
    """Two answers, three open tickets, two rules and a command; the model labelled one ticket."""
    txtal = Program(tmp_path).quick
    txtal.ok("load", "d", txtal.file("a.jsonl", ROWS), "--answers", "--annotator", "ann")
    txtal.ok("load", "d", txtal.file("b.jsonl", OPEN))
    (tmp_path / "rules.toml").write_text(RULES)
    txtal.ok("rules", "d", "--rules", "rules.toml")
    with closing(schema.open_database(tmp_path / txtal.db)) as conn:
        dataset = datasets.get(conn, "d")
        refund, praise = dataset.scheme.ids
        source = votes.enter(conn, dataset.id, MODEL, "command", "f")
        said = [
            SourceVote(source.id, 1, (praise,), 0.25, "it says so"),
            SourceVote(source.id, 4, (praise,), 0.75),
            SourceVote(source.id, 5, None, 0.1),
        ]
        votes.add(conn, dataset.id, said)
        predictions.store(conn, dataset.id, 0.9, {}, [(3, (refund,), 0.97, False)])
    return txtal


def exported(txtal: Program, form: str, *more: str) -> list[dict[str, Any]]:
    """What an export with votes has, a list of records however it is written."""
    out = txtal.ok("export", "d", "-f", form, "--votes", *more).out
    return list(json.loads(out)) if out[0] == "[" else [*map(json.loads, out.splitlines())]


def test_our_lines_have_the_votes_on_answered_predicted_and_open_tickets(voted: Program) -> None:
    one, two, three, four = exported(voted, "jsonl", "--predicted")
    money = {"source": "money", "kind": "rule", "label": "refund", "confidence": None, "reason": ""}
    either = {key: money[key] for key in money if key != "label"}
    either |= {"source": "either", "labels": ["refund", "praise"]}
    said = {"source": MODEL, "kind": "command", "label": "praise", "confidence": 0.25}
    assert one["sources"][-1] == said | {"reason": "it says so"}  # the least accurate comes last
    assert money in one["sources"]
    assert either in one["sources"]
    assert (one["answer"], one["annotator"], one["label"]) == ("accept", "ann", "refund")
    assert "sources" not in two
    assert (three["predicted"], three["source"], three["probability"]) == ("accept", "finish", 0.97)
    assert three["meta"] == {"source": "mail", "score": 4}
    assert {vote["source"] for vote in three["sources"]} == {"money", "either"}
    assert "label" not in four
    assert four["original"] == {"sources": "theirs", "task": "mine"}
    assert all("sources" not in line for line in voted.exported())


@pytest.mark.parametrize("form", ["jsonl", "prodigy", "labelstudio", "argilla"])
def test_votes_come_back_as_votes_and_answers_as_answers(voted: Program, form: str) -> None:
    name = "v.json" if form in ("labelstudio", "argilla") else "v.jsonl"
    voted.ok("export", "d", "-f", form, "--votes", "-o", name)
    back = Program(voted.folder, db="back.db").quick
    ran = back.ok("load", "d", name, "--answers")
    assert "2 answers imported" in ran.err
    assert "imported" in ran.err.split("2 answers imported")[1]
    found = {one["name"]: one for one in back.json("stats", "d", "--json")["sources"]}
    before = {one["name"]: one for one in voted.json("stats", "d", "--json")["sources"]}
    whole = form == "jsonl"
    assert found[MODEL]["votes"] == (2 if form != "argilla" else 1)
    assert found["money"]["votes"] == 2
    assert ("either" in found) == whole
    if whole or form == "prodigy":
        kept = ("kind", "accuracy", "low", "high", "judged", "note")
        assert [found["money"][key] for key in kept] == [before["money"][key] for key in kept]
    with closing(schema.open_database(back.folder / back.db)) as conn:
        dataset = datasets.get(conn, "d")
        sure = {vote.confidence for vote in votes.of_dataset(conn, dataset.id)}
        assert sure == ({None, 0.75} if form == "argilla" else {None, 0.25, 0.75})
    again = back.ok("load", "d", name, "--answers").err
    assert "0 answers imported, 2 already there" in again
    assert {one["name"]: one for one in back.json("stats", "d", "--json")["sources"]} == found


@pytest.mark.parametrize("form", ["prodigy", "labelstudio", "argilla"])
def test_predictions_are_votes_of_txtal_in_other_tools_and_none_when_read_back(
    voted: Program, form: str
) -> None:
    lines = exported(voted, form, "--predicted")
    text = json.dumps(next(one for one in lines if "my money please" in json.dumps(one)))
    assert "txtal finish" in text
    assert "0.97" in text
    name = "v.jsonl" if form == "prodigy" else "v.json"
    voted.ok("export", "d", "-f", form, "--predicted", "-o", name)
    back = Program(voted.folder, db="back.db").quick
    said = back.ok("load", "d", name, "--answers").err
    assert "1 left out: labels that txtal's model gave, which are no votes" in said
    assert back.json("stats", "d", "--json")["sources"] == []
    assert len(back.exported()) == 2


def test_open_tickets_come_back_as_they_were_loaded(voted: Program) -> None:
    voted.ok("export", "d", "--votes", "-o", "v.jsonl")
    back = Program(voted.folder, db="back.db").quick
    back.ok("load", "d", "v.jsonl", "--answers")
    with closing(schema.open_database(back.folder / back.db)) as conn:
        found = {one.extra.get("id"): one for one in tickets.some(conn, [1, 2, 3, 4])}
    assert found[4].extra == {"id": 4, "sources": "theirs", "task": "mine"}
    assert found[3].meta == {"source": "mail", "score": 4}


def test_a_source_of_the_datasets_own_keeps_its_votes(voted: Program) -> None:
    voted.ok("export", "d", "--votes", "-o", "v.jsonl")
    before = voted.json("stats", "d", "--json")["sources"]
    said = voted.ok("load", "d", "v.jsonl", "--answers").err
    assert "2 left out: votes of money, which votes in d by itself" in said
    assert voted.json("stats", "d", "--json")["sources"] == before


def test_predictions_of_other_tools_are_votes(tmp_path: Path) -> None:
    txtal = Program(tmp_path).quick
    txtal.ok("load", "d", txtal.file("a.jsonl", ROWS), "--answers")
    result = {"from_name": "l", "to_name": "t", "type": "choices", "value": {"choices": ["refund"]}}
    rows = [
        {"data": {"text": "thank you"}, "annotations": [],
         "predictions": [{"model_version": "m1", "score": 0.6, "result": [result]}, {"result": 3}]},
        {"data": {"text": "new"}, "annotations": [],
         "predictions": [{"score": 7, "result": [result]}]},
        {"data": {"text": "x"}, "predictions": [
            {"model_version": "m1", "result": [{**result, "value": {"choices": ["?"]}}]}]},
    ]  # fmt: skip
    (tmp_path / "ls.json").write_text(json.dumps(rows))
    said = txtal.ok("load", "d", "ls.json", "--answers").err
    assert "2 votes of rules, commands or models imported" in said
    assert "1 left out: votes for labels that d doesn't have" in said
    found = {one["name"]: one for one in txtal.json("rules", "d", "--json")}
    assert (found["m1"]["kind"], found["m1"]["votes"], found["m1"]["accuracy"]) == ("model", 1, 0.0)
    assert found["model"]["votes"] == 1
    assert len(txtal.exported()) == 2


def test_what_has_no_place_for_votes_says_so(voted: Program) -> None:
    assert (
        "has no place for votes; choose from jsonl"
        in voted("export", "d", "-f", "doccano", "--votes").complaint
    )
    assert "leave out" in voted("export", "d", "--votes", "--split", "80,20", "-o", "x").complaint
    counts = voted.json("export", "d", "-f", "argilla", "--votes", "-o", "a.json", "--json")
    assert counts["votes"] == 3
    assert counts["changed"] == {
        "votes left out that name several labels, of which one applies": 3,
        "votes left out beside a more accurate one": 1,
    }


LABELS = (Label(1, "1"), Label(2, "2"))
name = st.text(min_size=1).filter(lambda one: one.strip() == one)
said = st.builds(
    NamedVote,
    name.filter(lambda one: not one.isspace()),
    st.sampled_from(["rule", "pattern", "command", "carried", "model"]),
    st.sampled_from([("1",), ("2",), ("1", "2"), ()]),
    st.none() | st.floats(0, 1),
    st.text(),
)


@settings(max_examples=60)
@given(
    st.sampled_from(TASKS),
    st.lists(said, max_size=3),
    st.sampled_from(["answer", "prediction", "open"]),
    st.dictionaries(st.sampled_from(["sources", "source", "task", "label", "_source", "x"]),
                    st.none() | st.integers() | st.text()),
)  # fmt: skip
def test_votes_are_read_as_they_were_written(
    task: Task, given_votes: list[NamedVote], kind: str, extra: dict[str, Any]
) -> None:
    labels = LABELS[:1] if task == "binary" else LABELS
    scheme, ticket, found = Scheme(task, labels), Ticket(1, "hi", {}, extra), tuple(given_votes)
    rows: dict[str, Row] = {
        "answer": ExportRow(ticket, Answer(1, "accept", (1,)), scheme, ("1",), None, sources=found),
        "prediction": PredictedRow(Predicted(ticket, (1,), 0.5, None, 0.0), scheme, ("1",), found),
        "open": VotedRow(ticket, scheme, found),
    }
    line = json.loads(json.dumps(full.lines(rows[kind])[0]))
    assert votes_of(line) == found
    if kind == "open" and not found:
        return  # is never written
    record = Record(line.pop("text"), line.pop("meta"), line)
    assert restored(record) == Record("hi", {}, extra)
    assert all(votes_of(one) == () for one in tasks.lines(rows[kind]))


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["sources", "source", "kind", "label", "labels", "confidence", "reason",
                         "data", "predictions", "result", "value", "choices", "fields",
                         "responses", "suggestions", "_source", "accept", "score"]), inner),
    max_leaves=20,
))  # fmt: skip
def test_any_record_has_votes_or_none(value: Any) -> None:
    from txtal.errors import DataError

    if isinstance(value, dict):
        try:
            votes_of(value)
        except DataError:
            return

"""Answers and tickets as other tools export them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.formats.reading import said, taken
from txtal.errors import DataError
from txtal.formats.labelled import Stated
from txtal.formats.source import labelled


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in records)


STUDIO = {
    "id": 5,
    "data": {"text": "Paid twice", "channel": "mail"},
    "annotations": [
        {
            "completed_by": {"email": "ann@x.org"},
            "lead_time": 2.5,
            "created_at": "2023-01-01T10:00:00Z",
            "was_cancelled": False,
            "result": [
                {"from_name": "topic", "type": "choices", "value": {"choices": ["billing", "dup"]}},
                {"from_name": "why", "type": "textarea", "value": {"text": ["because"]}},
            ],
        },
        {"completed_by": 7, "was_cancelled": True, "result": []},
    ],
}
SHAPES: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "spaCy's cats": (
        "a.jsonl",
        lines({"text": "a", "cats": {"X": 1.0, "Y": 0.0}}, {"text": "b", "cats": {"X": 0, "Y": 0}}),
        [("a", "accept", "X"), ("b", "accept")],
    ),
    "Label Studio": (
        "a.json",
        json.dumps([STUDIO]),
        [("Paid twice", "accept", "billing", "dup"), ("Paid twice", "ignore")],
    ),
    "Label Studio's JSON_MIN": (
        "a.json",
        json.dumps([{"text": "a", "id": 1, "mood": "good", "annotator": 1, "annotation_id": 2,
                     "created_at": "2023-01-01T10:00:00Z", "lead_time": 1.5}]),
        [("a", "accept", "good")],
    ),
    "Label Studio's JSON_MIN, beside data of any name": (
        "a.json",
        json.dumps([{"id": 1, "text": "a", "from": "mail", "label": "good", "annotator": 1,
                     "annotation_id": 2, "created_at": "2023-01-01T10:00:00Z", "lead_time": 1.5}]),
        [("a", "accept", "good")],
    ),
    "Label Studio's grades in JSON_MIN": (
        "a.json",
        json.dumps([{"id": 1, "text": "a", "from": "mail", "stars": [{"rating": 4}],
                     "annotation_id": 2, "lead_time": 1.5}]),
        [("a", "accept", "4")],
    ),
    "Label Studio's taxonomy in CSV": (
        "a.csv",
        "annotation_id,annotator,channel,created_at,id,lead_time,tax,text\n"
        '2,1,mail,2023-01-01T10:01:00Z,2,3.2,"[{""taxonomy"":[[""x"",""y""],[""z""]]}]",late\n',
        [("late", "accept", "x / y", "z")],
    ),
    "labels that are objects, as GitHub's": (
        "a.jsonl",
        lines({"text": "a", "labels": [{"id": 3, "name": "bug"}, {"id": 4, "name": "ui"}]}),
        [("a", "accept", "bug", "ui")],
    ),
    "doccano's data": (
        "a.jsonl",
        lines({"id": 1, "data": "a", "label": ["X"]}, {"id": 2, "data": "b", "label": []}),
        [("a", "accept", "X")],
    ),
    "Ground Truth": (
        "a.manifest",
        lines(
            {"source": "a", "topic": 1,
             "topic-metadata": {"class-name": "billing", "creation-date": "2023-01-01T10:00:00",
                                "type": "groundtruth/text-classification"}},
        ),
        [("a", "accept", "billing")],
    ),
    "Ground Truth's several": (
        "a.manifest",
        lines(
            {"source": "a", "topics": [0, 2],
             "topics-metadata": {"class-map": {"0": "bug", "2": "ui"},
                                 "type": "groundtruth/text-classification-multilabel"}},
        ),
        [("a", "accept", "bug", "ui")],
    ),
    "Label Studio's CSV": (
        "a.csv",
        "annotation_id,annotator,created_at,id,lead_time,topic,text,updated_at\n"
        '2,1,2023-01-01T10:01:00Z,2,3.2,"{""choices"":[""a"",""b""]}",late,2023-01-01T10:00:00Z\n',
        [("late", "accept", "a", "b")],
    ),
    "a chat that trains a language model": (
        "a.jsonl",
        lines({"messages": [{"role": "system", "content": "sort it"},
                            {"role": "user", "content": "Paid twice"},
                            {"role": "assistant", "content": "billing"}]}),
        [("Paid twice", "accept", "billing")],
    ),
    "a chat in which a tool is asked first": (
        "a.jsonl",
        lines({"messages": [{"role": "user", "content": "Is it raining?"},
                            {"role": "assistant", "content": None, "tool_calls": [{}]},
                            {"role": "tool", "content": "12 degrees"},
                            {"role": "assistant", "content": "weather"}]}),
        [("Is it raining?", "accept", "weather")],
    ),
    "a chat with a label of its own": (
        "a.json",
        json.dumps([{"conversations": [{"from": "human", "value": "Hi"},
                                       {"from": "gpt", "value": "Hello, how can I help?"}],
                     "label": "greeting"}]),
        [("Hi", "accept", "greeting")],
    ),
    "Argilla 1": (
        "a.jsonl",
        lines({"text": "a", "inputs": {"text": "a"}, "annotation": "x", "status": "Validated"},
              {"text": "b", "inputs": {}, "annotation": None, "status": "Discarded"},
              {"text": "c", "inputs": {}, "annotation": None, "status": "Default"}),
        [("a", "accept", "x"), ("b", "ignore")],
    ),
    "Argilla 2": (
        "a.jsonl",
        lines({"id": "r", "fields": {"text": "a"}, "suggestions": {},
               "responses": {"q": [{"value": "x", "user_id": "u", "status": "submitted"},
                                   {"value": "y", "user_id": "v", "status": "draft"},
                                   {"value": None, "user_id": "w", "status": "discarded"}]}}),
        [("a", "accept", "x"), ("a", "ignore")],
    ),
    "Argilla's feedback": (
        "a.jsonl",
        lines({"fields": {"text": "a"}, "responses": [
            {"user_id": "u", "status": "submitted", "values": {"q": {"value": ["x", "y"]}}}]}),
        [("a", "accept", "x", "y")],
    ),
    "Argilla on the hub": (
        "a.jsonl",
        lines({"text": "a", "q.responses": ["x", "y"], "q.responses.users": ["u", "v"],
               "q.responses.status": ["submitted", "discarded"]}),
        [("a", "accept", "x"), ("a", "ignore")],
    ),
    "doccano": (
        "a.jsonl",
        lines({"id": 1, "text": "a", "label": ["x"], "Comments": []},
              {"id": 2, "text": "b", "label": [], "Comments": []}),
        [("a", "accept", "x")],
    ),
    "doccano by user": (
        "a.jsonl",
        lines({"id": 1, "text": "a", "annotations": [{"label": 4, "user": 2}]}),
        [("a", "accept", "4")],
    ),
    "Prodigy's choices": (
        "a.jsonl",
        lines({"text": "a", "options": [{"id": "x"}], "accept": ["x"], "answer": "accept"},
              {"text": "b", "options": [{"id": "x"}], "accept": ["x"], "answer": "reject"},
              {"text": "c", "_view_id": "ner_manual", "spans": [], "answer": "accept"},
              {"html": "<p>d <b>e</b></p>", "label": "x", "answer": "reject", "_task_hash": 1}),
        [("a", "accept", "x"), ("b", "reject"), ("d e", "reject", "x")],
    ),
    "fastText": (
        "a.txt",
        "__label__x __label__y good stuff\nbad __label__x\n",
        [("good stuff", "accept", "x", "y"), ("bad", "accept", "x")],
    ),
    "columns of labels": (
        "a.csv",
        "text,label:bug,label:two words\na,1,0\nb,0,0\nc,1,1\nd,,\n",
        [("a", "accept", "bug"), ("b", "accept"), ("c", "accept", "bug", "two words")],
    ),
    "columns of 1 and 0": (
        "a.csv",
        "id,text,bug,praise\n1,a,1,0\n2,b,0,true\n",
        [("a", "accept", "bug"), ("b", "accept", "praise")],
    ),
    "one column of a label": (
        "a.csv",
        "text,label:bug\na,1\nb,0\n",
        [("a", "accept", "bug"), ("b", "reject", "bug")],
    ),
    "an answer beside the label": (
        "a.csv",
        "text,label,answer\na,x,Rejected\nb,x,ACCEPT\nc,x,skip\n",
        [("a", "reject", "x"), ("b", "accept", "x"), ("c", "ignore", "x")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("tool", SHAPES)
def test_answers(tool: str) -> None:
    name, data, expected = SHAPES[tool]
    assert said(data, name) == expected


def entries(data: str, name: str, path: Path) -> list[Stated]:
    (path / name).write_text(data, "utf-8")
    return [one for _, _, answers in labelled(path / name, print) for one in answers]


def test_who_when_and_how_long_of_a_known_tool(tmp_path: Path) -> None:
    first, second = entries(json.dumps([STUDIO]), "a.json", tmp_path)
    assert (first.annotator, first.at, first.seconds) == ("ann@x.org", 1672567200.0, 2.5)
    assert second.annotator == "7"
    task = {"text": "a", "label": "x", "answer": "accept", "_timestamp": 1709280000123,
            "_session_id": "set-kim", "flagged": True}  # fmt: skip
    (only,) = entries(lines(task), "b.jsonl", tmp_path)
    assert (only.annotator, only.at, only.flagged) == ("set-kim", 1709280000.123, True)


def test_of_two_questions_one_is_chosen() -> None:
    both = [{"from_name": name, "type": "choices", "value": {"choices": [name[0]]}}
            for name in ("topic", "mood")]  # fmt: skip
    data = json.dumps([{"data": {"text": "a"}, "annotations": [{"result": both}]}])
    with pytest.raises(DataError, match="asked 2 questions, 'topic', 'mood': choose with --label"):
        said(data, "a.json")
    assert said(data, "a.json", label=("mood",)) == [("a", "accept", "m")]


HELPDESKS: dict[str, tuple[str, str | bytes, str, object]] = {
    "Zendesk": (
        "a.json",
        json.dumps({"tickets": [{"id": 35, "subject": "Help", "requester_id": 2,
                                 "description": "My <b>printer</b>"}], "count": 1}),
        "Help\n\nMy printer", 35),
    "Zendesk, a view": (
        "a.csv",
        b"Summation column,Id,Requester,Subject,Description,Comments\n"
        b"1,7,Ana,Help,My <b>printer</b> &amp; ink,a whole thread\n",
        "Help\n\nMy printer & ink", "7"),
    "Freshdesk": (
        "a.json",
        json.dumps([{"id": 1, "subject": "S", "description": "<p>x</p>", "description_text": "x"}]),
        "S\n\nx", 1),
    "Intercom": (
        "a.jsonl",
        lines({"type": "conversation", "id": "1", "source": {"subject": "", "body": "<p>Hi</p>"}}),
        "Hi", "1"),
    "Google Play": (
        "a.csv",
        "Package Name,Star Rating,Review Title,Review Text,Review Link\nx,1,,Crashes,http://p/1\n"
        .encode("utf-16"),
        "Crashes", "http://p/1"),
    "Google Play, scraped": (
        "a.jsonl",
        lines({"reviewId": "r", "userName": "u", "content": "Nice", "score": 5}),
        "Nice", "r"),
    "App Store Connect": (
        "a.json",
        json.dumps({"data": [{"type": "customerReviews", "id": "9",
                              "attributes": {"title": "T", "body": "B"}}], "links": {}}),
        "T\n\nB", "9"),
    "Apple's feed": (
        "a.json",
        json.dumps({"feed": {"entry": [{"id": {"label": "9"}, "title": {"label": "T"},
                                        "content": {"label": "C"}, "im:rating": {"label": "1"}}]}}),
        "T\n\nC", "9"),
    "a helpdesk's table": (
        "a.csv", "ID,Subject,Description\n7,Late,Where is it?\n", "Late\n\nWhere is it?", None),
}  # fmt: skip


@pytest.mark.parametrize("tool", HELPDESKS)
def test_tickets_of_helpdesks(tool: str) -> None:
    name, data, text, key = HELPDESKS[tool]
    (record,), bad = taken(data, name)
    assert bad == []
    assert (record.text, record.extra.get("id")) == (text, key)


def test_excel() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["ID", "Text", "Label"], [1, "a", 1.0], [2.0, 77, "two"], [None] * 3):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    assert said(file.getvalue(), "a.xlsx") == [("a", "accept", "1"), ("77", "accept", "two")]
    assert [record.meta for record in taken(file.getvalue(), "a.xlsx")[0]] == [{"ID": 1}, {"ID": 2}]
    with pytest.raises(DataError, match="isn't an Excel workbook"):
        taken(b"PK\x03\x04", "a.xlsx")


def test_class_labels_come_by_name(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    features = {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]},
                "topics": {"_type": "Sequence",
                           "feature": {"_type": "ClassLabel", "names": ["a", "b"]}}}  # fmt: skip
    table = pa.table({"text": ["x", "y"], "label": [1, 0], "topics": [[0, 1], []]})
    noted = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(noted), tmp_path / "a.parquet")
    found = list(labelled(tmp_path / "a.parquet", print))
    assert [one.labels for _, _, said in found for one in said] == [("pos",), ("neg",)]
    assert [record.meta["topics"] for _, record, _ in found] == [["a", "b"], []]

    folder = tmp_path / "saved"  # as datasets' save_to_disk writes it
    folder.mkdir()
    with (
        pa.OSFile(str(folder / "data.arrow"), "wb") as out,
        pa.ipc.new_stream(out, table.schema) as w,
    ):
        w.write_table(table)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data.arrow"}]}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    found = list(labelled(folder, print))
    assert [one.labels for _, _, said in found for one in said] == [("pos",), ("neg",)]


def test_mail() -> None:
    (record,), _ = taken(
        b"From: a@b.c\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x>\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello<br>you</p><style>x</style>",
        "a.eml",
    )
    assert record.text == "Grüße\n\nHello\nyou"
    assert (record.extra, record.meta["from"]) == ({"id": "<1@x>"}, "a@b.c")
    found, bad = taken(
        "From x Mon Jan  1 00:00:00 2024\nSubject: One\n\nbody\n\n"
        "From y Mon Jan  1 00:00:00 2024\n\n\n",
        "a.mbox",
    )
    assert [one.text for one in found] == ["One\n\nbody"]
    assert [(one.line, one.reason) for one in bad] == [(2, "a message without a text")]


@pytest.mark.slow  # spaCy takes a second to import
def test_a_docbin(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    docs = [nlp("a b"), nlp("c")]
    docs[0].cats, docs[1].cats = {"X": 1.0, "Y": 0.0}, {"X": 0.0, "Y": 1.0}
    DocBin(docs=docs).to_disk(tmp_path / "a.spacy")
    found = list(labelled(tmp_path / "a.spacy", print))
    assert [(record.text, said[0].labels) for _, record, said in found] == [
        ("a b", ("X",)), ("c", ("Y",)),
    ]  # fmt: skip


def test_a_chat_has_its_earlier_messages_as_its_thread() -> None:
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    messages = [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day"},
        {"role": "user", "content": [{"type": "text", "text": "Where is it?"}, picture]},
    ]
    records, bad = taken(
        lines(
            {"id": 4, "messages": messages},
            {"id": 5, "messages": []},
            {"id": 4, "messages": messages},
        )
    )
    assert [(one.text, one.meta["thread"], one.extra["id"]) for one in records] == [
        ("Where is it?", [{"role": "user", "text": "Hello"},
                          {"role": "assistant", "text": "Good day"}], 4)
    ] * 2  # fmt: skip
    assert records[0].extra["messages"] == messages
    assert [one.line for one in bad] == [2]

"""What exports say, read without txtal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path


def _lines(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def _jsonl(content: bytes) -> dict[object, object]:
    return {one["text"]: one["label"] for one in _lines(content) if one["answer"] == "accept"}


def _prodigy(content: bytes) -> dict[object, object]:
    found = [one for one in _lines(content) if one["answer"] == "accept"]
    return {one["text"]: _one(one["accept"]) for one in found}


def _table(content: bytes, delimiter: str) -> dict[object, object]:
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    return {row["text"]: row["label"] for row in csv.DictReader(lines, delimiter=delimiter)}


def _studio(content: bytes) -> dict[object, object]:
    found: dict[object, object] = {}
    for task in json.loads(content):
        results = [one for said in task["annotations"] for one in said["result"]]
        if results:
            found[task["data"]["text"]] = _one(results[0]["value"]["choices"])
    return found


def _argilla(content: bytes) -> dict[object, object]:
    return {
        record["fields"]["text"]: said["value"]
        for record in json.loads(content)
        for said in record["responses"].get("label", [])
        if said["status"] == "submitted"
    }


def _fasttext(content: bytes) -> dict[object, object]:
    found: dict[object, object] = {}
    for line in content.decode().splitlines():
        label, _, text = line.partition(" ")
        if label.startswith("__label__"):
            found[text.strip()] = label.removeprefix("__label__")
    return found


def _excel(content: bytes) -> dict[object, object]:
    import openpyxl

    rows = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(
        values_only=True
    )
    header = next(rows)
    text, label = header.index("text"), header.index("label")
    return {row[text]: row[label] for row in rows}


def _parquet(content: bytes) -> dict[object, object]:
    from pyarrow import parquet

    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    return {row["text"]: row["label"] for row in rows if row["label"] is not None}


def _docbin(content: bytes) -> dict[object, object]:
    import spacy
    from spacy.tokens import DocBin

    docs = DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab)
    return {doc.text: max(doc.cats, key=doc.cats.__getitem__) for doc in docs}


def _arrow(content: bytes) -> dict[object, object]:
    import pyarrow

    table = pyarrow.ipc.open_stream(content).read_all()
    info = json.loads(table.schema.metadata[b"huggingface"])["info"]
    names = info["features"]["label"]["names"]
    rows = table.to_pylist()
    return {row["text"]: names[row["label"]] for row in rows if row["label"] is not None}


def _one(values: object) -> object:
    assert isinstance(values, list)
    assert len(values) == 1
    return values[0]


READ: Mapping[str, Callable[[bytes], dict[object, object]]] = {
    "jsonl": _jsonl,
    "prodigy": _prodigy,
    "plain": lambda content: {one["text"]: one["label"] for one in _lines(content)},
    "csv": lambda content: _table(content, ","),
    "tsv": lambda content: _table(content, "\t"),
    "doccano": lambda content: {
        one["text"]: _one(one["label"]) for one in _lines(content) if one["label"]
    },
    "labelstudio": _studio,
    "argilla": _argilla,
    "fasttext": _fasttext,
    "excel": _excel,
    "parquet": _parquet,
    "spacy": _docbin,
    "hf": _arrow,
}
"""Text and label of what was accepted, by export format; of a folder its Arrow file."""


def read(form: str, output: Path) -> dict[object, object]:
    """Text and label of what was accepted, as the export in this format has it."""
    file = next(output.glob("*.arrow")) if output.is_dir() else output
    return READ[form](file.read_bytes())

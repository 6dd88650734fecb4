"""What goes to other tools and comes from them, by these tools' own libraries.

argilla and label-studio-sdk are in the extra ``readers``. doccano doesn't install as a whole today;
its parsers do: ``pip install --no-deps doccano``, then ``chardet pyexcel seqeval pandas``. Prodigy
isn't on PyPI, so there is no test by its own code.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import Program
from tests.formats.test_formats_out import HOSTILE, TASKS, write
from txtal.types import Task

pytestmark = [pytest.mark.slow, pytest.mark.readers]

SAID: dict[Task, list[Any]] = {
    "exclusive": ["bug", "praise"],
    "multilabel": [["bug"], ["praise", "other"]],
    "binary": [["bug"], []],
    "rating": [4],
}
"""What the answers say, as Argilla has it."""


# --- Argilla --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_argilla_takes_the_records(tmp_path: Path, task: Task) -> None:
    argilla = pytest.importorskip("argilla")
    from argilla.records._io._json import JsonIO

    write(task, "argilla", tmp_path / "x.json")
    records = JsonIO._records_from_json(tmp_path / "x.json")
    assert all(isinstance(one, argilla.Record) for one in records)
    assert [one.id for one in records] == ["T1", "T2"][: len(records)]
    said = [response.value for one in records for response in one.responses]
    assert said == SAID[task]
    assert all(one.status == "submitted" for record in records for one in record.responses)
    assert records[-1].fields["text"] in (HOSTILE, "good")


def records() -> list[Any]:
    import argilla

    def record(text: str, value: Any, status: str, **more: Any) -> Any:
        said = argilla.Response("topic", value, user_id=uuid.UUID(int=7), status=status)
        return argilla.Record(fields={"text": text}, responses=[said], **more)

    return [
        record("paid twice", ["billing", "bug"], "submitted", metadata={"plan": "pro"}),
        record("hello", ["bug"], "discarded"),
        record("not done", ["bug"], "draft"),
        argilla.Record(
            fields={"text": "only guessed"},
            suggestions=[argilla.Suggestion("topic", ["bug"], score=[0.9])],
        ),
    ]


def test_what_argilla_writes_as_json(quick: Program) -> None:
    pytest.importorskip("argilla")
    from argilla.records._io._json import JsonIO

    submitted, *_, guessed = records()
    JsonIO.to_json([submitted, guessed], quick.folder / "a.json")
    quick.ok("load", "d", "a.json", "--answers")
    (first,) = quick.exported()
    assert (first["labels"], first["meta"]) == (["billing", "bug"], {"plan": "pro"})
    assert first["annotator"] == str(uuid.UUID(int=7))
    assert quick.json("stats", "d", "--json")["tickets"] == 2


def test_what_argilla_writes_as_a_dataset(quick: Program) -> None:
    """It alone says which responses are drafts or discarded."""
    pytest.importorskip("argilla")
    datasets = pytest.importorskip("datasets")
    from argilla.records._io._generic import GenericIO

    made = datasets.Dataset.from_dict(GenericIO.to_dict(records(), flatten=True))
    made.to_parquet(quick.folder / "a.parquet")
    quick.ok("load", "d", "a.parquet", "--answers")
    first, second = quick.exported()
    assert (first["labels"], first["answer"]) == (["billing", "bug"], "accept")
    assert (second["text"], second["answer"]) == ("hello", "ignore")
    assert quick.json("stats", "d", "--json")["tickets"] == 4


# --- Label Studio ---------------------------------------------------------------------------------

CHOICES = "".join(f'<Choice value="{name}"/>' for name in ("bug", "praise", "other", "not bug"))


def config(control: str) -> str:
    return f'<View><Text name="text" value="$text"/>{control}</View>'


CONTROLS: dict[Task, str] = {
    "exclusive": f'<Choices name="label" toName="text" choice="single">{CHOICES}</Choices>',
    "multilabel": f'<Choices name="label" toName="text" choice="multiple">{CHOICES}</Choices>',
    "binary": f'<Choices name="label" toName="text" choice="single">{CHOICES}</Choices>',
    "rating": '<Rating name="label" toName="text" maxRating="5"/>',
}


@pytest.mark.parametrize("task", TASKS)
def test_label_studio_takes_the_tasks(tmp_path: Path, task: Task) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    write(task, "labelstudio", tmp_path / "x.json")
    asked = interface.LabelInterface(config(CONTROLS[task]))
    tasks = json.loads((tmp_path / "x.json").read_text("utf-8"))
    for one in tasks:
        assert asked.validate_task({"data": one["data"]})
        for annotation in one["annotations"]:
            assert asked.validate_annotation(annotation)


@pytest.mark.parametrize(
    ("form", "file"), [("JSON", "result.json"), ("JSON_MIN", "result.json"), ("CSV", "result.csv")]
)
@pytest.mark.parametrize("task", TASKS)
def test_what_label_studio_makes_of_them_comes_back(
    quick: Program, task: Task, form: str, file: str
) -> None:
    converter = pytest.importorskip("label_studio_sdk.converter")
    write(task, "labelstudio", quick.folder / "x.json")
    tasks = json.loads((quick.folder / "x.json").read_text("utf-8"))
    for number, one in enumerate(tasks, start=1):
        one["id"] = number
        one["annotations"][0] |= {"id": number, "completed_by": 3}
    (quick.folder / "x.json").write_text(json.dumps(tasks))
    made = converter.Converter(config(CONTROLS[task]), str(quick.folder))
    made.convert(str(quick.folder / "x.json"), str(quick.folder / "out"), form, is_dir=False)
    scale = {"rating": ("--rating", "1-5"), "multilabel": ("--task", "multilabel")}.get(task, ())
    (found,) = (quick.folder / "out").glob("*")
    found = found.rename(quick.folder / file)
    quick.ok("load", "d", found.name, "--answers", *scale)
    lines = quick.exported()
    named = [line.get("labels") or line["label"] for line in lines]
    said = SAID[task]
    assert named == {"binary": ["bug", "not bug"], "rating": ["4"]}.get(task, said)
    assert lines[-1]["text"] in (HOSTILE, "good")


# --- doccano --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_doccano_takes_the_lines(tmp_path: Path, task: Task) -> None:
    parsers = pytest.importorskip("backend.data_import.pipeline.parsers")
    write(task, "doccano", tmp_path / "x.jsonl")
    parser = parsers.JSONLParser(encoding="utf-8")
    rows = list(parser.parse(str(tmp_path / "x.jsonl")))
    assert parser.errors == []
    assert [row["label"] for row in rows] == {
        "exclusive": [["bug"], ["praise"]],
        "multilabel": [["bug"], ["praise", "other"]],
        "binary": [["bug"], ["not bug"]],
        "rating": [["4"]],
    }[task]
    assert rows[-1]["text"] in (HOSTILE, "good")


def test_doccano_reads_fasttext_as_well(tmp_path: Path) -> None:
    parsers = pytest.importorskip("backend.data_import.pipeline.parsers")
    write("multilabel", "fasttext", tmp_path / "x.ft")
    rows = list(parsers.FastTextParser(encoding="utf-8").parse(str(tmp_path / "x.ft")))
    assert [row["label"] for row in rows] == [["bug"], ["praise", "other"]]

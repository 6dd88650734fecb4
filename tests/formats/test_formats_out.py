"""Each format that others read, by the library that reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.formats.test_export import SCHEMES, row
from txtal.formats.atomic import write_atomically
from txtal.formats.exports import EXPORTS, Target
from txtal.formats.rows import ExportRow, Written, export_row
from txtal.types import Answer, Label, Scheme, Task, Ticket

RATING = Scheme("rating", tuple(Label(i, str(i)) for i in range(1, 6)))
HOSTILE = "=1+1\n\"quoted\", 'single'\t<b>你好</b> 😀"


def rows(task: Task) -> list[ExportRow]:
    """A few answers, one of each kind."""
    if task == "rating":
        said = [Answer(1, "accept", (4,), annotator="ann"), Answer(1, "ignore")]
        return [export_row(Ticket(1, "good", {"id": "T1"}), one, RATING) for one in said]
    yes = row(task, "accept", (1,), annotator="ann", extra={"id": "T1"}, comment="hm")
    ticket = Ticket(2, HOSTILE, {"id": "T2"})
    scheme = SCHEMES[task]
    no = {
        "exclusive": Answer(2, "accept", (2,), annotator="ben"),
        "multilabel": Answer(2, "accept", (2, 3), annotator="ben"),
        "binary": Answer(2, "reject", (1,), annotator="ben"),
    }[task]
    return [yes, export_row(ticket, no, scheme), row(task, "ignore", ())]


def write(task: Task, form: str, path: Path, **options: Any) -> Written:
    scheme = RATING if task == "rating" else SCHEMES[task]
    target = Target(scheme, path, lambda: write_atomically(path), has_ids=lambda: True, **options)
    return EXPORTS.named(form).write(rows(task), target)


TASKS: tuple[Task, ...] = ("exclusive", "multilabel", "binary", "rating")


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_excel_by_openpyxl(tmp_path: Path, task: Task) -> None:
    import openpyxl

    told = write(task, "excel", tmp_path / "x.xlsx")
    assert told.left_out == {"ignore": 1}
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    header, first, *others = book.active.iter_rows()
    found = dict(zip((c.value for c in header), (c.value for c in first), strict=True))
    assert (found["id"], found["annotator"]) == ("T1", "ann")
    assert {
        "exclusive": ("label", "bug"),
        "multilabel": ("label:bug", 1),
        "binary": ("label:bug", 1),
        "rating": ("rating", 4),
    }[task] in found.items()
    for second in others:
        assert (second[1].value, second[1].data_type) == (HOSTILE, "s")


def test_what_excel_cant_hold_is_counted(tmp_path: Path) -> None:
    import openpyxl

    long, odd = "x" * 40_000, "a\x1bb\ud800"
    scheme = SCHEMES["exclusive"]
    made = [export_row(Ticket(1, text), Answer(1, "accept", (1,)), scheme) for text in (long, odd)]
    target = Target(scheme, tmp_path / "x.xlsx", lambda: write_atomically(tmp_path / "x"))
    told = EXPORTS.named("excel").write(made, target)
    assert sorted(told.changed.values()) == [1, 1]
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert (len(sheet["A2"].value), sheet["A3"].value) == (32_767, "a\ufffdb\ufffd")


@pytest.mark.parametrize("task", TASKS)
def test_parquet_by_pyarrow(tmp_path: Path, task: Task) -> None:
    import pyarrow.parquet as parquet

    write(task, "parquet", tmp_path / "x.parquet")
    table = parquet.read_table(tmp_path / "x.parquet")
    first, *others = table.to_pylist()
    assert (first["id"], first["annotator"]) == ("T1", "ann")
    column = {"exclusive": "label", "rating": "rating"}.get(task, "label:bug")
    kind = {"exclusive": "string", "rating": "int64"}.get(task, "int8")
    assert str(table.schema.field(column).type) == kind
    for second in others:
        assert second["text"] == HOSTILE


IDS: list[Any] = [7, "T-8", 9.5, 360_001_234_567_890_123, None]


@pytest.mark.parametrize("form", ["parquet", "hf", "excel"])
def test_ids_of_any_type_side_by_side(tmp_path: Path, form: str) -> None:
    import openpyxl
    import pyarrow as pa

    scheme = SCHEMES["exclusive"]
    made = [
        export_row(
            Ticket(n, f"t{n}", {"k": [n, "two", None][n % 3]}, {} if one is None else {"id": one}),
            Answer(n, "accept", (1,)),
            scheme,
        )
        for n, one in enumerate(IDS)
    ]
    path = tmp_path / ("x.xlsx" if form == "excel" else "x")
    target = Target(scheme, path, lambda: write_atomically(path), has_ids=lambda: True)
    assert EXPORTS.named(form).write(made, target).lines == len(IDS)
    if form == "excel":
        sheet = openpyxl.load_workbook(path).active
        # Excel keeps 15 digits of a number.
        assert [sheet.cell(n, 1).value for n in range(2, 7)] == [
            7, "T-8", 9.5, "360001234567890123", None
        ]  # fmt: skip
        return
    if form == "parquet":
        found = pa.parquet.read_table(path)
    else:
        found = pa.ipc.open_stream((path / "data-00000-of-00001.arrow").read_bytes()).read_all()
    assert found["id"].to_pylist() == ["7", "T-8", "9.5", "360001234567890123", None]


def test_what_a_workbook_can_not_hold_is_counted(tmp_path: Path) -> None:
    texts = ["one\r\ntwo", "one\ntwo", "a\rb", "bell \x07", "plain"]
    path = tmp_path / "x.xlsx"
    target = Target(SCHEMES["exclusive"], path, lambda: write_atomically(path))
    made = [
        export_row(Ticket(n, text), Answer(n, "accept", (1,)), SCHEMES["exclusive"])
        for n, text in enumerate(texts, start=1)
    ]
    written = EXPORTS.named("excel").write(made, target)
    assert written.changed == {
        "with carriage returns, now plain line ends": 2,
        "with characters that Excel can't hold, now �": 1,
    }
    sheet = pytest.importorskip("openpyxl").load_workbook(path).active
    held = [sheet.cell(n, 1).value for n in range(2, 7)]
    assert held == ["one\ntwo", "one\ntwo", "a\nb", "bell \ufffd", "plain"]


# --- Hugging Face ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.readers
@pytest.mark.parametrize("task", TASKS)
def test_a_dataset_by_hugging_face(tmp_path: Path, task: Task) -> None:
    datasets = pytest.importorskip("datasets")
    write(task, "hf", tmp_path / "set")
    found = datasets.load_from_disk(str(tmp_path / "set"))
    first = found[0]
    assert (first["id"], first["annotator"]) == ("T1", "ann")
    if task == "multilabel":
        assert found.features["labels"].feature.names == ["bug", "praise", "other"]
        assert [one["labels"] for one in found] == [[0], [1, 2]]
        return
    names = {
        "exclusive": ["bug", "praise", "other"],
        "binary": ["not bug", "bug"],
        "rating": ["1", "2", "3", "4", "5"],
    }[task]
    assert found.features["label"].names == names
    assert names[first["label"]] == {"exclusive": "bug", "binary": "bug", "rating": "4"}[task]


def test_a_folder_that_is_something_else_stays(tmp_path: Path) -> None:
    from txtal.errors import UsageError

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="holds something else"):
        write("exclusive", "hf", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"
    write("exclusive", "hf", tmp_path / "set")
    write("binary", "hf", tmp_path / "set")
    info = json.loads((tmp_path / "set" / "dataset_info.json").read_text())
    assert info["features"]["label"]["names"] == ["not bug", "bug"]
    assert {one.name for one in tmp_path.iterdir()} == {"mine", "set"}


# --- spaCy and fastText ---------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_a_docbin_by_spacy(tmp_path: Path, task: Task) -> None:
    import spacy
    from spacy.tokens import DocBin

    write(task, "spacy", tmp_path / "x.spacy")
    docs = list(DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("en").vocab))
    assert docs[0].user_data["id"] == "T1"
    cats = [{name for name, score in doc.cats.items() if score} for doc in docs]
    assert (
        cats
        == {
            "exclusive": [{"bug"}, {"praise"}],
            "multilabel": [{"bug"}, {"praise", "other"}],
            "binary": [{"bug"}, set()],
            "rating": [{"4"}],
        }[task]
    )
    for doc in docs[1:]:
        assert doc.text == HOSTILE


def test_spacy_keeps_an_id_that_its_numbers_cannot_hold(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import DocBin

    scheme, path = SCHEMES["exclusive"], tmp_path / "x.spacy"
    target = Target(scheme, path, lambda: write_atomically(path), has_ids=lambda: True)
    given = [2**70, -(2**70), 2**63 - 1, "T1"]
    rows = [
        export_row(Ticket(n, f"text {n}", {"id": one}), Answer(n, "accept", (1,)), scheme)
        for n, one in enumerate(given, start=1)
    ]
    EXPORTS.named("spacy").write(rows, target)
    docs = DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)
    assert [doc.user_data["id"] for doc in docs] == [str(2**70), str(-(2**70)), 2**63 - 1, "T1"]


def test_fasttexts_lines(tmp_path: Path) -> None:
    told = write("multilabel", "fasttext", tmp_path / "x.ft")
    first, second = (tmp_path / "x.ft").read_text("utf-8").split("\n")[:2]
    assert first == "__label__bug hi"
    assert second.split()[:2] == ["__label__praise", "__label__other"]
    assert second.split()[2:] == HOSTILE.split()
    assert told.changed == {}
    write("binary", "fasttext", tmp_path / "y.ft")
    assert (tmp_path / "y.ft").read_text("utf-8").split("\n")[1].startswith("__label__not_bug ")


def test_what_fasttext_has_no_place_for_is_counted(tmp_path: Path) -> None:
    scheme, path = SCHEMES["multilabel"], tmp_path / "x.ft"
    said = [("a __label__praise b", (1,)), ("none applies", ()), ("a mid__label__x", (2,))]
    made = [
        export_row(Ticket(n, text), Answer(n, "accept", labels), scheme)
        for n, (text, labels) in enumerate(said)
    ]
    told = EXPORTS.named("fasttext").write(
        made, Target(scheme, path, lambda: write_atomically(path))
    )
    assert path.read_text("utf-8").splitlines() == [
        "__label__bug a praise b",
        "__label__praise a mid__label__x",
    ]
    assert told.left_out == {"no label": 1}
    assert [*told.changed.values()] == [1]


@pytest.mark.slow
@pytest.mark.readers
def test_fasttext_trains_on_them(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    write("exclusive", "fasttext", tmp_path / "x.ft")
    model = fasttext.train_supervised(str(tmp_path / "x.ft"), minCount=1, verbose=0)
    assert sorted(model.get_labels()) == ["__label__bug", "__label__praise"]


# --- other tools ----------------------------------------------------------------------------------


def test_label_studios_tasks(tmp_path: Path) -> None:
    write("multilabel", "labelstudio", tmp_path / "x.json")
    first, second = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert first["data"] == {"from": "mail", "id": "T1", "text": "hi"}
    assert second["annotations"][0]["result"] == [
        {
            "from_name": "label",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["praise", "other"]},
        }
    ]
    write("rating", "labelstudio", tmp_path / "y.json")
    (only,) = json.loads((tmp_path / "y.json").read_text("utf-8"))
    assert only["annotations"][0]["result"][0]["value"] == {"rating": 4}


def test_doccanos_lines(tmp_path: Path) -> None:
    write("binary", "doccano", tmp_path / "x.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text("utf-8").splitlines()]
    assert [line["label"] for line in lines] == [["bug"], ["not bug"]]
    assert lines[0]["Comments"] == ["hm"]


def test_argillas_records(tmp_path: Path) -> None:
    write("exclusive", "argilla", tmp_path / "x.json")
    first, second = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert (first["id"], first["fields"]) == ("T1", {"text": "hi"})
    users = [one["responses"]["label"][0]["user_id"] for one in (first, second)]
    assert len({*users}) == 2
    assert second["responses"]["label"][0]["value"] == "praise"


def test_nothing_heavy_is_needed_for_the_light_formats(tmp_path: Path) -> None:
    code = (
        "import sys; import txtal.formats.exports as e; e.help_of_formats();"
        "[__import__(r.writer.partition(':')[0]) for r in e.EXPORTS];"
        "print([m for m in ('pyarrow', 'spacy', 'openpyxl', 'numpy') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

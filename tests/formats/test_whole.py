"""JSON that is no object a line."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.reading import notes, taken
from txtal.errors import DataError
from txtal.formats.source import read

TWO = [{"text": "a", "n": 1}, {"text": "b", "n": 2}]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "data",
    [
        json.dumps(TWO),
        json.dumps(TWO, indent=2),
        "\n".join(json.dumps(one, indent=1) for one in TWO),
        '{"text": "a",\n "n": 1}\n{"text": "b",\n "n": 2}\n',
        " [\n" + ",\n".join(map(json.dumps, TWO)) + "\n]\n",
    ],
)
def test_lists_and_objects_over_lines(name: str, data: str) -> None:
    found, bad = taken(data, name)
    assert [(one.text, one.extra) for one in found] == [("a", {"n": 1}), ("b", {"n": 2})]
    assert bad == []


@pytest.mark.parametrize(
    "value",
    [
        {"text": ["a", "b"], "n": [1, 2]},
        {"text": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}},
        {"count": 2, "tickets": TWO},
        {"feed": {"title": "x", "entry": TWO}},
        {"columns": ["text", "n"], "index": [0, 1], "data": [["a", 1], ["b", 2]]},
    ],
)
def test_objects_that_hold_the_records(value: Any) -> None:
    found, _ = taken(json.dumps(value), "a.json")
    assert [(one.text, one.extra) for one in found] == [("a", {"n": 1}), ("b", {"n": 2})]


def test_records_by_a_key_of_their_own() -> None:
    found, _ = taken(json.dumps({"101": {"text": "a"}, "102": {"text": "b"}}), "a.json")
    assert [(one.text, one.extra) for one in found] == [("a", {"id": "101"}), ("b", {"id": "102"})]


def test_a_list_of_texts() -> None:
    assert [one.text for one in taken('["a b",\n "c"]', "a.json")[0]] == ["a b", "c"]


def test_lines_that_were_items_of_a_list() -> None:
    found, bad = taken('{"text": "a"},\n{"text": "b,"} , \n{"text": "c"}\n', "a.jsonl")
    assert ([one.text for one in found], bad) == (["a", "b,", "c"], [])


def test_json_lines_in_a_json_file() -> None:
    assert [one.text for one in taken("\n".join(map(json.dumps, TWO)), "a.json")[0]] == ["a", "b"]


def test_what_cannot_be_kept_costs_its_own_record() -> None:
    found, bad = taken(
        '[{"text": "a", "n": NaN},\n{"text": "b"}, 3, {"text": "c", "n": 1e999}]', "a.json"
    )
    assert [one.text for one in found] == ["b"]
    assert [(one.line, one.reason.split(";")[0]) for one in bad] == [
        (1, "NaN is not JSON"),
        (2, "a number, not an object with a text"),
        (2, "holds a number that is too large"),
    ]


def test_damage_ends_the_reading_and_is_said() -> None:
    found, bad = taken('[{"text": "a"}, {"text": "b"', "a.json")
    assert [one.text for one in found] == ["a"]
    assert "nothing after it was read" in bad[0].reason
    with pytest.raises(DataError, match="invalid JSON"):
        taken("nonsense", "a.json")


def test_it_is_said_of_a_file_that_should_have_lines() -> None:
    assert "over several lines" in notes(json.dumps([{"text": "a", "label": "x"}]), "a.jsonl")


def test_a_long_list_is_read_a_part_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"text": "x" * 1000}] * 10_000))
    tracemalloc.start()
    assert sum(1 for _ in read(tmp_path / "a.json", print)) == 10_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), min_size=1))
def test_any_list_is_read_as_it_was_written(values: list[dict[str, str]]) -> None:
    records = [{**one, "text": "t", "meta": None} for one in values]
    for indent in (None, 1):
        found, bad = taken(json.dumps(records, indent=indent), "a.json")
        assert bad == []
        assert [{"text": "t", "meta": None, **one.extra} for one in found] == records

"""What a record says of itself, and label files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from txtal.errors import DataError
from txtal.formats.label_files import read_labels
from txtal.formats.labelled import Stated, labels_of, stated
from txtal.types import Record

SAID: list[tuple[dict[str, Any], Stated | None]] = [
    ({}, None),
    ({"label": None}, None),
    ({"label": " "}, None),
    ({"label": "bug"}, Stated("accept", ("bug",))),
    ({"label": " bug "}, Stated("accept", ("bug",))),
    ({"label": ["bug", "praise", "bug"]}, Stated("accept", ("bug", "praise"))),
    ({"labels": ["bug", "praise"]}, Stated("accept", ("bug", "praise"))),
    ({"labels": []}, Stated("accept", ())),
    ({"labels": ["a"], "label": "b"}, Stated("accept", ("a",))),
    ({"label": "bug", "answer": "accept"}, Stated("accept", ("bug",))),
    ({"label": "bug", "answer": "reject"}, Stated("reject", ("bug",))),
    ({"label": "bug", "answer": "ignore"}, Stated("ignore", ("bug",))),
    ({"label": None, "answer": "ignore"}, Stated("ignore", ())),
    ({"answer": "reject"}, Stated("reject", ())),
    ({"answer": "accept"}, None),
    ({"label": "city", "answer": "Paris"}, Stated("accept", ("city",))),
    ({"answer": ["Paris"]}, None),
    ({"accept": ["a", "b"], "answer": "accept"}, Stated("accept", ("a", "b"))),
    ({"accept": [], "answer": "accept"}, Stated("accept", ())),
    ({"accept": ["a"]}, Stated("accept", ("a",))),
    ({"accept": True}, None),
    ({"label": 3}, Stated("accept", ("3",))),
    ({"labels": ["a", 1]}, Stated("accept", ("a", "1"))),
    ({"accept": ["a"], "answer": "reject"}, Stated("reject", ())),
    ({"accept": ["a"], "answer": "ignore"}, Stated("ignore", ("a",))),
]


@pytest.mark.parametrize(("extra", "said"), SAID)
def test_stated(extra: dict[str, Any], said: Stated | None) -> None:
    assert stated(Record("x", {}, extra)) == said


@pytest.mark.parametrize(("extra", "said"), SAID)
def test_labels_of_takes_accepted_ones(extra: dict[str, Any], said: Stated | None) -> None:
    accepted = said is not None and said.verdict == "accept"
    assert labels_of(Record("x", {}, extra)) == (said.labels if said and accepted else None)


@pytest.mark.parametrize("extra", [{"label": 3.5}, {"labels": ["a", True]}, {"label": {"a": 1}}])
def test_a_label_that_is_no_name(extra: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"must hold names of labels"):
        stated(Record("x \x1by", {}, extra))


def test_label_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(
        b"\xef\xbb\xbfbug\tsomething is broken\r\n\n# a comment\n  praise  \n"
        b'{"label": "C#", "description": "about C#"}\n{"label": "caf\xc3\xa9"}'
    )
    assert read_labels(path) == [
        ("bug", "something is broken"),
        ("praise", ""),
        ("C#", "about C#"),
        ("café", ""),
    ]


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"bug\npraise\nbug\tagain\n", 3, "'bug' is there twice"),
        (b"bug\n\tno name\n", 2, "needs a name"),
        (b"x" * 101, 1, "longer than 100 characters"),
        (b"a\x1b[2J\n", 1, "don't show"),
        ("a\u202eb\n".encode(), 1, "don't show"),
        (b"\xff\n", 1, "not valid UTF-8"),
        (b'ok\n{"label": true}\n', 2, 'expected {"label"'),
        (b'ok\n{"nme": "a"}\n', 2, 'expected {"label"'),
        (b'{"label": "a"\n', 1, "invalid JSON"),
        (b'{"label": ""}\n', 1, "needs a name"),
    ],
)
def test_bad_label_file(tmp_path: Path, data: bytes, line: int, reason: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        read_labels(path)
    assert f"labels.txt:{line}: " in str(caught.value)


def test_label_file_without_labels(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("# nothing\n")
    with pytest.raises(DataError, match="names no label"):
        read_labels(tmp_path / "labels.txt")
    with pytest.raises(DataError, match="No such file"):
        read_labels(tmp_path / "none.txt")

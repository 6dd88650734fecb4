"""Label files in the shapes in which people write lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from txtal.errors import DataError
from txtal.formats.label_files import read_labels

BOTH = [("bug", ""), ("billing", "")]
TOLD = [("bug", "it broke"), ("billing", "money")]

SHAPES = {
    "bug, billing\n": BOTH,
    "bug; billing": BOTH,
    'bug,"billing"': BOTH,
    "bug,\nbilling,\n": BOTH,
    '"bug"\n"billing"\n': BOTH,
    '["bug", "billing"]': BOTH,
    "['bug', 'billing']": BOTH,
    '{"labels": ["bug", "billing"]}': BOTH,
    '{"0": "bug", "1": "billing"}': BOTH,
    '{"billing": 1, "bug": 0}': BOTH,
    '{"bug": "it broke", "billing": "money"}': TOLD,
    '[{"name": "bug", "description": "it broke"},\n {"label": "billing", "help": "money"}]': TOLD,
    '{"id2label": {"0": "bug", "1": "billing"}, "label2id": {"bug": 0, "billing": 1}}': BOTH,
    '{"text": "bug", "color": "#fff"}\n{"text": "billing", "color": "#000"}\n': BOTH,
    '{"name": "bug", "description": "it broke"}\n{"name": "billing", "help": "money"}\n': TOLD,
    '"bug: ui"\n"bug: api"\n': [("bug: ui", ""), ("bug: api", "")],
    "bug: ui\nbug: api\n": [("bug: ui", ""), ("bug: api", "")],
    "- bug\n- billing\n": BOTH,
    "---\nlabels:\n  - bug\n  - 'billing'\n": BOTH,
    "labels: [bug, billing]\n": BOTH,
    'labels = ["bug", "billing"]\n': BOTH,
    "- name: bug\n  description: it broke\n- name: billing\n  description: money\n": TOLD,
    "labels:\n  bug: it broke\n  billing: money\n": TOLD,
    "label,description\nbug,it broke\nbilling,money\n": TOLD,
    'Name;Definition\nbug;"it broke"\nbilling;money\n': TOLD,
    "label\nbug\nbilling\n": BOTH,
    "* bug\n* billing\n": BOTH,
    "1. bug\n2. billing\n": BOTH,
    "__label__bug\n__label__billing\n": BOTH,
    "# ours\nbug\n\nbilling\r\n": BOTH,
    "#bug\n#billing\n": [("#bug", ""), ("#billing", "")],
    '<Choices name="t"><Choice value="A &amp; B"/>\n<Choice alias="c" value="C"/></Choices>': [
        ("A & B", ""), ("C", "")],
    "Credit card, prepaid\nLoan\n": [("Credit card, prepaid", ""), ("Loan", "")],
    "bug\tit broke, or hangs\nbilling\tmoney, prices\n": [
        ("bug", "it broke, or hangs"), ("billing", "money, prices")],
    "bug: it broke\n": [("bug: it broke", "")],
}  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_shapes(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode(encoding))
    assert read_labels(path) == SHAPES[text]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("bug\n#refund\n", 2, "a label or a comment"),
        ("bug,billing\nlate,lost\n", 1, "one label or several"),
        ("bug: it broke\nbilling: money\n", 1, "a label, or a name and its description"),
        ('["bug", "billing"', 1, "invalid JSON"),
        ('["bug",\n x]', 2, "invalid JSON"),
        ('["bug", "bug"]', 1, "'bug' is there twice"),
        ("- bug\n-  \n", 2, "needs a name"),
        ("label,description\n\"bug\"x,y\n", 2, "not CSV"),
    ],
)  # fmt: skip
def test_what_cannot_be_told(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_labels(path)
    assert f"labels.txt:{line}: " in str(caught.value)
    assert reason in str(caught.value)

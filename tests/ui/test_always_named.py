"""What will be recorded is on the screen: at any size, in any task, in the line mode too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.conftest import StillLearner
from tests.ui.fakes import Sitting, make_session
from tests.ui.test_plain import talk
from txtal.session.session import Session
from txtal.types import Ranked, Ranking, Revision, Task
from txtal.ui.clusters import cells
from txtal.ui.layout import Line, width_of

WORDS = ("refund", "delivery", "ใบเสร็จรับเงิน", "退款", "استرداد", "👩‍👩‍👧 family", "café", "x")
NAMES = st.builds(
    " ".join, st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)
)  # up to a hundred cells
MARKS = ("▸ ", "✓ ")
SIZES = st.tuples(st.integers(20, 200), st.integers(6, 60))


@st.composite
def schemes(draw: st.DrawFn, most: int = 151) -> list[str]:
    """Labels' names, some with the same beginning."""
    count = draw(st.one_of(st.integers(2, 12), st.sampled_from([40, 77, most])))
    few = draw(st.lists(NAMES, min_size=1, max_size=6))
    return (
        [f"{few[n % len(few)]} {n}" if n >= len(few) else few[n] for n in range(count)]
        if (len(set(few)) == len(few))
        else [f"{few[n % len(few)]} {n}" for n in range(count)]
    )


def sitting_of(
    task: Task, labels: Sequence[str], size: tuple[int, int], suggested: Sequence[int] = ()
) -> Sitting:
    """A question with a suggestion, the same for each of a few tickets."""
    learner = StillLearner()
    session = make_session(
        [f"ticket {n} " * 20 for n in range(4)], labels, task, learner=learner, audit=0.0
    )
    rest = [i for i in session.scheme.ids if i not in suggested]
    probabilities = tuple((i, 0.9 / (at + 1)) for at, i in enumerate([*suggested, *rest]))
    items = tuple(Ranked(i, tuple(suggested), probabilities, "margin") for i in (2, 3, 4))
    learner.rankings.append(Ranking(Revision(1, 0, 0.2, "v", "margin"), items))
    session.update()
    session.ignore()
    return Sitting(session, *size)


def is_named(shown: str, name: str) -> bool:
    """Whether it is the name, or what is left of it: a head, or a head and an end."""
    shown = shown.strip()
    head, cut, tail = shown.partition("…")
    return name == shown or (
        bool(cut) and name.startswith(head) and name.endswith(tail) and cells(shown) >= 3
    )


def chips(lines: Sequence[Line]) -> tuple[int, list[str], int]:
    """How many are chosen, by the screen; those it names; and how many more it counts."""
    start = next(n for n, line in enumerate(lines) if any("chosen" in text for _, text in line))
    number, named, more = 0, [], 0
    for line in lines[start : start + 10]:
        for style, text in line:
            if style == "class:key" and text.startswith("chosen "):
                number = int(text.split()[1])
            elif style == "class:key" and re.fullmatch(r" *\+\d+ more", text):
                more = int(text.split()[0])
            elif style in ("class:good", "class:chosen") and text[:2] in MARKS and text[2:]:
                named.append(text[2:])
            else:
                assert not text.strip() or style == "class:dim" or number
        if more:
            break
        if named and not any(text[:2] in MARKS for _, text in line):
            break
    return number, named, more


def assert_fits(sitting: Sitting) -> tuple[Line, ...]:
    frame = sitting.screen.draw(*sitting.size)
    assert not sitting.errors
    columns, rows = sitting.size
    assert len(frame.lines) <= rows
    assert all(width_of(line) <= columns for line in frame.lines)
    return frame.lines


def assert_chosen_are_named(sitting: Sitting) -> None:
    lines, session = assert_fits(sitting), sitting.session
    if sitting.screen.picture.frame.question is None:
        return  # no key answers what isn't drawn
    chosen = [session.scheme.names[i] for i in session.current.chosen]
    if not chosen:
        assert "none of the labels" in sitting.read()
        return
    number, named, more = chips(lines)
    assert number == len(chosen)
    assert len(named) + more == len(chosen), sitting.read()
    assert named, "the first is always named"
    left = list(chosen)
    for shown in named:
        one = next((name for name in left if is_named(shown, name)), None)
        assert one is not None, (shown, left)
        left.remove(one)


@settings(max_examples=25)
@drawn(schemes(), SIZES, st.data())
def test_several_labels(labels: list[str], size: tuple[int, int], data: st.DataObject) -> None:
    ids = st.sets(st.integers(1, len(labels)), max_size=len(labels))
    suggested = sorted(data.draw(st.sets(st.integers(1, len(labels)), max_size=3)))
    sitting = sitting_of("multilabel", labels, size, suggested)
    sitting.session.current.chosen = tuple(sorted(data.draw(ids)))
    assert_chosen_are_named(sitting)
    for action in data.draw(st.lists(st.sampled_from(ACTIONS), max_size=3)):
        sitting.press(*action)
        if sitting.screen.look.mode in ("ticket", "picker", "line"):
            assert_chosen_are_named(sitting)
        else:
            assert_fits(sitting)


ACTIONS = (
    ("pick",), ("comment",), ("cancel",), ("whole",), ("flag",), ("side",), ("history",),
    ("search",), ("help",), ("standing",), ("why",), ("quit",), ("next",), ("about",),
)  # fmt: skip


@settings(max_examples=25)
@drawn(schemes(), SIZES, st.data())
def test_one_label(labels: list[str], size: tuple[int, int], data: st.DataObject) -> None:
    suggested = data.draw(st.integers(1, len(labels)))
    sitting = sitting_of("exclusive", labels, size, (suggested,))
    lines = assert_fits(sitting)
    frame = sitting.screen.picture.frame
    if frame.question is None:
        return
    said = [text[2:].lstrip() for line in lines for _, text in line if text.startswith("▸")]
    name = labels[suggested - 1]
    assert any(is_named(re.sub(r" \d+%.*", "", text), name) or text.startswith(name)
               for text in said), (said, name)  # fmt: skip
    for key, choice in frame.offered.items():  # every key stands beside what it records
        beside = [
            "".join(text for _, text in line[at + 1 : at + 3])
            for line in lines
            for at, (style, text) in enumerate(line)
            if text.strip() == key and "class:key" in style
        ]
        assert any(is_named(text, labels[choice.label - 1]) for text in beside), (key, beside)


@settings(max_examples=10)
@drawn(schemes(most=40), st.data())
def test_several_labels_line_by_line(labels: list[str], data: st.DataObject) -> None:
    session: Session = sitting_of("multilabel", labels, (80, 24)).session
    chosen = sorted(data.draw(st.sets(st.integers(1, len(labels)), max_size=len(labels))))
    session.current.chosen = tuple(chosen)
    prompt = talk(session, "?").rpartition("chosen: ")[2]
    assert all(session.scheme.names[i] in prompt for i in chosen)


@pytest.mark.parametrize("task", ["rating", "binary"])
@pytest.mark.parametrize("size", [(40, 12), (60, 20), (80, 24), (200, 60)])
def test_a_grade_or_a_yes(task: Task, size: tuple[int, int]) -> None:
    labels = ["1", "2", "3", "4", "5"] if task == "rating" else ["refund " * 12]
    sitting = sitting_of(task, labels, size, (3,) if task == "rating" else (1,))
    assert_fits(sitting)
    text = sitting.read()
    assert ("grade 3" if task == "rating" else "Is this refund") in text

"""Lists in columns, and the newest answers under the labels of a tall screen."""

from __future__ import annotations

from tests.ui.fakes import Sitting, make_session, ranked_session


def columns_of(text: str, *words: str) -> list[int]:
    """Where each word begins, in the first line that has them all."""
    line = next(line for line in text.split("\n") if all(word in line for word in words))
    return [line.index(word) for word in words]


def test_the_list_of_labels_has_headings_over_its_columns() -> None:
    sitting = Sitting(ranked_session())
    text = sitting.press("pick")
    (label, model), (name, share) = (
        columns_of(text, "label ", "model"),
        columns_of(text, "praise", "%"),
    )
    assert label == name
    assert model + len("model") == share + 1


def test_what_is_typed_is_marked_in_the_names() -> None:
    sitting = Sitting(ranked_session())
    sitting.press("pick")
    sitting.type("fun")
    lines = sitting.screen.draw(80, 24).lines
    assert ("class:match", "fun") in [
        (style.split(" ")[0], text) for line in lines for style, text in line
    ]


def test_a_tall_screen_has_the_newest_answers_under_the_labels() -> None:
    session = make_session(["one", "two", "three", "four " * 2000])
    sitting = Sitting(session, columns=100, rows=40)
    assert "no answers yet" in sitting.read()
    before = sitting.read().split("\n").index("    one")
    sitting.press("label", "1")
    text = sitting.read()
    assert "Just answered" in text
    assert "✓ refund" in text
    assert text.split("\n").index("    two") == before
    # Lower ones haven't, and a long ticket takes its place.
    assert "Just answered" not in Sitting(session, columns=100, rows=33).read()
    sitting.press("label", "1")
    assert "Just answered" not in sitting.press("label", "1")


def test_grades_stand_side_by_side() -> None:
    text = Sitting(make_session(labels=list("12345"), task="rating")).read()
    assert any(line.split() == list("12345") for line in text.split("\n"))


def test_the_list_of_labels_says_how_often_each_was_used() -> None:
    sitting = Sitting(make_session(["one", "two", "three", "four"]))
    sitting.press("label", "2")
    sitting.press("label", "2")
    text = sitting.press("pick")
    ((used,), (row,)) = columns_of(text, "used"), columns_of(text, "billing")
    line = next(line for line in text.split("\n") if "billing" in line)
    assert line[used : used + len("used")].strip() == "2"
    assert row < used
    sitting.press("cancel")
    sitting.press("undo")
    assert "  1" in next(x for x in sitting.press("pick").split("\n") if "billing" in x)
    narrow = Sitting(make_session(), columns=60)
    assert "used" not in narrow.press("pick")


def test_a_list_is_ordered_by_doubt_and_by_disagreement() -> None:
    session = ranked_session()
    sitting = Sitting(session)
    sitting.press("accept")  # as the model says, 62%
    sitting.press("label", "1")  # and otherwise
    found = sitting.press("history").split("\n")
    assert [line[4:6] for line in found if "▸ " in line] == ["≠ "]
    doubt = sitting.press("reorder")
    assert "in doubt first · 1 of 3" in doubt
    assert "zero" in doubt.split("\n")[3]  # ignored: the model had said nothing
    first = sitting.press("reorder")
    assert "≠ first · 1 of 3" in first
    assert "▸ ≠ refund" in first
    assert "first ·" not in sitting.press("reorder")


def test_a_list_of_the_most_that_it_shows_says_that_there_may_be_more() -> None:
    session = make_session([f"ticket {n}" for n in range(250)])
    for _ in range(201):
        session.choose(1)
    assert "1 of 200+" in Sitting(session).press("history")


def test_chosen_labels_stay_in_sight_in_the_list_of_labels() -> None:
    names = [f"label {n:02}" for n in range(20)]
    sitting = Sitting(make_session(labels=names, task="multilabel"), columns=40, rows=12)
    for digit in "123":
        sitting.press("label", digit)
    sitting.press("pick")
    text = sitting.type("19")
    assert "chosen 3  ✓ l…l 00  ✓ l…l 01  ✓ l…l 02" in text
    assert "▸ 1 [ ] label 19" in text


def test_names_that_begin_alike_are_told_apart_by_their_ends() -> None:
    names = [f"delivery of the parcel/{end}" for end in ("late", "lost", "damaged")]
    text = Sitting(make_session(labels=names), columns=40, rows=12).read()
    assert all(
        any(line.split()[:1] == [f"{n}"] and end in line for line in text.split("\n"))
        for n, end in enumerate(("late", "lost", "damaged"), start=1)
    )


def test_an_empty_list_says_in_whole_what_can_be_typed() -> None:
    sitting = Sitting(make_session(), columns=40, rows=12)
    text = sitting.press("search")
    assert "type what to look for" in text
    assert "KEY:VALUE of meta, such as lang:en" in text

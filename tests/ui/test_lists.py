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

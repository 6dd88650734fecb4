"""What each key does and what is then on the screen, without a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.conftest import StillLearner
from tests.ui.fakes import FEW, MANY, Sitting, given, ledger, make_session, ranked_session
from txtal.errors import DatabaseError, LockedError
from txtal.session.session import Session
from txtal.types import (
    Estimate,
    Explanation,
    Forecast,
    LearnerStatus,
    Outlook,
    Ranked,
    Ranking,
    Revision,
    Task,
    Ticket,
)
from txtal.ui.clusters import cells
from txtal.ui.layout import MIN_COLUMNS, MIN_ROWS, width_of
from txtal.ui.modes import SIDES

HOSTILE = "\x1b]52;c;aGk=\x07 \x1b[2J \x9b31m \u202eevil \u200bzw \U000e0041 \u2028 \x00 \x7f"


# --- answers ----------------------------------------------------------------------------------


def test_a_ticket_with_its_suggestion_labels_and_status() -> None:
    text = Sitting(ranked_session(), columns=100).read()
    for part in (
        "one",
        "▸ billing 62%",
        "the model is uncertain",
        "▸ 2 billing",
        "1 refund",
        "feedback",
        "v12 +1",
        "accuracy 81% (74–87",
        "a accept",
        "? help",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("action", "key", "answer"),
    [
        ("accept", "a", ("accept", (2,))),
        ("reject", "x", ("reject", (2,))),
        ("ignore", " ", ("ignore", ())),
        ("label", "3", ("accept", (3,))),
    ],
)
def test_one_key_answers_and_goes_on(action: str, key: str, answer: object) -> None:
    session = ranked_session()
    sitting = Sitting(session)
    text = sitting.press(action, key)
    assert given(session)[-1] == answer
    assert "two" in text
    assert "#2" in text


def test_a_number_without_a_label_does_nothing() -> None:
    session = make_session()
    Sitting(session).press("label", "9")
    assert given(session) == []


def test_without_a_model_accept_says_what_to_do() -> None:
    sitting = Sitting(make_session())
    assert "press the key of a label" in sitting.press("accept")
    assert "press the key of a label" not in sitting.press("flag")
    assert given(sitting.session) == []


def test_binary_asks_yes_or_no() -> None:
    session = ranked_session("binary", ("refund",))
    sitting = Sitting(session)
    assert "Is this refund?  62% yes" in sitting.read()
    assert "a yes  x no" in sitting.read()
    sitting.press("reject")
    sitting.press("accept")
    assert given(session)[1:] == [("reject", (1,)), ("accept", (1,))]


def test_multilabel_chooses_then_submits() -> None:
    session = ranked_session("multilabel")
    sitting = Sitting(session)
    assert "2 [▸] billing" in sitting.read()
    assert "2 [?] billing" in sitting.press("label", "2")
    assert "1 [✓] refund" in sitting.press("label", "1")
    sitting.press("label", "3")
    sitting.press("accept")
    sitting.press("label", "2")
    sitting.press("accept")
    assert given(session)[1:] == [("accept", (1, 3)), ("accept", ())]


def test_the_flag_and_the_comment_are_seen_and_kept() -> None:
    session = make_session()
    sitting = Sitting(session)
    assert "⚑ flagged" in sitting.press("flag")
    assert "comment:" in sitting.press("comment")
    assert "comment: odd ona" in sitting.type("odd ona")
    sitting.press("erase")
    assert "“odd one”" in sitting.type("e") or "comment: odd one" in sitting.read()
    assert "“odd one”" in sitting.press("keep")
    sitting.press("label", "1")
    answer = ledger(session).answers[0]
    assert (answer.flagged, answer.comment) == (True, "odd one")
    assert "flagged" not in sitting.read()


def test_a_comment_can_be_left_as_it_was() -> None:
    sitting = Sitting(make_session())
    sitting.press("comment")
    sitting.type("no")
    assert "“no”" not in sitting.press("cancel")
    assert sitting.session.current.comment == ""


def test_undo_brings_the_ticket_back_and_says_what_was_said() -> None:
    session = make_session()
    sitting = Sitting(session)
    sitting.press("label", "1")
    text = sitting.press("undo")
    assert "one" in text
    assert "was: accept refund" in text
    assert given(session) == []
    assert "nothing to undo" in sitting.press("undo")


def test_a_new_question_starts_from_its_top() -> None:
    sitting = Sitting(make_session(["line\n" * 100, "second"]))
    sitting.press("whole")
    sitting.press("page_down")
    sitting.press("label", "1")
    assert "second" in sitting.read()
    assert (sitting.screen.look.top, sitting.screen.look.whole) == (0, False)


# --- many labels ------------------------------------------------------------------------------


def test_the_numbers_are_the_models_nine_where_there_are_more_labels() -> None:
    learner = StillLearner()
    session = make_session(["first", "second"], MANY, learner=learner, audit=0.0)
    assert "1 order a" in Sitting(session).read()
    probabilities = tuple((i, 0.1) for i in range(20, 9, -1))
    learner.rankings.append(
        Ranking(Revision(0, 0, 0.1, "v", "margin"), (Ranked(2, (20,), probabilities, "margin"),))
    )
    session.update()
    sitting = Sitting(session)
    assert "1 order a" in sitting.read()
    sitting.press("ignore")
    assert f"1 {MANY[19]}" in sitting.read()
    assert "/ 15 more" in sitting.read()
    sitting.press("label", "2")
    assert given(session)[-1] == ("accept", (19,))


def test_the_picker_finds_a_label_and_answers_with_it() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    assert "find:" in sitting.press("pick")
    text = sitting.type("refund")
    assert "8 of 24" in text
    assert "▸ 1 refund a" in text
    assert "▸ 2 refund b" in sitting.press("next")
    assert "▸ 3 refund c" in sitting.press("next")
    sitting.press("previous")
    sitting.press("choose")
    assert given(session) == [("accept", (18,))]
    assert sitting.screen.look.mode == "ticket"


def test_a_capital_and_a_digit_are_a_label() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    assert "1 refund a" in sitting.press("jump", "R")
    sitting.press("label", "2")
    assert given(session) == [("accept", (18,))]
    assert sitting.screen.look.mode == "ticket"
    assert "find:" not in sitting.press("jump", "r")
    assert "find:" not in sitting.press("jump", "!")
    assert "! does nothing here; ? lists the keys" in sitting.read()


def test_a_digit_counts_only_for_a_row_in_sight() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    sitting.press("pick")
    for _ in range(10):
        sitting.press("next")
    # A label that has a digit on the ticket has the same in the list; "order d" is the fourth.
    assert "4 order d" in sitting.read()
    assert "1 card b" in sitting.read()
    sitting.press("label", "1")
    assert given(session) == [("accept", (10,))]
    sitting.press("jump", "R")
    sitting.type("efund c")
    sitting.press("label", "9")
    assert "find: refund c9" in sitting.read()


def test_digits_are_typed_where_labels_have_them() -> None:
    session = make_session(labels=[f"shelf {n}" for n in range(1, 30)])
    sitting = Sitting(session)
    sitting.press("pick")
    for digit in "27":
        text = sitting.press("label", digit)
    assert "find: 27" in text
    assert "▸ 1 shelf 27" in text
    sitting.press("label", "1")
    assert given(session) == [("accept", (27,))]


def test_names_in_the_ticket_come_first_while_there_is_no_model() -> None:
    session = make_session(
        ["lost card", "my refund!"], labels=MANY, learner=StillLearner(), audit=0.0
    )
    sitting = Sitting(session)
    assert "1 card a" in sitting.read()
    sitting.press("ignore")
    assert "1 refund a" in sitting.read()


def test_without_a_learner_the_keys_stay_with_the_scheme() -> None:
    sitting = Sitting(make_session(["my refund!"], labels=MANY, order="file"))
    assert "1 order a" in sitting.read()


def test_fixed_and_ranked_keys_are_as_asked_for() -> None:
    session = ranked_session()
    assert "▸ 1 billing" in Sitting(session, keys="ranked").read()
    assert "▸ 2 billing" in Sitting(session, keys="fixed").read()


def test_every_label_can_have_a_letter_of_its_own() -> None:
    session = ranked_session(labels=("refund", "billing", "return", "quit", "account"))
    sitting = Sitting(session, keys="mnemonic")
    for part in ("r refund", "b billing", "e return", "t quit", "o account", "a-z label"):
        assert part in sitting.read()
    sitting.press("jump", "e")
    assert given(session)[-1] == ("accept", (3,))
    assert given(session) == given(session)
    sitting.press("label", "1")
    sitting.press("jump", "z")
    assert len(given(session)) == 2


def test_more_labels_than_letters_are_found_by_typing() -> None:
    session = make_session(labels=[f"label {n}" for n in range(40)])
    sitting = Sitting(session, keys="mnemonic")
    assert "more" in sitting.read()
    assert (
        len(sitting.screen.picture.frame.offered)
        == len(set(sitting.screen.picture.frame.offered.values()))
        >= 10
    )


def test_the_picker_closes_without_an_answer_and_finds_nothing_calmly() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    sitting.press("pick")
    assert "0 of 24" in sitting.type("zzz")
    sitting.press("next")
    assert "Add the label zzz" in sitting.press("choose")
    assert "find:" not in sitting.press("no")
    assert given(session) == []


def test_the_picker_toggles_for_multilabel() -> None:
    session = make_session(labels=MANY, task="multilabel")
    sitting = Sitting(session)
    sitting.press("pick")
    sitting.type("card b")
    sitting.press("choose")
    assert session.current.chosen == (10,)
    assert given(session) == []


def test_the_marked_row_stays_in_sight() -> None:
    sitting = Sitting(make_session(labels=MANY))
    sitting.press("pick")
    for _ in range(30):
        text = sitting.press("next")
    assert re.search(f"▸ . {MANY[-1]}", text)


def test_editing_what_is_typed() -> None:
    sitting = Sitting(make_session(labels=MANY))
    sitting.press("pick")
    sitting.type("xcar")
    for action in ("home", "delete", "end"):
        sitting.press(action)
    assert "find: card" in sitting.type("d")
    sitting.press("left")
    assert sitting.screen.look.typing.field.cursor == 3
    assert "find: card" not in sitting.press("clear")


def test_pasting_types_where_something_is_typed_and_nowhere_else() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    sitting.screen.paste("1a\n2")
    assert "paste ignored: press keys one by one" in sitting.read()
    sitting.press("pick")
    sitting.screen.paste("refund\nb")
    assert "find: refund b" in sitting.read()
    assert given(session) == []


# --- faults -----------------------------------------------------------------------------------


def test_a_locked_database_keeps_ticket_and_answer_until_it_is_saved() -> None:
    session = make_session()
    sitting = Sitting(session)
    ledger(session).faults = [LockedError("locked")] * 2
    assert "waiting for the database lock" in sitting.press("label", "1")
    for action in ("label", "ignore", "undo", "accept", "flag", "pick"):
        sitting.press(action, "2")
    sitting.screen.retry()
    assert "waiting for the database lock" in sitting.read()
    assert given(session) == []
    sitting.screen.retry()
    assert given(session) == [("accept", (1,))]
    assert "waiting" not in sitting.read()
    assert "two" in sitting.read()
    sitting.screen.retry()
    assert len(given(session)) == 1


def test_quitting_while_the_database_is_locked() -> None:
    session = make_session()
    sitting = Sitting(session)
    ledger(session).faults = [LockedError("locked")]
    sitting.press("label", "1")
    sitting.press("quit")
    assert sitting.screen.exit_code == 0
    assert given(session) == []


def test_another_fault_of_the_database_says_not_saved_and_keeps_the_ticket() -> None:
    session = make_session()
    sitting = Sitting(session)
    ledger(session).faults = [DatabaseError("t.db: the disk is full")]
    text = sitting.press("label", "1")
    assert "NOT saved: t.db: the disk is full" in text
    assert "one" in text
    assert "saved 1" not in text
    assert "two" in sitting.press("label", "1")
    assert "NOT saved" not in sitting.read()


def test_an_unforeseen_exception_is_shown_and_reported_and_the_session_goes_on() -> None:
    session = make_session()
    sitting = Sitting(session)
    ledger(session).faults = [ZeroDivisionError("oh")]
    assert "failed: ZeroDivisionError; details in the log" in sitting.press("label", "1")
    assert [type(error) for error in sitting.errors] == [ZeroDivisionError]
    sitting.press("label", "1")
    assert given(session) == [("accept", (1,))]


def test_a_recipes_fault_is_shown_and_reported() -> None:
    def on_answer(ticket: Ticket, answer: object) -> None:
        raise KeyError("x")

    sitting = Sitting(make_session(on_answer=[on_answer]))
    assert "on_answer failed: KeyError" in sitting.press("label", "1")
    assert [type(error) for error in sitting.errors] == [KeyError]


def test_a_fault_in_taking_news_is_shown_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session()
    sitting = Sitting(session)
    monkeypatch.setattr(session, "update", lambda: 1 / 0)
    sitting.screen.news()
    assert "ZeroDivisionError" in sitting.read()
    assert len(sitting.errors) == 1


def test_a_ticket_that_cannot_be_drawn_is_not_answered() -> None:
    session = make_session([["not", "a", "string"]])  # type: ignore[list-item]
    sitting = Sitting(session)
    assert "can't be drawn" in sitting.read()
    sitting.press("label", "1")
    assert given(session) == []
    assert len(sitting.errors) == 1


def test_an_answer_counts_only_for_the_ticket_that_was_drawn() -> None:
    session = make_session()
    sitting = Sitting(session)
    sitting.screen.press("label", "1")
    sitting.screen.press("label", "1")
    assert len(given(session)) == 1


# --- what is to be seen -----------------------------------------------------------------------


def learner_session(status: LearnerStatus) -> Session:
    learner = StillLearner()
    learner.status = status
    return make_session(learner=learner)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (LearnerStatus("starting"), "starting"),
        (LearnerStatus("vectorising", progress=0.45), "vectorising 45%"),
        (LearnerStatus("training"), "training"),
        (LearnerStatus("failed", "out of memory"), "training failed, picking at random"),
        (LearnerStatus("failed", "out of memory"), "training stopped: out of memory"),
        (LearnerStatus("restarting", "it stopped"), "restarting"),
        (LearnerStatus("ready"), "no model yet"),
    ],
)
def test_the_status_line_says_what_the_learner_does(status: LearnerStatus, said: str) -> None:
    assert said in Sitting(learner_session(status), columns=120).read()


def test_how_far_the_model_is_behind_and_how_long_it_trains() -> None:
    session = ranked_session()
    sitting = Sitting(session, columns=140)
    assert "v12 +1 " in sitting.read()
    now = [0.0]
    sitting.screen._attendance._clock = lambda: now[0]
    assert session.background.learner
    session.background.learner.status = LearnerStatus("training")
    sitting.screen.news()
    assert "v12 +1 …" not in sitting.read()
    now[0] = 3.2
    sitting.screen.news()
    assert "v12 +1 …" in sitting.read()


def test_a_note_of_the_learner_says_why_there_is_no_suggestion() -> None:
    learner = StillLearner()
    session = make_session(learner=learner)
    learner.rankings.append(Ranking(Revision(0, 0, 0.1, "v", "m", note="needs two labels"), ()))
    session.update()
    assert "no suggestion yet: needs two labels" in Sitting(session).read()


def test_in_file_order_nothing_is_suggested() -> None:
    text = Sitting(make_session(order="file")).read()
    assert "file order" in text
    assert "suggestion" not in text


def test_the_meta_is_a_line_of_what_there_is() -> None:
    meta = {"source": "email", "n": 3, "ok": None, "nest": {"a": [1, 2]}, "long": "x" * 500}
    sitting = Sitting(make_session(meta=meta))
    assert 'source: email · n: 3 · nest: {"a":[1, 2]}' in sitting.read()
    assert "… 460 more" in sitting.read()
    whole = sitting.press("whole")
    assert "ok: null" in whole
    assert "… 300 more" in whole


def test_columns_that_there_is_no_room_for_are_counted() -> None:
    meta = {f"column {n}": f"value {n}" for n in range(15)}
    sitting = Sitting(make_session(meta=meta))
    assert "column 5: value 5 · … 9 more\n" in sitting.read()
    assert "column 14: value 14" in sitting.press("whole")


@pytest.mark.parametrize("task", ["exclusive", "multilabel", "rating"])
def test_the_labels_beside_the_ticket_say_how_often_each_was_used(task: Task) -> None:
    labels = ["1", "2", "3"] if task == "rating" else FEW
    session = make_session(["a", "b", "c", "d"], labels, task)
    sitting = Sitting(session, columns=140, rows=40)

    def used() -> list[int]:
        beside = sitting.read().partition("[Labels]")[2].partition("Answers per")[0]
        return [int(number) for number in re.findall(r"(\d+) answers?\b", beside)]

    assert used() == [0] * len(labels)
    for keys in ("1", "13", "3") if task == "multilabel" else ("1", "1", "3"):
        for key in keys:
            sitting.press("label", key)
        if task == "multilabel":
            sitting.press("accept")
    assert used()[:3] == [2, 0, 2 if task == "multilabel" else 1]
    below = re.findall(r"█+ (\d+)", sitting.read().partition("Answers per")[2])
    assert sum(map(int, below)) == sum(used())
    sitting.press("undo")
    assert used()[:3] == [2, 0, 1 if task == "multilabel" else 0]
    sitting.press("ignore")
    assert used()[:3] == [2, 0, 1 if task == "multilabel" else 0]


def test_the_last_of_the_chosen_labels_is_taken_off() -> None:
    sitting = Sitting(make_session(labels=MANY, task="multilabel"))
    sitting.press("label", "2")
    assert "chosen 2" in sitting.press("label", "4")
    assert "chosen 1  ✓ " in sitting.press("take_off")
    assert sitting.session.current.chosen == (2,)
    assert "- take off" in sitting.read()
    assert "chosen: none" in sitting.press("take_off")
    assert "- take off" not in sitting.press("take_off")


THROUGH_ALL_MODES = (
    *("pick", "about", "rename", "cancel", "pick", "describe", "cancel", "pick", "merge", "choose"),
    *("no", "pick", "split", "cancel", "pick", "retire", "no", "comment", "cancel"),
    *("history", "next", "cancel", "search", "next", "cancel", "similar", "next", "cancel"),
    *(
        "standing",
        "close",
        "why",
        "close",
        "guidelines",
        "close",
        "help",
        "next_page",
        "close_help",
    ),
    *("pause", "resume", "quit", "no"),
)
"""Actions that open everything there is to be opened, and close it again."""


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 12), (57, 17), (300, 20)])
@pytest.mark.parametrize(
    "session",
    [
        lambda: make_session(["word " * 300], FEW, meta={"k": "v" * 90}),
        lambda: make_session(["注文した商品が" * 60], tuple("日本語" * n for n in range(1, 10))),
        lambda: make_session(
            [HOSTILE * 20] * 2, ["x" * 300, HOSTILE, "ok"], meta={HOSTILE: HOSTILE}
        ),
        lambda: make_session(labels=MANY, task="multilabel"),
        lambda: ranked_session(),
        lambda: make_session([]),
    ],
)
def test_no_line_is_too_long_at_any_size_in_any_mode(
    size: tuple[int, int], session: Callable[[], Session]
) -> None:
    sitting = Sitting(session(), *size)
    sitting.session.current.comment = HOSTILE * 9
    sitting.session.notice = HOSTILE * 9
    sitting.session.guidelines = f"# {HOSTILE}\n{HOSTILE * 9}"
    for action in ("down", "flag", "label", "undo", "whole", "label", "yes", *THROUGH_ALL_MODES):
        sitting.press(action, "1")
        frame = sitting.screen.draw(*size)
        assert len(frame.lines) == size[1]
        for line in frame.lines:
            assert sum(cells(part) for _, part in line) <= size[0]
    assert sitting.errors == []


@pytest.mark.parametrize("text", ["short", "word " * 200])
def test_a_long_notice_pushes_no_key_off_the_smallest_screen(text: str) -> None:
    session = make_session([text], MANY[:9], meta={"channel": "app"})
    session.notice = "Which label fits? " * 9
    sitting = Sitting(session, MIN_COLUMNS, MIN_ROWS)
    frame = sitting.screen.draw(MIN_COLUMNS, MIN_ROWS)
    assert len(frame.lines) == MIN_ROWS
    assert "q quit" in sitting.read().split("\n")[-1]
    assert text[:5] in sitting.read()


HEBREW = "שלום, קיבלתי שטיח בצבע לא נכון (הזמנה 38-20915) ואני רוצה להחזיר"
ARABIC = "السلام عليكم، طلبي رقم 38-20915 لم يصل حتى الآن والشحنة متأخرة"


@pytest.mark.parametrize("text", [HEBREW, ARABIC, f"Re: {HEBREW} (order)", "שָׁלוֹם " * 30])
@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_right_to_left_text_stays_in_its_order_and_place(text: str, size: tuple[int, int]) -> None:
    """In logical order, from the margin on, and never beside a column that a terminal's own
    reordering could mix it with, but in lists."""
    session = make_session([text, "next"], [ARABIC[:12], "praise"], meta={"סוג": ARABIC})
    sitting = Sitting(session, *size)
    frame = sitting.screen.draw(*size)
    rows = [line for line in frame.lines if any(style == "class:ticket" for style, _ in line)]
    shown = " ".join(part for line in rows for style, part in line if style == "class:ticket")
    assert shown.split() == text.split()
    assert {len(line) for line in rows} == {2}  # the margin and the text
    for action in ("pick", "cancel", "label", "history", "cancel", "search", "cancel", "standing"):
        for line in sitting.screen.draw(*size).lines:
            assert sum(cells(part) for _, part in line) <= size[0]
        sitting.press(action, "1")
    assert sitting.errors == []


def test_what_would_turn_the_direction_is_shown_and_not_obeyed() -> None:
    controls = "\u202e\u2066\u2067\u2069\u200f\u061c"
    sitting = Sitting(make_session([f"{HEBREW[:4]}{controls}abc"]))
    seen = sitting.read()
    assert not set(controls) & set(seen)
    assert f"{HEBREW[:4]}<U+202E><U+2066><U+2067><U+2069><U+200F><U+061C>abc" in seen


def test_hostile_text_is_harmless_everywhere() -> None:
    session = make_session(
        [HOSTILE, HOSTILE * 2, "one"], [HOSTILE, "ok"], meta={HOSTILE: HOSTILE}, order="file"
    )
    sitting = Sitting(session, rows=40)
    session.current.comment = HOSTILE
    session.guidelines = f"# {HOSTILE}\n{HOSTILE}"
    seen = sitting.read() + sitting.press("label", "1")
    for action in THROUGH_ALL_MODES:
        seen += sitting.press(action)
    assert sitting.errors == []
    assert "^[]52;c;aGk=^G" in seen
    assert "<U+202E>" in seen
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\U000e0041]", seen) is None


def test_a_window_too_small_says_so_and_takes_no_answer() -> None:
    session = make_session()
    sitting = Sitting(session, MIN_COLUMNS - 1, MIN_ROWS)
    assert "too small" in sitting.read()
    sitting.press("label", "1")
    assert given(session) == []
    for size in ((1, 1), (0, 0), (20, 5)):
        sitting.size = size
        sitting.read()
    sitting.size = (MIN_COLUMNS, MIN_ROWS)
    assert "one" in sitting.read()
    assert sitting.errors == []
    sitting.press("label", "1")
    assert given(session) == [("accept", (1,))]


def test_a_long_ticket_is_scrolled_and_given_the_whole_screen() -> None:
    text = "\n".join(f"line {n}" for n in range(1, 201))
    sitting = Sitting(make_session([text]))
    first = sitting.read()
    assert "line 1\n" in first
    assert "more lines · PgDn" in first
    assert "v view" in first
    assert "1 line above · PgUp" in sitting.press("down")
    assert "line 1\n" not in sitting.read()
    sitting.press("page_down")
    assert "line 1\n" in sitting.press("page_up") or "line 1\n" in sitting.press("up")
    whole = sitting.press("whole")
    assert whole.count("  line ") > first.count("  line ")
    assert "1 refund" not in whole
    for _ in range(50):
        last = sitting.press("page_down")
    assert "line 200" in last
    assert "more line" not in last
    assert "1 refund" in sitting.press("back")


@pytest.mark.parametrize(
    "text", ["word " * 1_000_000, "line\n" * 200_000, "x" * 5_000_000, "a" + "\u0301" * 100_000]
)
def test_a_huge_ticket_is_drawn_in_part(text: str) -> None:
    sitting = Sitting(make_session([text]))
    drawn = sitting.press("whole")
    assert len(drawn) < 4_000
    for _ in range(5):
        sitting.press("page_down")
    assert sitting.errors == []


def test_the_end_says_why_and_how_to_go_on() -> None:
    session = make_session(["only"])
    sitting = Sitting(session)
    text = sitting.press("label", "1")
    assert "All 1 tickets of feedback are answered." in text
    assert "txtal export feedback" in text
    for action in ("label", "accept", "reject", "ignore", "flag", "pick", "comment"):
        sitting.press(action, "1")
    assert len(given(session)) == 1
    assert "only" in sitting.press("undo")


def test_the_end_counts_what_others_hold() -> None:
    session = make_session(["mine", "theirs"])
    session.ledger.take_first = lambda ids: None  # type: ignore[method-assign]
    text = Sitting(session).press("label", "1")
    assert "1 of 2 are answered" in text
    assert "1 is open in other sessions" in text


def _click(sitting: Sitting, on: str) -> str:
    """What is drawn after a click on the first place that shows this text."""
    lines = sitting.read().split("\n")
    y = next(row for row, line in enumerate(lines) if on in line)
    sitting.screen.click(lines[y].index(on), y)
    return sitting.read()


def test_a_click_on_a_label_answers_with_it() -> None:
    session = make_session()
    sitting = Sitting(session)
    _click(sitting, "praise")
    assert given(session) == [("accept", (3,))]
    sitting.screen.click(0, 0)
    sitting.screen.click(70, 200)
    assert len(given(session)) == 1


def test_clicks_and_the_wheel_in_lists() -> None:
    session = make_session(labels=MANY)
    sitting = Sitting(session)
    assert "find:" in _click(sitting, "more")
    sitting.screen.wheel(1)
    assert "▸ 2 " in sitting.read()
    _click(sitting, MANY[3])
    assert given(session) == [("accept", (4,))]
    sitting.press("label", "1")
    sitting.press("history")
    _click(sitting, "one")
    assert sitting.screen.look.mode == "list"  # marked, and not gone to yet
    assert "was: accept" in _click(sitting, "one")


def test_the_wheel_scrolls_a_long_ticket_and_never_answers() -> None:
    session = make_session(["line\n" * 200])
    sitting = Sitting(session)
    sitting.screen.wheel(1)
    assert sitting.screen.look.top == 3
    sitting.read()
    sitting.screen.wheel(-1)
    assert sitting.screen.look.top == 0
    sitting.press("pause")
    sitting.screen.wheel(1)
    assert sitting.screen.look.mode == "paused"
    assert given(session) == []


def test_an_empty_dataset_says_how_to_fill_it() -> None:
    assert "txtal load feedback FILE" in Sitting(make_session([])).read()


def test_the_help_scrolls_where_it_does_not_fit_and_closes() -> None:
    sitting = Sitting(make_session(), 40, 12)
    assert "Answer" in sitting.press("help")
    for _ in range(8):
        text = sitting.press("next_page")
    assert "Answer" not in text
    for _ in range(20):
        sitting.press("next_page")
    assert "the 95%" in sitting.read()
    assert "one" in sitting.press("close_help")


# --- pages and pauses ---------------------------------------------------------------------------


def test_the_guidelines_are_read_and_closed() -> None:
    text = "# What is what\n\n- **refund**: `money` back\n\x1b[31m" + "line\n" * 60
    sitting = Sitting(make_session(guidelines=text))
    assert "g guidelines" in Sitting(make_session(guidelines=text), columns=160).read()
    shown = sitting.press("guidelines")
    assert "What is what\n" in shown
    assert "- refund: money back" in shown
    assert "^[[31m" in shown
    assert "What is what" not in sitting.press("page_down")
    assert "one" in sitting.press("close")
    assert "no guidelines" in Sitting(make_session()).press("guidelines")


def test_where_one_stands() -> None:
    session = ranked_session()
    assert session.ranking is not None
    revision = replace(session.ranking.revision, note="C=1\x1b")
    session.updates.ranking = replace(session.ranking, revision=revision)
    sitting = Sitting(session, rows=50)
    text = sitting.press("standing")
    for part in (
        "median 2.5 s per answer",
        "1,440 per hour",
        "refund",
        "███",
        "80 answers    70%  (55–80, n 40)",
        "margin, v; C=1^[",
    ):
        assert part in text
    sitting.size = (40, 12)
    assert all(len(line) <= 40 for line in sitting.read().splitlines())


def test_a_pause_is_no_part_of_the_time_an_answer_takes() -> None:
    now = [100.0]
    session = make_session(clock=lambda: now[0])
    sitting = Sitting(session)
    now[0] = 103.0
    assert "Paused" in sitting.press("pause")
    assert "one" not in sitting.read()
    now[0] = 900.0
    assert "one" in sitting.press("resume", "1")
    assert given(session) == []
    now[0] = 902.0
    sitting.press("label", "1")
    assert session.saved is not None
    assert session.saved.answered - session.saved.shown == 5.0


def test_nobody_there_is_a_pause_since_the_last_key() -> None:
    now = [0.0]
    session = make_session(clock=lambda: now[0])
    sitting = Sitting(session)
    now[0] = 4.0
    sitting.press("flag")
    now[0] = 200.0
    sitting.screen.news()
    assert "one" in sitting.read()
    now[0] = 1000.0
    sitting.screen.news()
    assert "Paused" in sitting.read()
    now[0] = 1010.0
    sitting.press("resume")
    now[0] = 1011.0
    sitting.press("label", "1")
    assert session.saved is not None
    assert session.saved.answered - session.saved.shown == 5.0


def test_why_this_ticket_and_why_this_label() -> None:
    session = ranked_session()
    learner = session.background.learner
    assert isinstance(learner, StillLearner)
    sitting = Sitting(session, rows=40)
    text = sitting.press("why")
    assert "the model is uncertain, no. 1 of 2 in the queue, model v12" in text
    assert "Why billing" in text
    assert "billing 62%, praise 30%" in text
    assert "finding the words" in text
    assert learner.whys == [(2, 2)]
    learner.explanation = Explanation(1, 2, (("old", 1.0),))
    assert "finding the words" in sitting.read()
    learner.explanation = Explanation(2, 2, (("one", 1.25), ("two", -0.5), ("faint", 0.01)))
    text = sitting.read()
    assert "for it: one +1.2\n" in text
    assert "against it: two -0.5\n" in text
    styles = {part: style for line in sitting.screen.draw(80, 40).lines for style, part in line}
    assert styles["one"] == "class:for"
    assert "one" in sitting.press("close")


def test_why_without_a_model_says_that_there_is_none() -> None:
    sitting = Sitting(make_session())
    assert "no suggestion yet" in sitting.press("why")
    assert "random pick" in sitting.read()


# --- ratings ----------------------------------------------------------------------------------


def test_grades_have_their_own_digits_whatever_the_keys() -> None:
    grades = [str(grade) for grade in range(1, 11)]
    session = make_session(labels=grades, task="rating")
    sitting = Sitting(session, keys="mnemonic")
    assert "0 10" in sitting.read()
    for key in ("7", "0", "1"):
        sitting.press("label", key)
    assert given(session) == [("accept", (7,)), ("accept", (10,)), ("accept", (1,))]


def test_a_scale_that_ends_before_leaves_the_other_digits_without_meaning() -> None:
    session = make_session(labels=["1", "2", "3"], task="rating")
    sitting = Sitting(session)
    for key in ("4", "0"):
        sitting.press("label", key)
    assert given(session) == []


def test_the_suggested_grade_says_how_far_off_it_may_be() -> None:
    session = ranked_session("rating", ("1", "2", "3"))
    sitting = Sitting(session, columns=100)
    text = sitting.read()
    assert "▸ grade 2 (90%: 1–3)" in text  # 0.3 of being one too low, 0.08 of one too high
    assert "off by 0.8 (0.7–0.9" in text
    sitting.press("accept")
    assert given(session)[-1] == ("accept", (2,))


def test_the_footer_names_the_keys_of_grades() -> None:
    assert "1-5 grade" in Sitting(make_session(labels=list("12345"), task="rating")).read()


def test_a_digit_begins_a_score_and_enter_takes_it() -> None:
    session = make_session(labels=[str(score) for score in range(101)], task="rating")
    sitting = Sitting(session)
    assert "0-9 score" in sitting.read()
    assert "0 ·····" in sitting.read()
    sitting.press("label", "6")
    assert "score: 6" in sitting.read()
    sitting.type("3")
    sitting.press("choose")
    assert given(session) == [("accept", (64,))]  # ids count from 1
    assert "+ add the label" not in sitting.press("pick")


def test_the_arrows_move_a_score_from_what_is_suggested() -> None:
    session = ranked_session("rating", [str(score) for score in range(101)])
    sitting = Sitting(session)
    text = sitting.read()
    assert "▸ score 1 (90%: 0–2)" in text
    assert "▲" in text
    sitting.press("pick")
    sitting.press("previous")
    sitting.press("choose")
    assert given(session)[-1] == ("accept", (3,))  # the score 2


def test_the_pages_speak_of_grades() -> None:
    session = ranked_session("rating", ("1", "2", "3"))
    sitting = Sitting(session, columns=120, rows=90)
    assert "Why grade 2" in sitting.press("why")
    sitting.press("close")
    text = sitting.press("standing")
    assert "Answers per grade" in text
    assert "Mean error in grades, on random picks" in text
    sitting.press("close")
    sitting.press("help")
    assert "mean error in grades, on random" in sitting.type("mean error")


def test_the_list_of_grades_adds_none() -> None:
    sitting = Sitting(make_session(labels=["1", "2", "3"], task="rating"))
    sitting.press("pick")
    assert "+ add the label" not in sitting.type("x")
    assert "ctrl-r" not in sitting.read()


# --- others -----------------------------------------------------------------------------------


def test_others_progress_is_in_the_status_line_as_far_as_there_is_room() -> None:
    session = ranked_session()
    ledger(session).counts = {"ana": 120, "bo": 88}
    assert "ana 120, bo 88" in Sitting(session, columns=130).read()
    assert "others 208" in Sitting(session, columns=88).read()
    small = Sitting(session, columns=40, rows=12).read()
    assert "ana" not in small
    assert "others" not in small


def test_many_others_are_named_as_far_as_three_and_hostile_names_are_harmless() -> None:
    session = ranked_session()
    ledger(session).counts = {"\x1b[31mred": 9, "b": 8, "c": 7, "d": 6, "e": 5}
    text = Sitting(session, columns=200).read()
    assert "b 8, c 7, 2 more" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("size", [(120, 20), (140, 40), (171, 44), (200, 60), (260, 30)])
@pytest.mark.parametrize("task", ["exclusive", "multilabel", "rating"])
def test_a_wide_screen_has_a_second_column(task: Task, size: tuple[int, int]) -> None:
    labels = [str(n) for n in range(1, 6)] if task == "rating" else MANY
    sitting = Sitting(ranked_session(task, labels), *size)
    said = dict(zip(SIDES, (labels[3], "Why this ticket", "ignored", "Answers per"), strict=True))
    for side in SIDES:
        lines = sitting.screen.draw(*size).lines
        assert all(width_of(line) <= size[0] for line in lines)
        assert len(lines) == size[1]
        rules = {row.index("│") for row in sitting.read().split("\n") if "│" in row}
        assert len(rules) == 1
        right = "\n".join(row[min(rules) :] for row in sitting.read().split("\n"))
        assert f"[{side.capitalize()}]" in right
        assert said[side] in right
        sitting.press("side")
    assert sitting.screen.look.side == SIDES[0]
    text = sitting.press("search")
    assert "│" in text
    sitting.press("whole")
    assert sitting.errors == []


def test_no_second_column_on_a_narrow_screen_or_beside_text_from_right_to_left() -> None:
    assert "│" not in Sitting(ranked_session(), 119, 40).read()
    assert "│" not in Sitting(ranked_session(), 140, 19).read()
    assert "│" not in Sitting(make_session([HEBREW]), 140, 40).read()
    assert "tab side" not in Sitting(ranked_session(), 119, 40).read()
    assert "tab side" in Sitting(ranked_session(), 160, 40).read()


def ranking_with(accuracy: float, reached: str = "", newest: int = 0) -> Ranking:
    outlook = Outlook(
        100, Forecast(0.01, 0.0, 0.02), 0.9, 0.02, reached=reached, notice="it may be time"
    )
    estimate = Estimate(120, accuracy, accuracy - 0.07, accuracy + 0.06)
    revision = Revision(1, newest, 0.2, "v", "margin", estimate, outlook=outlook)
    return Ranking(revision, tuple(Ranked(i, (2,), ((2, 0.6),), "margin") for i in range(2, 60)))


def test_the_mark_that_it_may_be_time_to_stop_stays_and_its_notice_can_be_read_again() -> None:
    learner = StillLearner()
    session = make_session([f"t{n}" for n in range(60)], learner=learner, audit=0.0)
    learner.rankings.append(ranking_with(0.81, "gain"))
    sitting = Sitting(session)
    sitting.screen.news()
    assert "it may be time" in sitting.read()
    for _ in range(3):
        text = sitting.press("label", "1")
    assert "it may be time" not in text
    assert "■ little to gain" in text
    assert "• it may be time" in sitting.press("notices")
    sitting.press("close")
    sitting.size = (40, 12)
    assert "■" in sitting.read()
    learner.rankings.append(ranking_with(0.81, "", newest=3))
    sitting.screen.news()
    assert "■" not in sitting.read()


def test_the_accuracy_keeps_its_place_while_answers_come_in_and_the_model_trains() -> None:
    learner = StillLearner()
    session = make_session([f"t{n}" for n in range(60)], learner=learner, audit=0.0)
    learner.rankings.append(ranking_with(0.81))
    sitting = Sitting(session)
    sitting.screen.news()
    sitting.press("label", "1")
    columns = set()
    for number in range(50):
        state = LearnerStatus("training" if number % 3 else "ready")
        learner.status = state
        if number % 7 == 0:
            learner.rankings.append(ranking_with(0.80 + number / 1000, newest=number))
            sitting.screen.news()
        status = sitting.press("label", "1").split("\n")[-2]
        assert "accuracy 8" in status
        columns.add(status.index("accuracy"))
    assert len(columns) == 1

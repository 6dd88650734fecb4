"""Actions that only the screen has: typing, moving in lists and pages, the mouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from txtal.session import explaining
from txtal.session.lookup import Kind
from txtal.text import clean
from txtal.types import Found, Label
from txtal.ui import answering_many, help_page, label_editing, results
from txtal.ui.field import Field
from txtal.ui.labels import picked
from txtal.ui.layout import target_at
from txtal.ui.modes import ORDERS, SIDES
from txtal.ui.picker import Choice

if TYPE_CHECKING:
    from txtal.ui.screen import Screen
    from txtal.ui.screen_shell import ScreenShell

Own = Callable[["Screen", str], object]
"""Does it; given the screen and the key."""

_WHEEL_LINES = 3
SURE = 0.7
"""The probability from which a row of a cluster is marked beforehand."""
_ROWS = 1_000_000
"""More than any list has."""


# --- labels -------------------------------------------------------------------------------------


def take_key(screen: Screen, key: str) -> None:
    """Take the label that was drawn with this key; where none was, a digit is typed.

    Of scores it begins the number.
    """
    offered = screen.picture.frame.offered
    if key in offered:
        _take(screen, offered[key])
    elif screen.look.mode == "picker":
        _type(screen, screen.look.typing.field.typed(key))
    elif screen.session.scheme.scored:
        screen.pick("answer", key)
    elif key:
        what = screen.session.scheme.noun
        screen.tell(f"no {what} has the key {key}")


def _jump(screen: Screen, key: str) -> None:
    """A label's own letter answers; a capital, and what has none, begins a name."""
    if key in screen.picture.frame.offered:
        take_key(screen, key)
    elif key.isalpha() and not key.islower():
        screen.pick("answer", key.lower())
    else:
        _unknown(screen, key)


def _unknown(screen: Screen, key: str) -> None:
    """A key without a meaning says so."""
    if screen.look.mode == "confirm":
        screen.tell("press y for yes, or n for no")
    elif key:
        helps = screen.keyboard.key_of("help")
        screen.tell(f"{clean(key)} does nothing here; {helps} lists the keys")


def selected_choice(screen: ScreenShell) -> Choice | None:
    """Return the selected row of the list of labels."""
    found = picked(screen.session, screen.keyboard, screen.look)
    return found[screen.look.typing.cursor] if found else None


def selected_label(screen: ScreenShell) -> Label | None:
    """Return its label, if it is one."""
    choice = selected_choice(screen)
    return screen.session.scheme.label(choice.label) if choice and choice.label else None


def select_suggestion(screen: ScreenShell) -> None:
    """Begin at what is suggested: the arrows change a score from there."""
    found = picked(screen.session, screen.keyboard, screen.look)
    suggested = screen.session.current.suggestion
    rows = [row for row, choice in enumerate(found) if choice.label in suggested]
    screen.look = screen.look.typed(cursor=rows[0] if rows else len(found) // 2)


def _choose(screen: Screen, key: str) -> None:
    choice = selected_choice(screen)
    if choice is not None:
        _take(screen, choice)


def _take(screen: Screen, choice: Choice) -> None:
    """A label is the answer, or what another is merged into; a level is gone into."""
    typing = screen.look.typing
    if choice.level:
        _type(screen, Field.of(choice.level))
    elif screen.look.mode == "picker" and choice.new:
        label_editing.answer_with_new(screen, choice.new)
    elif screen.look.mode == "picker" and typing.purpose == "bulk":
        screen.see(mode="ticket")
        answering_many.begin(screen, choice.label, typing.marked)
    elif screen.look.mode == "picker" and typing.purpose == "merge":
        label_editing.merge_into(screen, typing.subject, choice.label)
    else:
        screen.see(mode="ticket")
        screen.answer(partial(screen.session.choose, choice.label))


# --- typing and lists ---------------------------------------------------------------------------


def _edit(change: Callable[[Field, str], Field]) -> Own:
    return lambda screen, key: _type(screen, change(screen.look.typing.field, key))


def _type(screen: Screen, field: Field) -> None:
    screen.look = screen.look.typed(field=field, cursor=0, stale=screen.look.mode == "list")


def list_again(screen: ScreenShell) -> None:
    """Begin to look for what fits what is typed, and show it if it is there at once."""
    typing = screen.look.typing
    kind, typed = cast(Kind, typing.purpose), typing.field.text
    begun = screen.session.finding.begin(screen.session, kind, typed)
    screen.look = screen.look.typed(stale=not begun, waiting=True)
    take_list(screen)


def take_list(screen: ScreenShell, *, wait: bool = False) -> None:
    """Show the list that was looked for, if it is there by now, or say why it can't be meant."""
    typing = screen.look.typing
    if screen.look.mode != "list" or not typing.waiting or typing.stale:
        return
    listed = screen.session.finding.listed(wait=wait)
    if listed is None or (listed.kind, listed.typed) != (typing.purpose, typing.field.text):
        return
    if listed.said:
        screen.tell(listed.said)
    screen.look = screen.look.typed(
        found=results.in_order(screen.session, listed.found, typing.order),
        cursor=0,
        listed=(typing.purpose, typing.field.text),
        waiting=False,
        marked=tuple(filter(_is_sure, listed.found)) if typing.marking else typing.marked,
        marking=False,
    )


def _reorder(screen: Screen, key: str) -> None:
    """List what was found in the next order."""
    at = ORDERS.index(screen.look.typing.order)
    screen.look = screen.look.typed(order=ORDERS[(at + 1) % len(ORDERS)])
    list_again(screen)


def _is_sure(found: Found) -> bool:
    """Whether a row is marked beforehand: where the model, if there is one, is sure enough."""
    guesses = found.ranked.probabilities if found.ranked else ()
    return not guesses or guesses[0][1] >= SURE


def _move(by: Callable[[Field], int]) -> Own:
    def move(screen: Screen, key: str) -> None:
        field = screen.look.typing.field
        screen.look = screen.look.typed(field=field.moved(by(field)))

    return move


def _keep(screen: Screen, key: str) -> None:
    typing = screen.look.typing
    screen.see(mode="ticket")
    label_editing.keep(screen, typing.purpose, typing.subject, typing.field.text.strip())


def _step(by: Callable[[Screen], int]) -> Own:
    return lambda screen, key: _select(screen, screen.look.typing.cursor + by(screen))


def _previous(screen: Screen, key: str) -> None:
    """Select the row before; before the first comes the last, where the model is least sure."""
    cursor = screen.look.typing.cursor
    _select(screen, cursor - 1 if cursor else _ROWS)


def _select(screen: Screen, row: int) -> None:
    look = screen.look
    rows: Sequence[object] = look.typing.found
    if look.mode == "picker":
        rows = picked(screen.session, screen.keyboard, look)
    elif look.mode == "help":
        rows = _help_rows(screen)
    screen.look = look.typed(cursor=max(0, min(len(rows) - 1, row)))


def _help_rows(screen: Screen) -> list[help_page.Row]:
    typed, wide = screen.look.typing.field.text, screen.picture.frame.wide
    return help_page.rows(screen.session, screen.keyboard.actions, typed, wide=wide)


def _run(screen: Screen, key: str) -> None:
    """Close the help and do what the selected key does; where that is off, say why."""
    found = _help_rows(screen)
    if not found:
        return
    row = found[min(screen.look.typing.cursor, len(found) - 1)]
    refused = help_page.refusal(row)
    if refused:
        screen.tell(refused)
    else:
        screen.see(mode="ticket")
        screen.press_from_help(row.action)


def _close_help(screen: Screen, key: str) -> None:
    """Close the help; where something is typed, ``q`` and ``?`` go on with it."""
    if key.isprintable() and key and screen.look.typing.field.text:
        _type(screen, screen.look.typing.field.typed(key))
    else:
        screen.see(mode="ticket")


def _mark(screen: Screen, key: str) -> None:
    """Mark the selected row, or no longer, and go on to the next."""
    typing = screen.look.typing
    if typing.found:
        one = typing.found[typing.cursor]
        others = tuple(other for other in typing.marked if other.ticket.id != one.ticket.id)
        marked = (*others, one) if len(others) == len(typing.marked) else others
        screen.look = screen.look.typed(marked=marked)
        _select(screen, typing.cursor + 1)


def _mark_all(screen: Screen, key: str) -> None:
    """Mark all rows, or none if all are marked."""
    typing = screen.look.typing
    ids = {one.ticket.id for one in typing.found}
    others = tuple(one for one in typing.marked if one.ticket.id not in ids)
    all_are = len(typing.marked) - len(others) == len(ids)
    screen.look = screen.look.typed(marked=others if all_are else (*others, *typing.found))


# --- pages and the ticket -----------------------------------------------------------------------


def _scroll(by: Callable[[Screen], int]) -> Own:
    return lambda screen, key: scroll(screen, by(screen))


def scroll(screen: Screen, by: int) -> None:
    """Scroll the page or the ticket."""
    top = max(0, screen.picture.frame.top + by)
    if screen.look.mode == "page":
        screen.look = screen.look.read(top=top)
    else:
        screen.see(top=top)


def _side(screen: Screen, key: str) -> None:
    """Show the next of what may stand beside the ticket."""
    at = SIDES.index(screen.look.side)
    screen.see(side=SIDES[(at + 1) % len(SIDES)])
    ask_why_beside(screen)


def ask_why_beside(screen: Screen) -> None:
    """Have the words found where they stand beside the ticket."""
    if screen.look.side == "why" and explaining.explanation(screen.session) is None:
        explaining.ask_why(screen.session)


def _to_ticket(screen: Screen, key: str) -> None:
    screen.see(mode="ticket")


def _resume(screen: Screen, key: str) -> None:
    screen.session.current.resume()
    screen.see(mode="ticket")


# --- the mouse ----------------------------------------------------------------------------------


def _toggle_mouse(screen: Screen, key: str) -> None:
    on = not screen.look.mouse
    called = screen.keyboard.key_of("mouse")
    said = f"the mouse is on: wheel and clicks; {called} gives it back to the terminal"
    screen.see(mouse=on)
    screen.tell(said if on else "the mouse is off")


def wheel(screen: Screen, by: int) -> None:
    """A turn of the mouse's wheel: a few lines, or a row of a list."""
    if screen.look.mode in ("picker", "list", "help"):
        _select(screen, screen.look.typing.cursor + by)
    elif screen.look.mode in ("ticket", "page"):
        scroll(screen, _WHEEL_LINES * by)


def click(screen: Screen, x: int, y: int) -> None:
    """A click: on a label it is its key, on a row of a list it selects the row, then takes it."""
    lines = screen.picture.frame.lines
    kind, _, target = (target_at(lines[y], x) if y < len(lines) else "").partition(":")
    listing = screen.look.mode in ("list", "help")
    if kind == "key":
        screen.press("pick" if target == "/" else "label", target)
    elif kind == "row":
        selected = int(target) == screen.look.typing.cursor
        screen.look = screen.look.typed(cursor=int(target))
        if selected or not listing:
            screen.press({"list": "open", "help": "run"}.get(screen.look.mode, "choose"))


OWN: Mapping[str, Own] = {
    "label": take_key,
    "jump": _jump,
    "unknown": _unknown,
    "choose": _choose,
    "type": _edit(lambda field, key: field.typed(key)),
    "erase": _edit(lambda field, key: field.erased()),
    "delete": _edit(lambda field, key: field.deleted()),
    "clear": _edit(lambda field, key: Field()),
    "left": _move(lambda field: -1),
    "right": _move(lambda field: 1),
    "home": _move(lambda field: -len(field.text)),
    "end": _move(lambda field: len(field.text)),
    "keep": _keep,
    "mark": _mark,
    "mark_all": _mark_all,
    "reorder": _reorder,
    "side": _side,
    "next": _step(lambda screen: 1),
    "previous": _previous,
    "next_page": _step(lambda screen: screen.picture.frame.page),
    "previous_page": _step(lambda screen: -screen.picture.frame.page),
    "down": _scroll(lambda screen: 1),
    "up": _scroll(lambda screen: -1),
    "page_down": _scroll(lambda screen: screen.picture.frame.page),
    "page_up": _scroll(lambda screen: -screen.picture.frame.page),
    "yes": lambda screen, key: screen.reply("y"),
    "no": lambda screen, key: screen.reply(key),
    "cancel": _to_ticket,
    "close": _to_ticket,
    "close_help": _close_help,
    "run": _run,
    "resume": _resume,
    "mouse": _toggle_mouse,
}
"""What each of them does, by the action's name."""

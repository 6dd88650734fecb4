"""The page of faults that the labels may have, as `txtal advise` finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from txtal.session.session import Session
from txtal.text import clean, count
from txtal.types import FAULTS, Advice, Advised
from txtal.ui.keys import Action
from txtal.ui.layout import Line
from txtal.ui.wrap import fit, fold

_INDENT = 4
_BY_KEYS = ("pick", "merge", "split", "describe")


def lines(session: Session, width: int, actions: Sequence[Action]) -> Iterator[Line]:
    """Every fault with the tickets that show it, and what would mend it."""
    yield [("class:title", "Faults the labels may have")]
    learner = session.background.learner
    advised = learner.advice if learner else None
    if advised is None:
        yield [("class:dim", "looking for faults… (in the line mode, ask again in a moment)")]
        return
    found = count(len(advised.items), "remark") if advised.items else "no faults found"
    yield [("class:dim", fit(f"{found}, from {count(advised.answers, 'answer')}", width))]
    for kind, about in FAULTS.items():
        of_kind = [one for one in advised.items if one.kind == kind]
        if of_kind:
            yield []
            yield [("class:title", fit(f"{about[0].upper()}{about[1:]}", width))]
        for one in of_kind:
            yield from _remark(one, advised, width)
    if advised.items:
        yield []
        yield from _folded("class:dim", _by_keys(actions), width, 0)


def _remark(one: Advice, advised: Advised, width: int) -> Iterator[Line]:
    named = clean(" and ".join(one.labels))
    said = f"{named}: {clean(one.why)}" if named else clean(one.why)
    yield from _folded("class:label", said, width, 2)
    for ticket in one.tickets:
        if ticket in advised.excerpts:
            text = fit(f"• {clean(advised.excerpts[ticket])}", width - _INDENT)
            yield [("class:ticket", f"{' ' * _INDENT}{text}")]
    yield from _folded("class:dim", clean(one.command), width, _INDENT)


def _folded(style: str, text: str, width: int, indent: int) -> Iterator[Line]:
    yield from ([(style, f"{' ' * indent}{part}")] for part in fold(text, width - indent))


def _by_keys(actions: Sequence[Action]) -> str:
    """``here: / lists the labels, and there ctrl-g merges, …``."""
    keys = {one.name: one.first for one in actions if one.name in _BY_KEYS and one.keys}
    told = ", ".join(f"{keys[name]} {name}s" for name in _BY_KEYS[1:] if name in keys)
    return f"nothing was changed; here {keys.get('pick', '/')} lists the labels, where {told} one"

"""The reasons why a ticket is shown: the code of each, and the words for it on the screen.

The code is stored and exported with the answer. A code that is not in the table is the name of a
strategy, and is shown as such. To add a reason, add a :func:`register` here; a recipe can register
reasons of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AUDIT = "audit"
"""Picked uniformly at random to measure accuracy."""
CHECK = "check"
"""Picked uniformly from the tickets that the model labelled, to check those labels."""
RANDOM = "random"
"""Picked uniformly because there is no queue."""
START = "start"
"""A typical ticket, shown before the model is good enough to pick any."""
STREAM = "stream"
"""In a stream: the model was uncertain when the ticket arrived."""
PATTERN = "pattern"
"""It matches a pattern, and such tickets have a quota of their own."""
SYNTHETIC = "synthetic"
"""Composed of two tickets."""
FILE_ORDER = "file order"
"""The next in the order of loading."""
OVERLAP = "overlap"
"""Shown to every annotator, and already answered by another."""
CHOSEN = "chosen"
"""The annotator opened it from a list, with its earlier answer in sight."""
ALIKE = "alike"
"""Answered together with a near-identical ticket."""
BULK = "bulk"
"""Answered together with others of a list."""
SUSPECT = "suspect"
"""Shown again because its answer is probably wrong."""
REVIEW = "review"
"""Annotators differ; all their answers are in sight, and the new one decides."""
RECHECK = "recheck"
"""Shown a second time, with the first answer hidden."""
LOADED = "loaded"
"""The answer came with a file."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why a ticket is shown."""

    code: str
    """What is stored and exported with the answer."""
    words: str
    """What the screen says."""
    unsure: bool = False
    """The model's uncertainty is the reason; the screen names the labels it is unsure about."""
    in_sight: bool = False
    """The earlier answer was on the screen, so the new one isn't independent of it."""
    timed: bool = True
    """The time of the answer is how long the annotator took for this ticket."""
    together: bool = False
    """Such answers are given to several tickets at once, and undone at once."""
    blind: bool = False
    """No suggestions are shown, because people agree with what they see."""
    repeats: bool = True
    """The ticket may be shown again, to measure self-agreement."""


_table: dict[str, Reason] = {}

REASONS: Mapping[str, Reason] = _table
"""Every reason by its code."""


def register(reason: Reason) -> Reason:
    """Add a reason to the table. Raises ValueError when its code is taken."""
    if reason.code in _table:
        raise ValueError(f"there is a reason {reason.code!r} already")
    _table[reason.code] = reason
    return reason


def in_sight(code: str) -> bool:
    """Return whether an answer for this reason was given with the earlier one in sight."""
    return code in _table and _table[code].in_sight


def blind(code: str) -> bool:
    """Return whether all suggestions are hidden on a ticket shown for this reason."""
    return code in _table and _table[code].blind


def timed(code: str) -> bool:
    """Return whether the time of such an answer is how long the annotator took for it."""
    return code not in _table or _table[code].timed


def together(code: str) -> bool:
    """Return whether answers for this reason are given, and undone, several at once."""
    return code in _table and _table[code].together


def never_repeated() -> tuple[str, ...]:
    """Return the codes of answers that can't be used to measure self-agreement."""
    return tuple(reason.code for reason in _table.values() if not reason.repeats)


def words(code: str, unsure_about: Sequence[str] = ()) -> str:
    """Say why a ticket is shown, with the names of the labels that the model is unsure about."""
    reason = _table.get(code) or Reason(code, f"picked by {code}")
    if not reason.unsure or not unsure_about:
        return reason.words
    between = "between" if len(unsure_about) > 1 else "about"
    return f"the model is unsure {between} {' and '.join(unsure_about)}"


for _reason in (
    Reason(RANDOM, "random pick"),
    Reason(AUDIT, "random check (measures accuracy)", blind=True),
    Reason(CHECK, "random check (of the model's labels)", blind=True),
    Reason(START, "typical ticket, to get started"),
    Reason(STREAM, "the model is uncertain", unsure=True),
    Reason(PATTERN, "matches a pattern"),
    Reason(SYNTHETIC, "composed of two tickets"),
    Reason(FILE_ORDER, "next in the file"),
    Reason(OVERLAP, "shown to everyone"),
    Reason(CHOSEN, "you opened it", in_sight=True),
    Reason(
        ALIKE, "same answer as a near-identical ticket", timed=False, together=True, repeats=False
    ),
    Reason(BULK, "answered from a list", timed=False, together=True, repeats=False),
    Reason(SUSPECT, "possible label error", in_sight=True, repeats=False),
    Reason(REVIEW, "annotators differ", in_sight=True, repeats=False),
    Reason(RECHECK, "shown again", repeats=False),
    Reason(LOADED, "answer loaded from a file"),
    # The built-in strategies, in the words of the screen.
    Reason("herding", "uncertain and typical", unsure=True),
    Reason("margin", "the model is uncertain", unsure=True),
    Reason("margin-max", "the model is uncertain", unsure=True),
    Reason("least-confidence", "no label is probable", unsure=True),
    Reason("entropy", "many labels are possible", unsure=True),
    Reason("band", "of the probability you asked for"),
    Reason("balance", "perhaps of a rare label"),
    Reason("high-score", "perhaps of the rarest label"),
):
    register(_reason)

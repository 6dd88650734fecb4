"""Why a ticket is shown: every reason there is, with its code and what the screen says of it.

The code is kept with the answer and written out with it. A reason that is not in the table is the
name of a strategy, a recipe's own perhaps, and is said as such. A new reason is one more
:func:`register` here; a recipe may register its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AUDIT = "audit"
"""Drawn uniformly at random to measure accuracy."""
CHECK = "check"
"""Drawn uniformly from the tickets that the model labelled, to check those labels."""
RANDOM = "random"
"""Drawn uniformly because there is nothing else to choose by."""
START = "start"
"""Shown before there is a model worth following."""
STREAM = "stream"
"""Of a stream: the model was uncertain when it arrived."""
SYNTHETIC = "synthetic"
"""Composed of two tickets."""
FILE_ORDER = "file order"
"""The next in the order of loading."""
OVERLAP = "overlap"
"""Shown to every annotator, and answered by another already."""
CHOSEN = "chosen"
"""The annotator looked for it, its earlier answer in sight."""
ALIKE = "alike"
"""Answered together with a near-identical ticket."""
BULK = "bulk"
"""Answered together with others of a list."""
SUSPECT = "suspect"
"""Shown again because its answer is probably wrong."""
REVIEW = "review"
"""Annotators differ on it; what each said is in sight, and this decides."""
RECHECK = "recheck"
"""Shown a second time, the first answer hidden."""
LOADED = "loaded"
"""The answer came with a file."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket is shown."""

    code: str
    words: str
    """What the screen says."""
    unsure: bool = False
    """The model's doubt is the reason: said with the labels it is unsure about, where there are."""
    in_sight: bool = False
    """The earlier answer was on the screen: the new one is no blind judgement."""
    timed: bool = True
    """The answer took the annotator a time of its own."""
    together: bool = False
    """Such answers are given to several tickets at once, and undone at once."""
    blind: bool = False
    """Nothing of what the model thinks is shown, for people agree with what they see."""
    repeats: bool = True
    """Its answer may be asked for once more, to measure self-agreement."""


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
    """Whether an answer for this reason was given with the earlier one in sight."""
    return code in _table and _table[code].in_sight


def blind(code: str) -> bool:
    """Whether a ticket shown for this reason hides all suggestions."""
    return code in _table and _table[code].blind


def timed(code: str) -> bool:
    """Whether an answer for this reason took the annotator a time of its own."""
    return code not in _table or _table[code].timed


def together(code: str) -> bool:
    """Whether answers for this reason are given, and undone, several at once."""
    return code in _table and _table[code].together


def never_repeated() -> tuple[str, ...]:
    """Return the codes whose answers are no measure of self-agreement."""
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
    # The built-in strategies, as they are said on the screen.
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

"""The keys of txtal's own exports, and the record that was loaded, back from such a line."""

from __future__ import annotations

from collections.abc import Set

from txtal.formats.rows import ORIGINAL
from txtal.types import Record

TASK = "task"
"""What kind of dataset the answer is from."""

RATING = "rating"
"""The grade of an answer as a number."""

ANSWER_KEYS = frozenset({
    "answer", "annotator", "timestamp", "seconds", "suggestion", "reason",
    "selection_probability", "revision", "flagged", "comment",
})  # fmt: skip
"""What every exported answer has, beside ``label`` or ``labels``."""

PREDICTION_KEYS = frozenset({"predicted", "probability", "revision", "timestamp"})

RESERVED = ANSWER_KEYS | {"label", "labels", "accept"}
"""``accept`` too: left beside our answer, Prodigy's would read as part of it."""


def restored(record: Record) -> Record:
    """The record that was loaded, from one that an export wrote; any other record as it is."""
    extra = record.extra
    if not extra:
        return record
    if extra.keys() >= PREDICTION_KEYS and ("label" in extra or "labels" in extra):
        return _without(record, RESERVED | PREDICTION_KEYS)
    if not (extra.keys() >= ANSWER_KEYS and ("label" in extra or "labels" in extra)):
        return record
    return _without(record, RESERVED)


def _without(record: Record, ours: Set[str]) -> Record:
    own = {key: value for key, value in record.extra.items() if key not in ours}
    if str(own.get(RATING)) == record.extra.get("label"):
        del own[RATING]
    return Record(record.text, record.meta, own | own.pop(ORIGINAL, {}))

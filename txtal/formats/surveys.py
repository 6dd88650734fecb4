"""Rows of a survey's export that say more of its columns, and are nobody's answers."""

from __future__ import annotations

from collections.abc import Sequence

from txtal.formats.reading import Fields, Source
from txtal.text import count

_QUALTRICS = '{"ImportId"'
"""Begins each cell of the last row before the answers; the row before has the questions."""

_SURVEYMONKEY = "Respondent ID"
"""A column that every answer has a number in. Only the second row of headings has none."""


def without_captions(
    first: Sequence[tuple[int, Fields]], source: Source
) -> list[tuple[int, Fields]]:
    """The first rows of a table, without those that describe its columns, which are reported."""
    captions = 0
    for place, (_, fields) in enumerate(first, start=1):
        if any(isinstance(cell, str) and cell.startswith(_QUALTRICS) for cell in fields.values()):
            captions = place
    if _SURVEYMONKEY in source.columns and first and _SURVEYMONKEY not in first[0][1]:
        captions = max(captions, 1)
    if captions:
        source.say(
            f"{source.name}: left out {count(captions, 'row')} below the header that "
            f"{'describes' if captions == 1 else 'describe'} the columns, as surveys are exported"
        )
    return list(first[captions:])

"""What is read on the whole screen and closed again: the guidelines, where one stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from txtal.measures.advice import ahead
from txtal.measures.quality import FEWEST_AUDITS, effort_lines, measures_line
from txtal.recipes.extensions import Panel, Shown
from txtal.session import explaining
from txtal.session.session import Session
from txtal.text import clean, count
from txtal.types import Overview, Question, Scheme
from txtal.types.grades import noun
from txtal.ui import advising, standing, words
from txtal.ui.clusters import cells
from txtal.ui.keys import Action
from txtal.ui.layout import Line
from txtal.ui.view_state import Look
from txtal.ui.wrap import Folded, fold, told_apart

_BAR = 24
_LEVELS = "▁▂▃▄▅▆▇█"
_CURVE_ROWS = 12
_MOST_LINES = 2_000


def page_lines(session: Session, look: Look, width: int, actions: Sequence[Action]) -> list[Line]:
    """The whole page, folded to ``width``."""
    match look.reading.page:
        case "guidelines":
            return list(_markdown(session.guidelines, width))
        case "why" if session.question:
            return list(why_lines(session, session.question, look.reading.matched, width))
        case "notices":
            return list(_notices(session, width))
        case "panel" if look.reading.panel:
            return list(_panel(*look.reading.panel, width))
        case "advice":
            return list(advising.lines(session, width, actions))
        case "standing" if look.reading.overview:
            return list(_standing(session, look.reading.overview, width))
        case _:
            return []


def _panel(panel: Panel, shown: Shown, width: int) -> Iterator[Line]:
    """A page of the recipe's."""
    yield [("class:title", clean(panel.title))]
    yield from folded_lines(shown, width, _MOST_LINES)


def folded_lines(shown: Shown, width: int, most: int) -> Iterator[Line]:
    """A recipe's text, made safe and folded; no more lines than ``most``."""
    folded = Folded(shown.text, width, shown.spans)
    folded.reach(most)
    yield from (ticket_line(folded, at) for at in range(min(most, len(folded.lines))))


def ticket_line(folded: Folded, at: int) -> Line:
    """A line in its styles, or that of tickets."""
    return [(style or "class:ticket", text) for style, text in folded.styled(at)]


def _notices(session: Session, width: int) -> Iterator[Line]:
    """Every notice of the session, the newest first."""
    yield [("class:title", "Notices of this session, the newest first")]
    for text in session.notices.kept:
        first, *rest = fold(clean(text), width - 2)
        yield [("class:ticket", f"• {first}")]
        yield from ([("class:ticket", f"  {part}")] for part in rest)
    if not session.notices.kept:
        yield [("class:dim", "none yet")]


# --- guidelines -----------------------------------------------------------------------------


_WORDS = re.compile(r"\w+(?:['’]\w+)*|\W+")
_FELT = 0.05
"""Smallest contribution of a word that is listed."""
_NAMED_WORDS = 8
_READ = 4_000

_HEADING = re.compile(r"#{1,6} +(.*)")
_MARKS = re.compile(r"\*\*|__|`")


def _markdown(text: str, width: int) -> Iterator[Line]:
    """Headings stand out and emphasis loses its signs; the rest is shown as it was written."""
    for line in clean(text, newlines=True).split("\n"):
        heading = _HEADING.fullmatch(line)
        style = "class:title" if heading else "class:ticket"
        for part in fold(_MARKS.sub("", heading[1] if heading else line), width):
            yield [(style, part)]


# --- why ----------------------------------------------------------------------------------------


def why_lines(
    session: Session,
    question: Question,
    matched: Sequence[tuple[str, str]],
    width: int,
    *,
    marked: bool = True,
) -> Iterator[Line]:
    """Why this ticket and this label and, ``marked``, the text with the words that speak for it."""
    yield [("class:title", "Why this ticket")]
    yield from _told(words.picked_because(session, question), width)
    for found, name in matched[:_NAMED_WORDS]:
        said = f"“{words.excerpt(found)}” is a pattern of {words.label_name(name)}"
        yield from _told(said, width)
    yield []
    label = session.current.explained
    if label is None:
        yield from _told(words.no_suggestion(session, question) or "there is no model", width)
        return
    name = words.labels(session.scheme, (label,))
    graded = session.scheme.task == "rating"
    yield [
        ("class:title", f"Why {noun(session.scheme.labels)} {name}" if graded else f"Why {name}")
    ]
    yield from _told(words.probabilities(session, question), width)
    explanation = explaining.explanation(session)
    if explanation is None or explanation.label != label:
        yield [("class:dim", "finding the words…")]
        return
    pushes = dict(explanation.words)
    speaks_for = [word for word, weight in pushes.items() if weight >= _FELT][:_NAMED_WORDS]
    against = [word for word, weight in pushes.items() if weight <= -_FELT][:_NAMED_WORDS]
    up, down = ("higher", "lower") if graded else ("for it", "against it")
    yield from _told(f"{up}: {_weighed(speaks_for, pushes)}", width)
    yield from _told(f"{down}: {_weighed(against, pushes)}", width)
    if not marked:
        return
    yield []
    text = clean(question.ticket.text[:_READ], newlines=True)
    yield from (_marked(line, set(speaks_for), set(against)) for line in fold(text, width))


def folded_text(text: str, width: int) -> Iterator[Line]:
    """A ticket's text, made safe, as far as it is read."""
    yield from _told(clean(text[:_READ], newlines=True), width)


def _told(text: str, width: int) -> Iterator[Line]:
    yield from ([("class:ticket", part)] for part in fold(text, width))


def _weighed(found: list[str], pushes: dict[str, float]) -> str:
    """``late +1.2, parcel +0.4``."""
    return ", ".join(f"{clean(word)} {pushes[word]:+.1f}" for word in found) or "no word matters"


def _marked(line: str, speaks_for: set[str], against: set[str]) -> Line:
    """A line with its words marked: for the label bold, against it struck out."""
    marked: Line = []
    for part in _WORDS.findall(line):
        word = part.casefold()
        style = "for" if word in speaks_for else "against" if word in against else "ticket"
        marked.append((f"class:{style}", part))
    return marked


# --- where one stands -----------------------------------------------------------------------


def _standing(session: Session, overview: Overview, width: int) -> Iterator[Line]:
    yield [("class:title", "Where you stand")]
    for line in _sums(session, overview):
        yield from ([("class:ticket", part)] for part in fold(line, width))
    yield []
    yield from progress_lines(session, overview, width)


def progress_lines(session: Session, overview: Overview, width: int) -> Iterator[Line]:
    """The answers per label, and the estimate after more and more answers."""
    graded = session.scheme.task == "rating"
    yield [("class:title", f"Answers per {noun(session.scheme.labels) if graded else 'label'}")]
    yield from _bars(overview, width)
    yield []
    what = f"Mean error in {noun(session.scheme.labels)}s" if graded else "Accuracy"
    yield [("class:title", f"{what}, on random picks")]
    yield from _curve(overview, session.scheme, width)


_DONE: Mapping[str, str] = {"accept": "accepted", "reject": "rejected", "ignore": "ignored"}


def _sums(session: Session, overview: Overview) -> Iterator[str]:
    yield f"{standing.progress(session)} tickets answered, {session.count:,} in this session"
    yield ", ".join(f"{number:,} {_DONE[one]}" for one, number in overview.verdicts.items())
    if overview.effort:
        yield from effort_lines(overview.effort)
    by = ", ".join(f"{words.label_name(who)} {number:,}" for who, number in overview.annotators)
    yield f"by {by}" if by else "no answers yet"
    yield standing.model(session)
    if overview.measures:
        yield measures_line(overview.measures)
    if session.ranking:
        yield standing.settings(session)
    outlook = session.ranking.revision.outlook if session.ranking else None
    if outlook:
        yield from ahead(outlook)
    trouble = standing.learner_trouble(session)
    if trouble:
        yield trouble


def _bars(overview: Overview, width: int) -> Iterator[Line]:
    """The labels, each with a bar that tells more than a number."""
    most = max((number for _, number in overview.labels), default=0) or 1
    wide = min(28, max((cells(words.label_name(name)) for name, _ in overview.labels), default=0))
    room = max(4, min(_BAR, width - wide - 10))
    apart = told_apart(tuple(words.label_name(name) for name, _ in overview.labels), wide)
    for name, number in overview.labels:
        shown = apart[words.label_name(name)]
        bar = "█" * -(-number * room // most)
        yield [
            ("class:label", f"  {shown}{' ' * (wide - cells(shown))} "),
            ("class:good", bar),
            ("class:dim", f" {number:,}"),
        ]


def _curve(overview: Overview, scheme: Scheme, width: int) -> Iterator[Line]:
    """The estimate after more and more answers, each with its interval."""
    if not overview.curve:
        yield [("class:dim", f"  not measured yet: needs {FEWEST_AUDITS} answered random picks")]
        return
    values = [estimate.value for _, estimate in overview.curve]
    most = len(scheme.labels) - 1 if scheme.task == "rating" else 1
    levels = "".join(_LEVELS[min(7, int(8 * value / most))] for value in values[-width + 4 :])
    yield [("class:good", f"  {levels}")]
    step = -(-len(overview.curve) // _CURVE_ROWS)
    for answers, estimate in overview.curve[::-1][::step][::-1]:
        value, low, high = standing.quality(estimate, scheme.task)
        yield [
            ("class:dim", f"  {answers:>7,} answers  "),
            ("class:label", f"{value:>5}"),
            ("class:dim", f"  ({low}–{high}, n {estimate.n})"),
        ]
    yield [("class:dim", f"  {count(len(values), 'estimate')}, the newest last")]

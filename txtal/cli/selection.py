"""The options that say which answers are written out, and the count of what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from txtal.cli.options import Commas
from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.store.gold import GoldTicket, Selection
    from txtal.store.sqlite import Connection
    from txtal.types import Answer, Dataset

F = TypeVar("F", bound=Callable[..., Any])

_RULES = ("majority", "newest", "unanimous")

_OPTIONS = (
    click.option(
        "--gold",
        type=click.Choice(_RULES),
        default="majority",
        show_default=True,
        help="Answer to use where annotators differ: the majority's (of grades, the median), the "
        "newest, or only unanimous ones. Tickets without one are left out and counted.",
    ),
    click.option(
        "--all",
        "every",
        is_flag=True,
        help="Every annotator's answer, instead of one per ticket.",
    ),
    click.option(
        "--annotator",
        "annotators",
        type=Commas(),
        multiple=True,
        help="Only the answers of these annotators.",
    ),
    click.option(
        "--since",
        metavar="DATE",
        help="Only tickets answered since, such as 2026-11-30 or 2026-11-30T14:00.",
    ),
    click.option(
        "--label", "labels", type=Commas(), multiple=True, help="Only answers with these labels."
    ),
    click.option("--flagged", is_flag=True, help="Only tickets that were flagged."),
)


def selection(command: F) -> F:
    """The options of a :class:`SelectionOptions`, which the command is given as ``wish``."""

    def gathered(
        *args: Any,
        gold: str,
        every: bool,
        annotators: tuple[list[str], ...],
        since: str | None,
        labels: tuple[list[str], ...],
        flagged: bool,
        **values: Any,
    ) -> Any:
        wish = SelectionOptions(
            gold,
            every,
            tuple(name for names in annotators for name in names),
            moment(since) if since else 0.0,
            tuple(name for names in labels for name in names),
            flagged,
        )
        return command(*args, wish=wish, **values)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """Which answers are wanted, as the options have it."""

    rule: str = "majority"
    every: bool = False
    annotators: tuple[str, ...] = ()
    since: float = 0.0
    labels: tuple[str, ...] = ()
    flagged: bool = False

    def of(self, conn: Connection, dataset: Dataset) -> Selection:
        """The wish in terms of the dataset. Raises UsageError for labels and people it hasn't."""
        from txtal.store import gold
        from txtal.store import labels as label_store

        ids = label_store.ids(conn, dataset.id)
        _check("label", self.labels, ids, dataset.name)
        _check("annotator", self.annotators, gold.annotators(conn, dataset.id), dataset.name)
        return gold.Selection(
            None if self.every else self.rule,  # type: ignore[arg-type]
            self.annotators,
            self.since,
            frozenset(ids[name] for name in self.labels),
            self.flagged,
        )


def _check(what: str, named: tuple[str, ...], known: Any, dataset: str) -> None:
    unknown = [name for name in named if name not in known]
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise UsageError(f"{dataset} has no {what} {unknown[0]!r}; there are: {there}")


def moment(text: str) -> float:
    """A date or a time as seconds since the epoch, local time where no zone is named.

    Raises UsageError when it is neither.
    """
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text!r} is not a date; write it like 2026-11-30 or 2026-11-30T14:00"
        ) from None


@dataclass(slots=True)
class Tally:
    """Counts what became of tickets with several answers as they go by."""

    settled: int = 0
    """Something stands though annotators differ."""
    agreed: int = 0
    """Nobody contradicts."""
    undecided: int = 0
    """Nothing stands."""

    def of(self, found: Iterator[GoldTicket]) -> Iterator[tuple[GoldTicket, Answer]]:
        """Yield those of which something stands, with the answer that does."""
        for one in found:
            if one.gold.answer is None:
                self.undecided += 1
                continue
            if len(one.gold.said) > 1:
                differ = one.gold.votes < one.gold.voters
                self.settled += differ
                self.agreed += not differ
            yield one, one.gold.answer

    def as_data(self) -> dict[str, int]:
        """Tickets with several answers: agreed, decided, and left out as undecided."""
        return {"agreed": self.agreed, "decided": self.settled, "undecided": self.undecided}

    def told(self, rule: str, dataset: str) -> str:
        """``12 tickets have several answers: 9 agreed, 2 decided by majority, 1 tied ...``."""
        from txtal.text import count

        several = self.settled + self.agreed + self.undecided
        if not several:
            return ""
        parts = [f"{self.agreed:,} agreed"] if self.agreed else []
        if self.settled:
            how = "by the newest answer" if rule == "newest" else "by majority"
            parts.append(f"{self.settled:,} decided {how}")
        if self.undecided:
            why = "disputed" if rule == "unanimous" else "tied"
            parts.append(
                f"{self.undecided:,} {why} and left out (`txtal review {dataset}` decides them)"
            )
        return f"{count(several, 'ticket')} with several answers: {', '.join(parts)}"

"""What has the keyboard, what a page shows and what a line is typed for."""

from __future__ import annotations

from typing import Literal

Mode = Literal["ticket", "picker", "list", "line", "confirm", "page", "help", "paused"]
"""What has the keyboard: the ticket, the list of labels, a list of answers or tickets, a line to
type, a yes or no, a page to read, the help, or nothing."""

MODES: tuple[Mode, ...] = ("ticket", "picker", "list", "line", "confirm", "page", "help", "paused")

TITLES: dict[Mode, str] = {
    "ticket": "On a ticket",
    "picker": "In the list of labels",
    "list": "In a list of answers or tickets",
    "line": "While typing",
    "confirm": "Confirming",
    "page": "On a page",
    "help": "In the help",
    "paused": "While paused",
}

Side = Literal["labels", "why", "history", "progress"]
"""What stands beside the ticket on a wide screen."""

SIDES: tuple[Side, ...] = ("labels", "why", "history", "progress")

Page = Literal["help", "guidelines", "standing", "advice", "why", "notices", "panel"]
"""A page to read."""

Purpose = Literal[
    "answer",
    "comment",
    "rename",
    "describe",
    "merge",
    "split",
    "history",
    "search",
    "similar",
    "near",
    "cluster",
    "bulk",
]
"""What a label is picked, a line typed or a list opened for."""

MARKED: tuple[Purpose, ...] = ("near", "cluster")
"""Lists that are opened to answer all of their tickets, but for those that are unmarked."""

Order = Literal["", "in doubt first", "≠ first"]
"""How the rows of a list are ordered: empty for as they were found."""

ORDERS: tuple[Order, ...] = ("", "in doubt first", "≠ first")

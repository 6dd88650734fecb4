"""Calling what a recipe hooks in: a fault of the recipe's costs no answer and stops no session."""

from __future__ import annotations

from dataclasses import replace

from txtal.session.notices import Notices
from txtal.session.setup import Hooks
from txtal.types import Answer, Draft, Scheme, Ticket


class Calls:
    """Calls the hooks, and tells what they raise."""

    def __init__(self, hooks: Hooks, notices: Notices) -> None:
        self._hooks = hooks
        self._notices = notices

    def refusal(self, ticket: Ticket, answer: Answer, scheme: Scheme) -> str:
        """Return why the recipe won't have this answer; what it fails to check is taken."""
        if self._hooks.validate is None:
            return ""
        names = tuple(scheme.names[label] for label in answer.labels)
        try:
            draft = Draft(
                answer.verdict, names, answer.flagged, answer.comment, label_ids=answer.labels
            )
            return str(self._hooks.validate(ticket, draft) or "")
        except Exception as error:  # noqa: BLE001 - a recipe's fault must not cost an answer
            self._notices.recipe_failed("validate", error, "saved, but ")
            return ""

    def call_back(self, ticket: Ticket, answer: Answer, scheme: Scheme) -> None:
        """Have the recipe see an answer that is on disk, with the names of its labels."""
        answer = replace(answer, names=tuple(scheme.names[label] for label in answer.labels))
        for callback in self._hooks.on_answer:
            try:
                callback(ticket, answer)
            except Exception as error:  # noqa: BLE001 - a recipe's fault must not stop the session
                self._notices.recipe_failed("on_answer", error, "saved, but ")

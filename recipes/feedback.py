"""Triage of customer feedback: a strategy of its own, and a file of what can't wait."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from txtal import Answer, Recipe, Ticket, recipe, script, strategy

if TYPE_CHECKING:
    import numpy as np

    from txtal import Pool

LABELS = [
    "delivery", "billing", "returns", "product-fault",
    "app-bug", "account", "feature-request", "praise",
]  # fmt: skip


@strategy("angry-margin")
def angry_margin(pool: "Pool") -> "np.ndarray":
    """Breaking ties, with a head start for tickets that shout: capitals and exclamation marks."""
    import numpy as np

    texts = pool.texts
    loud = [sum(c.isupper() or c == "!" for c in text) / max(1, len(text)) for text in texts]
    best_two = np.sort(pool.proba, axis=1)[:, -2:]
    return 1.0 - (best_two[:, 1] - best_two[:, 0]) + np.minimum(loud, 0.5)


@recipe("feedback")
def feedback(
    dataset: str,
    source: str,
    *,
    label: Annotated[list[str], "-l", "Labels, separated by commas."] = LABELS,
    urgent: Annotated[Path | None, "Append flagged tickets to this JSONL file."] = None,
) -> Recipe:
    """Sort customer feedback in SOURCE, loud tickets first, and hand on what is flagged."""

    def hand_on(ticket: Ticket, answer: Answer) -> None:
        if urgent and answer.flagged:
            with urgent.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"text": ticket.text, "meta": dict(ticket.meta)}) + "\n")

    return Recipe(dataset, tickets=source, labels=label, strategy="angry-margin", on_answer=hand_on)


if __name__ == "__main__":
    script(feedback)

"""Suggest labels by a zero-shot classifier of Hugging Face, on this machine.

Needs `pip install transformers torch`. A label is compared by its description, or by its name.
"""

from argparse import ArgumentParser
from typing import Any

from chat import answer_lines


def labelled(classify: Any, ticket: dict[str, Any], threshold: float) -> dict[str, Any]:
    """What the classifier says of a ticket."""
    names = {one["description"] or one["name"]: one["name"] for one in ticket["labels"]}
    several = ticket["task"] == "multilabel"
    found = classify(ticket["text"], list(names), multi_label=several)
    pairs = zip(found["labels"], found["scores"], strict=True)
    scored = [(names[one], score) for one, score in pairs]
    if several:
        return {"labels": [name for name, score in scored if score >= threshold]}
    return {"label": scored[0][0], "confidence": round(scored[0][1], 4)}


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="facebook/bart-large-mnli")
    parser.add_argument("--threshold", type=float, default=0.5, help="of several labels")
    given = parser.parse_args()
    from transformers import pipeline

    pipe = pipeline("zero-shot-classification", model=given.model)
    answer_lines(lambda ticket: labelled(pipe, ticket, given.threshold))

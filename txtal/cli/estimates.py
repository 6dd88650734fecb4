"""Measures of a model as lines and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from txtal.cli.output import put, put_table
from txtal.measures.quality import shared
from txtal.text import hundredths, percent
from txtal.types import Overlap

MOST_IN_MATRIX = 12
"""Labels up to which the confusion matrix is shown as one."""

MOST_PAIRS = 15

Data = dict[str, Any]
"""As :func:`txtal.measures.quality.as_data` makes it."""


def interval(estimate: Data) -> str:
    """``81.2% (95% interval 74.0 to 87.1)``."""
    low, high = (hundredths(estimate[end]) for end in ("low", "high"))
    return f"{percent(estimate['value'])} (95% interval {low} to {high})"


def grades(estimate: Data) -> str:
    """``0.62 (95% interval 0.50 to 0.74)``."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    return f"{value:.2f} (95% interval {low:.2f} to {high:.2f})"


def show_sums(data: Data, source: str) -> None:
    """The headline, a line each; ``source`` says what it is from."""
    if data["mean_absolute_error"]:
        put(f"mean error {grades(data['mean_absolute_error'])}")
    if data.get("scored"):  # an exact score is hardly ever right
        put(source)
        return
    put(f"accuracy  {interval(data['accuracy'])}")
    put(f"macro-F1  {interval(data['macro_f1'])}")
    put(f"calibration error {percent(data['calibration']['ece'])}")
    put(source)


def audits(data: Data) -> str:
    """``68 audit answers and the model's confidence``."""
    said = f"{data['accuracy']['n']:,} audit answers"
    return said if data["mean_absolute_error"] else f"{said} and the model's confidence"


def show_others(data: Data) -> None:
    """The estimates beside the headline, a line each."""
    called = {
        "audit": "accuracy, audit only",
        "corrected": "accuracy, audit and confidence, without a prior",
        "audit_f1": "macro-F1, audit only",
    }
    found = data["others"]
    put("other estimates:")
    for key, name in called.items():
        if found[key]:
            put(f"  {name}: {interval(found[key])}")


def show_curve(data: Data) -> None:
    """How good models of more and more of the answers are on those held out."""
    overlap = Overlap(**data["overlap"])
    if overlap.share:
        put(shared(overlap, "among those it learned from"))
    click.echo()
    put_table(
        ("answers", "accuracy", "macro-F1"),
        [
            (f"{one['answers']:,}", interval(one["accuracy"]), interval(one["macro_f1"]))
            for one in data["curve"]
        ],
        words=(),
    )


def show_overlap(data: Data) -> None:
    """What was tested on that had been learned from, and the figures without it."""
    overlap = data["overlap"] and Overlap(**data["overlap"])
    if overlap is None:
        put("can't check whether the classifier learned from these texts: an older txtal made it")
    elif overlap.share:
        put(shared(overlap, "among those it learned from"))
        if data["without_overlap"]:
            _show_without(data["without_overlap"])
        else:
            put("so this measures how well it remembers, not how good it is on new texts")


def _show_without(data: Data) -> None:
    """The figures without what had been learned from; of ratings the error."""
    if data["mean_absolute_error"]:
        put(f"without them: mean error {grades(data['mean_absolute_error'])}")
        return
    put(f"without them: accuracy {interval(data['accuracy'])}")
    put(f"              macro-F1 {interval(data['macro_f1'])}")


def show_labels(data: Data) -> None:
    """A row a label, the most frequent first."""
    rows = sorted(data["labels"].items(), key=lambda item: -item[1]["support"])
    put_table(
        ("label", "precision", "recall", "F1", "support"),
        [
            (
                name,
                *(percent(one[score]) for score in ("precision", "recall", "f1")),
                f"{one['support']:,}",
            )
            for name, one in rows
        ],
    )


def show_confusion(data: Data) -> None:
    """Print the confusion matrix, or of many labels the most frequent confusions, if any."""
    pairs = data["confusion"]
    if not pairs:
        return
    click.echo()
    names = list(data["labels"])
    if len(names) <= MOST_IN_MATRIX:
        put("confusion (rows: true label, columns: predicted)")
        put_table(("", *(f"{i + 1}" for i in range(len(names)))), _matrix(data, names))
        return
    put("most frequent confusions:")
    put_table(
        ("true", "predicted", "times"),
        [(one["label"], one["predicted"], f"{one['count']:,}") for one in pairs[:MOST_PAIRS]],
        words=(0, 1),
    )
    if len(pairs) > MOST_PAIRS:
        put(f"and {len(pairs) - MOST_PAIRS:,} other pairs")


def _matrix(data: Data, names: Sequence[str]) -> Iterator[Sequence[str]]:
    counts = {(one["label"], one["predicted"]): one["count"] for one in data["confusion"]}
    counts |= {(name, name): one["right"] for name, one in data["labels"].items()}
    for number, name in enumerate(names, start=1):
        row = (counts.get((name, other), 0) for other in names)
        yield (f"{number} {name}", *(f"{count:,}" if count else "." for count in row))


def show_reliability(data: Data) -> None:
    """How often decisions of each confidence are right."""
    click.echo()
    put("calibration (confidence and accuracy):")
    put_table(
        ("decisions", "confidence", "accuracy", "95% interval"),
        [
            (
                f"{one['n']:,}",
                percent(one["confidence"]),
                percent(one["right"]),
                f"{hundredths(one['low'])} to {hundredths(one['high'])}",
            )
            for one in data["calibration"]["reliability"]
        ],
        words=(),
    )

"""The same screen in the order of loading, with no model behind it."""

from pathlib import Path
from typing import Annotated

from txtal import LabelKeys, Recipe, Task, recipe, script


@recipe("manual")
def manual(
    dataset: str,
    source: str | None = None,
    *,
    label: Annotated[list[str], "-l", "Labels, separated by commas."] = [],  # noqa: B006
    labels_from: Annotated[Path | None, "Labels from a file: one a line, tab, description."] = None,
    rating: Annotated[str | None, "Grades instead of labels, as in 1-5."] = None,
    task: Annotated[Task | None, "One of the labels, any of them, yes or no, or grades."] = None,
    guidelines: Annotated[Path | None, "A Markdown file to be shown with g."] = None,
    patterns: Annotated[Path | None, "Highlight the words in a file in Prodigy's format."] = None,
    keys: Annotated[LabelKeys, "Digits by scheme or likelihood, or a letter a label."] = "auto",
    overlap: Annotated[float, "Share of tickets that everybody is asked."] = 0.0,
) -> Recipe:
    """Label DATASET from first ticket to last.

    Loads SOURCE first, if one is given: a .jsonl, .csv, .txt or .parquet file, or - for JSONL on
    standard input.
    """
    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        labels_from=labels_from,
        rating=rating,
        overlap=overlap,
        task=task,
        order="file",
        label_keys=keys,
        guidelines=guidelines,
        patterns=patterns,
    )


if __name__ == "__main__":
    script(manual)

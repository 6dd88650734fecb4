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
    labels_from: Annotated[Path | None, "Read labels from a file, one per line."] = None,
    rating: Annotated[str | None, "Grades instead of labels, such as 1-5."] = None,
    score: Annotated[str | None, "Scores on a long scale, such as 0-100."] = None,
    task: Annotated[Task | None, "One label, several, yes or no, or grades."] = None,
    guidelines: Annotated[Path | None, "Markdown file to show with g."] = None,
    patterns: Annotated[Path | None, "Highlight words from a Prodigy patterns file."] = None,
    keys: Annotated[LabelKeys, "Label keys: first nine, most probable nine, or letters."] = "auto",
    overlap: Annotated[float, "Fraction of tickets that every annotator labels."] = 0.0,
) -> Recipe:
    """Label DATASET in file order, without a model.

    Loads SOURCE first, if one is given: a .jsonl, .csv, .txt or .parquet file, or - for JSONL on
    standard input.
    """
    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        labels_from=labels_from,
        rating=rating,
        score=score,
        overlap=overlap,
        task=task,
        order="file",
        label_keys=keys,
        guidelines=guidelines,
        patterns=patterns,
    )


if __name__ == "__main__":
    script(manual)

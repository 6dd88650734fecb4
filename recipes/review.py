"""Decide where annotators differ, with what each of them said in sight."""

from pathlib import Path
from typing import Annotated

from txtal import LabelKeys, Recipe, recipe, script


@recipe("review")
def review(
    dataset: str,
    *,
    guidelines: Annotated[Path | None, "A Markdown file to be shown with g."] = None,
    keys: Annotated[LabelKeys, "Digits by scheme or votes, or a letter a label."] = "auto",
) -> Recipe:
    """Decide where annotators of DATASET differ, the most disputed tickets first.

    Shows who said what; your answer takes the place of all of theirs. Undo brings them back.
    """
    return Recipe(dataset, order="disputed", label_keys=keys, guidelines=guidelines)


if __name__ == "__main__":
    script(review)

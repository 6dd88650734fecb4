"""Decide where annotators differ, with what each of them said in sight."""

from pathlib import Path
from typing import Annotated

from txtal import LabelKeys, Recipe, recipe, script


@recipe("review")
def review(
    dataset: str,
    *,
    guidelines: Annotated[Path | None, "Markdown file to show with g."] = None,
    keys: Annotated[LabelKeys, "Label keys: first nine, most voted nine, or letters."] = "auto",
) -> Recipe:
    """Decide where annotators of DATASET differ, the most disputed tickets first.

    Shows who gave which answer; yours replaces all of them. Undo brings them back.
    """
    return Recipe(dataset, order="disputed", label_keys=keys, guidelines=guidelines)


if __name__ == "__main__":
    script(review)

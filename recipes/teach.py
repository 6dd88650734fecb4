"""The main job: ask the most informative ticket, learn in the background."""

from pathlib import Path
from typing import Annotated

from txtal import Recipe, recipe, script
from txtal.engine import EngineName
from txtal.types import LabelKeys, Task


@recipe("teach")
def teach(
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
    strategy: Annotated[str, "-s", "How tickets are chosen."] = "auto",
    vectors: Annotated[
        str, "Features: lexical, static, spacy, sentence=MODEL; several with +."
    ] = "auto",
    lang: Annotated[str, "Language of the texts, for spaCy's tokens."] = "en",
    spacy: Annotated[str | None, "An installed spaCy pipeline instead of --lang."] = None,
    audit: Annotated[float, "Share of questions drawn at random to measure quality."] = 0.1,
    recheck: Annotated[float, "Share of your earlier answers asked again, blindly."] = 0.0,
    suspects: Annotated[bool, "Look again at answers that are probably wrong."] = False,
    seed: Annotated[int, "Makes the random choices repeatable."] = 0,
    engine: Annotated[EngineName, "Where it is worked out: here, or by Dask's workers."] = "local",
    scheduler: Annotated[str | None, "Address of Dask's, such as tcp://HOST:8786."] = None,
) -> Recipe:
    """Label DATASET with a model that learns behind the screen.

    Loads SOURCE first, if one is given: a .jsonl, .csv, .txt or .parquet file, or - for JSONL on
    standard input. Then shows the ticket that the model can learn most from, again and again.
    """
    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        labels_from=labels_from,
        rating=rating,
        task=task,
        vectoriser=f"{vectors}@{spacy or lang}",
        strategy=strategy,
        audit=audit,
        recheck=recheck,
        order="suspects" if suspects else "ranking",
        seed=seed,
        engine=engine,
        scheduler=scheduler,
        label_keys=keys,
        guidelines=guidelines,
        patterns=patterns,
    )


if __name__ == "__main__":
    script(teach)

"""The main job: ask the most informative ticket, learn in the background."""

from pathlib import Path
from typing import Annotated

from txtal import (
    EngineName,
    LabelKeys,
    Recipe,
    Stream,
    Task,
    UsageError,
    parse_band,
    recipe,
    script,
)


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
    rules: Annotated[
        Path | None, "Rules that vote, and are measured: .toml, .jsonl or a recipe's .py."
    ] = None,
    keys: Annotated[LabelKeys, "Digits by scheme or likelihood, or a letter a label."] = "auto",
    strategy: Annotated[str, "-s", "How tickets are chosen."] = "auto",
    vectors: Annotated[
        str, "Features: lexical, static, spacy, sentence=MODEL; several with +."
    ] = "auto",
    lang: Annotated[str, "Language of the texts, for spaCy's tokens."] = "en",
    spacy: Annotated[str | None, "An installed spaCy pipeline instead of --lang."] = None,
    audit: Annotated[float, "Share of questions drawn at random to measure quality."] = 0.1,
    stop_at: Annotated[float | None, "Say when this accuracy is reached, such as 0.9."] = None,
    stop_gain: Annotated[
        float, "Say when 100 more answers would gain fewer points of macro-F1; 0: never."
    ] = 1.0,
    recheck: Annotated[float, "Share of your earlier answers asked again, blindly."] = 0.0,
    names: Annotated[bool, "Learn from the labels' names and descriptions, too."] = True,
    robust: Annotated[bool, "Learn nothing from answers that look impossible."] = False,
    suspects: Annotated[bool, "Look again at answers that are probably wrong."] = False,
    new: Annotated[
        bool, "Only tickets loaded since the newest answered one; see txtal drift."
    ] = False,
    review: Annotated[bool, "Decide where annotators differ; as `txtal review`."] = False,
    overlap: Annotated[float, "Share of tickets that everybody is asked."] = 0.0,
    seed: Annotated[int, "Makes the random choices repeatable."] = 0,
    synthesise: Annotated[bool, "A tenth of the questions composed of two tickets each."] = False,
    stream: Annotated[bool, "Tickets arrive from SOURCE during the session, one by one."] = False,
    follow: Annotated[bool, "The same, from a file that grows."] = False,
    budget: Annotated[
        float | None, "Share of the arriving tickets to ask: 0.1, and all there are with --band."
    ] = None,
    band: Annotated[
        str | None,
        "Ask between two probabilities, as 0.4,0.6; arriving ones outside get the model's label.",
    ] = None,
    engine: Annotated[EngineName, "Where it is worked out: here, or by Dask's workers."] = "local",
    scheduler: Annotated[str | None, "Address of Dask's, such as tcp://HOST:8786."] = None,
) -> Recipe:
    """Label DATASET with a model that learns behind the screen.

    Loads SOURCE first, if one is given: a .jsonl, .csv, .txt or .parquet file, or - for JSONL on
    standard input. Then shows the ticket that the model can learn most from, again and again.
    """
    arriving = None
    bounds = None if band is None else parse_band(band)
    if stream or follow:
        usual = 1.0 if bounds else 0.1
        arriving = Stream(follow, usual if budget is None else budget, bounds)
    elif budget is not None:
        raise UsageError("--budget is for tickets that arrive: add --stream or --follow")
    elif bounds:
        if strategy != "auto":
            raise UsageError("--band is a way to choose of its own. Leave out --strategy.")
        strategy = f"band={bounds[0]}..{bounds[1]}"
    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        labels_from=labels_from,
        rating=rating,
        overlap=overlap,
        task=task,
        vectoriser=f"{vectors}@{spacy or lang}",
        strategy=strategy,
        audit=audit,
        stop_at=stop_at,
        stop_gain=stop_gain,
        recheck=recheck,
        names=names,
        robust=robust,
        new=new,
        order="disputed" if review else "suspects" if suspects else "ranking",
        seed=seed,
        synthesise=0.1 if synthesise else 0.0,
        stream=arriving,
        engine=engine,
        scheduler=scheduler,
        label_keys=keys,
        guidelines=guidelines,
        patterns=patterns,
        rules=rules,
    )


if __name__ == "__main__":
    script(teach)

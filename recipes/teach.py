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
    labels_from: Annotated[Path | None, "Read labels from a file, one per line."] = None,
    rating: Annotated[str | None, "Grades instead of labels, such as 1-5."] = None,
    score: Annotated[str | None, "Scores on a long scale, such as 0-100."] = None,
    task: Annotated[Task | None, "One label, several, yes or no, or grades."] = None,
    guidelines: Annotated[Path | None, "Markdown file to show with g."] = None,
    patterns: Annotated[Path | None, "Highlight words from a Prodigy patterns file."] = None,
    patterns_share: Annotated[
        float, "Fraction of tickets that match one of the patterns, whatever the model thinks."
    ] = 0.0,
    rules: Annotated[
        Path | None, "Rules that vote, and are measured: .toml, .jsonl or a recipe's .py."
    ] = None,
    suggest: Annotated[
        str, "A command that suggests labels, by JSON lines; see docs/annotators.md."
    ] = "",
    suggest_budget: Annotated[int | None, "Tickets that the command may be asked for."] = None,
    keys: Annotated[LabelKeys, "Label keys: first nine, most probable nine, or letters."] = "auto",
    strategy: Annotated[str, "-s", "Strategy that picks tickets; see docs/strategies.md."] = "auto",
    vectors: Annotated[
        str, "Text vectors: lexical, static, spacy or sentence=MODEL; join with +."
    ] = "auto",
    lang: Annotated[str, "Language of the texts; auto: detected."] = "auto",
    spacy: Annotated[str | None, "Use this spaCy pipeline instead of --lang."] = None,
    audit: Annotated[float, "Fraction of tickets picked at random to measure accuracy."] = 0.1,
    stop_at: Annotated[float | None, "Notify at this estimated accuracy, such as 0.9."] = None,
    stop_gain: Annotated[
        float,
        "Notify when 100 more answers would gain less than this in macro-F1 points; 0: never.",
    ] = 1.0,
    recheck: Annotated[
        float, "Fraction of tickets that are your own earlier ones, shown again."
    ] = 0.0,
    names: Annotated[bool, "Learn from the labels' names and descriptions, too."] = True,
    robust: Annotated[bool, "Train without answers that look impossible."] = False,
    suspects: Annotated[bool, "Review answers that are probably wrong."] = False,
    new: Annotated[
        bool, "Pick only tickets loaded since the newest answered one; see txtal drift."
    ] = False,
    review: Annotated[bool, "Decide where annotators differ, as `txtal review` does."] = False,
    overlap: Annotated[float, "Fraction of tickets that every annotator labels."] = 0.0,
    seed: Annotated[int, "Seed for all random choices."] = 0,
    synthesise: Annotated[bool, "Compose 10% of the tickets from two others each."] = False,
    stream: Annotated[bool, "Read tickets from SOURCE while you label."] = False,
    follow: Annotated[bool, "Read a growing file while you label."] = False,
    budget: Annotated[
        float | None, "Fraction of arriving tickets to show.  [default: 0.1, with --band 1]"
    ] = None,
    band: Annotated[
        str | None,
        "Show tickets in this probability range, such as 0.4,0.6; in a stream, the model "
        "labels the rest.",
    ] = None,
    engine: Annotated[EngineName, "Compute on this machine or on Dask workers."] = "local",
    scheduler: Annotated[str | None, "Dask scheduler, such as tcp://HOST:8786."] = None,
) -> Recipe:
    """Label DATASET with a model that learns behind the screen.

    Loads SOURCE first, if one is given: a .jsonl, .csv, .txt or .parquet file, or - for JSONL on
    standard input. Then shows one ticket after another, always one that the model can learn most
    from.
    """
    arriving = None
    bounds = None if band is None else parse_band(band)
    if stream or follow:
        usual = 1.0 if bounds else 0.1
        arriving = Stream(follow, usual if budget is None else budget, bounds)
    elif budget is not None:
        raise UsageError("--budget is for a stream: add --stream or --follow")
    elif bounds:
        if strategy != "auto":
            raise UsageError("--band picks tickets itself: leave out --strategy")
        strategy = f"band={bounds[0]}..{bounds[1]}"
    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        labels_from=labels_from,
        rating=rating,
        score=score,
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
        patterns_share=patterns_share,
        rules=rules,
        suggest=suggest,
        suggest_budget=suggest_budget,
    )


if __name__ == "__main__":
    script(teach)

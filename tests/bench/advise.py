"""Does `txtal advise` find faults that were put into a label scheme on purpose?

    python -m tests.bench.advise [--sets banking77] [--first 0] [--seeds 10] [--answers 3000]

Of a labelled set so many tickets are drawn at random. Then one label is split: each of its
tickets gets one of two names by a coin. And two others, drawn at random, are given one name. The
answers are loaded as a user loads them, and `txtal advise --json` is asked. Printed: how often the
halves of the split label come first among the pairs to merge, and the label of two among those to
split; how often they are among the first three; and how many are named in all. ``--as-it-is`` asks
of the labels as they are, too: how many are named there?
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.common import DATA, emit, parser

TXTAL = (sys.executable, "-m", "txtal")
ENOUGH = 16
"""Tickets that each label concerned must have, in the half of the coin, too."""

HALVES = "one half", "other half"
BOTH = "both"

Row = tuple[str, str]


def drawn(name: str, answers: int, rng: random.Random) -> list[Row]:
    """Texts with a label each, no text twice."""
    found: dict[str, str] = {}
    with (DATA / name / "train.jsonl").open(encoding="utf-8") as file:
        for line in file:
            body = json.loads(line)
            if body["text"].strip():
                found.setdefault(body["text"], body["label"])
    return rng.sample(sorted(found.items()), min(answers, len(found)))


def with_faults(rows: Sequence[Row], rng: random.Random) -> list[Row]:
    """Split one label by a coin, and give two others one name."""
    counts = Counter(label for _, label in rows)
    split = rng.choice(sorted(label for label, n in counts.items() if n >= 3 * ENOUGH))
    others = sorted(label for label, n in counts.items() if n >= ENOUGH and label != split)
    merged = rng.sample(others, 2)

    def name(label: str) -> str:
        if label == split:
            return rng.choice(HALVES)
        return BOTH if label in merged else label

    return [(text, name(label)) for text, label in rows]


def advised(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What the command says of these answers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.jsonl"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(
                json.dumps({"text": text, "label": label}) + "\n" for text, label in rows
            )

        def run(*words: str) -> str:
            return subprocess.run(
                [*TXTAL, "--db", str(Path(folder) / "t.db"), *words],
                check=True,
                capture_output=True,
                text=True,
            ).stdout

        run("load", "d", str(file), "--answers")
        found: list[dict[str, Any]] = json.loads(run("advise", "d", "--json"))
        return found


def place(found: Sequence[dict[str, Any]], kind: str, labels: set[str]) -> int | None:
    """From 1; None where it isn't named."""
    named = [set(one["labels"]) for one in found if one["kind"] == kind]
    return named.index(labels) + 1 if labels in named else None


def measure(name: str, seeds: range, answers: int, *, as_it_is: bool) -> dict[str, Any]:
    """The figures of one set."""
    places: dict[str, list[int | None]] = {"merge": [], "split": []}
    told: Counter[str] = Counter()
    plain: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(f"{name} {seed}")
        rows = drawn(name, answers, rng)
        found = advised(with_faults(rows, rng))
        places["merge"].append(place(found, "merge", set(HALVES)))
        places["split"].append(place(found, "split", {BOTH}))
        told.update(one["kind"] for one in found)
        if as_it_is:
            plain.update(one["kind"] for one in advised(rows))
        print(
            name, seed, {kind: at[-1] for kind, at in places.items()}, file=sys.stderr, flush=True
        )
    figures: dict[str, Any] = {"set": name, "times": len(seeds), "answers": answers}
    for kind, at in places.items():
        figures[f"{kind}: first"] = sum(one == 1 for one in at)
        figures[f"{kind}: in the first three"] = sum(one is not None and one <= 3 for one in at)
        figures[f"{kind}: named in all"] = round(told[kind] / len(seeds), 1)
        if as_it_is:
            figures[f"{kind}: named of the labels as they are"] = round(plain[kind] / len(seeds), 1)
    return figures


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--sets", default="banking77,multidogo_software")
    made.add_argument("--first", type=int, default=0, help="the first seed")
    made.add_argument("--seeds", type=int, default=10)
    made.add_argument("--answers", type=int, default=3000)
    made.add_argument("--as-it-is", action="store_true")
    options = made.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    found = [
        measure(name, seeds, options.answers, as_it_is=options.as_it_is)
        for name in options.sets.split(",")
    ]
    emit("advise", {"sets": found}, as_json=options.json)


if __name__ == "__main__":
    main()

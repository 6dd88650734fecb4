"""How soon is a rare label found: with patterns in a quota of their own, and without.

    python -m tests.bench.patterns [--labels clinc150:lost_luggage,multidogo_software:shippingcost]

Each run answers whether tickets are of one rare label, yes or no, with a model every ten answers,
until ``--positives`` were found or the budget is spent. The patterns are the words of the label's
name, each by itself, as somebody would write them who has seen no ticket. Printed are the answers
it took to the 10th and to the last of the positives, by way, over the seeds (the median).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import re
import statistics
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.bench.common import DATA, emit, parser
from tests.bench.name_rules import STOP
from txtal.formats.source import read
from txtal.learning.label_text import label_text, word_counts
from txtal.simulation.annotator import Labelled, labelled
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import Plan, plan
from txtal.store import schema
from txtal.types import LearnerSettings, Record

LABELS = "clinc150:lost_luggage,clinc150:oil_change_when,multidogo_software:checkserverstatus"
SHARE = 0.2
WAYS = ("auto", "high-score", "random", f"auto, patterns {SHARE:g}")


def of_one(name: str, part: str, label: str) -> Labelled:
    """A set's part with this label alone."""
    whole = labelled(read(DATA / name / f"{part}.jsonl", lambda bad: None), name)
    return labelled(
        [
            Record(one.text, {}, {"labels": [label] if label in whole.gold[one.text] else []})
            for one in whole.records
        ],
        name,
    )


def patterns(pool: Labelled, label: str, file: Path) -> Path:
    """A patterns file of the words of the label's name."""
    counts = word_counts(record.text for record in pool.records)
    words = re.findall(r"[^\W\d_]+", label_text(label, "", counts).lower())
    lines = [{"label": label, "pattern": [{"lower": w}]} for w in words if w not in STOP]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def found(database: Path, positives: int) -> list[int]:
    """The numbers of the answers that were yes, from 1, up to so many."""
    with closing(schema.open_readonly(database)) as conn:
        rows = conn.execute("SELECT labels FROM answer ORDER BY id").fetchall()
    hits = [number for number, row in enumerate(rows, start=1) if row[0] != "[]"]
    return hits[:positives]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--labels", default=LABELS)
    made.add_argument("--positives", type=int, default=20)
    made.add_argument("--budget", type=int, default=400)
    made.add_argument("--seeds", type=int, default=2)
    options = made.parse_args()
    figures: dict[str, dict[str, str]] = {}
    for each in options.labels.split(","):
        name, label = each.split(":")
        pool, test = of_one(name, "train", label), of_one(name, "test", label)
        share = sum(bool(gold) for gold in pool.gold.values()) / len(pool.records)
        head = f"{each} ({share:.2%})"
        figures[head] = {}
        for way in WAYS:
            strategy = way.partition(",")[0]
            planned: Plan = plan(
                [strategy], ["auto@en"], LearnerSettings(), seeds=options.seeds,
                budget=options.budget, batches=[10], points=1,
            )  # fmt: skip
            with tempfile.TemporaryDirectory() as folder:
                if "patterns" in way:
                    file = patterns(pool, label, Path(folder) / "patterns.jsonl")
                    planned = replace(planned, patterns=file, patterns_share=SHARE)
                replay = Simulation(pool, test, planned, Path(folder), Journal())
                list(replay.runs(lambda config, seed, count: None))
                hits = [
                    found(Path(folder) / f"{seed}.db", options.positives)
                    for seed in range(options.seeds)
                ]
            figures[head][way] = ", ".join(
                f"{n}th after {told(hits, n, options.budget)}" for n in (10, options.positives)
            )
            print(head, way, figures[head][way], flush=True)
    emit("patterns", figures, as_json=options.json)


def told(hits: list[list[int]], n: int, budget: int) -> str:
    """The median number of answers to the nth, or how many there were at the end."""
    if all(len(one) >= n for one in hits):
        return f"{statistics.median(one[n - 1] for one in hits):g}"
    return f"more than {budget} ({statistics.median(map(len, hits)):g} found)"


if __name__ == "__main__":
    main()

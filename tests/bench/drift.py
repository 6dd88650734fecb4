"""Is drift noticed where labels are new, and not where nothing is?

    python -m tests.bench.drift [--sets banking77] [--seeds 20] [--tickets 500] [--left-out 0.1]

A set's pool is shuffled and parted into earlier and new tickets. Once a fraction of the labels is
left out of the earlier ones, and once all are there. Printed: how often drift is noticed of each,
by the tests that need no model, and how many of the ten tickets least like the earlier ones
have a label that those lack.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from typing import Any

import numpy as np

from tests.bench.common import DATA, emit, parser
from txtal.formats.source import read
from txtal.learner.drifting import without_numbers
from txtal.learning import drift
from txtal.simulation.annotator import Labelled, labelled
from txtal.vectors import spec
from txtal.vectors.vectoriser import Vectoriser

FIRST = 10


def noticed(pool: Labelled, tickets: int, missing: frozenset[str], seed: int) -> tuple[bool, int]:
    """Whether drift is noticed, and how many of the first ten unlike tickets have such a label."""
    texts = [record.text for record in pool.records]
    order = np.random.default_rng(seed).permutation(len(texts)).tolist()
    half = len(order) // 2
    old = [texts[one] for one in order[:half] if not missing & set(pool.gold[texts[one]])]
    new = [texts[one] for one in order[half:]]
    old, new = old[:tickets], new[:tickets]
    sides = without_numbers(old), without_numbers(new)
    both = Vectoriser.fit(spec.resolve("auto")[0], [*sides[0], *sides[1]])
    rows = [both.transform(side, foreign=True) for side in sides]
    found = drift.shift(rows[0], rows[1], seed=seed)
    unlike = drift.newest_kinds(found, FIRST).tolist()
    return found.noticed, sum(bool(missing & set(pool.gold[new[one]])) for one in unlike)


def measure(name: str, options: Any) -> dict[str, Any]:
    """The figures of one set."""
    pool = labelled(read(DATA / name / "train.jsonl", lambda bad: None), name)
    drifted, alarms, unlike = 0, 0, 0
    for seed in range(options.seeds):
        count = max(1, round(options.left_out * len(pool.labels)))
        chosen = np.random.default_rng(seed).choice(pool.labels, count, replace=False)
        was, new_ones = noticed(pool, options.tickets, frozenset(chosen.tolist()), seed)
        drifted, unlike = drifted + was, unlike + new_ones
        alarms += noticed(pool, options.tickets, frozenset(), seed)[0]
    return {
        "set": name,
        "times": options.seeds,
        "left out": count,
        "labels": len(pool.labels),
        "noticed": drifted,
        "false alarms": alarms,
        f"new among {FIRST} unlike": round(unlike / options.seeds, 1),
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--sets", default="banking77,multidogo_software")
    made.add_argument("--seeds", type=int, default=20)
    made.add_argument("--tickets", type=int, default=500, help="of each side")
    made.add_argument("--left-out", type=float, default=0.1, help="fraction of the labels")
    options = made.parse_args()
    runs = [measure(name, options) for name in options.sets.split(",")]
    emit("drift", {"runs": runs}, as_json=options.json)


if __name__ == "__main__":
    main()

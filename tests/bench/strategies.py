"""How long every built-in strategy takes to score a large pool.

    python -m tests.bench.strategies [--tickets 100000] [--labels 77] [--task exclusive]

On made-up features of 512 columns and a model of 1,000 answers. The reference is the product of
the features with the model's weights, which any strategy that looks at every ticket must make;
strategies that take much less look at a sample. The fits of a committee, the neighbours and the
kernel of herding are made before: the learner keeps the neighbours, and the fits are shared by
whatever asks for them. What they take is told apart.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from functools import partial

import numpy as np

from tests.bench.common import alternate, emit, parser, seconds
from txtal.learning.herding import Herding
from txtal.learning.model import fit
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.strategies import registry
from txtal.learning.strategies.committee import MEMBERS
from txtal.learning.strategies.pool import Place, Pool, score
from txtal.types import Task

DIMS = 512
ANSWERS = 1_000
ARGUMENTS = {"high-score": "high-score=label 0", "band": "band=0.4..0.6"}


def pool_of(tickets: int, labels: int, task: Task) -> Pool:
    """Groups of tickets around a centre a label, of which some are answered."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((labels, DIMS), dtype=np.float32)
    group = rng.integers(0, labels, tickets + ANSWERS)
    features = centres[group] + 2 * rng.standard_normal((len(group), DIMS), dtype=np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cells = np.eye(labels, dtype=np.int8)[group[tickets:]]
    rows = np.arange(tickets)
    herding = Herding(Neighbourhood(features))
    return Pool(
        features[:tickets],
        task,
        model=fit(features[tickets:], cells, task),
        answered=features[tickets:],
        cells=cells,
        labels=[f"label {number}" for number in range(labels)],
        place=Place(herding, rows, np.arange(tickets, len(group))),
        read_texts=lambda: [""] * tickets,
        rng=rng,
    )


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--tickets", type=int, default=100_000)
    made.add_argument("--labels", type=int, default=77)
    made.add_argument("--task", choices=["exclusive", "multilabel"], default="exclusive")
    made.add_argument("--rounds", type=int, default=3)
    options = made.parse_args()
    pool = pool_of(options.tickets, options.labels, options.task)
    weights = pool.model.coef.T  # type: ignore[union-attr]
    before = {
        "neighbours of herding": seconds(lambda: pool.place.herding.sample.near),  # type: ignore[union-attr]
        "kernel of herding": seconds(partial(scored, "herding", pool)),
        "fits of a committee": seconds(lambda: pool.committee(MEMBERS)),
    }
    works = {"product": lambda: pool.features @ weights} | {
        name: partial(scored, ARGUMENTS.get(name, name), pool) for name in registry.BUILT_IN
    }
    times = alternate(works, options.rounds)
    reference = times.pop("product")
    figures = {
        "tickets": options.tickets,
        "labels": options.labels,
        "task": options.task,
        "seconds before": {name: round(value, 2) for name, value in before.items()},
        "product, seconds": round(reference, 3),
        "seconds": {name: round(value, 3) for name, value in times.items()},
        "multiple of the product": {
            name: round(value / reference, 1) for name, value in times.items()
        },
    }
    emit("strategies", figures, as_json=options.json)


def scored(name: str, pool: Pool) -> None:
    """As the learner has it scored: probabilities made anew, the committee's fits kept."""
    vars(pool).pop("proba", None)
    vars(pool).pop("usable", None)
    score(registry.get(name), pool)


if __name__ == "__main__":
    main()

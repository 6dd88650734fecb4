"""Are the answers that look wrong really wrong?

    python -m tests.bench.suspects [--sets banking77] [--answers 1000] [--noise 0.1] [--seeds 0,1]

A session is simulated whose annotator gives a wrong label, any of the others, to a share of the
tickets. Then its suspects are looked up: how many of the first ones were really wrong?
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.common import emit, parser
from tests.bench.label_efficiency import Problem, sitting
from txtal.learner import suspects
from txtal.session.session import Session
from txtal.simulation import annotator
from txtal.types import LearnerSettings, Suspect

FIRST = (50, 100, 200)


@dataclass(frozen=True)
class Found:
    """One session's suspects, and the truth."""

    suspects: Sequence[Suspect]
    wrong: frozenset[int]
    """Tickets whose answer was flipped."""

    def among(self, first: int) -> int:
        """How many of the first suspects were flipped."""
        return sum(one.answer.ticket_id in self.wrong for one in self.suspects[:first])


def simulate(problem: Problem, answers: int, noise: float, seed: int, batch: int) -> Found:
    """Label with noise, then look for what is wrong."""
    said = annotator.answers(problem.pool, noise, seed)
    settings = LearnerSettings(seed=seed)
    with sitting(problem, settings, batch) as (session, learner):
        wrong = _label(session, problem, said, answers)
        return Found(learner.suspects(), frozenset(wrong))


def _label(
    session: Session, problem: Problem, said: dict[str, tuple[str, ...]], answers: int
) -> list[int]:
    """Answer so many; the tickets whose answer is wrong."""
    wrong = []
    session.begin()
    session.update()
    while session.question is not None and session.count < answers:
        ticket = session.question.ticket
        if set(said[ticket.text]) != set(problem.pool.gold[ticket.text]):
            wrong.append(ticket.id)
        names = session.scheme.names.items()
        session.answer("accept", tuple(i for i, name in names if name in said[ticket.text]))
        session.update()
    return wrong


def measure(name: str, options: Any, seed: int) -> dict[str, Any]:
    """The figures of one session."""
    with tempfile.TemporaryDirectory(prefix="txtal-bench-") as folder:
        problem = Problem(name, Path(folder), "auto")
        found = simulate(problem, options.answers, options.noise, seed, options.batch)
    return {
        "set": name,
        "seed": seed,
        "wrong": len(found.wrong),
        "suspects": len(found.suspects),
        "all": found.among(len(found.suspects)),
        **{f"of {first}": found.among(first) for first in FIRST},
        "neighbours": _separation(found),
    }


def _separation(found: Found) -> str:
    """How many of the nearest answers agree with the model, for wrong answers and right ones."""
    agreeing = {True: [0.0], False: [0.0]}
    for one in found.suspects:
        agreeing[one.answer.ticket_id in found.wrong].append(one.agreeing)
    means = [np.mean(agreeing[wrong][1:] or [0.0]) for wrong in (True, False)]
    return f"{means[0]:.1f} and {means[1]:.1f} of {suspects.NEAREST}"


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--sets", default="banking77")
    made.add_argument("--answers", type=int, default=1_000)
    made.add_argument("--noise", type=float, default=0.1)
    made.add_argument("--seeds", default="0,1")
    made.add_argument("--batch", type=int, default=20, help="answers between two fits")
    options = made.parse_args()
    warnings.filterwarnings("ignore")  # labels not seen yet, a fit not quite converged
    runs = []
    for name in options.sets.split(","):
        for seed in map(int, options.seeds.split(",")):
            runs.append(measure(name, options, seed))
            if not options.json:
                print(", ".join(f"{key} {value}" for key, value in runs[-1].items()), flush=True)
    emit("suspects", {"answers": options.answers, "noise": options.noise, "runs": runs},
         as_json=options.json)  # fmt: skip


if __name__ == "__main__":
    main()

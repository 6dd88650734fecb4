"""The headline of a dataset for the commands: what is kept of these very answers, or else new.

So that every command shows the same figure for the same answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from txtal.errors import DatabaseError
from txtal.learner.fit import Fit
from txtal.learner.idle import refined
from txtal.learner.language import resolved
from txtal.learner.pool import PoolLearner
from txtal.learner.ranking import revision
from txtal.store import datasets, revisions, schema
from txtal.store.sqlite import foreseen
from txtal.types import LearnerSettings, LearnerStatus, Measures


def kept(path: Path, dataset: str, vectoriser: str) -> Measures | None:
    """Return what was measured of the answers there are. Raises DatabaseError, UsageError."""
    with closing(schema.open_readonly(path)) as conn, foreseen(path):
        found = datasets.get(conn, dataset)
        return revisions.measured_now(conn, found.id, str(resolved(conn, dataset, vectoriser)))


def fitted(
    path: Path,
    dataset: str,
    settings: LearnerSettings,
    report: Callable[[LearnerStatus], None],
) -> Fit:
    """Fit the model that ``train`` would write; keep what it measured, if it can be written.

    What was measured of these very answers before stays: a second figure would contradict it. A
    robust fit is another model: what it measured is not kept. Raises as the learner does.
    """
    began = time.perf_counter()
    learner = PoolLearner(path, dataset, settings, report)
    fit = refined(learner)
    if fit.measures is None and fit.measured.measures is not None:
        fit = fit.measure(lambda: learner.sample_of_open(fit.snapshot), None)
    if fit.measures is not None and not settings.robust:
        seconds = time.perf_counter() - began
        made = revision(fit, learner.fitter, learner.vectoriser, "", seconds)
        with suppress(DatabaseError), closing(schema.open_database(path)) as conn, foreseen(path):
            found = datasets.get(conn, dataset)
            if revisions.measured_now(conn, found.id, made.vectoriser) is None:
                latest = revisions.latest(conn, found.id)
                strategy = latest[1].strategy if latest else settings.strategy
                revisions.record(conn, found.id, "", replace(made, strategy=strategy))
    return fit

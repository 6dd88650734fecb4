"""The headline of a dataset for the commands: what is kept of these very answers, or else new.

So that every command shows the same figure for the same answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from txtal.errors import DatabaseError
from txtal.learner import taught
from txtal.learner.fit import Fit
from txtal.learner.idle import refined
from txtal.learner.language import resolved
from txtal.learner.pool import PoolLearner
from txtal.learner.ranking import revision
from txtal.learning.stepwise import finished
from txtal.store import datasets, revisions, schema
from txtal.store.sqlite import Connection, foreseen
from txtal.types import LearnerSettings, LearnerStatus, Measures


def kept(path: Path, dataset: str, settings: LearnerSettings) -> Measures | None:
    """Return what was measured of the answers there are; None for a model made in another way.

    Raises DatabaseError, UsageError.
    """
    with closing(schema.open_readonly(path)) as conn, foreseen(path):
        found = datasets.get(conn, dataset)
        if not _as_taught(conn, dataset, settings):
            return None
        return revisions.measured_now(
            conn, found.id, str(resolved(conn, dataset, settings.vectoriser))
        )


def _as_taught(conn: Connection, dataset: str, settings: LearnerSettings) -> bool:
    """Whether these settings make the dataset's own model, whose figures every command shows."""
    own = taught.taught_settings(conn, dataset)
    wanted, usual = (resolved(conn, dataset, one.vectoriser) for one in (settings, own))
    return wanted == usual and settings.names == own.names and not settings.robust


def fitted(
    path: Path,
    dataset: str,
    settings: LearnerSettings,
    report: Callable[[LearnerStatus], None],
) -> Fit:
    """Fit the model that ``train`` would write; keep what it measured, if it can be written.

    What was measured of these very answers before stays: a second figure would contradict it. Of
    a model with other vectors than the dataset's, without names, or of a robust fit, nothing is
    kept. Raises as the learner does.
    """
    return fitted_by(PoolLearner(path, dataset, settings, report))


def fitted_by(learner: PoolLearner) -> Fit:
    """Do what :func:`fitted` does, with a learner that is there."""
    began = time.perf_counter()
    path, dataset, settings = learner.source.path, learner.source.name, learner.settings
    fit = refined(learner)
    if settings.measured and fit.is_to_be_measured:
        sample = partial(learner.sample_of_open, fit.snapshot)
        fit = fit.measured_by(finished(fit.measuring(sample)))
    if fit.measures is not None:
        seconds = time.perf_counter() - began
        made = revision(fit, learner.fitter, fit.features.vectoriser.spec, "", seconds)
        with suppress(DatabaseError), closing(schema.open_database(path)) as conn, foreseen(path):
            found = datasets.get(conn, dataset)
            known = revisions.measured_now(conn, found.id, made.vectoriser)
            if known is None and _as_taught(conn, dataset, settings):
                latest = revisions.latest(conn, found.id)
                strategy = latest[1].strategy if latest else settings.strategy
                revisions.record(conn, found.id, "", replace(made, strategy=strategy))
    return fit

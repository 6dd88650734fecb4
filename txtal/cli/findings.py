"""What ``txtal report`` finds out beside the store: model versions, drift, and faults of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txtal.cli.models import figures_of, folder_of
from txtal.errors import TxtalError

if TYPE_CHECKING:
    from txtal.classifier.versions import Version
    from txtal.cli.output import Console
    from txtal.learner.fit import Fit
    from txtal.learner.source import DatasetSource
    from txtal.reports.findings import DriftFound, Findings, ModelVersion, TrainingCurve
    from txtal.types import LearnerSettings


HELD_OUT = 0.2
"""Fraction of the answers that a training curve is measured on."""

_MEASURES = {"accuracy": "accuracy", "macro-F1": "macro_f1"}


def findings(console: Console, dataset: str, settings: LearnerSettings | None) -> Findings:
    """Look for everything; without settings, for what takes no model.

    Where no model can be made, the findings say why.
    """
    from txtal.classifier import versions
    from txtal.reports.findings import Findings

    folder = folder_of(console, dataset)
    current = versions.current(folder)
    kept = tuple(_version(one, current) for one in versions.versions(folder))
    if settings is None:
        return Findings(kept)
    from txtal.learner import advising, drifting, figures
    from txtal.learner.pool import PoolLearner
    from txtal.reports.findings import Remark, WeekShare

    try:
        learner = PoolLearner(console.database, dataset, settings, console.status)
        with learner.source.computing():
            learner.complete(measure=False)
            fit = figures.fitted_by(learner)
            trusted = learner.fitter.trusted(fit)
            curve = _curve(fit, learner.source) if fit.measures is None else None
            remarks = tuple(
                Remark(one.kind, one.labels, one.why, one.command)
                for one in advising.advice(fit, learner.source)
            )
            drift = _drift(fit, learner.source)
            weeks = tuple(
                WeekShare(one.week, one.tickets, one.far, one.noticed)
                for one in drifting.by_week(fit, learner.source)
            )
    except TxtalError as error:
        return Findings(kept, gap=f"Not looked for drift and for faults of the labels: {error}.")
    finally:
        console.clear()
    return Findings(kept, drift, weeks, remarks, curve=curve, trusted=trusted)


def _curve(fit: Fit, source: DatasetSource) -> TrainingCurve | None:
    """Hold out a fifth of the answers, as `txtal evaluate --test-split` does; None with too few."""
    from txtal.errors import LearnerError
    from txtal.learner import heldout
    from txtal.reports.charts import Level
    from txtal.reports.findings import TrainingCurve

    try:
        texts = source.texts(fit.answered.tickets.tolist())
        found = heldout.part_held_out(fit, HELD_OUT, texts)
    except LearnerError:
        return None
    measures = {"mean error": "error"} if fit.task == "rating" else _MEASURES
    lines: list[tuple[str, tuple[Level, ...]]] = []
    for name, field in measures.items():
        given = [(step.answers, getattr(step.measures, field)) for step in found.curve]
        levels = (Level(answers, one.value, one.low, one.high) for answers, one in given)
        lines.append((name, tuple(levels)))
    return TrainingCurve(found.measures.accuracy.n, tuple(lines))


def _version(version: Version, current: int | None) -> ModelVersion:
    from txtal.reports.charts import Level
    from txtal.reports.findings import ModelVersion

    accuracy = (version.figures or {}).get("accuracy")
    level = accuracy and Level(
        version.answers, accuracy["value"], accuracy["low"], accuracy["high"]
    )
    return ModelVersion(
        version.number,
        version.at,
        version.answers,
        figures_of(version),
        level,
        version.number == current,
    )


def _drift(fit: Fit, source: DatasetSource) -> DriftFound | None:
    """Compare what was loaded since the newest answered ticket; None with too few to tell."""
    from txtal.learner import drifting
    from txtal.learning.drift import FEWEST
    from txtal.reports.findings import DriftFound, LabelShare

    old, new = drifting.sides(
        fit.features.ids.tolist(), [one.ticket_id for one in fit.snapshot.answers]
    )
    if min(len(old), len(new)) < FEWEST:
        return None
    found = drifting.between(fit, source, old, new)
    mix = tuple(LabelShare(one.label, one.before, one.after) for one in found.mix)
    return DriftFound(found.noticed, found.old, found.new, found.share_far, mix, tuple(found.words))

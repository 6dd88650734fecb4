"""Training a dataset's classifier, and keeping it as the next version if it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from txtal.api.folders import versions_folder
from txtal.classifier import classifier, versions
from txtal.classifier.classifier import Classifier
from txtal.classifier.compare import FEWEST, Decision, Difference, against
from txtal.classifier.versions import Version
from txtal.errors import LearnerError
from txtal.hooks import starting
from txtal.learner import figures, heldout
from txtal.learner.fit import NOT_READY, Fit
from txtal.learning.overlap import sketches
from txtal.measures.gold import counting, settle
from txtal.measures.quality import ALL_ANSWERS, headline_data
from txtal.store import answers, datasets, labels, schema, tickets
from txtal.store.sqlite import foreseen
from txtal.types import LearnerSettings, LearnerStatus, Measures, Task


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training."""

    dataset: str
    classifier: Classifier
    version: Version | None
    """What it was kept as; None where it wasn't better than the version in use."""
    in_use: int | None
    """The version that is in use now."""
    compared: Difference | None
    """The comparison with the version that was in use; None where none was asked for."""
    task: Task
    labels: tuple[str, ...]
    tickets: int
    """Tickets that it learned from."""
    left_out: Mapping[str, int]
    """Answered tickets that nothing is learned from, by the reason."""
    measures: Measures | None
    headline: Mapping[str, Any] | None
    """The figures that the version is kept with: by all answers where nothing else was measured."""

    @property
    def too_few(self) -> bool:
        """Whether too few answers were new to both to compare on."""
        return self.compared is not None and self.compared.n < FEWEST


def train(
    database: Path,
    dataset: str,
    settings: LearnerSettings,
    *,
    output: Path | None = None,
    if_better: bool = False,
    report: Callable[[LearnerStatus], None] = lambda status: None,
) -> Trained:
    """Fit the classifier on what stands of each ticket, and keep it as the version in use.

    It is also written to the folder ``output``, if one is named. ``if_better`` keeps it only if
    models like it are right more often than the version in use, on answers new to that.

    Raises LearnerError where there is nothing to learn from yet, and as the store and the
    classifier do.
    """
    if output is not None:
        classifier.check_folder(output)
    known = figures.kept(database, dataset, settings)
    fit = figures.fitted(database, dataset, settings, report)
    if not fit.ready:
        raise LearnerError(f"{dataset}: nothing to train on yet: {NOT_READY}")
    names = tuple(label.name for label in fit.scheme.labels)
    made = Classifier(
        fit.task,
        names,
        fit.calibrated,
        fit.features.vectoriser,
        sketches(_answered_texts(database, dataset)),
    )
    folder = versions_folder(database, dataset)
    in_use = versions.current(folder)
    compared = None
    if if_better and in_use is not None:
        compared = against(
            versions.load(folder, in_use), _held_out(database, fit), _names(database, dataset)
        )
    measures = known or fit.measures
    headline = headline_data(measures) if measures else _by_all_answers(fit)
    version = None
    if compared is None or (compared.n >= FEWEST and compared.value > 0):
        if output is not None:
            classifier.save(made, output)
        version = versions.keep(
            folder,
            made,
            answers=len(fit.answered),
            newest=fit.snapshot.log.newest,
            robust=settings.robust,
            figures=headline,
        )
        told = {
            "version": version.number,
            "answers": version.answers,
            "vectors": version.vectors,
            "figures": version.figures,
        }
        starting.tell(database, dataset, "train", told)
    return Trained(
        dataset,
        made,
        version,
        version.number if version else in_use,
        compared,
        fit.task,
        names,
        len(fit.answered.tickets),
        _left_out(fit),
        measures,
        headline,
    )


def _by_all_answers(fit: Fit) -> dict[str, Any] | None:
    """Return the figures of cross-fitting, for answers nobody picked at random; None of few."""
    try:
        return headline_data(heldout.of_all(fit), ALL_ANSWERS)
    except LearnerError:
        return None


def _answered_texts(database: Path, dataset: str) -> list[str]:
    """Return the texts of the tickets that have an answer."""
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        standing = answers.standing(conn, datasets.get(conn, dataset).id)
        return tickets.texts(conn, sorted({one.ticket_id for one in standing}))


def _names(database: Path, dataset: str) -> dict[str, str]:
    """Return what labels are called now, by every name that one had."""
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        return labels.current_names(conn, datasets.get(conn, dataset).id)


def _held_out(database: Path, fit: Fit) -> list[Decision]:
    """Return what models like the new one say of each answered ticket, without its answer."""
    found = heldout.decisions(fit)
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        texts = tickets.texts(conn, [ticket for ticket, *_ in found])
    return [
        Decision(text, truth, said, audit)
        for text, (_, audit, truth, said) in zip(texts, found, strict=True)
    ]


def _left_out(fit: Fit) -> dict[str, int]:
    """Count the answered tickets that nothing is learned from, by the reason."""
    learned = set(fit.answered.tickets.tolist())
    why: Counter[str] = Counter()
    for ticket, said in counting(fit.snapshot.answers).items():
        if ticket not in learned:
            stands = settle(said, fit.scheme).answer
            ignored = stands is not None and stands.verdict == "ignore"
            why["tied" if stands is None else "ignored" if ignored else "without a label"] += 1
    return dict(why)

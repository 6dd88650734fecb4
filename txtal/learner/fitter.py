"""Fits of one dataset, one after the other, and what pauses find out for the next ones."""

from __future__ import annotations

from txtal.learner import measuring, stopping, suspects
from txtal.learner.fit import Fit, Sample
from txtal.learner.label_names import LabelNames
from txtal.learner.measuring import Measured
from txtal.learner.pool_features import Neighbours
from txtal.learner.snapshot import Snapshot
from txtal.learner.source import DatasetSource
from txtal.learner.suspects import LeftOut
from txtal.learner.voting import VoteEvidence
from txtal.learning.stepwise import UnderWay
from txtal.learning.training import Hyperparameters, Trainer
from txtal.store import datasets, revisions
from txtal.store.sqlite import Connection
from txtal.text import count
from txtal.types import LearnerSettings, Outlook


class Fitter:
    """Fits models to the answers as they come in, and refines how whenever there is time.

    What it refines: which answers to leave out, which evidence counts, and the outlook.
    """

    def __init__(self, source: DatasetSource, settings: LearnerSettings) -> None:
        self.left_out = LeftOut()
        self.outlook: Outlook | None = None
        """Whether more answers are worth giving; None until it was looked for."""
        self._source = source
        self._settings = settings
        self._names = LabelNames(source, settings)
        self._votes = VoteEvidence(source, settings)
        self._settling: tuple[Fit, UnderWay[Fit]] | None = None
        self._measuring: tuple[Fit, UnderWay[Measured]] | None = None
        self._leaving_out: UnderWay[LeftOut] | None = None
        self._looking_ahead: UnderWay[Outlook | None] | None = None

    def fit(
        self,
        snapshot: Snapshot,
        neighbours: Neighbours,
        before: Fit | None,
        sample: Sample,
        *,
        measured: bool = True,
        later: bool = False,
    ) -> Fit:
        """Fit a model to the answers, and measure it if it is time to.

        ``before`` is the last fit, and ``sample`` gives the open tickets to measure on. With
        ``later`` what takes long is left to pauses: :meth:`settle` and :meth:`measure`; unless
        ``measured``, nothing is measured.
        """
        if before is not None and before.features.made != snapshot.features.made:
            before = None  # weights and measures belong to the features they were found with
        trainer = self.trainer(snapshot, neighbours)
        left_out = self.left_out.tickets
        fit = Fit.of(snapshot, neighbours, trainer, left_out=left_out, before=before, quick=later)
        if not self._settings.measured:
            return fit
        if not measured or (later and measuring.takes_long(fit.answered.cells)):
            return fit.measured_as(before)
        return fit.measure(sample, before)

    def settle(self, fit: Fit | None) -> Fit | None:
        """Do a part of what a quick fit has left.

        Returns the fit, once it is done as it is then; None where there is nothing to do.
        """
        if fit is None or fit.regression.ended:
            return None
        if self._settling is None or self._settling[0] is not fit:
            self._settling = fit, UnderWay(fit.settling(self.left_out.tickets))
        work = self._settling[1]
        with self._source.computing():
            return fit if work.step() else work.result

    def measure(self, fit: Fit | None, sample: Sample) -> Fit | None:
        """Do one fit to measure what was to be measured later, if it is time to.

        Returns the fit, with its measures once there are any; None where there is nothing to do.
        What was begun is ended, though answers come meanwhile: it holds for a tenth more of them.
        """
        if fit is None or not self._settings.measured:
            return None
        if self._measuring is None:
            if not fit.is_to_be_measured:
                return None
            self._measuring = fit, UnderWay(fit.measuring(sample))
        begun, work = self._measuring
        if begun.features.made != fit.features.made:
            self._measuring = None
            return fit
        with self._source.computing():
            if work.step():
                return fit
        self._measuring = None
        return begun.measured_by(work.result).given_to(fit) if work.result else fit

    def trainer(self, snapshot: Snapshot, neighbours: Neighbours) -> Trainer:
        """Return the trainer of the next model."""
        task, seed = snapshot.scheme.task, self._settings.seed
        trainer = Trainer(task, Hyperparameters(), neighbours.propagation, seed=seed)
        return self._votes.given_to(self._names.given_to(trainer, snapshot), snapshot)

    @property
    def misled(self) -> bool:
        """Whether the labels' names aren't used, as they don't help."""
        return self._names.misleading

    @property
    def note(self) -> str:
        """What is unusual about the fits, for the annotator."""
        left = len(self.left_out.tickets)
        without = f"robust: learns nothing from {count(left, 'answer')}" if left else ""
        misled = "the labels' names don't help and aren't used" if self._names.misleading else ""
        return joined(misled, self.of_votes, without)

    @property
    def of_votes(self) -> str:
        """Whether the votes of rules and commands count, and why; nothing where nobody votes."""
        return self._votes.note

    def trusted(self, fit: Fit) -> dict[int, float]:
        """Return how often each source of votes is expected to be right, by its id."""
        return self._votes.trusted(fit.answered, fit.trainer)

    def leave_out(self, fit: Fit | None) -> bool:
        """Do one fit to find the answers that a robust fit leaves out, if it is time to.

        Returns whether more is to be done; the next ranking goes by what was found.
        """
        if not self._settings.robust or fit is None or fit.task != "exclusive":
            return False
        if self._leaving_out is None and self.left_out.is_old(len(fit.answered)):
            self._leaving_out = UnderWay(suspects.left_out(fit.answered, fit.trainer))
        if self._leaving_out is None:
            return False
        with self._source.computing():
            if self._leaving_out.step():
                return True
        self.left_out = self._leaving_out.result or self.left_out
        self._leaving_out = None
        return False

    def look_ahead(self, fit: Fit | None) -> bool:
        """Do one fit to find out whether more answers are worth giving, if it is time to.

        Returns whether more is to be done. Only where somebody wants to know.
        """
        if fit is None or fit.task == "rating":  # grades are measured by their error, not macro-F1
            return False
        with self._source.reading() as conn:
            if self._looking_ahead is None:
                self._looking_ahead = self._outlook_of(conn, fit)
            if self._looking_ahead is None:
                return False
            if self._looking_ahead.step():
                return True
        self.outlook, self._looking_ahead = self._looking_ahead.result, None
        return False

    def _outlook_of(self, conn: Connection, fit: Fit) -> UnderWay[Outlook | None] | None:
        """Begin to look ahead, if it is time to."""
        wishes = self._settings.stop
        answered = fit.answered.without(self.left_out.tickets)
        if not (wishes and fit.model.ready and stopping.due(len(answered), self.outlook)):
            return None
        history = revisions.curve(conn, datasets.get(conn, self._source.name).id)
        return UnderWay(stopping.look_ahead(fit, answered, history, wishes, self._settings.seed))

    def compare_names(self, fit: Fit | None) -> bool:
        """Do one fit to compare with fits without the labels' names, if it is time to.

        Returns whether more is to be done.
        """
        if fit is None:
            return False
        with self._source.computing():
            return self._names.compare(fit.answered.without(self.left_out.tickets), fit.trainer)

    def weigh_votes(self, fit: Fit | None) -> bool:
        """Do one fit to try what votes may count, if it is time to.

        Returns whether more is to be done.
        """
        if fit is None:
            return False
        with self._source.computing():
            return self._votes.choose(fit.answered.without(self.left_out.tickets), fit.trainer)


def joined(*notes: str) -> str:
    """Return what there is of the notes in a line."""
    return "; ".join(note for note in notes if note)

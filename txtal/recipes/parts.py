"""The parts of a recipe: its label scheme, which tickets are shown, the model, and the screen.

Each part checks itself before anything is loaded, so that a fault is reported on the command line
and not behind the screen. To add an option that the learner hears, add a field to
:class:`ModelOptions`, its check, and a line to :meth:`ModelOptions.settings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from txtal.errors import DataError, UsageError
from txtal.formats.bounded import read_small
from txtal.types import (
    Compute,
    Dataset,
    LabelKeys,
    LearnerSettings,
    RankingSettings,
    StopRule,
    Stream,
    Task,
)

if TYPE_CHECKING:
    from txtal.recipes.extensions import Extras, Key, Panel, Styled
    from txtal.session.protocols import OnAnswer, Validate
    from txtal.session.setup import Order
    from txtal.types import Ticket

LONGEST_GUIDELINES = 1 << 20
"""Bytes; nobody reads more of them in a session."""

_DEFAULTS = LearnerSettings()


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """A recipe's labels, or the scale of its rating."""

    labels: Sequence[str | tuple[str, str]] = ()
    """Names, or pairs of name and description; added to those that the dataset has."""
    labels_from: Path | None = None
    """A file with more labels, one per line: name, tab, description."""
    rating: str | None = None
    """Grades instead of labels, such as ``1-5``."""
    score: str | None = None
    """Scores on a long scale instead of labels, such as ``0-100``."""
    task: Task | None = None
    """None keeps the dataset's; a new one is binary with a single label, else exclusive."""

    def check(self) -> None:
        """Raise UsageError if labels are given as well as a rating or scores."""
        others = self.labels or self.labels_from or self.task not in (None, "rating")
        if self.scale and others:
            raise UsageError(
                "--rating defines the labels: drop -l, --labels-from and --task"
                if self.rating
                else "--score defines the labels: drop -l, --labels-from and --task"
            )

    @property
    def scale(self) -> tuple[str, ...]:
        """The grades or scores, lowest first; empty for labels. Raises UsageError if invalid."""
        from txtal.types.grades import given

        return given(self.rating, self.score)

    @property
    def is_given(self) -> bool:
        """Whether there are labels. Doesn't read ``labels_from``: a pipe can be read only once."""
        return bool(self.scale or self.labels or self.labels_from)

    def specs(self) -> list[tuple[str, str]]:
        """Return the name and description of each label. Raises UsageError for an invalid name."""
        from txtal.formats.label_files import read_labels
        from txtal.text import normalise_label

        if self.scale:
            return [(number, "") for number in self.scale]
        given = [(label, "") if isinstance(label, str) else label for label in self.labels]
        named = [(normalise_label(name), description) for name, description in given]
        return named + (read_labels(self.labels_from) if self.labels_from else [])


@dataclass(frozen=True, slots=True)
class QuestionOptions:
    """Which tickets a recipe shows."""

    order: Order = "ranking"
    """``file`` shows tickets in the order of loading and starts no learner; ``suspects`` shows
    answers that are probably wrong; ``disputed`` tickets on which annotators differ."""
    audit: float = _DEFAULTS.audit
    """Fraction of tickets picked at random to measure accuracy."""
    recheck: float = 0.0
    """Fraction of tickets that are the annotator's own earlier ones, shown again without the
    answer."""
    overlap: float = 0.0
    """Fraction of tickets, the same for all with the same overlap, that every annotator labels."""
    patterns_share: float = 0.0
    """Fraction of tickets that match one of the ``patterns``, in a quota of their own."""
    synthesise: float = 0.0
    """Fraction of tickets that are composed of two others each, and marked as synthetic."""
    stream: Stream | None = None
    """Tickets arrive from ``tickets`` during the session, instead of being loaded first."""
    seed: int = _DEFAULTS.seed

    def check(self, labels: LabelOptions, model: ModelOptions) -> None:
        """Raise UsageError for an invalid fraction, and for options that don't go together."""
        for name in ("audit", "overlap", "recheck", "patterns_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"{name} must be from 0 to 1, such as 0.1 (got {value})")
        if self.seed < 0:
            raise UsageError(f"seed must be at least 0 (got {self.seed})")
        if not 0 <= self.synthesise < 1:
            raise UsageError(
                f"synthesise must be at least 0 and below 1, such as 0.1 (got {self.synthesise})"
            )
        if self.synthesise and (self.stream or self.order != "ranking" or labels.scale):
            raise UsageError(
                "--synthesise composes texts from a pool that a model ranks: leave it out with a "
                "stream, with ratings, and where tickets come in the order of the file"
            )
        if self.patterns_share and (self.stream or self.order != "ranking"):
            raise UsageError(
                "--patterns-share works only where a model ranks a pool: leave it out with a "
                "stream, and where tickets come in the order of the file"
            )
        if self.stream:
            self._check_stream(self.stream, model)

    def _check_stream(self, stream: Stream, model: ModelOptions) -> None:
        from txtal.learning.strategies import registry

        if self.order != "ranking":
            raise UsageError("a stream is shown as it arrives: leave out what gives another order")
        if not 0 < stream.budget <= 1:
            raise UsageError(
                "budget must be above 0 and up to 1, the fraction of arriving tickets to show, "
                f"such as 0.1 (got {stream.budget})"
            )
        registry.for_stream(model.strategy)
        if model.engine != "local":
            raise UsageError("a stream is scored here, as it arrives: leave out --engine")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What learns behind the screen, and when it says that it is enough."""

    vectoriser: str = _DEFAULTS.vectoriser
    """Text vectors, as a spec such as ``lexical+static@en``."""
    strategy: str = _DEFAULTS.strategy
    names: bool = True
    """Whether to learn from what the labels are called, too."""
    rules: Path | None = None
    """A file of rules that vote: ``.toml``, ``.jsonl`` or a recipe's ``.py``; see
    :mod:`txtal.annotators.rules`. The labelling functions in the recipe's own file always do."""
    suggest: str = ""
    """A command that suggests labels; see :mod:`txtal.annotators.command`."""
    suggest_budget: int | None = None
    """Tickets that the command may be asked for."""
    robust: bool = False
    """Whether to train without answers that look impossible by a model of the others."""
    new: bool = False
    """Whether to pick from tickets loaded after the newest answered one; see ``txtal drift``."""
    stop_gain: float = 1.0
    """Notify when 100 more answers would gain fewer points of macro-F1 than this; 0: never."""
    stop_at: float | None = None
    """Notify at this estimated accuracy."""
    engine: str = _DEFAULTS.compute.engine
    """``dask`` vectorises and sweeps on the workers of ``scheduler``; see docs/scale.md."""
    scheduler: str | None = _DEFAULTS.compute.scheduler

    def check(self) -> None:
        """Raises UsageError for figures out of range."""
        if self.stop_at is not None and not 0 < self.stop_at <= 1:
            raise UsageError(
                f"stop_at must be above 0 and up to 1, such as 0.9 (got {self.stop_at})"
            )
        if self.suggest_budget is not None and self.suggest_budget < 0:
            raise UsageError(f"suggest_budget must be at least 0 (got {self.suggest_budget})")
        if self.stop_gain < 0:
            raise UsageError(
                "stop_gain must be at least 0, in points of macro-F1, such as 1.0 "
                f"(got {self.stop_gain})"
            )

    def check_names(self) -> None:
        """Raises UsageError for names that the learner wouldn't know, EngineError for no answer."""
        from txtal import engine
        from txtal.learning.strategies import registry
        from txtal.vectors import spec

        registry.check(self.strategy)
        spec.check(self.vectoriser)
        engine.check(self.engine, self.scheduler)
        if self.scheduler:
            engine.reach(self.scheduler)

    def check_dataset(self, dataset: Dataset) -> None:
        """Raises UsageError for what goes with another task only."""
        task = dataset.scheme.task
        if self.robust and task != "exclusive":
            raise UsageError(f"{dataset.name}: is {task}; --robust is for one label of several")
        if self.stop_at is not None and task == "rating":
            raise UsageError(
                f"{dataset.name}: has grades, whose measure is their error; --stop-at is for labels"
            )

    def settings(self, questions: QuestionOptions, code: Path) -> LearnerSettings:
        """Return the learner's settings. ``code`` is the recipe's file, which it loads, too."""
        return LearnerSettings(
            vectoriser=self.vectoriser,
            strategy=self.strategy,
            audit=questions.audit,
            seed=questions.seed,
            names=self.names,
            robust=self.robust,
            stop=StopRule(self.stop_gain, self.stop_at),
            code=str(code),
            stream=questions.stream is not None,
            ranking=RankingSettings(
                suspects=questions.order == "suspects",
                synthesise=questions.synthesise > 0,
                new=self.new,
            ),
            compute=Compute(self.engine, self.scheduler),
        )


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """What the annotator sees and presses, and what is called in between."""

    label_keys: LabelKeys = "auto"
    guidelines: Path | None = None
    """A Markdown file that ``g`` shows."""
    patterns: Path | None = None
    """A file of words and phrases to highlight; see :mod:`txtal.recipes.patterns`."""
    welcome: str = ""
    """Shown until the first key."""
    render: Callable[[Ticket], Styled] | None = None
    """What is shown of a ticket in the place of its text and meta."""
    keys: Sequence[Key] = ()
    panels: Sequence[Panel] = ()
    on_answer: OnAnswer | None = None
    """Called with (ticket, answer) after each answer is on disk."""
    validate: Validate | None = None
    """Called with (ticket, draft) before an answer is recorded; returns why it won't do, or None.

    What this, ``on_answer``, ``render`` and the others raise is shown and logged, and the session
    goes on."""

    def guideline_text(self) -> str:
        """Return the guidelines' text. Raises UsageError when the file can't be read."""
        if self.guidelines is None:
            return ""
        try:
            content = read_small(self.guidelines, LONGEST_GUIDELINES)
        except DataError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(
                f"{self.guidelines} can't be read: {error.strerror or error}"
            ) from error
        return content.decode("utf-8-sig", errors="replace")

    def extras(self) -> Extras:
        """Return what is added to the screen. Raises DataError for patterns that are none."""
        from txtal.recipes.extensions import Extras
        from txtal.recipes.patterns import Patterns, read_patterns

        patterns = Patterns(read_patterns(self.patterns) if self.patterns else ())
        return Extras(self.render, tuple(self.keys), tuple(self.panels), patterns)


PARTS = {
    "scheme": LabelOptions,
    "questions": QuestionOptions,
    "model": ModelOptions,
    "screen": ScreenOptions,
}
"""The class of each part, by the name that a recipe has it under."""

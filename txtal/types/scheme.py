"""The label scheme: the task, its labels, and how they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from txtal.types.grades import are_scores, noun

TASKS: tuple[Task, ...] = ("exclusive", "multilabel", "binary", "rating")

ONE_OF: frozenset[Task] = frozenset({"exclusive", "rating"})
"""Tasks of which each ticket has exactly one label, so that its probabilities sum to one."""

VERDICTS: tuple[Verdict, ...] = ("accept", "reject", "ignore")

Task = Literal["exclusive", "multilabel", "binary", "rating"]
"""One of K labels; any of K labels; one label, yes or no; or one of K ordered grades or scores."""

Verdict = Literal["accept", "reject", "ignore"]

LabelKeys = Literal["auto", "fixed", "ranked", "mnemonic"]
"""How labels get their keys: digits in the scheme's order, digits for the most probable labels, or
a letter for each label. ``auto`` is ``fixed`` for up to nine labels and otherwise ``ranked``."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label; ``id`` is stable, so a new name touches no answer."""

    id: int
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What may be answered: the task and its labels, in the annotator's order."""

    task: Task
    labels: tuple[Label, ...]
    former: tuple[Label, ...] = ()
    """Labels that are no longer offered; old answers still name them."""
    merged: Mapping[int, int] = field(default_factory=dict)
    """For each label that became a part of another, the one that it counts as."""

    def label(self, label_id: int) -> Label:
        """The label with this id. Raises KeyError when there is none."""
        for label in self.labels:
            if label.id == label_id:
                return label
        raise KeyError(label_id)

    def now(self, label_ids: Iterable[int]) -> tuple[int, ...]:
        """Return the labels that these count as now, each once."""
        return tuple(dict.fromkeys(self.merged.get(i, i) for i in label_ids))

    @property
    def ids(self) -> tuple[int, ...]:
        """Label ids in order; the columns of the answer matrix."""
        return tuple(label.id for label in self.labels)

    @property
    def scored(self) -> bool:
        """Whether its labels are scores: a rating on a scale too long for a key a number."""
        return self.task == "rating" and are_scores(self.labels)

    @property
    def noun(self) -> str:
        """What one of its labels is called: a label, a grade or a score."""
        return noun(self.labels) if self.task == "rating" else "label"

    @property
    def names(self) -> Mapping[int, str]:
        """Every label's name by its id, former ones too."""
        return {label.id: label.name for label in (*self.former, *self.labels)}


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A change of a label scheme; see :mod:`txtal.store.labels`."""

    action: Literal["add", "rename", "describe", "merge", "split", "retire", "undo"]
    """``undo`` reverses the newest change that stands."""
    label: int = 0
    """The label that is changed; not for ``add`` and ``undo``."""
    name: str = ""
    """add, rename: the name it gets."""
    description: str = ""
    into: int = 0
    """merge: the label it becomes a part of."""
    names: tuple[str, ...] = ()
    """split: the names of the labels it becomes, its own perhaps among them."""
    task: Task | None = None
    """add: the task, with the first label of a dataset whose task is open."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named pool of tickets with a label scheme."""

    id: int
    name: str
    scheme: Scheme

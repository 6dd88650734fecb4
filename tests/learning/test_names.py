"""Label names as evidence: they teach while answers are few, and let go of themselves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.blobs import accepted, blobs
from txtal.learning.arrays import Cells, Floats
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.names import ENOUGH
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Task

LABELS, EACH, D = 4, 30, 12
NO_ROWS = np.empty(0, np.int64)


def trainer(features: Floats, task: Task = "exclusive") -> Trainer:
    propagation = Propagation(Neighbourhood(features))
    return Trainer(task, Hyperparameters(), propagation)


def names() -> Floats:
    """Each label called what its tickets are about."""
    return np.eye(LABELS, D, dtype=np.float32)


def right(
    of: Trainer, features: Floats, group: np.ndarray, rows: np.ndarray, cells: Cells
) -> float:
    proba = of.model(features[rows], rows, cells).predict_proba(features)
    return float((proba.argmax(axis=1) == group).mean())


def none(k: int = LABELS) -> Cells:
    return np.zeros((0, k), np.int8)


def test_names_alone_find_the_tickets() -> None:
    features, group = blobs(LABELS, EACH, D)
    named = trainer(features).named(names())
    assert right(named, features, group, NO_ROWS, none()) > 0.95


def test_a_name_that_is_not_read_leaves_its_label_to_the_answers() -> None:
    features, _ = blobs(LABELS, EACH, D)
    vectors = names()
    vectors[2] = 0
    model = trainer(features).named(vectors).model(features[:0], NO_ROWS, none())
    assert model.trained.tolist() == [True, True, False, True]
    nothing = trainer(features)
    assert nothing.named(np.zeros_like(vectors)) is nothing


def test_misleading_names_are_let_go_of() -> None:
    """With the answers against them they count for nothing, and the model is the one without."""
    features, group = blobs(LABELS, EACH, D, spread=0.1)
    plain = trainer(features)
    misled = plain.named(np.roll(names(), 1, axis=0))
    assert right(misled, features, group, NO_ROWS, none()) < 0.05
    rows = np.arange(0, LABELS * EACH, 3)
    cells = accepted(group, LABELS)[rows]
    assert misled.names is not None
    assert misled.names.weigh(features[rows], cells, "exclusive").strength == 0
    ours, theirs = (one.model(features[rows], rows, cells) for one in (misled, plain))
    np.testing.assert_array_equal(ours.coef, theirs.coef)


def test_names_that_are_borne_out_keep_their_strength_and_fade() -> None:
    features, group = blobs(LABELS, EACH, D)
    known = trainer(features).named(names()).names
    assert known is not None
    weights = [
        known.weigh(features[rows], accepted(group, LABELS)[rows], "exclusive")
        for rows in (np.arange(0, LABELS * EACH, step) for step in (60, 10, 1))
    ]
    assert min(weight.strength for weight in weights) > 0.5
    assert weights[0].fade > weights[1].fade > weights[2].fade > 0


def test_a_name_that_claims_the_tickets_of_others_is_damped() -> None:
    features, group = blobs(LABELS, EACH, D)
    known = trainer(features).named(names()).names
    assert known is not None
    given = np.where(group == 1, 2, group)
    weight = known.weigh(features, accepted(given, LABELS), "exclusive")
    assert weight.strength > 0.1
    assert weight.kept[1] < weight.kept[[0, 2, 3]].min()
    assert weight.kept.max() <= 1


def test_virtual_tickets_leave_once_a_label_has_answers() -> None:
    features, group = blobs(LABELS, EACH, D)
    known = trainer(features).named(names()).names
    assert known is not None
    rows = np.flatnonzero(group == 0)[:ENOUGH]
    cells = accepted(group, LABELS)[rows]
    weight = known.weigh(features[rows], cells, "exclusive")
    _, joined, weights = known.joined(features[rows], cells, weight, "exclusive")
    assert joined[ENOUGH:].argmax(axis=1).tolist() == [1, 2, 3]
    assert weights[:ENOUGH].tolist() == [1] * ENOUGH


@pytest.mark.parametrize("task", ["multilabel", "binary"])
def test_names_teach_where_any_of_the_labels_may_apply(task: Task) -> None:
    k = LABELS if task == "multilabel" else 1
    features, group = blobs(LABELS, EACH, D)
    named = trainer(features, task).named(names()[:k])
    model = named.model(features[:0], NO_ROWS, none(k))
    assert model.trained.all()
    ranked = model.predict_proba(features)[:, 0].argsort()[::-1]
    assert (group[ranked[:EACH]] == 0).mean() > 0.95
    # Answers that say the opposite turn it round.
    rows = np.arange(0, LABELS * EACH, 2)
    cells = np.zeros((len(rows), k), np.int8)
    cells[:, 0] = group[rows] != 0
    turned = named.model(features[rows], rows, cells).predict_proba(features)[:, 0]
    assert turned[group == 0].max() < turned[group != 0].min()


def test_unknown_cells_and_ratings_are_no_trouble() -> None:
    features, group = blobs(LABELS, EACH, D)
    rows = np.arange(0, LABELS * EACH, 7)
    cells = accepted(group, LABELS)[rows]
    cells[::2] = UNKNOWN
    cells[0, 1] = NOT
    for task in ("exclusive", "multilabel"):
        named = trainer(features, task).named(names())
        proba = named.model(features[rows], rows, cells).predict_proba(features)
        assert np.isfinite(proba).all()
    assert (cells == IS).any()
    rating = trainer(features, "rating")
    assert rating.named(names()) is rating  # grades have an order, their names say little

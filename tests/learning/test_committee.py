import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.learning.blobs import accepted, blobs
from txtal.errors import LearnerError
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import fit
from txtal.learning.strategies import bootstrap, committee
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import get


def members(*tables) -> np.ndarray:
    """Probabilities (C, n, k), a table for each member."""
    return np.array(tables, np.float32)


def asked(seed=0, **rest) -> Pool:
    known, group = blobs(3, 4)
    cells = accepted(group, 3)
    features = blobs(3, 30, seed=1)[0]
    rng = np.random.default_rng(seed)
    return Pool(
        features, "exclusive", fit(known, cells, "exclusive"), known, cells, rng=rng, **rest
    )


# --- by hand --------------------------------------------------------------------------------


def test_vote_entropy_by_hand():
    a, b, c = [0.6, 0.2, 0.2], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]
    four = members([a, a, a], [a, a, a], [b, a, b], [b, a, c])
    # two and two; of one mind; .5 ln 2 + 2 * .25 ln 4
    assert committee.vote_entropy(four, "exclusive") == pytest.approx(
        [np.log(2), 0, 1.03972], abs=1e-5
    )


def test_vote_entropy_is_a_mean_over_labels_where_each_is_a_question_by_itself():
    two = members([[0.9, 0.7]], [[0.1, 0.8]])  # split over the first label, agreed on the second
    assert committee.vote_entropy(two, "multilabel") == pytest.approx([np.log(2) / 2], abs=1e-5)


def test_divergence_by_hand():
    two = members([[1, 0], [0.8, 0.2], [0.5, 0.5]], [[0, 1], [0.4, 0.6], [0.5, 0.5]])
    # consensus .6 .4: (.8 ln .8/.6 + .2 ln .2/.4 + .4 ln .4/.6 + .6 ln .6/.4) / 2
    expected = [np.log(2), 0.08630, 0]
    assert committee.mean_divergence(two, "exclusive") == pytest.approx(expected, abs=1e-5)
    yes = members([[0.8, 0.5]], [[0.4, 0.5]])
    assert committee.mean_divergence(yes, "multilabel") == pytest.approx([0.04315], abs=1e-5)


@given(arrays(np.float32, (3, 2, 4), elements=st.floats(0.0625, 1, width=32)))
def test_divergence_is_the_mean_kl_to_the_consensus(table):
    table = table / table.sum(axis=2, keepdims=True)
    consensus = table.mean(axis=0)
    kl = (table * np.log(table / consensus)).sum(axis=2).mean(axis=0)
    assert committee.mean_divergence(table, "exclusive") == pytest.approx(kl, abs=1e-5)


# --- the committee --------------------------------------------------------------------------


@given(
    arrays(np.int8, st.tuples(st.integers(1, 30), st.integers(1, 5)), elements=st.integers(-1, 1)),
    st.integers(0, 9),
)
def test_a_bootstrap_loses_no_label(cells, seed):
    drawn = cells[bootstrap.bootstrap(cells, np.random.default_rng(seed))]
    for kind in (IS, NOT):
        assert ((drawn == kind).any(axis=0) == (cells == kind).any(axis=0)).all()


def test_a_bootstrap_is_of_so_many_answers_at_most(monkeypatch):
    monkeypatch.setattr(bootstrap, "ROWS", 10)
    cells = accepted(np.repeat([0, 1], [99, 1]), 2)
    drawn = bootstrap.bootstrap(cells, np.random.default_rng(0))
    assert 10 <= len(drawn) <= 12
    assert 99 in drawn  # the only answer of its label


def test_members_differ_and_are_fitted_once():
    pool = asked()
    three = pool.committee(3)
    assert not np.allclose(three[0].coef, three[1].coef)
    assert pool.committee(2) == three[:2]
    assert pool.committee(5)[:3] == three
    assert all(member.trained.all() for member in three)


def test_without_answers_there_is_no_committee():
    for cells in (None, np.empty((0, 2), np.int8)):
        empty = Pool(np.ones((2, 2), np.float32), "exclusive", None, np.empty((0, 2)), cells)
        with pytest.raises(LearnerError, match="no committee"):
            empty.committee(3)


@pytest.mark.parametrize("name", ["qbc", "qbc-kl"])
def test_a_committee_is_split_between_the_groups_and_sure_within(name):
    middle = np.zeros((1, 12), np.float32)
    middle[0, :3] = 1
    pool = asked()
    both = np.concatenate([middle, pool.features])
    found = score(
        get(name), Pool(both, "exclusive", pool.model, pool.answered, pool.cells, rng=pool.rng)
    )
    assert found[0] > np.quantile(found[1:], 0.9)


def test_only_a_sample_is_shown_to_the_committee(monkeypatch):
    monkeypatch.setattr(committee, "SCORED", 10)
    found = score(get("qbc-kl"), asked())
    assert (found >= 0).sum() == 10
    margins = score(get("margin"), asked())[found < 0]
    assert np.diff(found[found < 0] - margins) == pytest.approx(np.zeros(79), abs=1e-6)

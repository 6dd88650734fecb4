import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from txtal.learning.select import audit_sample, select


def pick(scores, features, size, **rest) -> list[int]:
    return select(
        np.array(scores, np.float32),
        np.array(features, np.float32),
        size,
        rng=np.random.default_rng(0),
        **rest,
    ).tolist()


def test_best_first_and_near_copies_after_the_others():
    features = [[1, 0], [2, 0.01], [0, 1], [1, 1]]  # 1 is a copy of 0 but for its length
    assert pick([0.9, 0.8, 0.7, 0.6], features, 4) == [0, 2, 3, 1]
    assert pick([0.9, 0.8, 0.7, 0.6], features, 3) == [0, 2, 3]
    assert pick([0.9, 0.8, 0.7, 0.6], features, 4, similarity=1.1) == [0, 1, 2, 3]
    assert pick([0.9, 0.8, 0.7, 0.6], features, 4, similarity=0.5) == [0, 2, 1, 3]


def test_ties_are_broken_by_the_generator():
    features = np.eye(20, dtype=np.float32)
    ties = np.ones(20, np.float32)
    drawn = {
        int(select(ties, features, 1, rng=np.random.default_rng(seed))[0]) for seed in range(40)
    }
    assert len(drawn) > 10
    again = [select(ties, features, 20, rng=np.random.default_rng(7)).tolist() for _ in range(2)]
    assert again[0] == again[1]


def test_what_a_strategy_rules_out_is_not_asked():
    assert pick([np.nan, 0.1, -np.inf, 0.2], np.eye(4), 4) == [3, 1]
    assert pick([-np.inf, np.nan], np.eye(2), 2) == []


@given(
    arrays(np.float32, st.integers(0, 30), elements=st.floats(width=32)),
    st.integers(0, 40),
    st.integers(0, 5),
)
def test_rows_are_unique_and_the_first_is_a_top_score(scores, size, seed):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((len(scores), 3)).astype(np.float32)
    chosen = select(scores, features, size, rng=rng)
    known = scores[scores > -np.inf]
    assert len(chosen) == len(set(chosen.tolist())) == min(size, len(known))
    if len(chosen):
        assert scores[chosen[0]] == known.max()


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 3))
def test_an_audit_sample_has_no_repeats(n, size, seed):
    rows = audit_sample(n, size, np.random.default_rng(seed)).tolist()
    assert len(rows) == len(set(rows)) == min(n, size)
    assert all(0 <= row < n for row in rows)


def test_an_audit_sample_is_uniform():
    rng = np.random.default_rng(0)
    counts = np.zeros(10)
    for _ in range(3000):
        counts[audit_sample(10, 3, rng)] += 1
    assert np.abs(counts / 3000 - 0.3).max() < 0.035  # 4 standard errors of 0.0084

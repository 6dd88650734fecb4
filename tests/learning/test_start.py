import numpy as np

from tests.learning.blobs import blobs
from txtal.learning import start
from txtal.learning.start import start_order, start_size


def test_start_size():
    assert [start_size(k) for k in (1, 4, 8, 18, 77, 100, 500)] == [24, 24, 24, 54, 231, 300, 300]


def test_one_of_every_group_and_the_biggest_first():
    x, group = blobs(4, 30)
    keep = np.concatenate([np.flatnonzero(group == g)[: 30 - 5 * g] for g in (3, 1, 0, 2)])
    assert group[keep][start_order(x[keep], 4)].tolist() == [0, 1, 2, 3]


def test_the_nearest_to_the_centre_stands_for_its_group():
    points = np.array([[1, 0.3], [1, 0.0], [1, -0.3], [0.3, 1], [0, 1], [-0.3, 1], [0.1, 1]])
    assert set(start_order(points.astype(np.float32), 2)) in ({1, 4}, {1, 6})


def test_length_does_not_count():
    x, group = blobs(3, 20)
    longer = x * np.linspace(0.1, 50, len(x), dtype=np.float32)[:, None]
    assert sorted(group[start_order(longer, 3)]) == [0, 1, 2]


def test_the_same_arguments_give_the_same_order():
    x, _ = blobs(5, 40, spread=2.0)
    assert start_order(x, 8, seed=3).tolist() == start_order(x, 8, seed=3).tolist()


def test_answered_tickets_are_not_asked_and_their_groups_come_last():
    x, group = blobs(4, 20)
    answered = np.zeros(len(x), bool)
    answered[[0, 20]] = True  # one of group 0, one of group 1
    order = start_order(x, 4, answered=answered)
    assert sorted(group[order][:2]) == [2, 3]
    assert sorted(group[order][2:]) == [0, 1]
    assert not answered[order].any()


def test_answers_outside_the_sample_count_too(monkeypatch):
    monkeypatch.setattr(start, "SAMPLE", 40)
    x, group = blobs(2, 50)
    answered = group == 0
    answered[0] = False
    order = start_order(x, 2, answered=answered)
    assert group[order[0]] == 1


def test_blank_and_broken_rows_are_never_asked():
    x, _ = blobs(2, 5)
    x[0], x[1, 0], x[2, 0] = 0, np.nan, np.inf
    assert not {0, 1, 2} & set(start_order(x, 10).tolist())
    assert len(start_order(np.zeros((3, 4), np.float32), 2)) == 0
    assert len(start_order(np.zeros((0, 4), np.float32), 2)) == 0


def test_answers_to_blank_tickets_alone_say_nothing_of_a_group():
    features = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    answered = np.array([True, False, False])
    assert sorted(start_order(features, 2, answered=answered)) == [1, 2]


def test_few_or_equal_tickets_are_no_trouble(recwarn):
    x, _ = blobs(1, 3)
    assert sorted(start_order(x, 24).tolist()) == [0, 1, 2]
    same = start_order(np.ones((30, 4), np.float32), 5)
    assert 1 <= len(same) <= 5
    assert len(start_order(x, 2, answered=np.ones(3, bool))) == 0
    assert not recwarn.list

"""txtal from Python: what a notebook does, beside what the command line sees of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import txtal
from txtal.api.database import LabelledDataset

TEXTS = [f"the parcel {n} is late" for n in range(8)] + [
    f"thank you, lovely shop {n}" for n in range(8)
]
LABELS = ["delivery"] * 8 + ["praise"] * 8


def said(text: str) -> str:
    return LABELS[TEXTS.index(text)]


@pytest.fixture
def shop(tmp_path: Path) -> LabelledDataset:
    made = txtal.open(tmp_path / "t.db", create=True).create("shop", ["delivery", "praise"])
    made.add(TEXTS)
    return made


def label_all(shop: LabelledDataset) -> None:
    with shop.session("ann", model=False) as session:
        for asked in session:
            session.answer(said(asked.text))


def test_every_public_name_is_there() -> None:
    for name in txtal.__all__:
        assert getattr(txtal, name) is not None


def test_a_database_has_its_datasets_by_name(shop: LabelledDataset) -> None:
    db = txtal.open(shop.path)
    assert (list(db), len(db), "shop" in db) == (["shop"], 1, True)
    with pytest.raises(KeyError):
        db["other"]
    with pytest.raises(txtal.TxtalError):
        txtal.open(shop.path.with_name("none.db"))


def test_what_is_labelled_is_on_disk_and_exported(shop: LabelledDataset, tmp_path: Path) -> None:
    label_all(shop)
    assert {one["text"]: one["label"] for one in shop.answers()} == dict(
        zip(TEXTS, LABELS, strict=True)
    )
    assert shop.export(tmp_path / "out.jsonl").answers == len(TEXTS)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines == shop.answers()
    assert shop.stats()["answers"]["accept"] == len(TEXTS)
    assert shop.ask() is None
    shop.close()


def test_two_sessions_never_have_the_same_ticket(shop: LabelledDataset) -> None:
    seen: list[int] = []
    with shop.session("ann", model=False) as ann, shop.session("bob", model=False) as bob:
        while (mine := ann.ask()) and (theirs := bob.ask()):
            seen += [mine.ticket, theirs.ticket]
            ann.answer(said(mine.text))
            bob.answer(said(theirs.text))
    assert len(seen) == len(set(seen)) == len(TEXTS)


def test_a_ticket_stays_until_it_is_answered_and_comes_back_on_undo(shop: LabelledDataset) -> None:
    with shop.session("ann", model=False) as session:
        first = session.ask()
        assert first == session.ask()
        with pytest.raises(txtal.UsageError, match="no label is called 'x'"):
            session.answer("x")
        with pytest.raises(txtal.UsageError, match="exactly one"):
            session.answer()
        assert shop.answers() == []
        session.ignore()
        session.undo()
        assert first == session.ask()


def test_a_trained_version_predicts(shop: LabelledDataset) -> None:
    with pytest.raises(txtal.UsageError, match="no model yet"):
        shop.predict(["x"])
    label_all(shop)
    trained = shop.train(vectors="lexical@en")
    assert trained.version
    assert [one.number for one in shop.versions()] == [trained.version.number]
    assert [one.labels for one in shop.predict(["parcel is late", "thank you"])] == [
        ("delivery",),
        ("praise",),
    ]
    assert shop.predict([]) == []


def test_the_estimator_goes_where_scikit_learns_go(tmp_path: Path) -> None:
    made = txtal.TxtalClassifier("lexical@en", C=2.0)
    assert clone(made).get_params() == made.get_params()
    assert cross_val_score(made, TEXTS, LABELS, cv=2).min() == 1
    piped = make_pipeline(
        FunctionTransformer(lambda texts: [t.lower() for t in texts]), clone(made)
    )
    assert piped.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1
    fitted = made.fit(TEXTS, LABELS)
    np.testing.assert_allclose(fitted.predict_proba(TEXTS).sum(axis=1), 1, rtol=1e-5)
    fitted.save(tmp_path / "saved")
    loaded = txtal.TxtalClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert loaded.predict(TEXTS).tolist() == LABELS


def test_the_estimator_takes_classes_of_any_kind_and_several_labels() -> None:
    numbers = np.repeat([7, 3], 8)
    assert (
        txtal.TxtalClassifier("lexical@en").fit(TEXTS, numbers).predict(TEXTS).tolist()
        == numbers.tolist()
    )
    several = np.column_stack([numbers == 7, numbers == 3]).astype(int)
    made = txtal.TxtalClassifier("lexical@en").fit(TEXTS, several)
    np.testing.assert_array_equal(made.predict(TEXTS), several)


@pytest.mark.parametrize(
    ("texts", "labels"),
    [("one string", ["a"]), ([1, 2], ["a", "b"]), (["a"], ["a", "b"]), (["a", "b"], ["x", "x"])],
)
def test_the_estimator_refuses_what_it_cannot_learn_from(
    texts: list[str], labels: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        txtal.TxtalClassifier("lexical@en").fit(texts, labels)


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_estimators_unfitted",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learns_own_checks_that_need_no_numbers_pass(check: str) -> None:
    getattr(estimator_checks, check)("TxtalClassifier", txtal.TxtalClassifier("lexical@en"))


def test_tickets_come_in_order_of_loading_with_their_meta(shop: LabelledDataset) -> None:
    assert shop.add([txtal.Record("with meta", {"id": 7}), TEXTS[0]]).added == 1
    found = list(shop.tickets())
    assert [one.text for one in found] == [*TEXTS, "with meta"]
    assert found[-1].meta == {"id": 7}
    assert len(shop) == len(found)


def test_a_frame_has_the_answers_as_rows_where_pandas_is(
    shop: LabelledDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    label_all(shop)
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it weren't installed
    with pytest.raises(txtal.UsageError, match="pandas"):
        shop.answers_frame()
    frames = SimpleNamespace(DataFrame=SimpleNamespace(from_records=list))
    monkeypatch.setitem(sys.modules, "pandas", frames)
    assert shop.answers_frame() == shop.answers()
    monkeypatch.delitem(sys.modules, "pandas")
    pandas = pytest.importorskip("pandas")
    frame = shop.answers_frame(every=True)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["label"]) == [one["label"] for one in shop.answers()]


@pytest.mark.slow
def test_a_session_with_a_model_suggests_what_it_has_learned(shop: LabelledDataset) -> None:
    shop.add([f"the parcel {n} is late once more" for n in range(100, 160)])
    with shop.session("ann", audit=0.0, vectors="lexical") as session:
        for _ in range(12):
            asked = session.ask()
            assert asked is not None
            session.answer("delivery" if "parcel" in asked.text else "praise")
        deadline = time.monotonic() + 60
        while not (asked := session.ask()) or not asked.probabilities:
            assert time.monotonic() < deadline
            session.ignore()
            time.sleep(0.5)
    assert set(asked.probabilities) <= {"delivery", "praise"}
    assert len(asked.suggestion) == 1

"""The classifier to take away: trained, used, and refused once anything in it was changed."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.cli.driving import LABELLED, LABELS, Program
from tests.vectors.sentences import WORDS, make_static
from txtal import load_classifier, tempfiles
from txtal.classifier import classifier
from txtal.errors import ModelError


@pytest.fixture(scope="module")
def trained(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A classifier in ``model``, trained on every sample ticket."""
    folder = tmp_path_factory.mktemp("trained")
    return Program(shutil.copytree(trained_once, folder, dirs_exist_ok=True))


@pytest.fixture
def copy(trained: Program, tmp_path: Path) -> Path:
    """A classifier that may be tampered with."""
    return Path(shutil.copytree(trained.folder / "model", tmp_path / "model"))


def test_predict_gives_each_record_back_with_labels(trained: Program) -> None:
    lines = LABELLED.read_text("utf-8").splitlines()[:60]
    trained.file("some.jsonl", [*lines, "nonsense"])
    ran = trained.ok("predict", "model", "some.jsonl")
    assert "some.jsonl:61: " in ran.err
    assert "predicted 60, 1 bad line" in ran.err
    given = [json.loads(line) for line in lines]
    predicted = [json.loads(line) for line in ran.out.splitlines()]
    right = 0
    for before, after in zip(given, predicted, strict=True):
        assert before.items() <= after.items()
        assert set(after["probabilities"]) == set(LABELS)
        assert after["probability"] == max(after["probabilities"].values())
        assert after["probabilities"][after["predicted"]] == after["probability"]
        right += after["predicted"] == before["label"]
    assert right > 50  # it learned from these very tickets


def test_a_classifier_is_loaded_by_the_folders_name_from_txtal(trained: Program) -> None:
    found = load_classifier(str(trained.folder / "model"))
    assert sorted(found.labels) == sorted(LABELS)


def test_predict_of_a_dataset(trained: Program) -> None:
    ran = trained.quick.ok("predict", "model", "dataset:d")
    assert "predicted 680" in ran.err
    assert len(ran.out.splitlines()) == 680
    assert "no dataset called 'e'" in trained.quick("predict", "model", "dataset:e").complaint


def test_predict_to_a_file_and_strictly(trained: Program) -> None:
    trained.file("bad.jsonl", [{"text": "one"}, "nonsense"])
    ran = trained.quick("predict", "--strict", "model", "bad.jsonl", "-o", "out.jsonl")
    assert "bad.jsonl:2: " in ran.complaint
    assert ran.code == 3
    assert not (trained.folder / "out.jsonl").exists()


def test_nothing_to_train_on(sample: Program) -> None:
    ran = sample.quick("train", "d", "-o", "model", "--vectors", "lexical")
    assert "two kinds" in ran.err.splitlines()[-1]
    assert (ran.code, ran.out) == (1, "")
    assert not (sample.folder / "model").exists()


def test_a_classifier_on_a_sentence_model_wants_that_very_model(fresh: Program) -> None:
    labelled = fresh
    labelled.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:100])
    labelled.quick.ok("load", "d", "some.jsonl", "--answers")
    sentences = make_static(labelled.folder / "sentences")
    spec = f"lexical+sentence={sentences}"
    labelled.quick.ok("train", "d", "-o", "model", "--vectors", spec)
    labelled.file("new.jsonl", [{"text": "Where is my refund?"}])
    ran = labelled.quick.ok("predict", "model", "new.jsonl")
    assert json.loads(ran.out)["predicted"] in LABELS
    make_static(sentences, {word: vector[::-1] for word, vector in WORDS.items()})
    ran = labelled.quick("predict", "model", "new.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert f"another sentence model than the '{sentences}' found here" in ran.err
    shutil.rmtree(sentences)
    ran = labelled.quick("predict", "model", "new.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert f"no sentence model in '{sentences}'" in ran.err


def arrays_of(model: Path) -> Path:
    """The file of arrays in a classifier's folder."""
    (found,) = model.glob("classifier*.npz")
    return found


def swap_labels(model: Path) -> None:
    header = json.loads((model / "classifier.json").read_text())
    header["labels"].reverse()
    (model / "classifier.json").write_text(json.dumps(header))


def change_task(model: Path) -> None:
    header = json.loads((model / "classifier.json").read_text())
    header["task"] = "multilabel"
    (model / "classifier.json").write_text(json.dumps(header))


def flip_a_byte(model: Path) -> None:
    data = bytearray(arrays_of(model).read_bytes())
    data[len(data) // 2] ^= 1
    arrays_of(model).write_bytes(data)


class Payload:
    """What a pickle would do when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.mark,)


def put_a_pickle(model: Path) -> None:
    arrays_of(model).write_bytes(pickle.dumps(Payload(model / "ran")))


def put_pickled_arrays(model: Path) -> None:
    evil = np.array([Payload(model / "ran")], dtype=object)
    with arrays_of(model).open("wb") as file:
        np.savez(file, coef=evil, intercept=evil, trained=evil)


def cut_it_short(model: Path) -> None:
    data = arrays_of(model).read_bytes()
    arrays_of(model).write_bytes(data[: len(data) // 2])


def lose_the_header(model: Path) -> None:
    (model / "classifier.json").unlink()


def lose_the_arrays(model: Path) -> None:
    arrays_of(model).unlink()


def spoil_the_header(model: Path) -> None:
    (model / "classifier.json").write_text('{"format": "txtal classifier", "version": 1}')


def make_it_newer(model: Path) -> None:
    header = json.loads((model / "classifier.json").read_text())
    (model / "classifier.json").write_text(json.dumps({**header, "version": 99}))


def put_one_array(model: Path) -> None:
    with arrays_of(model).open("wb") as file:
        np.save(file, np.zeros(3))


def forge_weights(model: Path) -> None:
    with np.load(arrays_of(model)) as arrays:
        np.savez(arrays_of(model), **{**arrays, "intercept": np.full((2, 2), "x")})


def forge_infinity(model: Path) -> None:
    with np.load(arrays_of(model)) as arrays:
        np.savez(arrays_of(model), **{**arrays, "coef": arrays["coef"] * np.inf})


def forge_header(model: Path, key: str, value: object) -> None:
    header = json.loads((model / "classifier.json").read_text())
    (model / "classifier.json").write_text(json.dumps({**header, key: value}))


FORGERIES: list[Callable[[Path], None]] = [
    put_one_array, forge_weights, forge_infinity,
    *(
        partial(forge_header, key=key, value=value)
        for key, value in [
            ("task", ["binary"]), ("task", "x"), ("labels", [1, 2]), ("labels", ["a", "a"]),
            ("labels", {}), ("labels", []), ("vectoriser", "x"), ("vectoriser", None),
            ("fingerprint", 7),
        ]
    ),
]  # fmt: skip


ALTERATIONS = [
    swap_labels, change_task, flip_a_byte, put_a_pickle, put_pickled_arrays, cut_it_short,
    lose_the_header, lose_the_arrays, spoil_the_header, make_it_newer,
]  # fmt: skip


@pytest.mark.parametrize("alter", ALTERATIONS)
def test_an_altered_classifier_is_refused(copy: Path, alter: Callable[[Path], None]) -> None:
    alter(copy)
    with pytest.raises(ModelError, match=str(copy)):
        classifier.load(copy)
    assert not (copy / "ran").exists()


@pytest.mark.parametrize("alter", [put_a_pickle, put_pickled_arrays, cut_it_short, *FORGERIES])
def test_nothing_in_it_is_executed_even_if_its_sum_is_right(
    copy: Path, alter: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever can change the arrays can change the sum, too.
    said = json.loads((copy / "classifier.json").read_text())["sha256"]
    monkeypatch.setattr(classifier, "_sum", lambda header, arrays: said)
    alter(copy)
    with pytest.raises(ModelError, match=str(copy)):
        classifier.load(copy)
    assert not (copy / "ran").exists()


def test_a_refusal_on_the_command_line(copy: Path, fresh: Program) -> None:
    flip_a_byte(copy)
    ran = fresh.quick("predict", copy, LABELLED)
    assert "altered" in ran.complaint
    assert ran.code == 3


def rewrite(copy: Path, header: dict[str, object]) -> None:
    """With a sum that is right."""
    header = header | {"sha256": ""}
    header["sha256"] = classifier._sum(header, arrays_of(copy).read_bytes())
    (copy / classifier.HEADER).write_text(json.dumps(header))


@pytest.mark.parametrize(
    ("version", "without"),
    [(1, ("unseen", "spread", "arrays")), (2, ("spread", "arrays")), (3, ("arrays",))],
)
def test_a_classifier_of_a_version_before_is_still_read(
    copy: Path, version: int, without: tuple[str, ...]
) -> None:
    """Version 1 had no share for labels that were never answered, 2 no spread of temperatures, and
    up to 3 the arrays had one name."""
    before = classifier.load(copy)
    header = json.loads((copy / classifier.HEADER).read_text())
    assert header["version"] == 4
    header = {name: value for name, value in header.items() if name not in without}
    arrays_of(copy).rename(copy / "classifier.npz")
    rewrite(copy, header | {"version": version})
    after = classifier.load(copy)
    assert after.model.spread == (1 if "spread" in without else before.model.spread)
    assert after.model.unseen == (0 if "unseen" in without else before.model.unseen)
    assert (
        after.predict(["where is my parcel"])[0].labels
        == before.predict(["where is my parcel"])[0].labels
    )


def test_a_saving_that_is_interrupted_at_its_very_end_has_done_its_work(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the header names the new arrays, these stay, whatever happens then."""
    made = classifier.load(copy)
    other = replace(made, model=replace(made.model, intercept=made.model.intercept + 1))
    synced: list[Path] = []

    def interrupted(folder: Path) -> None:
        synced.append(folder)
        if len(synced) == 2:  # the arrays have their name by then, and the header
            raise KeyboardInterrupt

    monkeypatch.setattr(tempfiles, "sync_folder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        classifier.save(other, copy)
    assert np.array_equal(classifier.load(copy).model.intercept, other.model.intercept)


@pytest.mark.parametrize(
    ("name", "value"),
    [("unseen", -0.1), ("unseen", 1.5), ("unseen", "much"), ("spread", 0.5), ("spread", 1e9),
     ("spread", float("nan"))],
)  # fmt: skip
def test_what_can_be_no_share_or_spread_is_refused(copy: Path, name: str, value: object) -> None:
    rewrite(copy, json.loads((copy / classifier.HEADER).read_text()) | {name: value})
    with pytest.raises(ModelError, match="not a whole txtal classifier"):
        classifier.load(copy)

"""The loop by itself: what arrives is predicted or waits, once, wherever a round is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import txtal
from tests.cli.driving import Program
from tests.service.serving import copied, label_of, make
from txtal.classifier import load
from txtal.errors import UsageError
from txtal.store import schema
from txtal.watch.machine import Machine, Round
from txtal.watch.plan import read_plan

CONFIG = """
dataset = "shop"
every = 0.1

[input]
folder = "inbox"
file = "grows.jsonl"
queue = true
quiet = 0

[predict]
output = "predicted"
confidence = 0.95

[train]
answers = 6
if_better = false

[deploy]
folder = "live"
"""

SURE = ["the parcel 77 is late again", "thank you, what a lovely shop 78"]
UNSURE = ["thank you parcel", "parcel thank you"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("watched") / "t.db"
    make(path, answered=16, trained=True)
    with closing(schema.open_database(path)) as conn:
        conn.execute("INSERT INTO setting VALUES (1, 'vectors', '\"lexical\"')")
    return path


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    copied(trained, tmp_path)
    (tmp_path / "watch.toml").write_text(CONFIG)
    return tmp_path


class KilledError(BaseException):
    """In the place of SIGKILL."""


def machine(folder: Path, at: Callable[[str], object] = lambda step: None) -> Machine:
    return Machine(folder / "t.db", read_plan(folder / "watch.toml"), at)


def put(folder: Path) -> None:
    """Have something arrive on every way."""
    (folder / "inbox").mkdir(exist_ok=True)
    lines = "".join(json.dumps({"text": text, "id": text[:3]}) + "\n" for text in SURE + UNSURE)
    (folder / "inbox" / "a.jsonl").write_text(lines)
    grown = "".join(json.dumps({"text": f"{text} grown"}) + "\n" for text in SURE + UNSURE)
    (folder / "grows.jsonl").write_text(grown + '{"text": "half a li')
    txtal.open(folder / "t.db")["shop"].add([f"{text} enqueued" for text in SURE + UNSURE])


def outcome(folder: Path) -> dict[str, Any]:
    """Everything that a watch has made of what arrived, by text."""
    out = [
        json.loads(line)
        for path in sorted((folder / "predicted").glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    return {
        "predicted": sorted(one["text"] for one in out),
        "labels": {one["text"]: one["predicted"] for one in out},
        "tickets": sorted(one.text for one in txtal.open(folder / "t.db")["shop"].tickets()),
        "inbox": sorted(one.name for one in (folder / "inbox").iterdir()),
        "done": sorted(one.name for one in (folder / "inbox" / "done").iterdir()),
    }


def test_what_is_sure_goes_out_and_the_rest_waits(folder: Path) -> None:
    put(folder)
    done = machine(folder).round()
    assert (done.bad, done.problems) == (0, [])
    found = outcome(folder)
    texts = [f"{text}{end}" for text in SURE + UNSURE for end in ("", " grown", " enqueued")]
    for text, said in zip(texts, txtal.open(folder / "t.db")["shop"].predict(texts), strict=True):
        sure = max(said.probabilities.values()) >= 0.95
        assert (text in found["predicted"]) == sure
        assert (text in found["tickets"]) == (not sure or "enqueued" in text)
        assert not sure or found["labels"][text] == said.labels[0]
    assert {*SURE} <= {*found["predicted"]}
    assert not {*UNSURE} & {*found["predicted"]}
    assert found["inbox"] == ["done"]
    machine(folder).round()  # of the queue, what waited
    assert machine(folder).round() == Round()  # nothing is left to do


def test_a_file_that_grows_is_taken_in_line_by_line(folder: Path) -> None:
    grows = folder / "grows.jsonl"
    grows.write_text('{"text": "thank you parcel"}\n{"text": "parcel')
    assert machine(folder).round().waiting >= 1
    with grows.open("a") as opened:
        opened.write(' thank you"}\n')
    assert machine(folder).round().waiting >= 1
    texts = [one.text for one in txtal.open(folder / "t.db")["shop"].tickets()]
    assert texts[-2:] == ["thank you parcel", "parcel thank you"]


def _steps(folder: Path) -> list[str]:
    steps: list[str] = []
    machine(folder, steps.append).round()
    return steps


@pytest.mark.slow
def test_a_round_that_is_killed_at_any_step_is_done_again(trained: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    copied(trained, whole)
    (whole / "watch.toml").write_text(CONFIG)
    put(whole)
    steps = _steps(whole)
    machine(whole).round()
    expected = outcome(whole)
    assert len(steps) >= 12
    for number, step in enumerate(steps):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        copied(trained, folder)
        (folder / "watch.toml").write_text(CONFIG)
        put(folder)
        left = [number]

        def kill(_: str, left: list[int] = left) -> None:
            if not left[0]:
                raise KilledError
            left[0] -= 1

        with pytest.raises(KilledError):
            machine(folder, kill).round()
        machine(folder).round()
        machine(folder).round()
        assert outcome(folder) == expected, step
        assert load(folder / "live").labels == load(whole / "live").labels
        shutil.rmtree(folder)


def test_training_comes_with_enough_answers_and_is_deployed(folder: Path) -> None:
    assert machine(folder).round().deployed == 1
    shop = txtal.open(folder / "t.db")["shop"]
    with shop.session("ann", model=False) as session:
        for asked in session:
            session.answer(label_of(asked.text))
    seen = []
    done = machine(folder, lambda step: seen.append((step, load(folder / "live").labels))).round()
    assert (done.trained, done.deployed, done.problems) == (2, 2, [])
    assert (folder / "live").resolve().name == "2"
    assert {step for step, _ in seen} >= {"train", "copy the version", "exchange the link"}
    assert machine(folder).round() == Round()


def test_a_file_that_cannot_be_read_is_moved_aside_and_told(folder: Path) -> None:
    (folder / "inbox").mkdir()
    (folder / "inbox" / "bad.jsonl").write_bytes(b"\x00\x01nothing\n")
    (folder / "inbox" / "good.jsonl").write_text('{"text": "zzz"}\nno json\n')
    (folder / "inbox" / ".hidden").write_text("x")
    (folder / "inbox" / "link.jsonl").symlink_to("/etc/passwd")
    done = machine(folder).round()
    assert (done.files >= 1, done.bad) == (True, 1)
    assert any("bad" in one for one in done.problems)
    assert [one.name[:4] for one in (folder / "inbox" / "failed").iterdir()] == ["bad-"]
    left = sorted(one.name for one in (folder / "inbox").iterdir() if not one.is_dir())
    assert left == [".hidden", "link.jsonl"]


def test_the_same_name_with_another_content_is_another_file(folder: Path) -> None:
    (folder / "watch.toml").write_text(CONFIG.replace("queue = true", ""))
    (folder / "inbox").mkdir()
    for text in SURE:
        (folder / "inbox" / "a.jsonl").write_text(json.dumps({"text": text}) + "\n")
        machine(folder).round()
    assert outcome(folder)["predicted"] == sorted(SURE)


def test_something_else_in_the_place_of_the_link_is_left_alone(folder: Path) -> None:
    (folder / "live").mkdir()
    done = machine(folder).round()
    assert done.deployed is None
    assert "can't deploy there" in done.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dataset = 1",
        'dataset = "d"\n[input]\nfolders = "x"',
        'dataset = "d"\n[predict]\nconfidence = 2.0',
        'dataset = "d"\n[train]\nanswers = -1',
        'dataset = "d"\n[train]\nanswers = true',
        'dataset = "d"\ninput = 3',
        'dataset = "d"\nmore = 3',
        'dataset = "d"\nevery = 0.0',
        'dataset = "d"\n[predict]\nconfidence = nan',
        'dataset = "d"\n[input]\nfolder = "x"\n[predict]\noutput = "x"',
        "[[[",
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(text)
    with pytest.raises(UsageError):
        read_plan(file)


def test_a_value_that_cannot_be_is_shown_as_the_file_has_it(tmp_path: Path) -> None:
    file = tmp_path / "watch.toml"
    file.write_text('dataset = "d"\n[train]\nanswers = true')
    with pytest.raises(UsageError, match=r"train.answers must be a whole number \(got true\)"):
        read_plan(file)


def test_the_command_does_a_round_and_says_so_by_its_exit_code(folder: Path) -> None:
    put(folder)
    txtal_ = Program(folder).quick
    said = txtal_.json("watch", "watch.toml", "--once", "--json")
    assert said["deployed"] == 1
    assert said["predicted"] >= 6
    (folder / "inbox" / "bad.jsonl").write_bytes(b"\x00\x01nothing\n")
    ran = txtal_("watch", "watch.toml", "--once")
    assert ran.code == 1
    assert "bad.jsonl" in ran.err


@pytest.mark.slow
def test_a_watch_that_is_killed_again_and_again_loses_nothing(folder: Path) -> None:
    put(folder)
    texts = [f"{one} {n}" for n in range(60) for one in SURE + UNSURE]
    environment = {**os.environ, **Program(folder).environ, "TXTAL_DB": str(folder / "t.db")}
    command = [sys.executable, "-P", "-m", "txtal", "watch", str(folder / "watch.toml")]
    for number, start in enumerate(range(0, len(texts), 24)):
        lines = "".join(json.dumps({"text": one}) + "\n" for one in texts[start : start + 24])
        part = folder / "inbox" / f".{number}"
        part.write_text(lines)
        part.rename(folder / "inbox" / f"{number}.jsonl")
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(1.0 + number % 5 * 0.4)  # anywhere in a round, or before it
        process.send_signal(signal.SIGKILL)
        process.wait()
    machine(folder).round()
    found = outcome(folder)
    assert {*texts} <= {*found["predicted"], *found["tickets"]}
    assert len(found["predicted"]) == len({*found["predicted"]})

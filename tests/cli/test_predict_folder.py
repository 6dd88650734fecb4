"""A folder of predictions: a file of each SOURCE, of which only what is new or changed is made."""

from __future__ import annotations

import gzip
import json
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.driving import TICKETS, TXTAL, Program, until
from tests.cli.test_predict import LINES as ALL
from tests.cli.test_predict import program, trained
from txtal.classifier import parts as parts_module
from txtal.formats.folders import shards

__all__ = ["program", "trained"]

NAMES = ["a.jsonl", "b.jsonl", "c.jsonl"]
LINES = ALL[:150]


@pytest.fixture
def sharded(program: Program) -> Program:
    """The sample tickets in three files of ``shards``."""
    (program.folder / "shards").mkdir()
    for number, name in enumerate(NAMES):
        program.file(f"shards/{name}", LINES[number::3])
    return program


def files(folder: Path) -> dict[str, bytes]:
    """What a reader of the folder finds."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name[0] != "."}


def texts(data: bytes) -> list[str]:
    return [json.loads(line)["text"] for line in data.splitlines()]


def test_a_file_of_each_source(sharded: Program) -> None:
    ran = sharded.ok("predict", "model", "shards", "-o", "out/")
    assert ran.err.splitlines()[-1] == f"predicted {len(LINES)}, 0 bad lines"
    made = files(sharded.folder / "out")
    assert sorted(made) == ["part-00000.jsonl", "part-00001.jsonl", "part-00002.jsonl"]
    for number in range(3):
        want = [line["text"] for line in LINES[number::3]]
        assert texts(made[f"part-{number:05}.jsonl"]) == want
    sharded.ok("predict", "model", "shards", "-o", "all.jsonl")
    whole = (sharded.folder / "all.jsonl").read_bytes()
    assert b"".join(made[name] for name in sorted(made)) == whole
    for file in (sharded.folder / "out").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((sharded.folder / "out").stat().st_mode) == 0o700
    assert shards(str(sharded.folder / "out")) == [
        str(sharded.folder / "out" / name) for name in sorted(made)
    ]


def test_only_what_is_new_or_changed_is_made(sharded: Program) -> None:
    out = sharded.folder / "out"
    out.mkdir()
    command = ("predict", "model", "shards/*.jsonl", "-o", "out")
    sharded.ok(*command)
    before = {file: (out / file).stat().st_ino for file in files(out)}
    ran = sharded.ok(*command)
    assert ran.err.splitlines() == ["3 files done already", "predicted 0, 0 bad lines"]
    sharded.file("shards/b.jsonl", [{"text": "changed"}])
    sharded.file("shards/d.jsonl", [{"text": "new"}])
    ran = sharded.ok(*command)
    assert ran.err.splitlines()[-1] == "predicted 2, 0 bad lines"
    after = files(out)
    assert texts(after["part-00001.jsonl"]) == ["changed"]
    assert texts(after["part-00003.jsonl"]) == ["new"]
    same = {name for name, inode in before.items() if (out / name).stat().st_ino == inode}
    assert {"part-00000.jsonl", "part-00002.jsonl"} <= same
    (sharded.folder / "shards" / "d.jsonl").unlink()
    sharded.ok(*command)
    assert set(files(out)) == set(before)


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "parquet"])
def test_forms(sharded: Program, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    sharded.ok("predict", "model", "shards", "-o", "out/", "--format", form)
    sharded.ok("predict", "model", "shards/a.jsonl", "-o", f"a.{form}")
    there = files(sharded.folder / "out")
    assert set(there) == {f"part-{number:05}.{form}" for number in range(3)}
    assert there[f"part-00000.{form}"] == (sharded.folder / f"a.{form}").read_bytes()


def test_the_form_is_the_sources_own(program: Program) -> None:
    program.file("a.jsonl.gz", LINES[:3])
    program.file("b.csv.gz", ["text", "two"])
    program.ok("predict", "model", "a.jsonl.gz", "b.csv.gz", "-o", "packed/")
    assert set(files(program.folder / "packed")) == {"part-00000.jsonl.gz", "part-00001.jsonl.gz"}
    pq = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa

    (program.folder / "in").mkdir()
    for name in "ab":
        pq.write_table(pa.table({"text": [name], "id": [1]}), program.folder / f"in/{name}.parquet")
    program.ok("predict", "model", "in", "-o", "tables/")
    table = pq.read_table(program.folder / "tables")
    assert table.select(["text", "id"]).to_pylist() == [
        {"text": "a", "id": 1},
        {"text": "b", "id": 1},
    ]


def test_empty_sources_have_their_files_too(program: Program) -> None:
    sources = [program.file("none.jsonl", []), program.file("one.jsonl", LINES[:1])]
    program.ok("predict", "model", *sources, sources[0], "-o", "out/")
    made = files(program.folder / "out")
    assert [len(made[name].splitlines()) for name in sorted(made)] == [0, 1, 0]
    program.ok("predict", "model", *sources, "-o", "packed/", "--format", "jsonl.gz")
    assert gzip.decompress(files(program.folder / "packed")["part-00000.jsonl.gz"]) == b""


def test_a_dataset_and_standard_input_are_made_again(program: Program) -> None:
    command = ("predict", "model", "dataset:d", "-", "-o", "out/")
    for _ in range(2):
        ran = program.ok(*command, stdin='{"text": "piped"}\n')
        assert "predicted 681" in ran.err
    assert texts(files(program.folder / "out")["part-00001.jsonl"]) == ["piped"]


def test_bad_lines_are_told_by_their_own_file(sharded: Program) -> None:
    with (sharded.folder / "shards" / "b.jsonl").open("a") as file:
        file.write("{\n")
    ran = sharded.ok("predict", "model", "shards", "-o", "out/")
    number = len(LINES[1::3]) + 1
    assert ran.err.splitlines()[0].startswith(f"shards/b.jsonl:{number}: ")
    ran = sharded("predict", "model", "shards", "-o", "strict/", "--strict")
    assert ran.code == 3
    assert f"shards/b.jsonl:{number}: " in ran.err
    assert set(files(sharded.folder / "strict")) == {"part-00000.jsonl"}  # what was done is done


def test_what_it_refuses(sharded: Program) -> None:
    out = sharded.folder / "out"
    cases: list[tuple[Callable[[], object], tuple[str, ...], str]] = [
        (lambda: None, ("shards", "-o", "shards"), "is an input inside the output folder shards"),
        (lambda: None, ("shards", "-o", "none/out/"), "none/out can't be written: No such file"),
        (lambda: None, ("shards", "-o", "a.jsonl", "--format", "parquet"), "--format is for"),
        (lambda: None, ("shards/*.csv", "-o", "out/"), "is a pattern that fits no file"),
        (out.mkdir, (), ""),
        (
            lambda: (out / "part-00007.parquet").write_bytes(b"mine"),
            ("shards", "-o", "out"),
            "out/part-00007.parquet exists and txtal didn't write it",
        ),
    ]
    for prepare, words, said in cases:
        prepare()
        if words:
            assert said in sharded("predict", "model", *words).complaint
    assert files(out) == {"part-00007.parquet": b"mine"}
    assert set(files(sharded.folder / "shards")) == set(NAMES)


def test_another_classifier_or_form_begins_anew_when_told(sharded: Program) -> None:
    sharded.ok("predict", "model", "shards", "-o", "out/")
    other = ("predict", "model", "shards", "-o", "out/", "--format", "jsonl.gz")
    assert "out was begun with another format; --restart starts over" in sharded(*other).complaint
    sharded.ok(*other, "--restart")
    assert set(files(sharded.folder / "out")) == {f"part-{n:05}.jsonl.gz" for n in range(3)}


@pytest.mark.parametrize("journal", ["", "{", '{"part": 1}\n', '{"maker": 1}\n'])
def test_without_its_journal_nothing_is_touched(sharded: Program, journal: str) -> None:
    sharded.ok("predict", "model", "shards", "-o", "out/")
    (sharded.folder / "out" / parts_module._JOURNAL).write_text(journal)
    before = files(sharded.folder / "out")
    for options in ((), ("--restart",)):
        ran = sharded("predict", "model", "shards", "-o", "out/", *options)
        assert "exists and txtal didn't write it" in ran.complaint
    assert files(sharded.folder / "out") == before


def test_a_line_of_the_journal_that_was_cut_short(sharded: Program) -> None:
    sharded.ok("predict", "model", "shards", "-o", "out/")
    out = sharded.folder / "out"
    before = files(out)
    (out / "part-00002.jsonl").unlink()  # it is written down before it is there
    with (out / parts_module._JOURNAL).open("a") as file:
        file.write('{"part": "part-0')
    ran = sharded.ok("predict", "model", "shards", "-o", "out/")
    assert "2 files done already" in ran.err
    assert files(out) == before


@pytest.mark.slow
def test_after_a_kill_the_same_command_goes_on(trained: Program, tmp_path: Path) -> None:
    here = Program(tmp_path)
    (tmp_path / "shards").mkdir()
    for number in range(4):
        many = [{**line, "n": n} for n in range(20) for line in ALL]
        here.file(f"shards/{number}.jsonl", many)
    model = str(trained.folder / "model")
    here.ok("predict", model, "shards", "-o", "whole/")
    command = [*TXTAL, "predict", model, "shards", "-o", "out/"]
    running = subprocess.Popen(command, cwd=tmp_path, env=here.environ)
    until((tmp_path / "out" / "part-00000.jsonl").exists, "a first file")
    running.send_signal(signal.SIGKILL)
    running.wait()
    made = set(files(tmp_path / "out")) & set(files(tmp_path / "whole"))
    assert made < set(files(tmp_path / "whole"))
    ran = here.ok("predict", model, "shards", "-o", "out/")
    assert "done already" in ran.err
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_what_a_run_left_beside_a_part_that_is_done_goes(trained: Program, tmp_path: Path) -> None:
    here = Program(tmp_path)
    (tmp_path / "shards").mkdir()
    here.file("shards/0.jsonl", ALL)
    model = str(trained.folder / "model")
    here.ok("predict", model, "shards", "-o", "out/")
    whole = files(tmp_path / "out")
    (tmp_path / "out" / "part-00000.jsonl.txtal-part.json").write_text("{}")
    assert "done already" in here.ok("predict", model, "shards", "-o", "out/").err
    assert files(tmp_path / "out") == whole


def test_two_runs_dont_share_a_folder(trained: Program, tmp_path: Path) -> None:
    here = Program(tmp_path)
    command = ["predict", str(trained.folder / "model"), "-", "-o", "out/"]
    with subprocess.Popen(
        [*TXTAL, *command], cwd=tmp_path, env=here.environ, stdin=subprocess.PIPE
    ) as running:
        until((tmp_path / "out" / parts_module._JOURNAL).exists, "a first run")
        assert "another run is writing to out" in here.quick(*command).complaint
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait() == 0


def test_shards_by_pattern_are_loaded_too(sharded: Program) -> None:
    ran = sharded.ok("load", "e", "shards/[ab].jsonl", TICKETS)
    assert ran.err.count("loaded") == 3
    assert sharded.json("stats", "e", "--json")["tickets"] == 680

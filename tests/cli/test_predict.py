"""Predicting streams: any source, any form, in batches, and gone on with after a kill."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, LABELS, TICKETS, TXTAL, Program, until
from txtal.classifier import predict as predicting
from txtal.classifier.classifier import load
from txtal.classifier.encode import JsonLines, form_from
from txtal.classifier.predict import Predicting, Shard, predict, predict_to
from txtal.engine import Local
from txtal.errors import DataError, UsageError
from txtal.formats.source import read
from txtal.types import Record

LINES = [json.loads(line) for line in TICKETS.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def trained(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A classifier in ``model``, and the sample tickets in ``d``."""
    folder = tmp_path_factory.mktemp("predict")
    return Program(shutil.copytree(trained_once, folder, dirs_exist_ok=True))


@pytest.fixture
def program(trained: Program, tmp_path: Path) -> Program:
    """The same, in a folder of its own."""
    shutil.copytree(trained.folder, tmp_path, dirs_exist_ok=True)
    return Program(tmp_path).quick


@pytest.fixture
def work(trained: Program) -> Predicting:
    return Predicting(load(trained.folder / "model"), JsonLines())


def predicted(program: Program, *sources: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.ok("predict", "model", *sources).out.splitlines()]


def left(program: Program) -> list[str]:
    """What lies about besides the result."""
    return sorted(path.name for path in program.folder.glob("*part*"))


class TestTop:
    def test_the_most_probable_labels_alone(self, program: Program) -> None:
        every = predicted(program, TICKETS)
        top = predicted(program, TICKETS, "--top", "2")
        for whole, short in zip(every, top, strict=True):
            assert list(short["probabilities"].items()) == list(whole["probabilities"].items())[:2]
            assert short | {"probabilities": whole["probabilities"]} == whole

    def test_another_top_is_another_run(self, program: Program, work: Predicting) -> None:
        forms = (JsonLines(), JsonLines(top=1), JsonLines(top=2), JsonLines(packed=True, top=2))
        assert [form_from(form.header()) for form in forms] == list(forms)
        made_by = {predicting.maker(Predicting(work.classifier, form))["format"] for form in forms}
        assert len(made_by) == len(forms)

    def test_a_table_has_every_label(self, program: Program) -> None:
        ran = program("predict", "model", TICKETS, "-o", "out.parquet", "--top", "2")
        assert ran.code == 2
        assert "--top is for JSON Lines" in ran.complaint


class TestSources:
    def test_a_dataset(self, program: Program) -> None:
        of_dataset = predicted(program, "dataset:d")
        assert len(of_dataset) == 680
        first = {line["text"]: line for line in predicted(program, TICKETS)}
        for line in of_dataset:
            assert line["probabilities"] == first[line["text"]]["probabilities"]

    def test_a_dataset_that_isnt_there(self, program: Program) -> None:
        ran = program("predict", "model", "dataset:none")
        assert (ran.code, ran.complaint) == (2, "no dataset called 'none'; there are: d")

    def test_shards_are_one_stream(self, program: Program) -> None:
        (program.folder / "shards").mkdir()
        program.file("shards/2.csv", ["text,from", "two,b"])
        program.file("shards/1.jsonl.gz", [{"text": "one"}])
        program.file("shards/notes.md", ["nothing of the kind"])
        lines = predicted(program, "shards", program.file("last.txt", ["three"]))
        assert [line["text"] for line in lines] == ["one", "two", "three"]

    def test_a_shard_that_isnt_there_is_told_before_the_work(self, program: Program) -> None:
        ran = program("predict", "model", TICKETS, "none.jsonl", "-o", "out.jsonl")
        assert (ran.code, ran.complaint) == (3, "none.jsonl: no such file")
        (program.folder / "empty").mkdir()
        assert "no file of tickets in it" in program("predict", "model", "empty").complaint


class TestForms:
    def test_compressed(self, program: Program) -> None:
        program.ok("predict", "model", TICKETS, "-o", "out.jsonl.gz")
        program.ok("predict", "model", TICKETS, "-o", "out.jsonl")
        plain = (program.folder / "out.jsonl").read_bytes()
        assert gzip.decompress((program.folder / "out.jsonl.gz").read_bytes()) == plain
        assert [json.loads(line) for line in plain.splitlines()] == predicted(program, TICKETS)
        assert left(program) == []

    def test_of_nothing(self, program: Program) -> None:
        for name in ("out.jsonl", "out.jsonl.gz"):
            program.ok("predict", "model", program.file("none.jsonl", []), "-o", name)
        assert (program.folder / "out.jsonl").read_bytes() == b""
        assert gzip.decompress((program.folder / "out.jsonl.gz").read_bytes()) == b""

    def test_line_ends_of_other_languages_stay_in_the_line(self, program: Program) -> None:
        text = "one\u2028two\x85three"
        (line,) = program.ok(
            "predict", "model", program.file("a.jsonl", [{"text": text, "big": 2**70}])
        ).out.splitlines()
        assert (json.loads(line)["text"], json.loads(line)["big"]) == (text, 2**70)

    def test_the_file_is_the_users_alone_and_keeps_its_mode(self, program: Program) -> None:
        target = program.folder / "out.jsonl"
        for mode in (0o600, 0o644):
            program.ok("predict", "model", TICKETS, "-o", "out.jsonl")
            assert stat.S_IMODE(target.stat().st_mode) == mode
            target.chmod(0o644)

    def test_no_database_is_overwritten(self, program: Program) -> None:
        assert "is a database" in program("predict", "model", TICKETS, "-o", "t.db").complaint


class TestParquet:
    def test_in_and_out(self, program: Program) -> None:
        pa = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        rows = [{"text": line["text"], "id": n} for n, line in enumerate(LINES)]
        pq.write_table(pa.Table.from_pylist(rows), program.folder / "in.parquet")
        program.ok("predict", "model", "in.parquet", "-o", "out.parquet")
        table = pq.read_table(program.folder / "out.parquet")
        assert table.select(["text", "id"]).to_pylist() == rows
        lines = predicted(program, "in.parquet")
        assert table["predicted"].to_pylist() == [line["predicted"] for line in lines]
        assert lines[3]["meta"] == {"id": 3}
        assert left(program) == []

    def test_loading_it(self, program: Program) -> None:
        pa = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": ["a", "b", ""]}), program.folder / "in.parquet")
        ran = program.ok("load", "e", "in.parquet")
        assert ran.err.splitlines() == [
            "in.parquet:3: 'text' is blank",
            "loaded 2, 0 duplicates, 1 bad line",
        ]

    def test_a_pipe_takes_none(self, program: Program) -> None:
        pytest.importorskip("pyarrow")
        os.mkfifo(program.folder / "pipe.parquet")
        ran = program("predict", "model", TICKETS, "-o", "pipe.parquet")
        assert (ran.code, ran.complaint) == (
            2, "pipe.parquet isn't a file: Parquet can't be written there",
        )  # fmt: skip


class Stopping(Local):
    """An engine whose user presses Ctrl-C after so many batches."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def map(self, work: Any, batches: Iterable[Any]) -> Iterator[Any]:
        for number, result in enumerate(super().map(work, batches)):
            if number == self.batches:
                raise KeyboardInterrupt
            yield result


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "RECORDS", 7)
    monkeypatch.setattr(predicting, "_COMMITTED", 0.0)


def to_file(
    target: Path, work: Predicting, given: Iterable[Record], engine: Local, **options: Any
) -> int:
    """One shard, ``x``."""
    return predict_to([Shard("x", lambda: given, target)], work, engine, **options)


COUNT = 150


def records() -> Iterator[Record]:
    return islice(read(TICKETS, lambda bad: None), COUNT)


@pytest.mark.usefixtures("_small")
class TestGoingOn:
    @pytest.mark.parametrize("form", [JsonLines(), JsonLines(packed=True)], ids=["plain", "packed"])
    def test_the_result_is_that_of_one_run(
        self, work: Predicting, tmp_path: Path, form: JsonLines
    ) -> None:
        work = Predicting(work.classifier, form)
        whole, stopped = tmp_path / "whole", tmp_path / "out"
        to_file(whole, work, records(), Local())
        said: list[str] = []
        for batches in (3, 0, 10):
            with pytest.raises(KeyboardInterrupt):
                to_file(stopped, work, records(), Stopping(batches), say=said.append)
            assert not stopped.exists()
            with (tmp_path / "out.txtal-part").open("ab") as part:
                part.write(b"cut sh")  # what a kill in the middle of a write leaves
        count = to_file(stopped, work, records(), Local(), say=said.append)
        assert count == COUNT
        assert stopped.read_bytes() == whole.read_bytes()
        assert said[0] == "21 are done; the same command continues from there"
        assert said[-1] == "continuing after 91 that are done"
        assert {path.name for path in tmp_path.iterdir()} == {"whole", "out"}

    def test_a_source_that_grew_is_gone_on_with(self, work: Predicting, tmp_path: Path) -> None:
        more = [*records(), Record("one more")]
        with pytest.raises(KeyboardInterrupt):
            to_file(tmp_path / "out", work, records(), Stopping(4))
        assert to_file(tmp_path / "out", work, more, Local()) == len(more)

    def test_a_source_that_changed_is_refused(self, work: Predicting, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            to_file(tmp_path / "out", work, records(), Stopping(4))
        for changed in (
            [Record("another"), *list(records())[1:]],
            list(records())[:20],
            [Record(one.text, one.meta, {"new": 1}) for one in records()],
        ):
            with pytest.raises(DataError, match=r"x has changed since .*--restart"):
                to_file(tmp_path / "out", work, changed, Local())
        again = to_file(tmp_path / "out", work, changed, Local(), restart=True)
        assert again == COUNT

    def test_or_is_begun_anew(self, work: Predicting, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            to_file(tmp_path / "out", work, records(), Stopping(4))
        changed = [Record("another"), *list(records())[1:]]
        shard = Shard("x", lambda: changed, tmp_path / "out", anew=True)
        to_file(tmp_path / "whole", work, changed, Local())
        assert predict_to([shard], work, Local()) == len(changed)
        assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()

    def test_a_shard_that_cant_be_read_keeps_no_other_from_its_end(
        self, work: Predicting, tmp_path: Path
    ) -> None:
        def broken() -> Iterator[Record]:
            yield Record("one")
            raise DataError("b.jsonl is damaged")

        shards = [
            Shard("a", records, tmp_path / "a"),
            Shard("b", broken, tmp_path / "b"),
        ]
        with pytest.raises(DataError, match="damaged"):
            predict_to(shards, work, Local())
        assert {path.name for path in tmp_path.iterdir()} == {"a"}

    def test_what_is_done_of_all_shards_is_told(self, work: Predicting, tmp_path: Path) -> None:
        shards = [Shard(name, records, tmp_path / name) for name in "ab"]
        said: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            predict_to(shards, work, Stopping(-(-COUNT // 7) + 2), say=said.append)
        assert said == [f"{COUNT + 14:,} are done; the same command continues from there"]

    def test_another_form_or_classifier_is_refused(self, work: Predicting, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            to_file(tmp_path / "out", work, records(), Stopping(4))
        with pytest.raises(UsageError, match="another format"):
            to_file(tmp_path / "out", Predicting(work.classifier, JsonLines(True)), [], Local())
        work.classifier.model.intercept[0] += 1
        with pytest.raises(UsageError, match="another classifier"):
            to_file(tmp_path / "out", work, records(), Local())
        assert (tmp_path / "out.txtal-part").exists()

    def test_two_runs_dont_share_a_file(self, work: Predicting, tmp_path: Path) -> None:
        def tickets() -> Iterator[Record]:
            yield from records()
            with pytest.raises(UsageError, match="another run is writing"):
                to_file(tmp_path / "out", work, [], Local())

        assert to_file(tmp_path / "out", work, tickets(), Local()) == COUNT

    def test_a_damaged_journal_is_no_journal(self, work: Predicting, tmp_path: Path) -> None:
        for journal in ("", "{", "[]", '{"mark": {"size": "x"}, "maker": {}}', '{"maker": 1}'):
            (tmp_path / "out.txtal-part.json").write_text(journal)
            assert to_file(tmp_path / "out", work, records(), Local()) == COUNT

    def test_no_more_than_a_batch_is_in_memory(self, work: Predicting) -> None:
        seen = done = 0

        def counted() -> Iterator[Record]:
            nonlocal seen
            for seen, record in enumerate(records(), start=1):  # noqa: B007
                yield record

        def write(text: str) -> None:
            nonlocal done
            done += text.count("\n")
            assert seen - done <= 1

        assert predict(work, counted(), Local(), write) == done == COUNT

    def test_long_texts_make_small_batches(self, work: Predicting) -> None:
        sizes: list[int] = []
        long = Record("many words " * 100_000)
        predict(work, [long] * 5, Local(), lambda text: sizes.append(text.count("\n")))
        assert sizes == [2, 2, 1]


def test_standard_input_leaves_nothing_to_go_on_with(program: Program) -> None:
    ran = program("predict", "model", "-", "-o", "out.jsonl", "--strict", stdin='{"text":"a"}\nx\n')
    assert ran.code == 3
    assert list(program.folder.glob("out*")) == []


@pytest.mark.slow
def test_after_a_kill_the_same_command_goes_on(trained: Program, tmp_path: Path) -> None:
    here, model = Program(tmp_path), str(trained.folder / "model")
    many = here.file("many.jsonl", [{**line, "n": n} for n in range(60) for line in LINES])
    here.ok("predict", model, many, "-o", "whole.jsonl.gz")
    command = [*TXTAL, "predict", model, str(many), "-o", "out.jsonl.gz"]
    journal = tmp_path / "out.jsonl.gz.txtal-part.json"
    running = subprocess.Popen(command, cwd=tmp_path, env=here.environ)
    until(journal.exists, "a commit")
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "out.jsonl.gz").exists()
    ran = here.ok("predict", model, many, "-o", "out.jsonl.gz")
    assert "continuing after" in ran.err
    assert f"predicted {60 * len(LINES):,}, 0 bad lines" in ran.err
    whole, made = (tmp_path / name for name in ("whole.jsonl.gz", "out.jsonl.gz"))
    assert made.read_bytes() == whole.read_bytes()
    assert not journal.exists()


def test_without_the_extra_parquet_says_how_to_get_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (program.folder / "a.parquet").write_bytes(b"PAR1")
    for words in (
        ["load", "e", "a.parquet"],
        ["predict", "model", "a.parquet"],
        ["predict", "model", str(LABELLED), "-o", "out.parquet"],
    ):
        ran = program(*words)
        assert ran.complaint.endswith("isn't installed: pip install 'txtal[parquet]'")
        assert ran.code == 2
    assert list(program.folder.glob("out*")) == []


def test_labels_are_the_schemes(program: Program) -> None:
    assert set(predicted(program, TICKETS)[0]["probabilities"]) == set(LABELS)

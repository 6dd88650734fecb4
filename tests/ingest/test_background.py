"""A file loaded behind a session: what comes of it, whatever is in the way."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal.errors import DataError
from txtal.ingest import background
from txtal.ingest.background import load_behind
from txtal.ingest.protocol import LoadJob, dump_job, dump_news, load_job, load_news
from txtal.store import datasets, schema, tickets
from txtal.store.load_lock import is_loading, loading_lock
from txtal.store.sqlite import Connection, transaction
from txtal.types import Loading

TEXTS = [f"ticket {n % 40}" for n in range(50)]
"""Of which ten are there twice."""


class Behind:
    """A file, the dataset it is loaded into, and what the loader says."""

    def __init__(self, path: Path, conn: Connection) -> None:
        self.path, self.conn = path, conn
        self.source = path.with_name("t.jsonl")
        self.told: list[Loading] = []
        self.then: Callable[[Loading], None] = lambda news: None
        self.write([json.dumps({"text": text}) for text in TEXTS])

    def write(self, lines: list[str]) -> None:
        self.source.write_text("".join(f"{line}\n" for line in lines))

    def load(self, source: Path | None = None, added: int = 0) -> Loading:
        load_behind(LoadJob(str(self.path), "d", str(source or self.source), added), self._tell)
        return self.told[-1]

    def _tell(self, news: Loading) -> None:
        self.told.append(news)
        self.then(news)

    @property
    def texts(self) -> list[str]:
        dataset = datasets.get(self.conn, "d")
        return [record.text for record in tickets.records(self.conn, dataset.id)]


@pytest.fixture
def behind(
    path: Path, conn: Connection, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> Behind:
    monkeypatch.setattr(background, "PART", 7)
    monkeypatch.setattr(background, "TELL_SECONDS", 0)
    make_dataset([])
    return Behind(path, conn)


def test_all_of_it_is_loaded_in_the_files_order(behind: Behind) -> None:
    last = behind.load()
    assert behind.texts == TEXTS[:40]
    assert last == Loading("done", 40, 1.0, 0, (), "loaded 40, 10 duplicates, 0 bad lines")
    assert [news.added for news in behind.told[:-1]] == [7, 14, 21, 28, 35, 40, 40, 40]
    assert {news.state for news in behind.told[:-1]} == {"loading"}


def test_what_was_loaded_before_counts_as_loaded(
    behind: Behind, conn: Connection, make_dataset: MakeDataset
) -> None:
    make_dataset(TEXTS[:5])
    assert behind.load(added=5).detail == "loaded 40, 10 duplicates, 0 bad lines"
    assert behind.load().detail == "loaded 0, 50 duplicates, 0 bad lines"


def test_bad_lines_are_told_as_they_come_and_the_rest_is_loaded(behind: Behind) -> None:
    lines = [json.dumps({"text": text}) for text in TEXTS]
    behind.write([*lines[:20], "{", *lines[20:], *["[]"] * 30])
    last = behind.load()
    assert behind.texts == TEXTS[:40]
    assert (last.bad, len(last.bad_lines)) == (31, 20)
    assert last.bad_lines[0].startswith(f"{behind.source}:21: invalid JSON")
    assert last.detail == "loaded 40, 10 duplicates, 31 bad lines"
    assert 1 in [news.bad for news in behind.told]


@pytest.mark.parametrize("name", ["t.jsonl.gz", "t.csv", "t.txt"])
def test_any_kind_of_file(behind: Behind, name: str) -> None:
    source = behind.path.with_name(name)
    if name.endswith(".gz"):
        source.write_bytes(gzip.compress(behind.source.read_bytes()))
    else:
        source.write_text("text\n" * name.endswith(".csv") + "\n".join(TEXTS))
    assert behind.load(source).state == "done"
    assert behind.texts == TEXTS[:40]


def test_a_file_that_cant_be_read_on_says_what_is_loaded(behind: Behind) -> None:
    source = behind.path.with_name("t.jsonl.gz")
    packed = gzip.compress(behind.source.read_bytes())
    source.write_bytes(packed[: len(packed) // 2])
    last = behind.load(source)
    assert (last.state, last.bad) == ("done", 1)  # as `txtal load` has it
    assert "cut short or damaged" in last.bad_lines[0]


def test_an_error_has_its_own_exit_code(behind: Behind) -> None:
    last = behind.load(behind.path.with_name("gone.jsonl"), added=3)
    assert (last.state, last.exit_code) == ("failed", DataError.exit_code)
    assert "no such file; 3 tickets of" in last.detail


def test_it_waits_for_whoever_writes(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    real = schema.open_database
    monkeypatch.setattr(schema, "open_database", lambda path: real(path, busy_seconds=0))
    tried = 0
    real_add = tickets.add_some

    def add_some(*of: object) -> tickets.Loaded:
        nonlocal tried
        tried += 1
        if tried > 3 and behind.conn.in_transaction:
            behind.conn.execute("ROLLBACK")
        return real_add(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(tickets, "add_some", add_some)
    behind.conn.execute("BEGIN IMMEDIATE")
    assert behind.load().state == "done"
    assert tried > 4
    assert behind.texts == TEXTS[:40]


@pytest.mark.parametrize("part", range(6))
def test_stopped_after_any_part_the_next_run_completes_it(behind: Behind, part: int) -> None:
    def stop(news: Loading) -> None:
        if len(behind.told) == part + 1:
            raise KeyboardInterrupt

    behind.then = stop
    with pytest.raises(KeyboardInterrupt):
        behind.load()
    behind.conn.execute("BEGIN")  # an answer's transaction is never in the way of it
    behind.conn.execute("COMMIT")
    behind.then = lambda news: None
    behind.load()
    assert behind.texts == TEXTS[:40]
    assert list(tickets.ids_after(behind.conn, 1)) == list(range(1, 41))


def test_while_it_loads_others_know_and_one_follows_the_other(behind: Behind) -> None:
    name = datasets.cache_name(behind.conn, 1)
    assert not is_loading(behind.path, name)
    known: list[bool] = []
    behind.then = lambda news: known.append(is_loading(behind.path, name))
    behind.load()
    assert known[:-1] == [True] * (len(known) - 1)
    assert not is_loading(behind.path, name)
    with loading_lock(behind.path, name):
        assert is_loading(behind.path, name)


def test_an_answer_is_never_kept_waiting_for_more_than_a_part(behind: Behind) -> None:
    with closing(schema.open_database(behind.path, busy_seconds=0)) as other:

        def write(news: Loading) -> None:
            with transaction(other):
                other.execute("UPDATE dataset SET created = created")

        behind.then = write
        assert behind.load().state == "done"


def test_jobs_and_news_cross_the_pipe() -> None:
    job = LoadJob("ü.db", "d", "t.jsonl", 7)
    assert load_job(dump_job(job)) == job
    news = Loading("failed", 7, 0.5, 2, ("t.jsonl:3: «bad»",), "why", 3)
    assert load_news(dump_news(news)) == news

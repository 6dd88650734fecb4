"""Loading: once each, all or nothing, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from txtal.errors import UsageError
from txtal.store import checksums, datasets, schema, tickets
from txtal.store.sqlite import Connection, transaction
from txtal.types import Dataset, Record


def test_duplicates_are_counted_within_and_across_loads(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset([])
    first = tickets.add(conn, dataset.id, [Record("a"), Record("b"), Record("a")])
    again = tickets.add(conn, dataset.id, [Record("b"), Record("c")])
    assert (first.added, first.duplicates) == (2, 1)
    assert (again.added, again.duplicates) == (1, 1)
    assert tickets.count(conn, dataset.id) == 3


def test_the_same_text_is_another_ticket_in_another_dataset(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    one, two = make_dataset(["a"], name="one"), make_dataset(["a"], name="two")
    assert tickets.find(conn, one.id, "a") != tickets.find(conn, two.id, "a")


def test_nothing_is_added_when_the_source_fails_midway(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset([])

    def failing() -> Iterator[Record]:
        for number in range(2500):
            yield Record(f"ticket {number}")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        tickets.add(conn, dataset.id, failing())
    assert tickets.count(conn, dataset.id) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    meta=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()),
)
def test_what_goes_in_comes_out(
    conn: Connection, make_dataset: Callable[..., Dataset], text: str, meta: dict[str, int]
) -> None:
    dataset = make_dataset([])
    tickets.add(conn, dataset.id, [Record(text, meta, {"id": "007"})])
    found = tickets.find(conn, dataset.id, text)
    assert found is not None
    ticket = tickets.get(conn, found)
    assert ticket.text == text
    assert ticket.extra == {"id": "007"}
    assert tickets.texts(conn, [found, found]) == [text, text]


def test_what_a_ticket_does_not_have_is_null(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    tickets.add(conn, make_dataset([]).id, [Record("a"), Record("b", {"n": 1}, {"x": ""})])
    rows = conn.execute("SELECT meta, extra FROM ticket ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(None, None), ('{"n":1}', '{"x":""}')]


_JSON = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.integers(1), st.integers(-(2**63), 2**63 - 1), _JSON, _JSON)
def test_the_sum_of_a_new_ticket_is_the_one_verify_looks_for(
    dataset_id: int, known: int, meta: str | None, extra: str | None
) -> None:
    assert checksums.ticket_sum(dataset_id, known, meta, extra) == checksums.content_hash(
        dataset_id, known, meta, extra
    )


def test_a_scheme_grows_but_never_changes_its_task_under_answers(conn: Connection) -> None:
    first = datasets.prepare(conn, "d", [("spam", "")])
    assert first.scheme.task == "binary"
    grown = datasets.prepare(conn, "d", [("ham", ""), ("spam", "")], "exclusive")
    assert [label.name for label in grown.scheme.labels] == ["spam", "ham"]
    assert grown.scheme.labels[0].id == first.scheme.labels[0].id
    with pytest.raises(UsageError, match="one label, not 2"):
        datasets.prepare(conn, "d", [], "binary")


def test_an_unknown_dataset_names_those_there_are(conn: Connection) -> None:
    datasets.prepare(conn, "bank")
    with pytest.raises(UsageError, match="bank"):
        datasets.get(conn, "bonk")


def test_a_few_at_a_time_come_to_the_same(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    one, two = make_dataset([], name="one"), make_dataset([], name="two")
    records = [Record(text, {"n": "1"}) for text in ("a", "b", "a", "c", "b", "d")]
    whole = tickets.add(conn, one.id, records)
    parts = [tickets.add_some(conn, two.id, records[i : i + 2]) for i in (0, 2, 4)]
    assert sum(part.added for part in parts) == whole.added == 4
    assert sum(part.duplicates for part in parts) == whole.duplicates == 2
    assert list(tickets.records(conn, one.id)) == list(tickets.records(conn, two.id))


def test_what_is_there_already_takes_no_lock(
    conn: Connection, path: Path, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset(["a", "b"])
    with closing(schema.open_database(path, busy_seconds=0)) as other, transaction(conn):
        assert tickets.add_some(other, dataset.id, [Record("a")]) == tickets.Loaded(0, 1)


def test_the_range_of_ids_is_the_datasets_own(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    assert tickets.id_range(conn, make_dataset([], name="empty").id) == (0, 0)
    first, second = make_dataset(["a", "b"], name="one"), make_dataset(["a", "c"], name="two")
    assert tickets.id_range(conn, first.id) == (1, 2)
    assert tickets.id_range(conn, second.id) == (3, 4)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM ticket WHERE dataset_id = 1 AND id > 7 ORDER BY id",
        "SELECT id FROM ticket WHERE dataset_id = 1 ORDER BY id DESC LIMIT 1",
    ],
)
def test_no_question_sorts_the_pool(conn: Connection, query: str) -> None:
    plan = " ".join(row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "COVERING INDEX ticket_dataset" in plan
    assert "TEMP B-TREE" not in plan


def test_a_sample_is_of_the_whole_dataset_and_stays_as_it_is(
    conn: Connection, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset([f"ticket {number}" for number in range(2_000)])
    sample = tickets.sample(conn, dataset.id, 400)
    assert len(set(sample)) == 400
    assert sample == tickets.sample(conn, dataset.id, 400)
    assert set(tickets.sample(conn, dataset.id, 100)) < set(sample)
    ids = tickets.ids_after(conn, dataset.id)
    of_quarters = [len({*sample} & {*ids[begin : begin + 500]}) for begin in range(0, 2_000, 500)]
    assert min(of_quarters) > 70  # 100 each in the mean
    assert tickets.sample(conn, dataset.id + 1, 400) == []
    assert len(tickets.sample(conn, dataset.id, 5_000)) == 2_000

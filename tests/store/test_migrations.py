"""Files of every age become today's, and will become tomorrow's."""

from __future__ import annotations

import re
import runpy
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pytest

from tests.cli.driving import Program
from tests.store import old_databases
from txtal.store import answers, checksums, labels, migrations, schema
from txtal.store.migrations import MIGRATIONS
from txtal.store.sqlite import Connection, open_file
from txtal.store.verify import verify

FROZEN = {
    "m001_tables": "c17031a718658b20",
    "m002_sums": "a3ccd3a8928eb2df",
    "m003_ticket_dataset": "019d92c254437f41",
    "m004_ratings": "c9b2405a963c94ab",
    "m005_measures": "c728fd41c854e89e",
    "m006_stream": "db69c00803efeec1",
    "m007_overlap": "d8600e6f2aa02173",
    "m008_synthetic": "14ce1a3c6e8671cd",
    "m009_commit_mark": "aaab376331e56124",
    "m010_settings": "b7a3e17896c043e9",
    "m011_removed": "d30b8233a229adaa",
    "m012_headline": "c8048d5c74ed6d71",
    "m013_votes": "6d6d34022ad4e943",
    "m014_predictions": "1f13e309dcf452bc",
    "m015_service": "34c252c85517aa2d",
    "m016_hooks": "a044409a1500e2eb",
    "m017_outbox": "fca81f4edb68ab29",
}
"""What each migration's text hashes to. Add a row for a new one; never change one."""

SCHEMAS = sorted(old_databases.COMMITS)


def test_a_migration_that_was_released_is_never_changed() -> None:
    assert {name: _digest(statements) for name, statements in MIGRATIONS.items()} == FROZEN


def _digest(statements: Sequence[str]) -> str:
    return blake2b("\0".join(statements).encode(), digest_size=8).hexdigest()


@pytest.mark.parametrize("old", SCHEMAS)
def test_a_file_of_every_released_schema_is_opened_whole(path: Path, old: int) -> None:
    conn = _opened(old_databases.unpack(old, path))
    assert _made_by(conn) == _made_by(_opened(path.with_name("new.db")))
    assert verify(conn).faults == ()
    names = labels.names(conn, 1)
    said = [[names[label] for label in one.labels] for one in answers.standing(conn, 1)]
    # The last two were asked by the model, in an order of its own.
    assert said[:6] == [["refund"], ["praise"], ["refund"], ["praise"], ["praise"], ["refund"]]
    assert len(said) == 8
    assert answers.newest(conn, 1) == 10


@pytest.mark.parametrize("old", SCHEMAS)
def test_a_file_of_every_released_schema_is_answered_and_exported(tmp_path: Path, old: int) -> None:
    txtal = Program(tmp_path).quick
    old_databases.unpack(old, tmp_path / "t.db")
    assert "9 of 24" in txtal.ok("manual", "d", "--plain", stdin="1\n").out
    rows = txtal.exported()
    assert len(rows) == 9
    assert [row["comment"] for row in rows if row.get("comment")] == ["first"]
    assert txtal.json("stats", "d", "--json")["strategy"] is not None
    assert txtal.ok("verify")
    if old >= old_databases.VOTES:
        assert re.search(r"^money back +12 ", txtal.ok("rules", "d").out, re.M)
    if old >= old_databases.TOKENS:
        assert "bob" in txtal.ok("token", "list").out
    assert (tmp_path / f"t.db.schema{old}.bak").exists() == (old < schema.VERSION)


def _opened(path: Path) -> Connection:
    return schema.open_database(path, create=True)


def _made_by(conn: Connection) -> dict[str, str]:
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {row["name"]: row["sql"] for row in rows}


# --- a column that a later version adds -----------------------------------------------------------

_SURE = (
    "content_hash(id, dataset_id, ticket_id, session_id, CAST(annotator AS BLOB),"
    " CAST(verdict AS BLOB), undoes, CAST(labels AS BLOB), CAST(suggestion AS BLOB),"
    " CAST(probabilities AS BLOB), CAST(reason AS BLOB), score, selection_probability,"
    " revision_id, shown, answered, flagged, CAST(comment AS BLOB), sure)"
)
_BEFORE = checksums.ANSWER

LATER = (
    "ALTER TABLE answer ADD COLUMN sure INTEGER",
    f"UPDATE answer SET sum = {_SURE} WHERE sum = {_BEFORE}",
    "ALTER TABLE dataset ADD COLUMN colour TEXT NOT NULL DEFAULT ''",
    "DROP INDEX dataset_whole",
    "CREATE INDEX dataset_whole ON dataset (name, task, created, colour)",
)


def _become_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the program what its next version would be, with a column more that has a sum."""
    monkeypatch.setattr(checksums, "ANSWER", _SURE)
    loaded = runpy.run_path(migrations.__file__)["MIGRATIONS"]  # as by a process that starts then
    monkeypatch.setattr(schema, "MIGRATIONS", {**loaded, "m999_sure": LATER})
    monkeypatch.setattr(schema, "VERSION", len(loaded) + 1)


def test_a_later_version_makes_the_same_of_a_new_file_and_of_every_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _become_later(monkeypatch)
    new = _opened(tmp_path / "new.db")
    made = _made_by(new)
    assert "sure INTEGER" in made["answer"]
    assert verify(new).faults == ()
    for old in SCHEMAS:
        conn = _opened(old_databases.unpack(old, tmp_path / f"schema{old}.db"))
        assert _made_by(conn) == made, old
        assert verify(conn).faults == (), old
        assert len(answers.standing(conn, 1)) == 8


def test_a_later_version_doesnt_bless_an_answer_that_was_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_file(old_databases.unpack(8, path))) as conn:
        conn.execute("UPDATE answer SET verdict = 'reject' WHERE id = 3")
    _become_later(monkeypatch)
    assert verify(_opened(path)).faults == ("answer 3: it changed since it was given",)

"""Backing up and restoring: whole, verified, and never over something else."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from txtal.errors import DatabaseError, LockedError, UsageError
from txtal.store import answers, backup, cache_folder, datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import APPLICATION_ID, Connection, sqlite
from txtal.types import Answer, Dataset, LabelChange, Ranked, Ranking, Record, Revision

Make = Callable[..., Dataset]


@pytest.fixture
def ledger(path: Path, conn: Connection, make_dataset: Make) -> StoreLedger:
    """A session that goes on, with one answer."""
    session = StoreLedger(conn, path, make_dataset(["a", "b", "c"]), annotator="ann")
    session.record(Answer(1, "accept", (1,)))
    return session


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def standing(path: Path) -> list[int]:
    with closing(schema.open_readonly(path)) as conn:
        return [answer.ticket_id for answer in answers.standing(conn, 1)]


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_backup_is_whole_private_and_alone(ledger: StoreLedger, path: Path, target: Path) -> None:
    found = backup.back_up(path, target)
    assert (found.tickets, found.answers, found.faults) == (3, 1, ())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    ledger.record(Answer(2, "accept", (1,)))
    assert standing(target) == [1]
    assert files(path.parent) - {"txtal.db-wal", "txtal.db-shm"} == {"txtal.db", "backup.db"}


def test_an_older_backup_is_replaced(ledger: StoreLedger, path: Path, target: Path) -> None:
    backup.back_up(path, target)
    ledger.record(Answer(2, "accept", (1,)))
    backup.back_up(path, target)
    assert standing(target) == [1, 2]


@pytest.mark.parametrize("content", [b"my thesis", b"SQLite format 3\0"])
def test_nothing_else_is_replaced(
    ledger: StoreLedger, path: Path, target: Path, content: bytes
) -> None:
    target.write_bytes(content)
    with pytest.raises(UsageError, match="replaces nothing but"):
        backup.back_up(path, target)
    for wrong in (path, path.parent, Path("/dev/null")):
        with pytest.raises(UsageError):
            backup.back_up(path, wrong)
    assert target.read_bytes() == content
    assert files(path.parent) - {"txtal.db-wal", "txtal.db-shm"} == {"txtal.db", "backup.db"}


def test_a_backup_in_use_is_not_replaced(ledger: StoreLedger, path: Path, target: Path) -> None:
    # A log beside it belongs to the file it was made for, and would damage the new one.
    backup.back_up(path, target)
    with closing(schema.open_database(target)) as conn:
        if conn.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            pytest.skip("this machine's SQLite can't use WAL safely")
        datasets.names(conn)
        with pytest.raises(LockedError, match="another process"):
            backup.back_up(path, target)
    backup.back_up(path, target)


def test_damage_is_not_copied_over_a_good_backup(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    backup.back_up(path, target)
    before = target.read_bytes()
    ledger.file.conn.execute("UPDATE ticket SET text = 'x' WHERE id = 1")
    with pytest.raises(DatabaseError, match="damaged"):
        backup.back_up(path, target)
    assert target.read_bytes() == before


def test_restoring_brings_back_and_keeps_what_was_there(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    backup.back_up(path, target)
    ledger.record(Answer(2, "accept", (1,)))
    cache_folder(path).mkdir()
    found, kept = backup.restore(target, path)
    assert found.answers == 1
    assert standing(path) == [1]
    assert kept is not None
    assert standing(kept) == [1, 2]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not cache_folder(path).exists()
    assert backup.restore(kept, path)[1] != kept
    assert standing(path) == [1, 2]


def test_a_session_that_ran_through_a_restore_records_nothing(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    backup.back_up(path, target)
    backup.restore(target, path)
    late = StoreLedger(ledger.file.conn, path, ledger.dataset, annotator="bob")
    assert late.file.session_id > ledger.file.session_id
    ranking = Ranking(Revision(0, 0, 0.0, "x", "margin"), (Ranked(2),))
    for write in (
        lambda: ledger.record(Answer(2, "accept", (1,))),
        ledger.undo,
        ledger.tickets.take_next,
        lambda: ledger.save_ranking(ranking),
        lambda: ledger.record_alike(Answer(1, "accept", (1,)), [2, 3]),
        lambda: ledger.change_labels(LabelChange("add", name="new")),
        lambda: ledger.tickets.hold(2),
    ):
        with pytest.raises(DatabaseError, match="restored from a backup"):
            write()
    assert standing(path) == [1]
    assert late.tickets.take_next() == 2


def test_a_database_of_another_origin_is_restored(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    with closing(schema.open_database(target, create=True)) as conn:
        dataset = datasets.prepare(conn, "theirs", [("x", "")])
        tickets.add(conn, dataset.id, [Record("theirs")])
    backup.restore(target, path)
    with pytest.raises(DatabaseError, match="restored"):
        ledger.record(Answer(1, "accept", (1,)))
    assert datasets.names(ledger.file.conn) == ["theirs"]


def test_a_session_whose_dataset_is_no_longer_there_is_told(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    schema.open_database(target, create=True).close()
    backup.restore(target, path)
    with pytest.raises(DatabaseError, match="quit"):
        ledger.new_scheme()


def test_a_damaged_database_is_kept_aside(ledger: StoreLedger, path: Path, target: Path) -> None:
    backup.back_up(path, target)
    ledger.file.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    damaged[:100] = b"\xff" * 100
    path.write_bytes(damaged)
    _, kept = backup.restore(target, path)
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert standing(path) == [1]
    with pytest.raises(DatabaseError, match="moved or replaced"):
        ledger.record(Answer(2, "accept", (1,)))


@pytest.mark.parametrize("sick", ["damaged", "foreign", "missing"])
def test_a_backup_that_is_none_changes_nothing(
    ledger: StoreLedger, path: Path, target: Path, sick: str
) -> None:
    if sick == "damaged":
        backup.back_up(path, target)
        with closing(sqlite.connect(str(target))) as conn:
            conn.execute("UPDATE ticket SET text = 'x' WHERE id = 1")
            conn.commit()
    elif sick == "foreign":
        target.write_text("my thesis")
    with pytest.raises(DatabaseError, match=r"backup\.db"):
        backup.restore(target, path)
    ledger.record(Answer(2, "accept", (1,)))
    assert standing(path) == [1, 2]


@pytest.mark.parametrize("theirs", ["foreign", "newer"])
def test_only_a_database_of_ours_is_replaced(
    ledger: StoreLedger, path: Path, target: Path, tmp_path: Path, theirs: str
) -> None:
    backup.back_up(path, target)
    other = tmp_path / "other.db"
    with closing(sqlite.connect(str(other))) as conn:
        if theirs == "newer":
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute("PRAGMA user_version = 99")
    before = other.read_bytes()
    with pytest.raises(DatabaseError, match=r"another program|newer txtal"):
        backup.restore(target, other)
    assert other.read_bytes() == before


def test_what_a_killed_backup_left_is_swept(ledger: StoreLedger, path: Path, target: Path) -> None:
    for name in (".backup.db.txtal-x.tmp", ".backup.db.txtal-x.tmp-journal"):
        (path.parent / name).touch()
    backup.back_up(path, target)
    assert files(path.parent) - {"txtal.db-wal", "txtal.db-shm"} == {"txtal.db", "backup.db"}


def test_an_older_backup_is_upgraded_on_its_way(path: Path, target: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        first = {"m001_tables": schema.MIGRATIONS["m001_tables"]}
        patch.setattr(schema, "MIGRATIONS", first)
        patch.setattr(schema, "VERSION", 1)
        schema.open_database(target, create=True).close()
    before = target.read_bytes()
    backup.restore(target, path)
    with closing(schema.open_readonly(path)):
        pass
    assert target.read_bytes() == before
    assert files(path.parent) == {"txtal.db", "backup.db"}


def test_a_database_that_is_moved_or_deleted_takes_no_more_answers(
    ledger: StoreLedger, path: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "aside.db"
    path.rename(aside)
    with pytest.raises(DatabaseError, match="put it back"):
        ledger.record(Answer(2, "accept", (1,)))
    shutil.copyfile(aside, path)
    with pytest.raises(DatabaseError, match="put it back"):
        ledger.record(Answer(2, "accept", (1,)))
    aside.replace(path)
    ledger.record(Answer(2, "accept", (1,)))
    assert standing(path) == [1, 2]


def test_a_ticket_that_was_on_a_screen_is_asked_at_once_after_a_restore(
    ledger: StoreLedger, path: Path, target: Path
) -> None:
    """The session that had it is no more, and its lease would keep the ticket from everybody."""
    assert ledger.tickets.take_first([2]) == 2
    backup.back_up(path, target)
    backup.restore(target, path)
    with closing(schema.open_readonly(path)) as conn:
        assert conn.execute("SELECT count(*) FROM lease").fetchone()[0] == 0
        assert conn.execute("SELECT count(*) FROM session WHERE ended IS NULL").fetchone()[0] == 0

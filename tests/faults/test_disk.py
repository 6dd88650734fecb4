"""A disk that fails, is full, is read-only; a limit on a file's size."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import LABELS, TXTAL, Program
from tests.cli.terminal import Terminal, saved
from tests.faults.conftest import Disk, Tries, many, present
from tests.store import old_databases
from txtal.store import schema

pytestmark = pytest.mark.slow

RECEIPT = re.compile(r"saved \d\d:\d\d:\d\d #(\d+), accept (\S+)")


def stored(path: Path) -> dict[int, str]:
    """The label of every answer in the log, as another process finds it."""
    names = dict(enumerate(LABELS, start=1))
    with closing(schema.open_database(path)) as conn:
        rows = conn.execute("SELECT id, labels FROM answer WHERE verdict = 'accept'")
        return {row[0]: names[int(row[1].strip("[]"))] for row in rows}


def acknowledged(said: str) -> dict[int, str]:
    """What the program said is saved."""
    return {int(number): label for number, label in RECEIPT.findall(said)}


def run(sample: Program, command: Sequence[str], typed: str) -> subprocess.CompletedProcess[str]:
    """A command that may fail, beside the sample's database, with what is typed to it."""
    return subprocess.run(
        command,
        input=typed,
        capture_output=True,
        env=sample.environ,
        cwd=sample.folder,
        encoding="utf-8",
        check=False,
    )


# --- errors of the disk itself ----------------------------------------------------------------


def strace(*inject: str) -> Sequence[str]:
    """The command that runs another with a fault injected into what it asks of the kernel."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", *inject]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to trace a process")
    return command


@pytest.mark.timeout(900)
def test_a_sync_that_fails_is_never_called_saved(
    sample: Program, tmp_path: Path, tries: Tries
) -> None:
    path = sample.folder / sample.db
    fresh = path.read_bytes()
    refused = 0
    for when in range(1, 31, many(6, 1)):
        fault = "inject=fdatasync,fsync:error=EIO:when"
        command = strace("-e", "trace=fdatasync,fsync", "-e", f"{fault}={when}")
        path.write_bytes(fresh)
        with tries.one(f"sync {when}"):
            typed = "1\n2\n3\n4\n5\n6\n7\n8\n" * 3 + "q\n"
            ran = run(sample, [*command, *TXTAL, "manual", "d", "--plain"], typed)
            assert "Traceback" not in ran.stderr
            refused += ran.stdout.count("NOT saved")
            present(acknowledged(ran.stdout).items() <= stored(path).items(), "an answer")
    assert refused


# --- full -------------------------------------------------------------------------------------


def refuse(one: Terminal, disk: Disk) -> None:
    """Answer until an answer doesn't fit any more."""
    for _ in range(500):
        before = saved(one.text)
        disk.fill()
        one.send("1")
        one.wait(lambda text, before=before: saved(text) != before or "NOT saved" in text)
        if "NOT saved" in one.text:
            return
    raise AssertionError("the disk never got full")


@pytest.mark.timeout(900)
def test_a_disk_that_fills_up_in_a_session(
    on_disk: Program, disk: Disk, terminal: Open, tries: Tries
) -> None:
    one = terminal(on_disk, "manual", "d")
    one.wait("1-9 label")
    for number in range(many(2, 20)):
        with tries.one(f"round {number}"):
            refuse(one, disk)
            before = saved(one.text) or 0
            disk.free()
            one.answer("2", before + 1)
            assert "NOT saved" not in one.text
            present(len(on_disk.exported()) == before + 1)
    one.send("q")
    assert one.end() == 0


def test_a_full_disk_at_the_start_and_at_an_export(
    on_disk: Program, disk: Disk, tries: Tries
) -> None:
    on_disk.ok("manual", "d", "--plain", stdin="1\n2\nq\n")
    kept = on_disk.exported()
    target = disk.folder / "out.jsonl"
    on_disk.ok("export", "d", "-o", target)
    before = target.read_bytes()
    tickets = on_disk.file("t.jsonl", [{"text": f"new {n} " + "word " * 50} for n in range(9000)])
    disk.fill()
    backup = str(disk.folder / "b.db")
    for words in (
        ["export", "d", "-o", str(target)],
        ["load", "d", str(tickets)],
        ["backup", backup],
        ["manual", "d", "--plain"],
    ):
        with tries.one(words):
            ran = on_disk(*words, stdin="3\nq\n")
            assert ran.code in (1, 3)
            assert "No space left" in ran.err or " 0 bytes free" in ran.err
            assert str(disk.folder) in ran.complaint
            present(target.read_bytes() == before)
    for words in (["stats", "d"], ["verify"], ["export", "d"], ["backup", "b.db"]):
        with tries.one(words):
            on_disk.ok(*words)  # what there is can be read, and brought to safety
    disk.free()
    with tries.one("freed"):
        assert on_disk.ok("verify").out
        present(on_disk.exported()[:2] == kept)


def test_a_limit_on_the_size_of_a_file(sample: Program, tries: Tries) -> None:
    """As a quota does it."""
    path = sample.folder / sample.db
    size = path.stat().st_size // 1024
    for kilobytes in (64, 100, size + 8, size + 64):
        with tries.one(f"{kilobytes} kB"):
            command = f"ulimit -f {kilobytes}; exec {TXTAL[0]} manual d --plain"
            typed = "".join(f"c {'x' * 3000}\n{n % 8 + 1}\n" for n in range(100))
            ran = run(sample, ["bash", "-c", command], typed + "q\n")
            assert "Traceback" not in ran.stderr
            assert "NOT saved" in ran.stdout or ran.returncode == 3
            present(acknowledged(ran.stdout).items() <= stored(path).items(), "an answer")
            assert sample.ok("verify").out


# --- read-only --------------------------------------------------------------------------------


def test_a_disk_that_is_read_only(on_disk: Program, disk: Disk, tries: Tries) -> None:
    on_disk.ok("manual", "d", "--plain", stdin="1\n2\nq\n")
    disk.remount("ro")
    for words in (["stats", "d"], ["export", "d"], ["datasets"], ["verify"], ["backup", "b.db"]):
        with tries.one(words):
            on_disk.ok(*words)
    present(len(on_disk.exported()) == 2)
    for words in (["load", "d", "-"], ["manual", "d", "--plain"], ["restore", "b.db"]):
        with tries.one(words):
            ran = on_disk(*words, stdin='{"text": "one"}\n')
            assert ran.code == 3
            assert on_disk.db in ran.complaint
    disk.remount("rw")
    with tries.one("writable again"):
        on_disk.ok("load", "d", "-", stdin='{"text": "one"}\n')


def test_a_disk_that_becomes_read_only_in_a_session(
    on_disk: Program, disk: Disk, terminal: Open, tries: Tries
) -> None:
    one = terminal(on_disk, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    try:
        # A file that is open for writing keeps its disk writable: this is the folder's doing.
        disk.remount("ro")
    except subprocess.CalledProcessError:
        folder, aside = disk.folder / "t.db", disk.folder / "aside"
        folder.rename(aside)
        with tries.one("the file is gone"):
            one.send("2")
            one.wait("NOT saved")
            aside.rename(folder)
            one.answer("2", 2)
            present(len(on_disk.exported()) == 2)
        return
    with tries.one("read-only"):
        one.send("2")
        one.wait("NOT saved")
        disk.remount("rw")
        one.answer("2", 2)
        present(len(on_disk.exported()) == 2)


def test_a_disk_that_fills_up_amid_a_migration(on_disk: Program, disk: Disk, tries: Tries) -> None:
    """With room for the copy that is kept of the old file, for a part of it, and for nothing."""
    old = old_databases.unpack(8, disk.folder / "t.db").read_bytes()
    for room in (0, 20_000, len(old) + 8_000, 2 * len(old)):
        shutil.rmtree(disk.folder / "t.db.cache", ignore_errors=True)
        for file in disk.folder.glob("t.db*"):
            file.unlink()
        (disk.folder / "t.db").write_bytes(old)
        disk.fill()
        ballast = disk.folder / "ballast"
        os.truncate(ballast, max(ballast.stat().st_size - room, 0))
        with tries.one(f"{room} bytes of room"):
            ran = on_disk("manual", "d", "--plain", stdin="q\n")
            assert ran.code == 0 or on_disk.db in ran.complaint
            disk.free()
            on_disk.ok("manual", "d", "--plain", stdin="q\n")
            present(len(on_disk.exported()) == 8)
            assert on_disk.ok("verify")

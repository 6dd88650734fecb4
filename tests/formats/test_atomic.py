"""A file that is either whole or untouched."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from txtal import tempfiles
from txtal.errors import TxtalError, UsageError
from txtal.formats.atomic import write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, locks and signals are POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes(tmp_path: Path) -> None:
    with write_atomically(tmp_path / "out.jsonl") as out:
        out.write("é\n")
        assert not (tmp_path / "out.jsonl").exists()
    assert (tmp_path / "out.jsonl").read_bytes() == "é\n".encode()
    assert names(tmp_path) == ["out.jsonl"]


@posix
def test_a_new_file_is_private_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with write_atomically(path) as out:
        out.write("1")
    assert mode(path) == 0o600
    path.chmod(0o640)
    with write_atomically(path) as out:
        out.write("2")
    assert (mode(path), path.read_text()) == (0o640, "2")


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_error_leaves_the_old_file(
    tmp_path: Path, name: str, error: type[BaseException]
) -> None:
    path = tmp_path / name
    path.write_text("old")
    with pytest.raises(error), write_atomically(path) as out:  # noqa: PT012
        out.write("new" * 100_000)
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "out.jsonl"
    path.write_text("old")
    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    message = r"out\.jsonl can't be written: No space left"
    with pytest.raises(TxtalError, match=message), write_atomically(path) as out:
        out.write("new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.jsonl"]


def test_an_error_of_the_writing_itself(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with pytest.raises(TxtalError, match="File too large"), write_atomically(target):
        raise OSError(27, "File too large")
    assert names(tmp_path) == []


@posix
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_a_limit_that_is_hit_while_writing(tmp_path: Path, name: str) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(TxtalError, match="too large"), write_atomically(tmp_path / name) as out:
            out.write(os.urandom(1 << 20).hex())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == []


def test_compressed_by_name(tmp_path: Path) -> None:
    with write_atomically(tmp_path / "out.jsonl.gz") as out:
        out.write("é\n" * 1000)
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).decode() == "é\n" * 1000


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    with write_atomically(tmp_path / "link.jsonl") as out:
        out.write("new")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "real.jsonl").read_text() == "new"


def test_a_directory_or_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"), write_atomically(tmp_path):
        pass
    with pytest.raises(TxtalError, match="No such file"), write_atomically(tmp_path / "no" / "x"):
        pass


@posix
@pytest.mark.parametrize("begins", [b"SQLite format 3\0\x10", b"\x37\x7f\x06\x82\0"])
def test_a_database_is_never_replaced(tmp_path: Path, begins: bytes) -> None:
    path = tmp_path / "txtal.db"
    path.write_bytes(begins)
    with pytest.raises(UsageError, match="is a database"), write_atomically(path):
        pytest.fail("written")
    assert path.read_bytes() == begins
    assert names(tmp_path) == ["txtal.db"]


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with write_atomically(tmp_path / "pipe") as out:
        out.write("hello")
    assert os.read(reading, 99) == b"hello"
    os.close(reading)
    assert names(tmp_path) == ["pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_what_dead_runs_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".out.jsonl.txtal-dead.tmp").write_text("half")
    (tmp_path / ".other.jsonl.txtal-dead.tmp").write_text("not ours")
    with write_atomically(tmp_path / "out.jsonl") as out:
        out.write("new")
    assert names(tmp_path) == [".other.jsonl.txtal-dead.tmp", "out.jsonl"]


@posix
def test_two_runs_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with write_atomically(path) as first:
        with write_atomically(path) as second:
            second.write("second")
        first.write("first")
    assert path.read_text() == "first"
    assert names(tmp_path) == ["out.jsonl"]


KILLED = """
import sys
from txtal.formats.atomic import write_atomically
with write_atomically(sys.argv[1]) as out:
    while True:
        out.write("new" * 10_000)
"""


@posix
def test_kill_leaves_the_old_file_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
    deadline = time.monotonic() + 20
    while len(names(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 2
    with write_atomically(path) as out:
        out.write("whole")
    assert names(tmp_path) == ["out.jsonl"]


def test_a_target_without_a_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for target, says in (("no/x", "No such file"), ("file/x", "Not a directory")):
        with pytest.raises(TxtalError, match=says):
            tempfiles.check_target(tmp_path / target)


def test_what_can_not_be_tidied_up_undoes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that has its name is written, though nothing can be removed any more."""

    def fails(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(Path, "unlink", fails)
    with tempfiles.replacing(tmp_path / "out") as file:
        file.write(b"new")
    assert (tmp_path / "out").read_bytes() == b"new"
    with pytest.raises(KeyError), tempfiles.replacing(tmp_path / "out"):
        raise KeyError
    assert (tmp_path / "out").read_bytes() == b"new"


@posix
def test_a_folder_that_is_built_is_left_alone_and_swept_when_its_process_is_gone(
    tmp_path: Path,
) -> None:
    (tmp_path / ".dead.part").mkdir()
    (tmp_path / ".dead.part" / "some").write_text("x")
    with tempfiles.building(tmp_path) as one:
        with tempfiles.building(tmp_path) as other:
            assert {*tmp_path.iterdir()} == {one, other}
            other.rename(tmp_path / "2")
        assert {*tmp_path.iterdir()} == {one, tmp_path / "2"}
    assert names(tmp_path) == ["2"]

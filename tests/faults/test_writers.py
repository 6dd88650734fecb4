"""Everything that is written comes from one writer, takes its place whole, and follows no link."""

from __future__ import annotations

import ast
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import txtal
from tests.cli.driving import LABELLED, Program
from tests.faults.conftest import Tries, present
from txtal import logs, processes, tempfiles
from txtal.store import schema

PACKAGE = Path(txtal.__file__).parent

WRITERS = {
    "tempfiles.py": "the one writer",
    "store/sqlite.py": "makes a new database private before SQLite opens it",
    "formats/atomic.py": "a device or pipe that an output names is written as it is",
    "formats/folder.py": "a folder is made under a temporary name and takes its place whole",
    "formats/writers/arrow.py": "files within such a folder",
    "logs.py": "the log grows, and may be a device that its user names",
    "service/jobs.py": "the log, for what a command behind the service complains of",
    "hooks/starting.py": "the log, for what the courier complains of",
    "processes.py": "the log, for what a process complains of",
    "store/intact.py": "gives an index of SQLite's that was cut its size back",
    "vectors/files.py": "trims its own growing files to what their header counts",
    "learner/__main__.py": "the pipe to the screen's process",
    "ui/leaving.py": "/dev/null, in the place of a terminal that is gone",
    "cli/errors.py": "/dev/null, in the place of a pipe that is closed",
    "launch.py": "/dev/tty, for keys where tickets come by standard input",
    "cli/simulate.py": "a folder for the databases of its runs, gone at their end",
    "watch/machine.py": "the log, for what training complains of; the link to the version in use",
    "cli/demo.py": "a folder for its database, gone at its end",
}
"""Who else opens something for writing, and why."""

_WRITING = {
    "write_text", "write_bytes", "touch", "mkstemp", "mkdtemp", "NamedTemporaryFile",
    "TemporaryFile", "TemporaryDirectory", "copyfile", "copy2", "copytree", "tofile",
    "savetxt", "memmap", "symlink_to", "hardlink_to", "dump_svmlight_file",
}  # fmt: skip


def _writes(tree: ast.AST) -> Iterator[int]:
    """The lines that open something for writing, as far as can be seen."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = call.func
        name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
        if isinstance(named, ast.Attribute) and ast.unparse(named.value).startswith("self"):
            continue  # a method of its own
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        texts = [one.value for one in given if isinstance(one, ast.Constant)]
        if name in ("open", "fdopen", "FileIO", "GzipFile", "ZipFile"):
            flags = {one.attr for arg in given for one in ast.walk(arg) if _is_flag(one)}
            modes = [one for one in texts if isinstance(one, str) and set(one) <= set("rwaxbt+")]
            if flags & {"O_WRONLY", "O_RDWR", "O_CREAT"} or any(
                set(m) & set("wax+") for m in modes
            ):
                yield call.lineno
        elif name in ("savez", "savez_compressed", "save") and _of_numpy(named):
            if not isinstance(call.args[0], ast.Name):  # into a handle that somebody opened
                yield call.lineno
        elif ast.unparse(named) == "os.truncate" or (
            name in _WRITING and not (name == "memmap" and "r" in texts)
        ):
            yield call.lineno


def _is_flag(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr.startswith("O_")


def _of_numpy(named: ast.expr) -> bool:
    return isinstance(named, ast.Attribute) and getattr(named.value, "id", "") == "np"


def test_nothing_else_opens_a_file_for_writing(tries: Tries) -> None:
    for file in sorted(PACKAGE.rglob("*.py")):
        with tries.one(file):
            name = file.relative_to(PACKAGE).as_posix()
            lines = list(_writes(ast.parse(file.read_text("utf-8"))))
            assert not lines or name in WRITERS, f"{name} writes by itself in {lines}"


@pytest.mark.parametrize(
    "line",
    ['path.open("w")', 'open(p, mode="ab")', "os.open(p, os.O_RDWR)", "p.write_text('x')",
     'np.savez(folder / "x.npz", a=a)', 'gzip.GzipFile(p, "wb")', "p.touch()"],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(line: str, tries: Tries) -> None:
    with tries.one(line):
        assert list(_writes(ast.parse(line)))


# --- 47: names that somebody put there before -------------------------------------------------

COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "export": (("export", "d", "-o", "out"), "out"),
    "report": (("report", "d", "-o", "out"), "out"),
    "train": (("train", "d", "-o", "out", "--vectors", "lexical"), "out/classifier.json"),
    "predict": (("predict", "model", "some.jsonl", "-o", "out.jsonl"), "out.jsonl"),
    "predict to a folder": (
        ("predict", "model", "some.jsonl", "-o", "out/"), "out/part-00000.jsonl",
    ),
    "backup": (("backup", "out"), "out"),
}  # fmt: skip


@pytest.fixture
def here(trained: Program, fresh: Program) -> Program:
    """A folder with a dataset and a classifier of its own."""
    for source in ("t.db", "model", "some.jsonl"):
        (fresh.folder / source).symlink_to(trained.folder / source)
    return fresh.quick


def _guessable(target: Path) -> list[Path]:
    """Names beside a target that programs are apt to write to before they rename."""
    suffixes = (".tmp", ".part", ".new", "~", ".bak", ".txtal-part", ".txtal-part.json",
                ".txtal-part.new", ".txtal-parts")  # fmt: skip
    names = [
        *(target.with_name(target.name + suffix) for suffix in suffixes),
        *(target.with_suffix(suffix) for suffix in (".tmp", ".new", ".part")),
        target.with_name(f".{target.name}.tmp"),
        target.with_name(".txtal-parts"),
    ]
    return [name for name in dict.fromkeys(names) if name != target]


@pytest.mark.parametrize("how", ["symbolic", "hard", "open to all"])
@pytest.mark.parametrize("command", COMMANDS)
def test_names_made_before_are_not_written_through(
    here: Program, command: str, how: str, tries: Tries
) -> None:
    words, made = COMMANDS[command]
    target = here.folder / made
    target.parent.mkdir(exist_ok=True)
    victim = here.folder / "victim"
    victim.write_text("mine")
    for name in _guessable(target):
        if how == "symbolic":
            name.symlink_to(victim)
        elif how == "hard":
            name.hardlink_to(victim)
        else:
            name.touch()
            name.chmod(0o666)
    with tries.one(command):
        ran = here(*words)
        present(victim.read_text() == "mine")
        assert "Traceback" not in ran.err
        if ran.code:  # it may refuse, in words
            assert "can't be" in ran.err or "no other run" in ran.err or "it is a link" in ran.err
            assert not target.exists()
        else:
            assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_target_that_is_a_link_keeps_pointing_and_its_mode(here: Program, tries: Tries) -> None:
    with tries.one():
        file = here.folder / "real.jsonl"
        file.write_text("old")
        file.chmod(0o640)
        (here.folder / "out").symlink_to(file)
        here.ok("export", "d", "-o", "out")
        assert (here.folder / "out").is_symlink()
        assert file.read_text() != "old"
        assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_what_is_written_is_synced_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: Tries
) -> None:
    calls: list[str] = []

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            folder = isinstance(given[0], int) and stat.S_ISDIR(os.fstat(given[0]).st_mode)
            calls.append(f"{name} folder" if folder else name)
            return real(*given, **more)

        return call

    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", noted("rename", os.replace))
    with tries.one():
        with tempfiles.replacing(tmp_path / "x") as file:
            file.write(b"content")
        assert calls == ["fsync", "rename", "fsync folder"]


# --- 56: an output that is an input -----------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("predict", "model", "in.jsonl", "-o", "in.jsonl"), "in.jsonl"),
        (("predict", "model", "in.jsonl", "-o", "link.jsonl"), "in.jsonl"),
        (("predict", "model", "in.jsonl", "-o", "./sub/../in.jsonl"), "in.jsonl"),
        (("predict", "model", "in.jsonl", "-o", "model/classifier.json"), "model/classifier.json"),
        (("predict", "model", "in.jsonl", "-o", "t.db"), "t.db"),
        (("predict", "model", "sub", "-o", "sub"), "sub/in.jsonl"),
        (("export", "d", "-o", "t.db"), "t.db"),
        (("export", "d", "-o", "t.db-wal"), ""),
        (("export", "d", "-o", "t.db-shm"), ""),
        (("export", "d", "-o", "t.db-journal"), ""),
        (("export", "d", "-o", "sub"), "sub/in.jsonl"),
        (("report", "d", "-o", "t.db-wal"), ""),
        (("report", "d", "-o", "t.db"), "t.db"),
        (("backup", "t.db"), "t.db"),
        (("backup", "t.db-wal"), ""),
        (("backup", "in.jsonl"), "in.jsonl"),
        (("restore", "t.db"), "t.db"),
        (("train", "d", "-o", "in.jsonl"), "in.jsonl"),
        (("export", "d", "-o", "t.db.cache"), ""),
        (("export", "d", "-o", "t.db.models/out.jsonl"), ""),
        (("export", "d", "--format", "hf", "-o", "t.db.models/out"), ""),
        (("predict", "model", "in.jsonl", "-o", "t.db.cache/"), ""),
        (("train", "d", "-o", "sub/../t.db.cache/model"), ""),
        (("backup", "t.db.cache/b.db"), ""),
        *(
            (("load", "d", "in.jsonl", "--answers", "--conflicts", name), "in.jsonl")
            for name in ("in.jsonl", "link.jsonl", "twin.jsonl", "t.db", "sub")
        ),
        (("load", "d", "sub", "--answers", "--conflicts", "sub/in.jsonl"), "sub/in.jsonl"),
        (("export", "d", "-o", "code.py", "--code", "code.py"), "code.py"),
        (("report", "d", "-o", "code.py", "--code", "code.py"), "code.py"),
        (("predict", "model", "in.jsonl", "-o", "code.py", "--code", "code.py"), "code.py"),
        (("train", "d", "-o", "/dev/null"), ""),
        (("report", "d", "-o", "in.jsonl", "--simulation", "in.jsonl"), "in.jsonl"),
        (("simulate", "in.jsonl", "--test", "in.jsonl", "--report", "in.jsonl"), "in.jsonl"),
        (("simulate", "in.jsonl", "--test", "in.jsonl", "--resume", "in.jsonl"), "in.jsonl"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_an_output_that_is_an_input_is_refused(
    trained: Program, fresh: Program, words: tuple[str, ...], kept: str, tries: Tries
) -> None:
    folder = fresh.folder
    (folder / "t.db").write_bytes((trained.folder / "t.db").read_bytes())
    (folder / "model").mkdir()
    for file in (trained.folder / "model").iterdir():
        (folder / "model" / file.name).write_bytes(file.read_bytes())
    (folder / "sub").mkdir()
    for name in ("in.jsonl", "sub/in.jsonl"):
        (folder / name).write_bytes(LABELLED.read_bytes())
    (folder / "link.jsonl").symlink_to("in.jsonl")
    (folder / "twin.jsonl").hardlink_to(folder / "in.jsonl")
    (folder / "code.py").write_text("")
    before = _contents(folder)
    with tries.one(words):
        ran = fresh.quick(*words)
        assert ran.code in (1, 2, 3), ran
        assert "Traceback" not in ran.err
        present(_contents(folder) == before)
        assert not kept or kept in before


@pytest.mark.parametrize("log", ["t.db", "t.db-wal", "pipe", "/dev/full", "."])
def test_a_log_that_can_not_be_one(
    labelled: Program, log: str, monkeypatch: pytest.MonkeyPatch, tries: Tries
) -> None:
    """Nothing is written to a database, and no pipe is waited for."""
    monkeypatch.chdir(labelled.folder)
    monkeypatch.setenv("TXTAL_LOG", log)
    os.mkfifo("pipe")
    with closing(schema.open_database(Path("t.db"))) as conn, tries.one(log):
        conn.execute("UPDATE dataset SET created = created")  # so that there is a -wal
        before = [Path(name).read_bytes() for name in ("t.db", "t.db-wal")]
        logs.record(ValueError())
        complaining = [sys.executable, "-c", "import sys; sys.stderr.write('a complaint')"]
        processes.start(complaining, logs.path()).process.wait()
        assert [Path(name).read_bytes() for name in ("t.db", "t.db-wal")] == before


def _contents(folder: Path) -> dict[str, bytes]:
    passing = ("-wal", "-shm")  # of the database while it is read
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not file.name.endswith(passing)
        and not re.search(r"\.cache|__pycache__", str(file))
    }


def test_a_device_is_written_as_it_is(here: Program, tries: Tries) -> None:
    """Never renamed over: as root that would take /dev/null from the whole machine."""
    for words in (("export", "d"), ("predict", "model", "some.jsonl"), ("report", "d")):
        with tries.one(words):
            here.ok(*words, "-o", "/dev/null")
            assert Path("/dev/null").is_char_device()


# --- 45: a part is known by the content of its source ------------------------------------------


def test_a_part_of_another_file_of_the_same_name_size_and_time(here: Program, tries: Tries) -> None:
    """January's labels are not February's."""
    for month in ("jan", "feb"):
        (here.folder / month).mkdir()
        (here.folder / month / "d.jsonl").write_text(f'{{"text": "parcel of {month}"}}\n')
        os.utime(here.folder / month / "d.jsonl", (1, 1))
    part = here.folder / "out" / "part-00000.jsonl"
    with tries.one("another file"):
        here.ok("predict", "model", "jan/d.jsonl", "-o", "out/")
        january = part.read_bytes()
        ran = here("predict", "model", "feb/d.jsonl", "-o", "out/")
        assert ran.code == 2
        assert "jan/d.jsonl, which isn't a SOURCE this time" in ran.err
        present(part.read_bytes() == january)
        here.ok("predict", "model", "feb/d.jsonl", "-o", "out/", "--restart")
        assert b"parcel of feb" in part.read_bytes()
    with tries.one("written over, with its time put back"):
        (here.folder / "feb" / "d.jsonl").write_text('{"text": "parcel of feB"}\n')
        os.utime(here.folder / "feb" / "d.jsonl", (1, 1))
        here.ok("predict", "model", "feb/d.jsonl", "-o", "out/")
        assert b"parcel of feB" in part.read_bytes()
    with tries.one("copied, the same within"):
        (here.folder / "mar").mkdir()
        content = (here.folder / "feb" / "d.jsonl").read_bytes()
        (here.folder / "mar" / "d.jsonl").write_bytes(content)
        ran = here.ok("predict", "model", "mar/d.jsonl", "-o", "out/")
        assert "1 file done already" in ran.err


def test_a_file_that_is_gone_on_with_is_known_by_what_was_written(
    tmp_path: Path, tries: Tries
) -> None:
    """The part was altered since: nothing of it is kept."""
    from txtal.classifier.resumable import left, resumable

    target, maker = tmp_path / "out.jsonl", {"classifier": "x"}
    with resumable(target, maker) as part:
        part.write(b"first\n")
        part.commit(1, "digest")
    with tries.one("as it was"):
        assert left(target, maker).records == 1
    with tries.one("altered"):
        (tmp_path / "out.jsonl.txtal-part").write_bytes(b"FIRST\n")
        assert left(target, maker).records == 0

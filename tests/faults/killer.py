"""Fails, and kills at, every system call by which a command changes the disk.

    python -m tests.faults.killer                    # every case of every command
    python -m tests.faults.killer export train       # some commands
    python -m tests.faults.killer --sample 3         # three cases of each, drawn at random

Each command is run once under strace, as a fork of a process that has imported the program, to see
which of its system calls change something in its folder. Then it is run again for each of them:
once it gets EIO, once ENOSPC, once EROFS, and once the process is killed there. What it was to
change must then be as it was or as it should become, whole; a command that says it has succeeded
has; one that fails says so in words and leaves no temporary file; and after a kill the same command
does its work.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import openpyxl

from tests.cli.driving import LABELLED, PATIENCE, Program, Ran
from tests.cli.forks import forks
from tests.faults import MEMORY, end_in_order
from txtal.classifier import classifier
from txtal.errors import TxtalError
from txtal.store import schema
from txtal.store.verify import verify

CALLS = (
    "write,pwrite64,writev,pwritev,pwritev2,openat,open,creat,rename,renameat,renameat2,unlink,"
    "unlinkat,ftruncate,truncate,fallocate,fsync,fdatasync,mkdir,mkdirat,rmdir,link,linkat,symlink,"
    "chmod,fchmod,fchmodat,copy_file_range,sendfile"
)
FAULTS = ("EIO", "ENOSPC", "EROFS", "kill")
_LINE = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<given>.*)")
_WRITES = ("write", "pwrite64")
_FILE = re.compile(r"\d+<([^>]*)>")
_TEMPORARY = re.compile(r".*\.txtal-[^/]*\.tmp(-\w+)?|.*\.new|.*\.part")

_SAVED = re.compile(r"saved \d\d:\d\d:\d\d #(\d+)")
_ANSWER = 5
"""Columns of an answer, in what is read of a database."""

State = Any


def content(path: Path) -> State:
    """Return what a file holds; None of one that isn't there."""
    return path.read_bytes() if path.exists() else None


def contents(path: Path) -> State:
    """Return what the files of a folder hold; None of one that isn't there."""
    return {file.name: file.read_bytes() for file in path.iterdir()} if path.exists() else None


def sheet(path: Path) -> State:
    """Return the rows of a workbook, which has the time of its making; the bytes of no workbook."""
    with suppress(zipfile.BadZipFile):
        active = openpyxl.load_workbook(path, read_only=True).active
        return list(active.iter_rows(values_only=True))
    return path.read_bytes()


def page(path: Path) -> State:
    """Return whether a page is whole, which has the time of its making; the bytes of another."""
    text = path.read_bytes()
    return text.rstrip().endswith(b"</html>") or text


def rows(path: Path) -> State:
    """Return what a sound database holds, but for times. Raises for one that is damaged."""
    if not path.exists() or not path.stat().st_size:
        return None
    with closing(schema.open_database(path)) as conn:
        found = verify(conn)
        assert not found.faults, found.faults
        tickets = conn.execute("SELECT dataset_id, text FROM ticket ORDER BY id").fetchall()
        answers = conn.execute(
            "SELECT id, ticket_id, verdict, labels, undoes FROM answer ORDER BY id"
        ).fetchall()
        labels = conn.execute("SELECT name, retired FROM label ORDER BY id").fetchall()
        names = conn.execute("SELECT name FROM dataset ORDER BY id").fetchall()
    return [tuple(row) for row in (*tickets, *answers, *labels, *names)]


def labels_of(path: Path) -> State:
    """Return the labels of a classifier that can be loaded; None of none at all."""
    return classifier.load(path).labels if path.exists() and any(path.iterdir()) else None


def parts(path: Path) -> State:
    """Return the finished files of a folder; there may be fewer than there will be."""
    names = path.glob("part-?????.jsonl") if path.exists() else ()
    return {file.name: file.read_bytes() for file in names}


def round_of(path: Path) -> State:
    """Return what a round of ``txtal watch`` has made of what arrived, by where that is."""
    found: dict[str, Any] = {
        str(file.relative_to(path)): file.read_bytes()
        for name in ("inbox", "predicted")
        for file in (path / name).rglob("*.jsonl")
    }
    with closing(schema.open_database(path / "t.db")) as conn:
        assert not verify(conn).faults
        texts = conn.execute("SELECT text FROM ticket JOIN dataset ON dataset.id = dataset_id"
                             " WHERE name = 'd' ORDER BY text")  # fmt: skip
        found["tickets"] = [row[0] for row in texts]
    found["live"] = labels_of(path / "live")
    return found


@dataclass(frozen=True)
class Command:
    """A command that writes, and how to see what it changed."""

    name: str
    words: Sequence[str]
    changes: str
    """The file or folder that it changes."""
    state: Callable[[Path], State]
    stdin: str = ""
    partly: bool = False
    """Whether a state may be a part of the new one: each of several files is whole."""


_WATCH = """
dataset = "d"
[input]
folder = "inbox"
quiet = 0
[predict]
output = "predicted"
confidence = 0.5
[deploy]
folder = "live"
"""

TYPED = "1\n2\nu\n1\nq\n"
COMMANDS = (
    Command("export", ("export", "d", "-o", "out.jsonl"), "out.jsonl", content),
    Command("export-gz", ("export", "d", "-o", "out.jsonl.gz"), "out.jsonl.gz", content),
    Command("train", ("train", "few", "-o", "model", "--vectors", "lexical"), "model", labels_of),
    Command("predict", ("predict", "fixed", "in", "-o", "out.jsonl"), "out.jsonl", content),
    Command("predict-parts", ("predict", "fixed", "in", "-o", "parts/"), "parts", parts,
            partly=True),
    Command("backup", ("backup", "b.db"), "b.db", rows),
    Command("restore", ("restore", "good.db"), "t.db", rows),
    Command("load", ("load", "d", "new.jsonl"), "t.db", rows),
    Command("load-answers", ("load", "d", "--answers", "new.jsonl"), "t.db", rows),
    Command("label", ("label", "merge", "d", "praise", "billing"), "t.db", rows),
    Command("split", ("label", "split", "d", "praise", "x", "y"), "t.db", rows),
    Command("undo", ("label", "undo", "d"), "t.db", rows),
    Command("replace", ("load", "d", "--answers", "--replace", "changed.jsonl"), "t.db", rows),
    Command("forget", ("forget", "d", "1", "--yes"), "t.db", rows),
    Command("drop", ("dataset", "drop", "e", "--yes"), "t.db", rows),
    Command("rename", ("dataset", "rename", "e", "f"), "t.db", rows),
    Command("merge", ("dataset", "merge", "d", "e"), "t.db", rows),
    Command("export-hf", ("export", "d", "-f", "hf", "-o", "folder"), "folder", contents),
    Command("export-excel", ("export", "d", "-o", "out.xlsx"), "out.xlsx", sheet),
    Command("report", ("report", "d", "-o", "out.html", "--quick"), "out.html", page),
    Command("watch", ("watch", "watch.toml", "--once"), ".", round_of, partly=True),
    Command("manual", ("manual", "e", "--plain"), "t.db", rows, stdin=TYPED, partly=True),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A fault at one system call of a command."""

    command: Command
    call: str
    number: int
    """The how manieth such call of its process it is."""
    fault: str

    def __str__(self) -> str:
        return f"{self.command.name}: {self.fault} at {self.call} {self.number}"


@contextmanager
def _traced(strace: Sequence[str], process: int) -> Iterator[None]:
    """Trace a process that waits to be told to go on, to its end."""
    with subprocess.Popen(
        ["strace", "-f", "-p", str(process), *strace], stderr=subprocess.PIPE, text=True
    ) as tracer:
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        assert "attached" in attached, attached
        yield
        tracer.communicate()


class Killer:
    """Runs cases in copies of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._master = folder / "master"
        self._new: dict[str, State] = {}
        self._old: dict[str, State] = {}

    def prepare(self, *, train: bool = True) -> None:
        """Make what the commands start from; classifiers, which take long, only if need be."""
        self._master.mkdir()
        program = Program(self._master)
        lines = LABELLED.read_text("utf-8").splitlines()
        program.file("some.jsonl", lines[:120])
        program.file("new.jsonl", lines[100:160])
        for folder in ("in", "inbox"):
            (self._master / folder).mkdir()
        for name, some in (("a", lines[:30]), ("b", lines[30:50])):
            program.file(f"in/{name}.jsonl", some)
        program.ok("load", "d", "--answers", "some.jsonl")
        program.ok("label", "add", "d", "extra")
        changed = [{**json.loads(line), "label": "praise"} for line in lines[:20]]
        program.file("changed.jsonl", changed)
        program.ok("load", "e", "new.jsonl")
        program.ok("manual", "e", "--plain", "-l", "x,y", stdin="1\nq\n")
        program.ok("--db", "other.db", "load", "d", "--answers", "new.jsonl")
        program.ok("--db", "other.db", "backup", "good.db")
        program.ok("--db", "other.db", "backup", "b.db")
        for name in ("out.jsonl", "out.jsonl.gz", "out.xlsx", "out.html"):
            (self._master / name).write_bytes(b"old\n")
        (self._master / "watch.toml").write_text(_WATCH)
        program.file("inbox/a.jsonl", [{"text": f"a parcel {n} that is late"} for n in range(4)])
        if not train:
            return
        program.ok("train", "d", "-o", "fixed", "--vectors", "lexical")
        program.ok("--db", "two.db", "load", "d", "--answers", _few(program, "a", "b"))
        program.ok("--db", "two.db", "train", "d", "-o", "model", "--vectors", "lexical")
        program.ok("load", "few", "--answers", _few(program, "c", "d"))

    def _copy(self) -> Program:
        here = self.folder / "run"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(self._master, here)
        return Program(here, {"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"})

    def _run(self, program: Program, command: Command, strace: Sequence[str] = ()) -> Ran:
        typed = command.stdin.encode()
        code, *said = forks().run(
            command.words, program.folder, program.environ, typed, PATIENCE,
            partial(_traced, strace) if strace else None,
        )  # fmt: skip
        out, err = (one.decode("utf-8", "replace") for one in said)
        return Ran(code, out, err)

    def cases(self, command: Command) -> list[Case]:
        """Return every case of a command, by what it does when nothing fails."""
        program = self._copy()
        self._old[command.name] = command.state(program.folder / command.changes)
        program = self._copy()
        log = self.folder / "trace"
        strace = ["-y", "-s", "0", "-o", str(log), "-e", f"trace={CALLS}"]
        done = self._run(program, command, strace)
        assert done.code == 0, done.err
        self._new[command.name] = command.state(program.folder / command.changes)
        assert self._new[command.name] != self._old[command.name]
        found = _changing(log.read_text("utf-8", "replace"), str(program.folder))
        return [Case(command, *call, fault) for call in found for fault in FAULTS]

    def fault(self, case: Case) -> str:
        """Run a case; return what is wrong with what it leaves, or nothing."""
        program = self._copy()
        how = "signal=KILL" if case.fault == "kill" else f"error={case.fault}"
        inject = f"inject={case.call}:{how}:when={case.number}"
        strace = ["-o", "/dev/null", "-e", f"trace={case.call}", "-e", inject]
        done = self._run(program, case.command, strace)
        killed = done.code == -9
        try:
            state = case.command.state(program.folder / case.command.changes)
        except (AssertionError, TxtalError) as error:
            return f"damaged: {error}"
        old, new = self._old[case.command.name], self._new[case.command.name]
        if state not in (old, new) and not (case.command.partly and _is_part(state, old, new)):
            return f"neither old nor new: {str(state)[:300]}"
        if case.command.state is rows and not _acknowledged(done.out, state):
            return "an answer is not there that was called saved"
        if done.code == 0 and state != new and not case.command.stdin:
            return "it said it had succeeded and hadn't"
        if not killed and "Traceback" in done.err:
            return f"a traceback: {done.err[-300:]}"
        left = [p.name for p in program.folder.rglob("*") if _TEMPORARY.fullmatch(p.name)]
        if not killed and left and case.call not in ("unlink", "unlinkat"):
            return f"left behind: {left}"
        if killed and not case.command.stdin:
            return self._again(program, case.command, state)
        return ""

    def _again(self, program: Program, command: Command, state: State) -> str:
        """Run the command again after a kill, unless it was done already."""
        done = self._run(program, command)
        new = self._new[command.name]
        if done.code and (state != new or command.state is not rows):
            return f"the same command fails afterwards: {done.err[-300:]!r}"
        if command.name != "restore" and command.state(program.folder / command.changes) != new:
            return "the same command doesn't do its work afterwards"
        left = [p.name for p in program.folder.rglob("*") if _TEMPORARY.fullmatch(p.name)]
        return f"left behind for good: {left}" if left and not done.code else ""


def _few(program: Program, *labels: str) -> Path:
    """Write a file that is soon learnt."""
    lines = [{"text": f"{label} {n}", "label": label} for label in labels for n in range(9)]
    return program.file("few.jsonl", lines)


def _is_part(state: State, old: State, new: State) -> bool:
    """Whether every file is of the old or the new state; of a database, whether nothing is lost.

    An answer that wasn't saved is typed again by the next line, so there may be others than if
    nothing had failed.
    """
    if isinstance(state, dict):
        return all(content in (old.get(name), new.get(name)) for name, content in state.items())
    answers = [row for row in state if len(row) == _ANSWER]
    before = [row for row in old if len(row) == _ANSWER]
    rest = [[row for row in one if len(row) != _ANSWER] for one in (state, old)]
    return answers[: len(before)] == before and rest[0] == rest[1]


def _acknowledged(said: str, state: State) -> bool:
    """Whether every answer that was called saved is there."""
    there = {row[0] for row in state or () if len(row) == _ANSWER}
    return {int(number) for number in _SAVED.findall(said)} <= there


def _changing(log: str, folder: str) -> list[tuple[str, int]]:
    """Return the calls that change something in the folder, each with its number in its process.

    Writes to one file one after another, with no other change between, are one place in the code:
    of many such, some are returned (:func:`_of_many`).
    """
    counts: Counter[tuple[str, str]] = Counter()
    rows: dict[str, list[tuple[str, int, str]]] = {}
    for line in log.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        pid, name, given = match["pid"], match["name"], match["given"]
        counts[pid, name] += 1
        opens = name in ("openat", "open")
        changes = not opens or re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", given)
        relative = opens and "AT_FDCWD<" + folder + ">" in given and not re.search(r', "/', given)
        if changes and (folder in given or relative):
            file = _FILE.match(given)
            into = file[1] if file and name in _WRITES else ""
            rows.setdefault(pid, []).append((name, counts[pid, name], into))
    found: dict[tuple[str, int], None] = {}
    for calls in rows.values():
        for (_, into), alike in groupby(calls, key=lambda call: (call[0], call[2])):
            places = [call[:2] for call in alike]
            found.update(dict.fromkeys(_of_many(places, into) if into else places))
    return list(found)


def _of_many(alike: Sequence[tuple[str, int]], file: str) -> list[tuple[str, int]]:
    """Return the first two, two in the middle, and the last: all of up to five.

    SQLite lengthens a ``-shm`` by a byte a page, which nothing reads: of these, the first.
    """
    if file.endswith("-shm"):
        return [*alike[:1]]
    middle = len(alike) // 2
    kept = sorted({0, 1, middle - 1, middle, len(alike) - 1} & set(range(len(alike))))
    return [alike[at] for at in kept]


def drawn(cases: Sequence[Case], number: int | None, seed: int) -> list[Case]:
    """Return all cases, or so many of them drawn at random."""
    if number is None or number >= len(cases):
        return list(cases)
    return random.Random(seed).sample(list(cases), number)


def outcomes(
    folder: Path,
    names: Sequence[str] = (),
    sample: int | None = None,
    seed: int = 0,
) -> Iterator[tuple[Case, str]]:
    """Yield each case with what is wrong with it, or nothing."""
    killer = Killer(folder)
    killer.prepare()
    for command in COMMANDS:
        if not names or command.name in names:
            for case in drawn(killer.cases(command), sample, seed):
                yield case, killer.fault(case)


def main() -> int:
    """Return 1 when anything was lost."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    asked.add_argument("commands", nargs="*", metavar="COMMAND")
    asked.add_argument("--sample", type=int)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    if shutil.which("strace") is None:
        print("needs strace")
        return 2
    end_in_order()
    tried: Counter[str] = Counter()
    wrong = 0
    try:
        with tempfile.TemporaryDirectory(prefix="killer-", dir=MEMORY) as folder:
            for case, said in outcomes(Path(folder), given.commands, given.sample, given.seed):
                if case.command.name not in tried and tried:
                    print(f"{list(tried)[-1]}: {list(tried.values())[-1]:,} cases", flush=True)
                tried[case.command.name] += 1
                if said:
                    wrong += 1
                    print(f"{case}: {said}", flush=True)
    finally:  # whatever ends it, how far it came is known
        print(f"{tried.total():,} cases of {len(tried)} commands, {wrong:,} wrong", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Fuzzes every reader: import formats, records of other tools, settings, classifiers, the wires.

python -m tests.faults.fuzz_readers                     # all, ten minutes in all
python -m tests.faults.fuzz_readers csv toml --seconds 30
python -m tests.faults.fuzz_readers --keep              # and keep each crash, to become a test

Good files are spoilt a little, and what is packed is spoilt within: bytes flipped, cut, doubled,
put in the place of others, values of JSON replaced by those of another kind. A reader may return
something or raise a TxtalError, and the reader of a wire what its docstring names; all else is a
crash. Those that were found are in ``crashes``, a folder for each target.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.cli.driving import Program
from txtal import config
from txtal.classifier import classifier
from txtal.errors import TxtalError
from txtal.formats import source
from txtal.formats.label_files import read_labels
from txtal.formats.reading import Reading
from txtal.ingest import protocol as loader
from txtal.learner import protocol as learner
from txtal.recipes.patterns import read_patterns
from txtal.types import LearnerSettings, Loading

CRASHES = Path(__file__).with_name("crashes")
_LONGEST = 20_000
"""Bytes of a spoilt file."""

_WIRE = (ValueError, KeyError, TypeError)
"""What the reader of a wire may raise: its callers take these for a line to be passed over."""

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 2**63, 10**30, float("nan"), float("inf"), "", " ", "x",
    "\0", "\ud800", [], {}, [[]], [None], ["x", 1], {"": None}, {"text": 1}, "2026-13-45T99:00Z",
)  # fmt: skip
_TOKENS = (
    b'"', b"'", b",", b";", b"\t", b"\n", b"\r\n", b"\0", b"{", b"}", b"[", b"]", b"=", b"null",
    b"\xff\xfe", b"\xef\xbb\xbf", b"NaN", b"-1", b"1e999", b"\\ud800", b"\xed\xa0\x80",
    b"__label__", b"From ", b"Content-Type: ", b"charset=", b"=?x?q?", b"\xc3", b"9" * 30, b"<",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A reader with good inputs of it."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    allowed: tuple[type[Exception], ...] = (TxtalError,)


# --- how a good input is spoilt -----------------------------------------------------------------


def spoilt(seed: bytes, draw: random.Random) -> bytes:
    """A bad input made of a good one; what is a ZIP file or JSON is mostly spoilt within."""
    if seed.startswith(b"PK") and draw.random() < 0.8:
        return _spoilt_zip(seed, draw)
    if seed[:1] in (b"{", b"[") and draw.random() < 0.7:
        lines = seed.splitlines()
        try:
            values = [json.loads(line) for line in lines] if len(lines) > 1 else [json.loads(seed)]
        except ValueError:
            return _spoilt_bytes(seed, draw)
        for _ in range(draw.randint(1, 3)):
            number = draw.randrange(len(values))
            values[number] = _spoilt_value(values[number], draw)
        return "\n".join(json.dumps(value) for value in values).encode()
    return _spoilt_bytes(seed, draw)


def _spoilt_value(value: Any, draw: random.Random) -> Any:
    """Another value somewhere in a value of JSON, or a key gone or of another name."""
    inside = (
        list(value)
        if isinstance(value, dict)
        else list(range(len(value)))
        if value and isinstance(value, list)
        else []
    )
    if not inside or draw.random() < 0.15:
        return draw.choice(_VALUES)
    key = draw.choice(inside)
    changed = dict(value) if isinstance(value, dict) else list(value)
    if draw.random() < 0.2:
        taken = changed.pop(key)
        if isinstance(changed, dict) and draw.random() < 0.3:
            changed[draw.choice(["", "text", "label", "x\0"])] = taken
    else:
        changed[key] = _spoilt_value(changed[key], draw)
    return changed


def _spoilt_bytes(seed: bytes, draw: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at, to = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
        match draw.randrange(6):
            case 0 if data:
                data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
            case 1:
                data[at:at] = draw.choice(_TOKENS)
            case 2:
                del data[at : min(to, at + draw.choice((1, 8, 200)))]
            case 3:
                data[at:at] = data[at : min(to, at + 200)]
            case 4:
                data[at : at + 4] = draw.randbytes(4)
            case _ if draw.random() < 0.3:
                del data[at:]
    return bytes(data[:_LONGEST])


def _spoilt_zip(seed: bytes, draw: random.Random) -> bytes:
    """Spoil a member and pack it again, its sum right."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as old, zipfile.ZipFile(target, "w") as new:
        names = old.namelist()
        chosen = draw.choice(names)
        for name in names:
            content = old.read(name)
            if name == chosen:
                if draw.random() < 0.1:
                    continue
                content = _spoilt_bytes(content, draw)
            new.writestr(name, content)
    return target.getvalue()


# --- what reads it ------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="txtal-fuzz-"))


def _file(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _read(name: str, data: bytes) -> None:
    """Read it as tickets and as answers, as ``load`` does."""
    path = _file(name, data)
    bad: list[object] = []
    try:
        for record in source.read(path, bad.append, Reading(max_line=5000)):
            assert record.text.strip()
    finally:
        for entry in source.labelled(path, bad.append, Reading(max_line=5000)):
            assert entry[1].text.strip()
    assert all(str(one) for one in bad)


def _settings(data: bytes) -> None:
    folder = _folder() / "settings"  # no other target's commands run in it
    folder.mkdir(exist_ok=True)
    (folder / "txtal.toml").write_bytes(data)
    with chdir(folder), patch.dict(os.environ, {"TXTAL_CONFIG": str(folder / "none.toml")}):
        config.everything()
        config.keymap()


def _header(folder: Path, data: bytes) -> None:
    """A classifier whose header is ``data``, its sum right where there can be one."""
    try:
        header = json.loads(data)
        header["sha256"] = classifier._sum(header, (folder / header["arrays"]).read_bytes())
        data = json.dumps(header).encode()
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        pass
    (folder / classifier.HEADER).write_bytes(data)
    classifier.load(folder).predict(["a text", ""])


def _arrays(folder: Path, good: bytes, data: bytes) -> None:
    """A classifier whose arrays are ``data``, its sum right."""
    header = json.loads(good)
    (folder / header["arrays"]).write_bytes(data)
    header["sha256"] = classifier._sum(header, data)
    (folder / classifier.HEADER).write_text(json.dumps(header))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.load(folder).predict(["a text", ""])


def _wire(read: Callable[[str], object], data: bytes) -> None:
    read(data.decode("utf-8", "replace"))


# --- good inputs --------------------------------------------------------------------------------

_ROWS = [
    {"text": "my refund, please", "label": "refund", "meta": {"n": 1, "when": "2026-01-02"}},
    {"text": 'they said "thanks";\tnaïve', "label": "praise", "id": 7},
    {"text": "two\nlines", "label": "refund", "answer": "reject", "annotator": "bob"},
    {"text": "of no label", "answer": "ignore", "comment": "hm"},
    {"text": "four more", "label": "praise", "timestamp": 1767312000},
]
_EXPORTED = {
    "csv": "csv", "tsv": "tsv", "excel": "xlsx", "parquet": "parquet", "spacy": "spacy",
    "fasttext": "ft", "jsonl": "jsonl", "prodigy": "jsonl", "labelstudio": "json",
    "doccano": "jsonl", "argilla": "json",
}  # fmt: skip
_MAIL = b"""From a@example.com Thu Jan  1 00:00:00 2026
From: =?utf-8?q?M=C3=BCller?= <a@example.com>
Subject: =?iso-8859-1?b?R3L832U=?=
Date: Thu, 1 Jan 2026 00:00:00 +0000
Message-ID: <1@example.com>
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+aGVsbG88L3A+
--b
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

gr=FC=DFe
--b--

From b@example.com Thu Jan  1 00:00:00 2026
Subject: plain

>From here on
"""
_TOML = b"""db = "x.db"
annotator = "ann"

[teach]
strategy = "margin"
vectors = "lexical"
audit = 0.1

[keys]
undo = ["u", "c-z"]
"""
_PATTERNS = b"""{"label": "refund", "pattern": "money back"}
{"label": "praise", "pattern": [{"LOWER": "thanks"}, {"IS_PUNCT": true}, {"TEXT": {"IN": ["a"]}}]}
"""
_ITEM = [1, [1], [[1, 0.75], [2, 0.25]], "margin", 0.5, None]
_RANKING = {
    "revision": {"newest_answer": 3, "answers": 3, "headline": None, "seconds": 0.1},
    "items": [_ITEM],
    "audit": [_ITEM],
    "composed": [["a b", [1, 2], _ITEM]],
}
_MESSAGES = (
    {"ranking": _RANKING},
    {"explained": 7, "label": 2, "words": [["refund", 0.5]]},
    {"clustered": 7, "items": [_ITEM]},
    {"notice": "x"},
    {"state": "training", "detail": "", "progress": 0.5},
)


@cache
def _program() -> Program:
    """txtal with a few answers, in a folder with a file of each kind that it exports."""
    program = Program(_folder()).quick
    program.file("rows.jsonl", _ROWS)
    program.ok("load", "d", "--answers", "rows.jsonl")
    return program


def _exported(kind: str) -> Target:
    name = f"{kind}.{_EXPORTED[kind]}"
    _program().ok("export", "d", "--format", kind, "-o", name)
    return Target(partial(_read, name), ((_folder() / name).read_bytes(),))


def _json() -> Target:
    lists = b'{"text": ["a", "b"], "label": [1, 2]}'
    return Target(partial(_read, "in.json"), (*_exported("labelstudio").seeds, lists))


@cache
def _trained() -> tuple[Path, bytes, bytes]:
    """A classifier's folder, its header and its arrays."""
    _program().ok("train", "d", "-o", "model", "--vectors", "lexical")
    folder = _folder() / "model"
    header = (folder / classifier.HEADER).read_bytes()
    return folder, header, (folder / json.loads(header)["arrays"]).read_bytes()


def _classifier() -> Target:
    folder, header, _ = _trained()
    return Target(partial(_header, folder), (header,))


def _classifiers_arrays() -> Target:
    folder, header, arrays = _trained()
    return Target(partial(_arrays, folder, header), (arrays,))


def _labels(data: bytes) -> None:
    read_labels(_file("labels.txt", data))


def _highlighted(data: bytes) -> None:
    read_patterns(_file("patterns.jsonl", data))


def targets() -> Mapping[str, Callable[[], Target]]:
    """What makes each target, by name."""
    return {
        **{kind: partial(_exported, kind) for kind in _EXPORTED},
        "json": _json,
        "arrow": _arrow,
        "txt": lambda: Target(partial(_read, "in.txt"), (b"one\ntwo\r\n\nthree",)),
        "mbox": lambda: Target(partial(_read, "in.mbox"), (_MAIL,)),
        "eml": lambda: Target(partial(_read, "in.eml"), (_MAIL.split(b"\n", 1)[1],)),
        "labels": lambda: Target(_labels, (b"# ours\nrefund\tmoney back\npraise\n",)),
        "patterns": lambda: Target(_highlighted, (_PATTERNS,)),
        "toml": lambda: Target(_settings, (_TOML,)),
        "classifier": _classifier,
        "arrays": _classifiers_arrays,
        **{name: partial(_same, target) for name, target in _wires()},
    }


def _same(target: Target) -> Target:
    return target


def _arrow() -> Target:
    import pyarrow as pa
    from pyarrow import parquet as pq

    table = pq.read_table(io.BytesIO(_exported("parquet").seeds[0]))
    written = io.BytesIO()
    with pa.ipc.new_file(written, table.schema) as writer:
        writer.write_table(table)
    return Target(partial(_read, "in.arrow"), (written.getvalue(),))


def _wires() -> Iterator[tuple[str, Target]]:
    """What the processes say to each other."""
    job = loader.LoadJob("t.db", "d", "in.csv", 3, Reading(text=("a",)))
    settings = learner.dump_job(Path("t.db"), "d", LearnerSettings())
    requests = (learner.dump_poke(3), learner.dump_explain(3, 1), learner.dump_gather(3))
    news = loader.dump_news(Loading("loading", 3, bad_lines=("in.csv:2: no text",)))
    messages = tuple(map(json.dumps, _MESSAGES))
    own = partial(_wire, loader.load_job)  # the one argument of a process that txtal starts
    yield "load-job", Target(own, (loader.dump_job(job).encode(),), (*_WIRE, AttributeError))
    for name, read, seeds in (
        ("load-news", loader.load_news, (news,)),
        ("job", learner.load_job, (settings,)),
        ("request", learner.load_request, requests),
        ("message", learner.load_message, messages),
    ):
        yield name, Target(partial(_wire, read), tuple(map(str.encode, seeds)), _WIRE)


# --- the runs -----------------------------------------------------------------------------------


def crash_of(target: Target, data: bytes) -> Exception | None:
    """What the target raised that it may not raise; None if it came out well."""
    try:
        target.read(data)
    except target.allowed:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return error
    return None


def crashes(
    target: Target, seed: int, *, tries: int | None = None, seconds: float | None = None
) -> Iterator[tuple[bytes, Exception | None]]:
    """Each spoilt input with its crash or None, so many or for so long."""
    draw = random.Random(seed)
    until = time.monotonic() + (seconds or 0)
    for _ in range(tries or sys.maxsize):
        if seconds is not None and time.monotonic() > until:
            return
        data = spoilt(draw.choice(target.seeds), draw)
        yield data, crash_of(target, data)


def kept() -> list[tuple[str, Path]]:
    """The inputs that crashed a reader once, with the name of their target."""
    return [(file.parent.name, file) for file in sorted(CRASHES.glob("*/*"))]


def main(words: Sequence[str] | None = None) -> int:
    """Return 1 if anything crashed."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.fuzz_readers")
    asked.add_argument("target", nargs="*", help="all if none is named")
    asked.add_argument("--seconds", type=float, default=600, help="for all together; 600")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--keep", action="store_true", help="write each kind of crash to its folder")
    given = asked.parse_args(words)
    found = targets()
    names = given.target or list(found)
    wrong = 0
    for name in names:
        tried, seen = 0, dict[str, bytes]()
        share = given.seconds / len(names)
        for data, error in crashes(found[name](), given.seed, seconds=share):
            tried += 1
            if error is None:
                continue
            said = f"{type(error).__name__}: {str(error)[:100]} {_where(error)}"
            kind = f"{type(error).__name__} {_where(error)}"
            if kind not in seen:
                seen[kind] = data
                print(f"  {name}: {said}", flush=True)
        wrong += len(seen)
        print(f"{name}: {tried:,} inputs, {len(seen)} kinds of crash", flush=True)
        for data in seen.values() if given.keep else ():
            folder = CRASHES / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
    return min(wrong, 1)


def _where(error: Exception) -> str:
    """The last line of txtal's that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f"{Path(one.filename).name}:{one.lineno}" for one in frames if "/txtal/" in one.filename
    ]
    return ours[-1] if ours else ""


if __name__ == "__main__":
    sys.exit(main())

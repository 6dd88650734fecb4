"""Standard streams that are closed from the start, and files that are no files or no end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.driving import LABELLED, TICKETS, TXTAL, Program
from tests.cli.forks import FORKS, forks
from tests.faults.conftest import Tries, present
from txtal.classifier import classifier
from txtal.errors import ModelError

WRITES = (
    "load e TICKETS", "export d -o o.jsonl", "label add d another",
    "predict model TICKETS -o p.jsonl", "report d -o r.html", "backup b.db",
    "train d -o m2 --vectors lexical",
)  # fmt: skip
PRINTS = (
    "export d", "stats d", "datasets", "label list d", "config", "predict model TICKETS",
    "evaluate model TICKETS", "suspects d", "doctor", "verify", "recipes",
)  # fmt: skip


SECONDS = ("report", "train", "evaluate", "suspects")


def _closed() -> Iterator[Any]:
    """Each command with each stream closed; for those that take seconds, by default all at once.

    Some are started from nothing, as Python itself finds the streams.
    """
    for line in (*WRITES, *PRINTS):
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            slow = line.split()[0] in SECONDS and len(closed) == 1
            marks = [pytest.mark.slow] if slow else []
            yield pytest.param(line, closed, False, marks=marks, id=f"{line}-{closed}")
        if line in ("load e TICKETS", "export d -o o.jsonl", "stats d"):
            yield pytest.param(line, (0, 1, 2), True, id=f"{line}-started")


def _without(
    program: Program, closed: tuple[int, ...], started: bool, *words: str
) -> tuple[int, bytes]:
    """Run a command without these streams: its exit code, and what it complained of."""
    if FORKS and not started:
        ran = forks().run(words, program.folder, program.environ, patience=120, closed=closed)
        return ran[0], ran[2]
    redirected = " ".join(f"{number}<&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {redirected}', *TXTAL, *words],
        cwd=program.folder,
        env=program.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(("line", "closed", "started"), list(_closed()))
def test_streams_that_are_closed(
    trained: Program, line: str, closed: tuple[int, ...], started: bool, tries: Tries
) -> None:
    """What needs no stream is done, with exit code 0; what can't be printed fails, in words."""
    for name in ("o.jsonl", "p.jsonl", "r.html", "b.db"):
        (trained.folder / name).unlink(missing_ok=True)
    words = ["some.jsonl" if word == "TICKETS" else word for word in line.split()]
    with tries.one((line, closed)):
        code, complaint = _without(trained, closed, started, *words)
        assert b"Traceback" not in complaint
        assert b"unexpected" not in complaint
        if 1 in closed and line in PRINTS:
            assert code == 1
            assert 2 in closed or b"is closed, and this command needs it" in complaint
        elif line.startswith("label add") and code:
            assert 2 in closed or b"already" in complaint
        else:
            assert code == 0, complaint
        if line in WRITES and "-o" in words:
            present((trained.folder / words[words.index("-o") + 1]).exists())
    with tries.one("nothing was written into the database"):
        trained.quick.ok("verify")


def test_standard_input_that_is_closed_is_no_empty_file(fresh: Program, tries: Tries) -> None:
    for line in ("load e -", "manual e --plain -l a,b"):
        with tries.one(line):
            ran = subprocess.run(
                ["sh", "-c", f'exec "$0" {line} 0<&-', *TXTAL],
                cwd=fresh.folder, env=fresh.environ, capture_output=True, timeout=60, check=False,
            )  # fmt: skip
            assert ran.returncode in (1, 2, 3), ran
            assert b"Traceback" not in ran.stderr


# --- 55: no files, and files without an end ----------------------------------------------------


def fifo(path: Path) -> None:
    os.mkfifo(path)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


READ: dict[str, tuple[str, ...]] = {
    "x.jsonl": ("load", "d", "x.jsonl"),
    "x.csv": ("load", "d", "--answers", "x.csv"),
    "labels.txt": ("manual", "d", "--plain", "--labels-from", "labels.txt"),
    "patterns.jsonl": ("manual", "d", "--plain", "--patterns", "patterns.jsonl"),
    "rules.md": ("manual", "d", "--plain", "--guidelines", "rules.md"),
    "txtal.toml": ("datasets",),
    "classifier.json": ("predict", ".", str(TICKETS)),
    "resume.jsonl": ("simulate", str(LABELLED), "--test", str(LABELLED), "--resume", "resume.jsonl",
                     "--budget", "10"),
}  # fmt: skip


@pytest.mark.parametrize("make", [fifo, zero, folder])
@pytest.mark.parametrize("name", READ)
def test_what_is_no_file_is_refused_at_once(
    answered: Program, name: str, make: Callable[[Path], None], tries: Tries
) -> None:
    make(answered.folder / name)
    with tries.one((name, make.__name__)):
        ran = answered(*READ[name], stdin="q\n", patience=60)
        assert ran.code in (1, 2, 3), ran
        assert "Traceback" not in ran.err
        assert name in ran.err or "predict" in READ[name]


def test_labels_through_a_pipe_of_the_shell_are_read(answered: Program, tries: Tries) -> None:
    with tries.one():
        command = f"{TXTAL[0]} manual d --plain --labels-from <(printf 'x\\ny\\n')"
        ran = subprocess.run(
            ["bash", "-c", command], cwd=answered.folder, env=answered.environ, input=b"q\n",
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        labels = [row["label"] for row in answered.json("label", "list", "d", "--json")]
        assert labels == ["a", "b", "x", "y"]


def test_what_is_read_again_later_is_no_pipe(answered: Program, tries: Tries) -> None:
    def run(words: str) -> str:
        ran = subprocess.run(
            ["bash", "-c", f"{TXTAL[0]} {words}"], cwd=answered.folder, env=answered.environ,
            input=b"q\n", capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        return ran.stderr.decode()

    with tries.one("guidelines"):
        assert "not kept with d" in run("manual d --plain --guidelines <(echo '# Be kind')")
        assert "guidelines" not in answered.json("stats", "d", "--json")["settings"]
    with tries.one("rules"):
        rule = '{"label": "a", "pattern": "late"}'
        assert "save the rules in a file" in run(f"teach d --plain --rules <(echo '{rule}')")


def test_settings_that_are_nested_without_end(fresh: Program, tries: Tries) -> None:
    for text in ("a = " + "[" * 100_000, "a = " + "{b=" * 50_000, "[" + "a." * 100_000 + "b]"):
        with tries.one(text[:8]):
            (fresh.folder / "txtal.toml").write_text(text)
            ran = fresh("datasets")
            assert ran.code == 2
            assert "txtal.toml" in ran.complaint


def _giant_shape(arrays: dict[str, bytes]) -> dict[str, bytes]:
    header = io.BytesIO()
    kind = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(header, kind)
    return arrays | {"coef.npy": header.getvalue() + b"\0" * 64}


def _bomb(arrays: dict[str, bytes]) -> dict[str, bytes]:
    header = io.BytesIO()
    kind = {"descr": "<f4", "fortran_order": False, "shape": (1 << 28,)}
    np.lib.format.write_array_header_1_0(header, kind)
    return arrays | {"coef.npy": header.getvalue() + bytes(1 << 30)}


@pytest.mark.parametrize("forge", [_giant_shape, pytest.param(_bomb, marks=pytest.mark.slow)])
def test_arrays_that_would_fill_the_memory(
    trained: Program, tmp_path: Path, forge: Callable[..., dict[str, bytes]], tries: Tries
) -> None:
    """With a sum that is right: whoever forges the arrays forges that, too."""
    model = trained.folder / "model"
    header = json.loads((model / "classifier.json").read_text())
    with zipfile.ZipFile(classifier.arrays_file(model, header)) as packed:
        arrays = {name: packed.read(name) for name in packed.namelist()}
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in forge(arrays).items():
            packed.writestr(name, content)
    header["sha256"] = classifier._sum(header, forged.getvalue())
    (tmp_path / header["arrays"]).write_bytes(forged.getvalue())
    (tmp_path / "classifier.json").write_text(json.dumps(header))
    with tries.one(forge.__name__), pytest.raises(ModelError):
        classifier.load(tmp_path)

"""What each process may import: a command that only reads files must not pay for a model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.driving import LABELLED, LABELS_FILE, TICKETS, Program
from tests.cli.terminal import Terminal
from txtal.classifier import load

HEAVY = {"numpy", "scipy", "sklearn", "spacy", "prompt_toolkit", "sqlite_utils"}

# The program itself, which writes down at its end what it has imported.
REPORTING = """
import atexit, os, sys
atexit.register(lambda: open(os.environ["MODULES"], "w").write(" ".join(sys.modules)))
from txtal.cli import main
main()
"""
COMMAND = (sys.executable, "-c", REPORTING)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("light")
    made = Program(folder, {"MODULES": str(folder / "modules")})
    few = made.file("few.jsonl", TICKETS.read_text("utf-8").splitlines()[:40])
    made.ok(
        "teach", "d", few, "--plain", "--labels-from", LABELS_FILE, "-s", "random", stdin="1\n2\n"
    )
    return made


def imported(program: Program) -> set[str]:
    """What the last process had imported when it ended."""
    return set((program.folder / "modules").read_text().split())


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["teach", "--help"],
        ["export", "d"],
        ["stats", "d"],
        ["datasets"],
        ["recipes"],
    ],
    ids=" ".join,
)
def test_commands_that_only_read_are_light(program: Program, words: list[str]) -> None:
    ran = subprocess.run(
        [*COMMAND, *words],
        env=program.environ,
        cwd=program.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout
    assert imported(program) & HEAVY == set()


def test_the_help_reads_no_metadata(program: Program) -> None:
    """Which packages are installed is for ``--version``: a fifth of the time of the help."""
    subprocess.run(
        [*COMMAND, "--help"],
        env=program.environ,
        cwd=program.folder,
        capture_output=True,
        check=True,
    )
    assert imported(program) & {"importlib.metadata", "sqlite3", "platformdirs"} == set()


def test_the_process_of_the_screen_never_loads_what_learns(program: Program) -> None:
    terminal = Terminal(program, "teach", "d", "--vectors", "lexical", command=COMMAND)
    terminal.wait("2 of 40")
    terminal.answer("3", 3)
    terminal.wait(lambda text: "model v" in text or " v1" in text)
    terminal.send("q")
    assert terminal.end() == 0
    assert "prompt_toolkit" in imported(program)
    assert imported(program) & {"spacy", "sklearn", "scipy"} == set()


PREDICTING = """
import sys
from txtal.classifier import load
print(load("light-model").predict(["the parcel is late"])[0].labels)
print(*({"spacy", "sklearn", "prompt_toolkit", "pysqlite3", "txtal.store"} & set(sys.modules)))
"""

SMALL = """
import importlib.abc, json, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"scipy", "spacy", "sklearn", "click", "orjson", "thinc"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "scipy" else find(name, *rest)
from txtal.classifier import load
texts = json.loads(sys.stdin.read())
print(json.dumps([one.probabilities for one in load("light-model").predict(texts)]))
"""


@pytest.fixture(scope="module")
def light_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that reads words alone, as a program finds it that only predicts."""
    labelled = Program(tmp_path_factory.mktemp("predicting")).quick
    few = labelled.file("few.jsonl", LABELLED.read_text("utf-8").splitlines()[:40])
    labelled.ok("load", "d", few, "--answers")
    labelled.ok("train", "d", "-o", "light-model", "--vectors", "lexical")
    return labelled.folder / "light-model"


def test_a_service_that_predicts_loads_nothing_that_learns_or_stores(light_model: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PREDICTING],
        cwd=light_model.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[1:] == [""]


def test_a_small_installation_predicts_the_same_without_scipy(light_model: Path) -> None:
    texts = [json.loads(line)["text"] for line in LABELLED.read_text("utf-8").splitlines()[:60]]
    ran = subprocess.run(
        [sys.executable, "-c", SMALL],
        cwd=light_model.parent,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    made = load(light_model).predict(texts)
    assert json.loads(ran.stdout) == [one.probabilities for one in made]


HOOK = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name in ("dask", "distributed", "tornado", "pyarrow"):
            with open({file!r}, "a") as file:
                print(name, file=file)
            raise ImportError(name)

sys.meta_path.insert(0, Refusing())
"""


@pytest.mark.slow
def test_what_extras_bring_is_never_imported_unasked(program: Program) -> None:
    hook, asked = program.folder / "hook", program.folder / "asked"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK.format(file=str(asked)))
    hooked = Program(program.folder, {"PYTHONPATH": str(hook)}, db="labelled.db")
    few = hooked.file("labelled.jsonl", LABELLED.read_text("utf-8").splitlines()[:40])
    hooked.ok("load", "d", few, "--answers", "--prepare", "--vectors", "lexical")
    hooked.quick.ok("train", "d", "-o", "model", "--vectors", "lexical")
    hooked.ok("predict", "model", few, "-o", "out.jsonl")
    assert not asked.exists()
    (program.folder / "a.parquet").write_bytes(b"PAR1")
    assert "pip install 'txtal[parquet]'" in hooked("load", "d", "a.parquet").err
    assert asked.read_text().split() == ["pyarrow"]


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys; before = set(sys.modules); import txtal; print(*set(sys.modules) - before)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    loaded = set(ran.stdout.split())
    assert {name for name in loaded if name.startswith("txtal")} == {"txtal"}
    assert not loaded & {*HEAVY, "click", "sqlite3", "orjson"}

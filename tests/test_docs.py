"""What the documentation says is so: its code runs, its commands work, its links lead somewhere.

The blocks of a page run in order, in a folder of their own with the sample data in it. What comes
on the line before a block says how:

    (nothing)             sh: must succeed; run by bash if it needs a shell.
                          python: executed; or, if its first line is `# NAME.py`, written to that
                          file and loaded as a recipe.
                          json: must parse.
    <!-- interactive -->  sh: run in line-by-line mode, with a few answers on standard input
    <!-- output -->       text: the output of the sh block before it
    <!-- keys -->         json: has the keys of the JSON that the sh block before it put out
    <!-- not-run -->      needs what a test can't have: a network, a terminal, the reader's data
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import txtal
from tests.cli.forks import FORKS, forks
from txtal.cli import cli
from txtal.learning.strategies import registry as strategies
from txtal.recipes.recipe import load_file, shipped
from txtal.vectors import registry as vectorisers

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
WRITTEN = [page for page in DOCS if page.stem not in ("reference", "architecture", "benchmarks")]
ANSWERS = "1\na\n2\nx\n3\na\n" * 4 + "q\n"
"""Answers to any question, whatever the task."""


@dataclass(frozen=True)
class Block:
    """A fenced block, and what the line before it says."""

    kind: str
    marker: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text("utf-8").splitlines()
    start = None
    for number, line in enumerate(lines):
        if line.startswith("```") and start is None:
            start = number
        elif line == "```" and start is not None:
            said = re.fullmatch(r"<!-- (\S+) -->", lines[start - 1]) if start else None
            text = "\n".join(lines[start + 1 : number])
            yield Block(lines[start][3:], said[1] if said else "", text, start + 1)
            start = None
    assert start is None, f"{page.name}:{start}: a block without an end"


_PLAIN_COMMANDS = re.compile(r"(?:txtal (?!teach|manual|run|review)[^|<>&;$`]*\n?)+")
"""Commands that need no shell and no keyboard."""

_SESSIONS = re.compile(r"(?:txtal (?:teach|manual|run|review) [^|<>&;$`\\]*\n?)+")
"""Those that need no shell either, but answers."""


class Reader:
    """Does what a page says, block by block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "docs"}
        self.output = ""

    def follow(self, block: Block) -> None:
        if block.kind == "sh" and _PLAIN_COMMANDS.fullmatch(block.text):
            self.output = "".join(map(self.command, block.text.splitlines()))
        elif block.kind == "sh" and FORKS and _SESSIONS.fullmatch(block.text):
            self.output = "".join(map(self.session, block.text.splitlines()))
        elif block.kind == "sh":
            self.shell(block.text, interactive=block.marker == "interactive")
        elif block.kind == "python":
            self.python(block.text)
        elif block.kind == "json":
            found = json.loads(block.text)
            if block.marker == "keys":
                assert list(found) == list(json.loads(self.output.splitlines()[0]))
        elif block.kind == "text" and block.marker == "output":
            assert self.output.rstrip() == block.text

    def command(self, line: str) -> str:
        """Run `txtal ...` in this process, which has numpy and spaCy in memory already."""
        done = CliRunner().invoke(cli, shlex.split(line)[1:], prog_name="txtal")
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def session(self, line: str) -> str:
        """Run `txtal teach ...` in line-by-line mode, with a few answers."""
        words = shlex.split(line)[1:]
        code, *said = forks().run(words, self.folder, _environ(True), ANSWERS.encode(), 60)
        output = "".join(one.decode() for one in said)
        assert code == 0, output
        return output

    def shell(self, command: str, *, interactive: bool) -> None:
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=_environ(interactive),
            input=ANSWERS if interactive else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
        )
        self.output = done.stdout
        assert done.returncode == 0, done.stdout

    def python(self, code: str) -> None:
        named = re.match(r"# (\w+\.py)\n", code)
        if named:
            path = self.folder / named[1]
            path.write_text(code + "\n", "utf-8")
            load_file(path)
        else:
            exec(compile(code, "docs", "exec"), self.names)


def _environ(interactive: bool) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key != "TXTAL_ANNOTATOR"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    return env | {"COLUMNS": "80", "TERM": "xterm", "TXTAL_PLAIN": "1" if interactive else ""}


@pytest.fixture
def _no_trace() -> Iterator[None]:
    """What a page registers is forgotten after it."""
    shipped()  # they stay
    registries = strategies._registered, vectorisers._registered
    before = [set(registry) for registry in registries]
    yield
    for registry, there in zip(registries, before, strict=True):
        for name in set(registry) - there:
            del registry[name]


SECONDS = ("measure", "export-and-train")
"""Pages whose commands train, simulate and report at length."""


@pytest.mark.usefixtures("_no_trace")
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page.stem in SECONDS else [], id=page.stem)
        for page in WRITTEN
    ],
)
def test_what_a_page_shows_works(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    reader = Reader(tmp_path)
    for block in blocks(page):
        if block.marker != "not-run":
            try:
                reader.follow(block)
            except Exception as error:
                raise AssertionError(f"{page.name}:{block.line}: {error}") from error


def test_the_commands_of_the_readme_name_files_that_exist() -> None:
    setups = [block for block in blocks(README) if block.kind == "sh"]
    assert [block.marker for block in setups] == ["", "test-command"]
    for block in setups:
        assert block.text.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    named = re.findall(r"sample_data/\S+", setups[0].text)
    assert len(named) == 2
    assert all((ROOT / name).is_file() for name in named)
    assert setups[1].text.endswith(".venv/bin/pytest")


def test_the_reference_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def commands() -> dict[str, set[str]]:
    """The options of every command."""
    found = {}
    group = click.Context(cli)
    for name in cli.list_commands(group):
        command = cli.get_command(group, name)
        assert command is not None
        with click.Context(command) as context:
            params = command.get_params(context)
        found[name] = {
            dashed
            for param in params
            for dashed in (*param.opts, *param.secondary_opts)
            if dashed[0] == "-"
        }
    return found


def of_groups() -> set[str]:
    """The options of the commands that groups such as ``txtal token`` have."""
    return {
        dashed
        for name in cli.list_commands(click.Context(cli))
        if isinstance(group := cli.get_command(click.Context(cli), name), click.Group)
        for command in group.commands.values()
        for param in command.params
        for dashed in (*param.opts, *param.secondary_opts)
        if dashed[0] == "-"
    }


def test_every_command_and_option_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    readme = README.read_text("utf-8")
    for name, options in commands().items():
        section = reference.partition(f"\n### txtal {name}\n")[2].partition("\n### ")[0]
        assert section, name
        assert all(option in section for option in options), name
        assert f"txtal {name} " in readme, name


def test_no_page_speaks_of_an_option_that_is_not_there() -> None:
    known = {"--db", "--quiet", "--version", "--help"}.union(*commands().values())
    known |= of_groups()
    known |= {"--inbox"}  # of the recipe in recipes.md
    known |= {"--quick", "--sample", "--seconds"}  # of tests.faults
    known |= {"--repeat", "--rows", "--cores"}  # of tests.faults, too
    known |= {"--wrk"}  # of tests.bench.serve
    known |= {"--no-deps"}  # of pip
    known |= {"--nthreads", "--nworkers"}  # of Dask's own commands
    known |= {"--key-from", "--model", "--threshold", "--timeout", "--url"}  # of recipes/suggest
    for page in [README, *WRITTEN]:
        spoken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page.read_text("utf-8")))
        assert spoken <= known, (page.name, spoken - known)


def test_every_strategy_and_block_is_explained() -> None:
    explained = (ROOT / "docs" / "strategies.md").read_text("utf-8")
    assert all(f"| `{name}` |" in explained for name in strategies.BUILT_IN)
    explained = (ROOT / "docs" / "vectors.md").read_text("utf-8")
    assert all(f"| `{name}` |" in explained for name in vectorisers.BUILT_IN)


def table_names(page: str) -> list[str]:
    """Return the names in code style that stand in the first column of a page's tables."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return [name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in named(row)]


def named(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_the_python_page_lists_the_public_names_and_no_others() -> None:
    assert sorted(table_names("python.md")) == sorted(txtal.__all__)
    undocumented = [
        name
        for name in txtal.__all__
        if inspect.isclass(it := getattr(txtal, name)) or inspect.isfunction(it)
        if not inspect.getdoc(it)
    ]
    assert not undocumented


@pytest.mark.parametrize("kind", [txtal.Ticket, txtal.Answer, txtal.Ranked])
def test_recipe_writers_find_every_field(kind: type) -> None:
    """In a table of its own, in which each row is a field."""
    text = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    tables = re.findall(r"^\| field \| type \| meaning \|\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = [
        sorted(name for row in table.splitlines() for name in named(row.split("|")[1]))
        for table in tables
    ]
    assert sorted(field.name for field in dataclasses.fields(kind)) in rows


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8").replace("\n", " ")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if fragment:
            assert fragment in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in DOCS:
        name = str(page.relative_to(ROOT / "docs"))
        assert page.stem == "index" or f"({name})" in index, f"add {name} to the index"

"""Recipes of the user's own, and those that ship run as scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import LABELLED, PATIENCE, REPOSITORY, TICKETS, Program
from tests.cli.terminal import in_step

RECIPE = '''
"""Loud tickets first, and a file of what is urgent."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from txtal import Record, Recipe, recipe, strategy

print("a recipe may print what it likes")


@strategy("loud")
def loud(pool):
    import numpy as np

    print("scoring", len(pool))
    return np.array([sum(c == "!" for c in text) for text in pool.texts])


@recipe("triage")
def triage(
    dataset: str,
    source: Path,
    label: list[str],
    *,
    urgent: Annotated[Path | None, "-u", "Where urgent tickets go."] = None,
    mode: Literal["calm", "loud"] = "loud",
    audit: float = 0.0,
    fails: bool = False,
) -> Recipe:
    """Sort tickets, the loud ones first."""

    def after(ticket, answer):
        if fails:
            raise ValueError(ticket.text)
        if urgent and answer.flagged:
            with urgent.open("a") as file:
                file.write(f"{ticket.text} {answer.verdict}\\n")

    return Recipe(
        dataset,
        tickets=source,
        labels=label,
        strategy="loud" if mode == "loud" else "random",
        vectoriser="lexical@en",
        audit=audit,
        on_answer=after,
    )


@recipe("made")
def made(dataset: str) -> Recipe:
    """Records made by the recipe itself, in their order."""
    records = (Record(f"made {n}", {"n": n}) for n in range(3))
    return Recipe(dataset, tickets=records, labels=[("good", "As it should be.")], order="file")
'''


TWO = """
from txtal import recipe

@recipe("one")
def one(dataset: str): ...

@recipe("two")
def two(dataset: str): ...
"""


@pytest.fixture
def mine(txtal: Program) -> Program:
    (txtal.folder / "mine.py").write_text(RECIPE)
    txtal.file("t.jsonl", [{"text": f"ticket {n}{'!' * n}"} for n in range(1, 40)])
    return txtal


def test_its_signature_is_its_help(mine: Program) -> None:
    said = mine.quick.ok("run", "mine.py:triage", "--help").out
    for part in (
        "Usage: txtal run mine.py:triage [OPTIONS] DATASET SOURCE",
        "Sort tickets, the loud ones first.",
        "-u, --urgent",
        "Where urgent tickets go.",
        "[calm|loud]",
        "--plain",
    ):
        assert part in said
    assert "FILE.py:NAME" in mine.quick.ok("run", "--help").out


def test_options_and_callbacks(mine: Program) -> None:
    words = ["t.jsonl", "--label", "bug,praise", "-u", "urgent.txt", "--mode", "calm", "--plain"]
    ran = mine.ok("run", "mine.py:triage", "d", *words, stdin="f\nbug\npraise\nf\nignore\nq\n")
    assert "loaded 39, " in ran.err
    lines = mine.exported()
    assert [line["label"] for line in lines] == ["bug", "praise", None]
    flagged = [f"{line['text']} {line['answer']}" for line in lines if line["flagged"]]
    assert (mine.folder / "urgent.txt").read_text().splitlines() == flagged
    assert len(flagged) == 2


def test_a_callback_that_fails_is_told_and_logged_without_the_ticket(mine: Program) -> None:
    ran = mine.ok(
        "run", "mine.py:triage", "d", "t.jsonl", "--label", "bug,praise", "--fails", "--plain",
        stdin="bug\npraise\nq\n",
    )  # fmt: skip
    assert "on_answer failed: ValueError" in ran.out
    assert len(mine.exported()) == 2
    assert "mine.py" in mine.log
    assert "ValueError" in mine.log
    assert "!" not in mine.log


def test_its_own_strategy_ranks_in_the_learner(mine: Program, terminal: Open) -> None:
    one = terminal(mine, "run", "mine.py:triage", "d", "t.jsonl", "--label", "bug,praise")
    one.wait("1 bug")
    for number in range(1, 26):  # the start order is over after 24
        one.answer("12"[number % 2], number)
    one.wait(in_step)
    one.answer("1", 26)
    one.wait("picked by loud")
    answered = {line["text"] for line in mine.exported()}
    left = {f"ticket {n}{'!' * n}" for n in range(1, 40)} - answered
    assert f" {max(left, key=len)}\n" in one.text
    one.send("q")
    assert one.end() == 0
    assert "scoring" in mine.log  # what it prints goes to the log


EXTENDED = '''
from txtal import Draft, Key, Panel, Recipe, recipe

@recipe("more")
def more(dataset: str, source: str) -> Recipe:
    """A recipe that extends the screen."""
    def validate(ticket, draft):
        return "never praise" if "praise" in draft.labels else None

    return Recipe(
        dataset,
        tickets=source,
        labels=["bug", "praise"],
        order="file",
        render=lambda ticket: [("bold", ticket.text.upper())],
        keys=[Key("o", "put it off", lambda desk: desk.ignore() or "put off", hint="put off")],
        panels=[Panel("Length", lambda desk: f"{len(desk.ticket.text)} characters", key="t")],
        validate=validate,
    )
'''


def test_a_recipe_extends_the_screen(mine: Program, terminal: Open) -> None:
    (mine.folder / "more.py").write_text(EXTENDED)
    one = terminal(mine, "run", "more.py", "d", "t.jsonl")
    one.wait("TICKET 1!")
    one.send("t")
    one.wait("9 characters")
    one.send("q")
    one.wait("TICKET 1!")
    one.send("2")
    one.wait("never praise")
    one.send("o")
    one.wait("put off")
    one.wait("TICKET 2!!")
    one.send("q")
    assert one.end() == 0
    assert [(line["text"], line["answer"]) for line in mine.exported()] == [("ticket 1!", "ignore")]
    said = mine.ok("run", "more.py", "d", "t.jsonl", "--plain", stdin="praise\nt\nbug\nq\n").out
    assert said.index("never praise") < said.index("Length: 10 characters") < said.index("#2")


def test_patterns_are_read_before_anything_begins(txtal: Program) -> None:
    (txtal.folder / "p.jsonl").write_text('{"label": "x", "pattern": [{"dep": "ROOT"}]}')
    words = ("teach", "d", TICKETS, "-l", "a,b", "--patterns", "p.jsonl", "--plain")
    ran = txtal.quick(*words)
    assert ran.code == 3
    assert "p.jsonl:1: DEP can't be matched without spaCy" in ran.err
    (txtal.folder / "p.jsonl").write_text('{"label": "refund", "pattern": "money"}')
    assert (
        "patterns name the label refund, which d doesn't have" in txtal.ok(*words, stdin="q\n").err
    )


def test_records_of_its_own(mine: Program) -> None:
    ran = mine.ok("run", "mine.py:made", "d", "--plain", stdin="a\nx\na\nq\n")
    assert "is this good?" in ran.out
    assert [(line["text"], line["answer"], line["meta"]) for line in mine.exported()] == [
        ("made 0", "accept", {"n": 0}),
        ("made 1", "reject", {"n": 1}),
        ("made 2", "accept", {"n": 2}),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TWO, "several recipes (one, two)"),
        ("x = 1", "no function in it is marked"),
        ("x = (", "bad.py:1"),
        ("\n\n1 / 0", "bad.py:3: ZeroDivisionError"),
        (
            "from txtal import recipe\n@recipe('r')\ndef r(dataset): ...",
            "parameter 'dataset' of r has no type",
        ),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(txtal: Program, text: str, says: str) -> None:
    (txtal.folder / "bad.py").write_text(text)
    ran = txtal.quick("run", "bad.py", "d")
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert ran.code == 2


def test_a_recipe_that_returns_something_else(txtal: Program) -> None:
    code = "from txtal import recipe\n@recipe('r')\ndef r(dataset: str) -> None: ..."
    (txtal.folder / "bad.py").write_text(code)
    assert "must return a Recipe, not NoneType" in txtal.quick("run", "bad.py", "d").complaint


def test_a_shipped_recipe_can_be_copied_and_changed(txtal: Program) -> None:
    (txtal.folder / "mine.py").write_text((REPOSITORY / "recipes" / "feedback.py").read_text())
    txtal.ok("run", "mine.py", "d", TICKETS, "--plain", stdin="1\nq\n")


# --- as scripts -------------------------------------------------------------------------------


def script(program: Program, name: str, *words: str, stdin: str = "") -> str:
    ran = subprocess.run(
        [sys.executable, str(REPOSITORY / "recipes" / name), *words],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=program.folder,
        env=program.environ,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("name", ["teach.py", "manual.py", "feedback.py"])
def test_a_shipped_recipe_is_a_script(txtal: Program, name: str) -> None:
    said = script(txtal, name, "--help")
    assert said.startswith(f"Usage: {name} [OPTIONS] DATASET")
    assert "--db" in said


def test_a_script_labels_as_the_command_does(sample: Program) -> None:
    words = ["--db", sample.db, "d", "--plain", "--vectors", "lexical"]
    said = script(sample, "teach.py", *words, stdin="1\ndelivery\nq\n")
    assert said.count("saved") == 2
    assert len(sample.exported()) == 2


def test_the_example_with_a_strategy_of_its_own(txtal: Program) -> None:
    words = ["d", str(LABELLED), "--urgent", "urgent.jsonl", "--plain"]
    script(txtal, "feedback.py", *words, stdin="f\n1\n2\nq\n")
    assert len(txtal.exported()) == 2
    assert len(Path(txtal.folder / "urgent.jsonl").read_text("utf-8").splitlines()) == 1


NAMING = """
from txtal import Recipe, Record, recipe

@recipe("naming")
def naming(dataset: str) -> Recipe:
    def validate(ticket, draft):
        print("draft", draft.labels, draft.label_ids)

    def after(ticket, answer):
        print("answer", answer.names, answer.labels)

    return Recipe(
        dataset, [Record("one")], labels=["bug", "praise"], order="file",
        validate=validate, on_answer=after,
    )
"""


def test_a_recipe_is_told_names_and_ids(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    (tmp_path / "naming.py").write_text(NAMING)
    out = program.ok("run", "naming.py", "d", "--plain", stdin="2\n").out
    assert "draft ('praise',) (2,)" in out
    assert "answer ('praise',) (2,)" in out


BROKEN = """
from txtal import Recipe, Record, recipe

def tickets(kind):
    yield Record("one")
    if kind == "raises":
        raise ValueError("no such page")
    yield {"text": "two"}

@recipe("broken")
def broken(dataset: str, kind: str) -> Recipe:
    return Recipe(dataset, tickets(kind), labels=["a", "b"], order="file")
"""


def test_a_fault_in_a_recipes_tickets_is_told_with_its_line(tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    file = tmp_path / "broken.py"
    file.write_text(BROKEN)
    raised = program("run", "broken.py", "d", "raises", "--plain")
    assert raised.complaint == f"{file}:7: ValueError: no such page"
    wrong = program("run", "broken.py", "d", "dicts", "--plain")
    assert f"{file}: ticket 2 is a dict" in wrong.complaint
    assert program.json("datasets", "--json") == []

"""Drives the command line in any order, and compares what stands with a model in plain Python.

python -m tests.faults.model              # 2,000 runs
python -m tests.faults.model --runs 50

Two annotators sit down in turns, answer, skip, undo, redo and quit; tickets and answers are loaded,
labels added, renamed, merged and split, tickets forgotten, datasets renamed and dropped, the
database backed up and restored, or left as kill -9 leaves it. What each export format then holds is
what the model holds, and `verify` finds nothing. The commands run in this process.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.cli.driving import Program
from txtal.store import schema

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
NAMES = ("alpha", "beta", "gamma", "delta", "with space", "größe")
ANNOTATORS = ("ann", "bob")


@dataclass
class Stands:
    """What should be there."""

    dataset: str = "d"
    labels: list[str] = field(default_factory=lambda: ["alpha", "beta"])
    tickets: list[str] = field(default_factory=list)
    answers: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Annotator, ticket and label, None for a skip; the oldest first."""
    forgotten: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    """Names of labels that were merged into others; a label can't have one of these."""

    def open(self) -> list[str]:
        """The tickets that nobody answered, in the file's order."""
        done = {text for _, text, _ in self.answers}
        return [text for text in self.tickets if text not in done]

    def labelled(self) -> dict[str, str]:
        """The label of each ticket that has one."""
        return {text: label for _, text, label in self.answers if label is not None}


# --- what an export says, read without txtal ----------------------------------------------------


def _lines(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def _jsonl(content: bytes) -> dict[object, object]:
    return {one["text"]: one["label"] for one in _lines(content) if one["answer"] == "accept"}


def _prodigy(content: bytes) -> dict[object, object]:
    found = [one for one in _lines(content) if one["answer"] == "accept"]
    return {one["text"]: _one(one["accept"]) for one in found}


def _table(content: bytes, delimiter: str) -> dict[object, object]:
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    return {row["text"]: row["label"] for row in csv.DictReader(lines, delimiter=delimiter)}


def _studio(content: bytes) -> dict[object, object]:
    found: dict[object, object] = {}
    for task in json.loads(content):
        results = [one for said in task["annotations"] for one in said["result"]]
        if results:
            found[task["data"]["text"]] = _one(results[0]["value"]["choices"])
    return found


def _argilla(content: bytes) -> dict[object, object]:
    return {
        record["fields"]["text"]: said["value"]
        for record in json.loads(content)
        for said in record["responses"].get("label", [])
        if said["status"] == "submitted"
    }


def _fasttext(content: bytes) -> dict[object, object]:
    found: dict[object, object] = {}
    for line in content.decode().splitlines():
        label, _, text = line.partition(" ")
        if label.startswith("__label__"):
            found[text.strip()] = label.removeprefix("__label__")
    return found


def _excel(content: bytes) -> dict[object, object]:
    import openpyxl

    rows = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(
        values_only=True
    )
    header = next(rows)
    text, label = header.index("text"), header.index("label")
    return {row[text]: row[label] for row in rows}


def _parquet(content: bytes) -> dict[object, object]:
    from pyarrow import parquet

    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    return {row["text"]: row["label"] for row in rows if row["label"] is not None}


def _docbin(content: bytes) -> dict[object, object]:
    import spacy
    from spacy.tokens import DocBin

    docs = DocBin().from_bytes(content).get_docs(spacy.blank("xx").vocab)
    return {doc.text: max(doc.cats, key=doc.cats.__getitem__) for doc in docs}


def _one(values: object) -> object:
    assert isinstance(values, list)
    assert len(values) == 1
    return values[0]


READ: Mapping[str, Callable[[bytes], dict[object, object]]] = {
    "jsonl": _jsonl,
    "prodigy": _prodigy,
    "plain": lambda content: {one["text"]: one["label"] for one in _lines(content)},
    "csv": lambda content: _table(content, ","),
    "tsv": lambda content: _table(content, "\t"),
    "doccano": lambda content: {
        one["text"]: _one(one["label"]) for one in _lines(content) if one["label"]
    },
    "labelstudio": _studio,
    "argilla": _argilla,
    "fasttext": _fasttext,
    "excel": _excel,
    "parquet": _parquet,
    "spacy": _docbin,
}
"""Text and label of what was accepted, by export format."""


class CommandLine(RuleBasedStateMachine):
    """txtal and the model, side by side."""

    runs = 0

    @initialize()
    def make(self) -> None:
        type(self).runs += 1
        self.folder = Path(tempfile.mkdtemp(prefix="txtal-model-", dir=MEMORY))
        schema.open_database(self.folder / "t.db", create=True).close()
        self.txtal = Program(self.folder).quick
        self.stands = Stands()
        self.kept: Stands | None = None
        self.made = 0
        self.load(3)
        self.txtal.ok("manual", "d", "--plain", "-l", "alpha,beta", stdin="q\n")

    # --- sessions -------------------------------------------------------------------------------

    @rule(
        annotator=st.sampled_from(ANNOTATORS),
        keys=st.lists(st.sampled_from(["0", "1", "skip", "undo", "redo"]), max_size=6),
        quits=st.booleans(),
    )
    def sit(self, annotator: str, keys: list[str], quits: bool) -> None:
        """A session; without ``q`` its input just ends."""
        typed = []
        shown = self.stands.open()
        taken_back: list[str] = []
        undone: list[tuple[str, str, str | None]] = []
        for key in keys:
            asked = taken_back[-1] if taken_back else next(iter(shown), None)
            if asked is None:
                break  # the session ends with its last ticket
            if key == "undo":
                mine = [one for one in self.stands.answers if one[0] == annotator]
                typed.append("u")
                if mine:
                    self.stands.answers.remove(mine[-1])
                    undone.append(mine[-1])
                    taken_back.append(mine[-1][1])
                continue
            if key == "redo":
                if undone and taken_back:
                    typed.append("redo")
                    again = undone.pop()
                    self.stands.answers.append(again)
                    taken_back.remove(again[1])
                continue
            label = None if key == "skip" else self.stands.labels[int(key)]
            typed.append("space" if label is None else label)
            self.stands.answers.append((annotator, asked, label))
            undone.clear()
            if taken_back:
                taken_back.pop()
            else:
                shown.remove(asked)
        stdin = "".join(f"{line}\n" for line in [*typed, *(["q"] if quits else [])])
        name = self.stands.dataset
        self.txtal.ok("manual", name, "--plain", "--annotator", annotator, stdin=stdin)
        self.check("jsonl")

    # --- data -----------------------------------------------------------------------------------

    @rule(number=st.integers(1, 4))
    def load(self, number: int) -> None:
        """New tickets, and some that are there or were forgotten."""
        new = [f"ticket {self.made + n}" for n in range(number)]
        self.made += number
        old = [*self.stands.tickets[:2], *sorted(self.stands.forgotten)[:1]]
        self.txtal.file("t.jsonl", [{"text": text} for text in [*old, *new]])
        said = self.txtal.json("load", self.stands.dataset, "t.jsonl", "--json")
        assert said["sources"][0]["loaded"] == number
        self.stands.tickets += new

    @rule(number=st.integers(1, 3), which=st.integers(0, 1))
    def load_answers(self, number: int, which: int) -> None:
        new = [f"ticket {self.made + n}" for n in range(number)]
        self.made += number
        label = self.stands.labels[which]
        self.txtal.file("a.jsonl", [{"text": text, "label": label} for text in new])
        name = self.stands.dataset
        self.txtal.ok("load", name, "a.jsonl", "--answers", "--annotator", "cas")
        self.stands.tickets += new
        self.stands.answers += [("cas", text, label) for text in new]
        self.check("plain")

    @precondition(lambda self: self.stands.tickets)
    @rule(which=st.integers(0, 20))
    def forget(self, which: int) -> None:
        text = self.stands.tickets[which % len(self.stands.tickets)]
        self.txtal.ok("forget", self.stands.dataset, text, "--yes")
        self.stands.tickets.remove(text)
        self.stands.answers = [one for one in self.stands.answers if one[1] != text]
        self.stands.forgotten.add(text)
        self.check("jsonl")

    # --- labels ---------------------------------------------------------------------------------

    def unused(self) -> list[str]:
        taken = {*self.stands.labels, *self.stands.merged}
        return [name for name in NAMES if name not in taken]

    @precondition(lambda self: self.unused())
    @rule()
    def add_label(self) -> None:
        name = self.unused()[0]
        self.txtal.ok("label", "add", self.stands.dataset, name)
        self.stands.labels.append(name)

    @precondition(lambda self: self.unused())
    @rule(which=st.integers(0, 1))
    def rename_label(self, which: int) -> None:
        before, after = self.stands.labels[which], self.unused()[-1]
        self.txtal.ok("label", "rename", self.stands.dataset, before, after)
        self.stands.labels[which] = after
        self._relabel({before: after})

    @precondition(lambda self: len(self.stands.labels) > 2)
    @rule()
    def merge_labels(self) -> None:
        gone, into = self.stands.labels[0], self.stands.labels[1]
        self.txtal.ok("label", "merge", self.stands.dataset, gone, into)
        self.stands.labels.remove(gone)
        self.stands.merged.add(gone)
        self._relabel({gone: into})

    def _relabel(self, names: Mapping[str, str]) -> None:
        self.stands.answers = [
            (who, text, names.get(label, label) if label else None)
            for who, text, label in self.stands.answers
        ]
        self.check("csv")

    # --- the whole ------------------------------------------------------------------------------

    @rule()
    def rename_dataset(self) -> None:
        name = "e" if self.stands.dataset == "d" else "d"
        self.txtal.ok("dataset", "rename", self.stands.dataset, name)
        self.stands.dataset = name

    @rule()
    def merge_and_drop_a_copy(self) -> None:
        """Into another dataset, which then holds the same, and is dropped."""
        self.txtal.ok("load", "copy", "t.jsonl", "--json")
        self.txtal.ok("dataset", "merge", self.stands.dataset, "copy")
        self.check("plain", "copy")
        self.txtal.ok("dataset", "drop", "copy", "--yes")
        assert self.txtal("export", "copy").code

    @rule()
    def back_up(self) -> None:
        self.txtal.ok("backup", "b.db")
        self.kept = deepcopy(self.stands)

    @precondition(lambda self: self.kept is not None)
    @rule()
    def restore(self) -> None:
        self.txtal.ok("restore", "b.db")
        assert self.kept is not None
        self.stands = deepcopy(self.kept)
        self.check("jsonl")

    @rule()
    def killed(self) -> None:
        """Go on with what kill -9 leaves: the files as they are while somebody writes."""
        conn = schema.open_database(self.folder / "t.db")
        conn.execute("UPDATE dataset SET created = created")
        for suffix in ("", "-wal"):
            shutil.copyfile(self.folder / f"t.db{suffix}", self.folder / f"k.db{suffix}")
        conn.close()
        for file in self.folder.glob("t.db-*"):
            file.unlink()
        for suffix in ("", "-wal"):
            (self.folder / f"k.db{suffix}").replace(self.folder / f"t.db{suffix}")
        self.check("jsonl")

    @rule(form=st.sampled_from(list(READ)))
    def export(self, form: str) -> None:
        self.check(form)

    def check(self, form: str, dataset: str = "") -> None:
        """What the format holds is what the model holds."""
        output = "x.spacy" if form == "spacy" else "x"
        (self.folder / output).unlink(missing_ok=True)
        name = dataset or self.stands.dataset
        self.txtal.ok("export", name, "--format", form, "-o", output)
        expected = self.stands.labelled()
        if form == "fasttext":  # its labels have no blanks
            expected = {text: label.replace(" ", "_") for text, label in expected.items()}
        assert READ[form]((self.folder / output).read_bytes()) == expected, form

    def teardown(self) -> None:
        if hasattr(self, "txtal"):
            try:
                for form in ("jsonl", "prodigy", "tsv", "doccano", "labelstudio", "argilla"):
                    self.check(form)
                self.txtal.ok("verify")
            finally:
                shutil.rmtree(self.folder)


def run(runs: int, steps: int = 12) -> None:
    """Raise AssertionError, with the shortest way there, where the two differ."""
    run_state_machine_as_test(
        CommandLine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def main(words: Sequence[str] | None = None) -> int:
    """Return 0 when all runs agree."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.model")
    asked.add_argument("--runs", type=int, default=2000)
    run(asked.parse_args(words).runs)
    print(f"{CommandLine.runs:,} runs agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Drives the command line in any order, and compares what stands with a model in plain Python.

python -m tests.faults.model              # 2,000 runs
python -m tests.faults.model --runs 50
python -m tests.faults.model --seconds 600

Annotators sit down one after the other and at the same time, answer, answer in bulk, skip, undo,
redo and quit; tickets and answers are loaded, with and without --replace; labels added, renamed,
merged and split; tickets forgotten; datasets renamed, merged and dropped; the database backed up
and restored. A session is killed with SIGKILL, or the files are left as a kill leaves them. What
each export format then holds is what the model holds, and `verify` finds nothing. All but the
sessions that are killed run in this process.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.cli.driving import PATIENCE, TXTAL, Program
from tests.faults import MEMORY, end_in_order
from tests.faults.exports import READ, read
from txtal.store import schema

NAMES = (
    "alpha", "beta", "gamma", "delta", "with space", "größe", "zeta", "eta", "theta", "iota",
)  # fmt: skip
ANNOTATORS = ("ann", "bob")
LOADER = "cas"
"""In whose name answers are loaded."""

KEYS = ("0", "1", "skip", "undo", "redo")


@dataclass(frozen=True)
class Given:
    """An answer that stands."""

    annotator: str
    ticket: str
    label: str | None
    """None for a skip."""
    session: int
    step: int

    def is_with(self, other: Given) -> bool:
        """Whether it was given, and is undone, in one step with another."""
        return (self.session, self.step) == (other.session, other.step)


@dataclass(frozen=True)
class Row:
    """A row of the answer log."""

    kind: Literal["given", "undone", "redone", "split"]
    given: Given
    """The answer, or that which the row undoes."""
    session: int


@dataclass
class Stands:
    """What should be there."""

    dataset: str = "d"
    labels: list[str] = field(default_factory=lambda: ["alpha", "beta"])
    tickets: list[str] = field(default_factory=list)
    answers: list[Given] = field(default_factory=list)
    """The oldest first."""
    log: list[Row] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Names of labels that were merged or split; a label can't have one of these."""

    def give(self, given: Given, kind: Literal["given", "redone"] = "given") -> None:
        """In the place of the annotator's answer to the ticket, if there is one."""
        self.answers = [
            one
            for one in self.answers
            if (one.annotator, one.ticket) != (given.annotator, given.ticket)
        ]
        self.answers.append(given)
        self.log.append(Row(kind, given, given.session))

    def undo(self, gone: Sequence[Given], session: int, kind: Literal["undone", "split"]) -> None:
        """These no longer stand."""
        self.answers = [one for one in self.answers if one not in gone]
        self.log += [Row(kind, one, session) for one in reversed(gone)]

    def undone(self, annotator: str, session: int) -> list[list[Given]]:
        """What the annotator can redo in this session, in steps, the newest last."""
        steps: list[list[Given]] = []
        mine = [row for row in self.log if row.given.annotator == annotator]
        first = next((n for n, row in enumerate(mine) if row.session == session), len(mine))
        for row in (row for n, row in enumerate(mine) if n < first or row.session == session):
            given = row.given
            if row.kind == "given":
                steps.clear()
            elif row.kind == "undone" and steps and steps[-1][0].is_with(given):
                steps[-1].insert(0, given)
            elif row.kind == "undone":
                steps.append([given])
            elif row.kind == "redone":
                top = next(one for one in steps[::-1] if given.ticket in {g.ticket for g in one})
                top[:] = [one for one in top if one.ticket != given.ticket]
                steps = [one for one in steps if one]
        return steps

    def answered_since(self, given: Given) -> bool:
        """Whether the ticket has an answer newer than the undo of this one."""
        rows = [row for row in self.log if row.given.ticket == given.ticket]
        undo = max(n for n, row in enumerate(rows) if row.given == given)
        gone = [row.given for row in rows if row.kind in ("undone", "split")]
        return any(
            row.kind in ("given", "redone") and row.given not in gone for row in rows[undo + 1 :]
        )

    def is_open(self, ticket: str) -> bool:
        """Whether nobody has answered it."""
        return all(one.ticket != ticket for one in self.answers)

    def labelled(self) -> dict[str, str]:
        """The label of each ticket on which most of its annotators agree."""
        said: dict[str, Counter[str]] = {}
        for one in self.answers:
            if one.label is not None:
                said.setdefault(one.ticket, Counter())[one.label] += 1
        found = {}
        for ticket, votes in said.items():
            (label, most), *others = votes.most_common(2)
            if not others or others[0][1] < most:
                found[ticket] = label
        return found

    def of(self, annotator: str, ticket: str) -> Given | None:
        """What an annotator says of a ticket."""
        mine = (one for one in self.answers if (one.annotator, one.ticket) == (annotator, ticket))
        return next(mine, None)


class Sitting:
    """One session, as it should go."""

    numbers = 0

    def __init__(self, stands: Stands, annotator: str, other: Sitting | None = None) -> None:
        Sitting.numbers += 1
        self.stands = stands
        self.annotator = annotator
        self.number = Sitting.numbers
        self.other = other
        """A session that is open at the same time."""
        self.shown: str | None = None
        self._at = -1
        self._steps = 0
        self._put_back: list[str] = []
        self._show_next()

    def press(self, key: str) -> str | None:
        """Return the line that does it; None where there is nothing to do it to."""
        line = self._pressed(key)
        if line and self.shown is None:  # it looks again after every line
            self._show_next()
        return line

    def _pressed(self, key: str) -> str | None:
        if key == "undo":
            return self._undo()
        if key == "redo":
            return self._redo()
        if self.shown is None:  # what is typed where there was no ticket to see answers none
            return self.stands.labels[0]
        label = None if key == "skip" else self.stands.labels[int(key)]
        self._steps += 1
        self._give(self.shown, label)
        self._show_next()
        return "space" if label is None else label

    def answer_all(self, tickets: Sequence[str], label: str) -> None:
        """One step, of those that are open and on nobody else's screen."""
        free = [ticket for ticket in tickets if self._is_free(ticket)]
        self._steps += 1
        for ticket in free:
            self._give(ticket, label)
        if self.shown in free:
            self._show_next()

    def _give(
        self, ticket: str, label: str | None, kind: Literal["given", "redone"] = "given"
    ) -> None:
        self.stands.give(Given(self.annotator, ticket, label, self.number, self._steps), kind)

    def _undo(self) -> str:
        """The session's own newest step, else the annotator's."""
        mine = [one for one in self.stands.answers if one.annotator == self.annotator]
        newest = ([one for one in mine if one.session == self.number] or mine)[-1:]
        step = [one for one in mine for last in newest if one.is_with(last)]
        self.stands.undo(step, self.number, "undone")
        if len(step) == 1:
            self._put_back += [self.shown] if self.shown else []
            self.shown = step[0].ticket
        return "u"

    def _redo(self) -> str:
        """The newest step of which something can be redone."""
        for undone in reversed(self.stands.undone(self.annotator, self.number)):
            step = [one for one in undone if self._can_redo(one)]
            if step:
                break
        else:
            return "redo"
        self._steps += 1
        for one in step:
            self._give(one.ticket, one.label, "redone")
        if self.shown in [one.ticket for one in step]:
            self._show_next()
        return "redo"

    def _can_redo(self, given: Given) -> bool:
        """Nobody has answered or sees the ticket now, and there is such a label."""
        elsewhere = self.other is not None and self.other.shown == given.ticket
        offered = given.label is None or given.label in self.stands.labels
        return offered and not elsewhere and not self.stands.answered_since(given)

    def _is_free(self, ticket: str) -> bool:
        return self.stands.is_open(ticket) and (self.other is None or self.other.shown != ticket)

    def _show_next(self) -> None:
        """What was put back last; else the next of the file, and from its start again."""
        self.shown = None
        while self._put_back and self.shown is None:
            ticket = self._put_back.pop()
            self.shown = ticket if self._is_free(ticket) else None
        if self.shown is None:
            tickets = self.stands.tickets
            order = [*range(self._at + 1, len(tickets)), *range(self._at + 1)]
            self._at = next((n for n in order if self._is_free(tickets[n])), -1)
            self.shown = tickets[self._at] if self._at >= 0 else None


class Lines(io.RawIOBase):
    """What is typed, a line at a time; between two of them something else may happen."""

    def __init__(self, lines: Sequence[str | Callable[[], None]]) -> None:
        self._lines = list(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while self._lines:
            line = self._lines.pop(0)
            if isinstance(line, str):
                typed = f"{line}\n".encode()
                buffer[: len(typed)] = typed
                return len(typed)
            line()
        return 0

    def extend(self, lines: Sequence[str | Callable[[], None]]) -> None:
        """Type more at the end."""
        self._lines += lines


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
        keys=st.lists(st.sampled_from(KEYS), max_size=6),
        quits=st.booleans(),
    )
    def sit(self, annotator: str, keys: list[str], quits: bool) -> None:
        """A session; without ``q`` its input just ends."""
        sitting = Sitting(self.stands, annotator)
        typed = [line for key in keys if (line := sitting.press(key))]
        stdin = "".join(f"{line}\n" for line in [*typed, *(["q"] if quits else [])])
        self._manual(annotator, stdin)
        self.check("jsonl")

    def _manual(self, annotator: str, stdin: str | Lines) -> str:
        words = ("manual", self.stands.dataset, "--plain", "--annotator", annotator)
        return self.txtal.ok(*words, stdin=stdin).out

    @rule(
        annotators=st.tuples(st.sampled_from(ANNOTATORS), st.sampled_from(ANNOTATORS)),
        keys=st.lists(st.sampled_from(KEYS), max_size=5),
        within=st.lists(st.sampled_from(("0", "1", "skip")), min_size=1, max_size=3),
        at=st.integers(0, 3),
        what=st.sampled_from(("sit", "load", "back up")),
    )
    def sit_together(
        self,
        annotators: tuple[str, str],
        keys: list[str],
        within: list[str],
        at: int,
        what: str,
    ) -> None:
        """A session, and while it is open another, or a command."""
        first = Sitting(self.stands, annotators[0])
        lines: list[str | Callable[[], None]] = []

        def press(these: Sequence[str]) -> None:
            lines.extend(line for key in these if (line := first.press(key)))

        def meanwhile() -> None:
            if what == "load":
                self.load(2)
            elif what == "back up":
                self.back_up()
            else:
                second = Sitting(self.stands, annotators[1], first)
                typed = [line for key in within if (line := second.press(key))]
                self._manual(annotators[1], "".join(f"{line}\n" for line in typed))
            press(keys[at:])
            typing.extend(lines)

        press(keys[:at])
        typing = Lines([*lines, meanwhile])
        lines.clear()
        self._manual(annotators[0], typing)
        self.check("jsonl")

    @rule(
        annotator=st.sampled_from(ANNOTATORS),
        first=st.integers(1, 4),
        number=st.integers(1, 4),
        which=st.integers(0, 1),
        undoes=st.booleans(),
    )
    def answer_in_bulk(
        self, annotator: str, first: int, number: int, which: int, undoes: bool
    ) -> None:
        """Some of what a search finds get a label, as one step."""
        label = self.stands.labels[which]
        found = min(20, len(self.stands.tickets))
        last = min(found, first + number - 1)
        if last < first:
            return
        sitting = Sitting(self.stands, annotator)
        typed = ["search ticket", f"answer {first}-{last} > {label}", *(["u"] if undoes else [])]
        said = self._manual(annotator, "".join(f"{line}\n" for line in typed))
        listed = dict(re.findall(r"^(?:.*\]: )?(\d+)\. .*?: (ticket \d+)$", said, re.M))
        assert len(listed) == found or "not looked at yet" in said, said
        if str(last) in listed:  # else it answers none
            chosen = [listed[str(n)] for n in range(first, last + 1)]
            sitting.answer_all(chosen, label)
        if undoes:
            sitting.press("undo")
        self.check("jsonl")

    @rule(
        annotator=st.sampled_from(ANNOTATORS),
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4),
        seen=st.integers(0, 4),
    )
    def killed_in_a_session(self, annotator: str, keys: list[str], seen: int) -> None:
        """SIGKILL after so many answers were acknowledged: they stand, others may."""
        begun, sitting = deepcopy(self.stands), Sitting(self.stands, annotator)
        stages: list[Stands] = [begun]
        typed: list[str] = []
        acknowledged = answers = 0
        for key in keys:
            is_answer = sitting.shown is not None and key not in ("undo", "redo")
            line = sitting.press(key)
            if line:
                typed.append(line)
                stages.append(deepcopy(self.stands))
                if is_answer and len(typed) <= seen:
                    acknowledged = len(typed)
                    answers += 1
        rows = self._rows() - len(begun.log)
        self._kill_session(annotator, typed, answers)
        found = self._exported("jsonl")
        fits = [one for one in stages[acknowledged:] if one.labelled() == found]
        assert fits, (found, [one.labelled() for one in stages], acknowledged)
        # The export alone doesn't tell of skips and undos.
        self.stands = next(one for one in fits if rows + len(one.log) == self._rows())

    def _kill_session(self, annotator: str, typed: Sequence[str], answers: int) -> None:
        words = [*TXTAL, "manual", self.stands.dataset, "--plain", "--annotator", annotator]
        program = Program(self.folder)
        with subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=program.environ,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            patience = threading.Timer(PATIENCE, process.kill)
            patience.start()
            process.stdin.write("".join(f"{line}\n" for line in typed))
            process.stdin.flush()
            while answers:
                line = process.stdout.readline()
                assert line, "it ended by itself"
                answers -= "saved " in line
            patience.cancel()
            process.kill()
        with closing(schema.open_database(self.folder / "t.db")) as conn:
            conn.execute("UPDATE lease SET expires = 0")  # a quarter of an hour later

    def _rows(self) -> int:
        """How many rows the answer log has."""
        with closing(schema.open_readonly(self.folder / "t.db")) as conn:
            return int(conn.execute("SELECT count(*) FROM answer").fetchone()[0])

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
        self.txtal.ok("load", name, "a.jsonl", "--answers", "--annotator", LOADER)
        self.stands.tickets += new
        Sitting.numbers += 1
        for n, text in enumerate(new):
            self.stands.give(Given(LOADER, text, label, Sitting.numbers, n))
        self.check("plain")

    @precondition(lambda self: self.stands.tickets)
    @rule(which=st.integers(0, 20), label=st.integers(0, 1), replaces=st.booleans())
    def load_again(self, which: int, label: int, replaces: bool) -> None:
        """An answer to a ticket that is there, answered perhaps; what differs needs --replace."""
        text = self.stands.tickets[which % len(self.stands.tickets)]
        name = self.stands.labels[label]
        self.txtal.file("a.jsonl", [{"text": text, "label": name}])
        options = ["--replace"] if replaces else []
        self.txtal.ok(
            "load", self.stands.dataset, "a.jsonl", "--answers", "--annotator", LOADER, *options
        )
        standing = self.stands.of(LOADER, text)
        if standing is None or (replaces and standing.label != name):
            Sitting.numbers += 1
            self.stands.give(Given(LOADER, text, name, Sitting.numbers, 0))
        self.check("plain")

    @precondition(lambda self: self.stands.tickets)
    @rule(which=st.integers(0, 20))
    def forget(self, which: int) -> None:
        text = self.stands.tickets[which % len(self.stands.tickets)]
        self.txtal.ok("forget", self.stands.dataset, text, "--yes")
        self.stands.tickets.remove(text)
        self.stands.answers = [one for one in self.stands.answers if one.ticket != text]
        self.stands.log = [row for row in self.stands.log if row.given.ticket != text]
        self.stands.forgotten.add(text)
        self.check("jsonl")

    # --- labels ---------------------------------------------------------------------------------

    def unused(self) -> list[str]:
        taken = {*self.stands.labels, *self.stands.gone}
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
        self.stands.gone.add(gone)
        self._relabel({gone: into})

    @precondition(lambda self: len(self.unused()) > 2)
    @rule(which=st.integers(0, 1), keeps=st.booleans())
    def split_label(self, which: int, keeps: bool) -> None:
        """Into two new ones, or into itself and a new one; its tickets are asked again."""
        label, new = self.stands.labels[which], self.unused()[:2]
        into = [label, new[0]] if keeps else new
        self.txtal.ok("label", "split", self.stands.dataset, label, *into)
        gone = {(one.annotator, one.ticket) for one in self.stands.answers if one.label == label}
        rows = [row.given for row in self.stands.log if row.kind in ("given", "redone")]
        self.stands.undo([g for g in rows if (g.annotator, g.ticket) in gone], 0, "split")
        self.stands.labels += [name for name in into if name != label]
        if not keeps:
            self.stands.labels.remove(label)
            self.stands.gone.add(label)
        self.check("tsv")

    def _relabel(self, names: Mapping[str, str]) -> None:
        def named(one: Given) -> Given:
            return replace(one, label=names.get(one.label, one.label) if one.label else None)

        self.stands.answers = [named(one) for one in self.stands.answers]
        self.stands.log = [replace(row, given=named(row.given)) for row in self.stands.log]
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
        expected = self.stands.labelled()
        if form == "fasttext":  # its labels have no blanks
            expected = {text: label.replace(" ", "_") for text, label in expected.items()}
        assert self._exported(form, dataset) == expected, form

    def _exported(self, form: str, dataset: str = "") -> dict[object, object]:
        output = self.folder / {"spacy": "x.spacy", "hf": "x.folder"}.get(form, "x")
        output.unlink(missing_ok=True) if form != "hf" else shutil.rmtree(output, True)
        name = dataset or self.stands.dataset
        self.txtal.ok("export", name, "--format", form, "-o", output)
        return read(form, output)

    def teardown(self) -> None:
        if hasattr(self, "txtal"):
            try:
                for form in ("jsonl", "prodigy", "tsv", "doccano", "labelstudio", "argilla", "hf"):
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
    asked.add_argument("--seconds", type=float, default=0, help="go on for so long, not by runs")
    given = asked.parse_args(words)
    end_in_order()
    end = time.monotonic() + given.seconds
    ended = "interrupted"
    try:
        while not given.seconds or time.monotonic() < end:
            run(20 if given.seconds else given.runs)
            if not given.seconds:
                break
        ended = "agree"
    finally:  # whatever ended it, how far it came is known
        print(f"{CommandLine.runs:,} runs, {ended}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

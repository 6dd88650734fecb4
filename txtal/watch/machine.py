"""The steps of a round, each of which can be killed anywhere and done again.

Predictions of a file go to an output that is named after its name and content, so that a repetition
replaces what it wrote before; tickets that wait are loaded, and the same text is one ticket however
often it is loaded; only then does the input leave its place. What grows is cut into files first:
where the cut is to be is remembered before it is made.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from txtal import logs, tempfiles
from txtal.api.folders import versions_folder
from txtal.classifier import versions
from txtal.classifier.classifier import Classifier, batches
from txtal.classifier.encode import form_for
from txtal.errors import DataError, TxtalError, UsageError
from txtal.formats.folder import replaced_folder
from txtal.formats.lines import BadLine
from txtal.formats.source import read
from txtal.store import answers, datasets, schema, tickets
from txtal.store.sqlite import Connection, foreseen
from txtal.types import Classified, Record, Task
from txtal.watch.plan import WatchPlan
from txtal.watch.state import read_state, write_state

_MOST = 10_000
"""Tickets of the queue that are taken in at once."""

_MOST_BYTES = 64 << 20
"""Of a growing file, at once."""

_PLAIN = re.compile(r"[^\w.-]+")


@dataclass
class Round:
    """What a round did."""

    files: int = 0
    predicted: int = 0
    """Records whose prediction went out."""
    waiting: int = 0
    """Records that wait for people, those that waited already included."""
    bad: int = 0
    """Lines that can't be read; the first reasons are among the problems."""
    trained: int | None = None
    """The version that was made."""
    deployed: int | None = None
    problems: list[str] = field(default_factory=list)
    """What failed, without texts."""


class Machine:
    """Does rounds of a plan. One works on a plan at a time."""

    def __init__(
        self, database: Path, plan: WatchPlan, at: Callable[[str], object] = lambda step: None
    ) -> None:
        """``at`` is called before each step, with its name."""
        self._database = database
        self._plan = plan
        self._at = at
        self.folder = database.with_name(f"{database.name}.watch") / _folder_name(plan)
        self._file = self.folder / "state.json"
        self._spool = self.folder / "spool"
        self._loaded: tuple[int, Classifier] | None = None

    def round(self) -> Round:
        """Take in what is there, train if it is due, and deploy. Raises DatabaseError, UsageError.

        A file that can't be read is moved aside, and what else fails is reported: the rest is done.
        """
        for one in (self._spool, self._plan.path(self._plan.predict.output)):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = Round()
        with closing(schema.open_database(self._database)) as conn, foreseen(self._database):
            datasets.check(conn, self._plan.dataset)
            self._cut_file()
            self._cut_queue(conn)
            for path in sorted(self._spool.glob("*.jsonl")):
                self._take_in(conn, path, done, spooled=True)
            for path in self._arrived():
                self._take_in(conn, path, done, spooled=False)
        self._train(done)
        self._deploy(done)
        return done

    # --- what grows is cut into files -------------------------------------------------------

    def _cut_file(self) -> None:
        """Spool the whole lines that were appended to the file."""
        if not self._plan.input.file:
            return
        source, state = self._plan.path(self._plan.input.file), read_state(self._file)
        if not source.exists():
            return
        with source.open("rb") as opened:
            if state.offset_wanted == state.offset:
                opened.seek(state.offset)
                found = opened.read(_MOST_BYTES)
                state = replace(state, offset_wanted=state.offset + found.rfind(b"\n") + 1)
                if state.offset_wanted == state.offset:
                    return
                self._at("cut the file")
                write_state(self._file, state)
            opened.seek(state.offset)
            part = opened.read(state.offset_wanted - state.offset)
        name = f"{_plain(source.stem)}-{state.offset:012}-{state.offset_wanted:012}.jsonl"
        self._at("spool the file")
        with tempfiles.replacing(self._spool / name) as out:
            out.write(part)
        self._at("note the file")
        write_state(self._file, replace(state, offset=state.offset_wanted))

    def _cut_queue(self, conn: Connection) -> None:
        """Spool the tickets that others have loaded and that nobody has answered."""
        if not self._plan.input.queue:
            return
        state, dataset = read_state(self._file), datasets.get(conn, self._plan.dataset)
        if state.cursor_wanted == state.cursor:
            new = tickets.ids_after(conn, dataset.id, state.cursor)[:_MOST]
            if not new:
                return
            state = replace(state, cursor_wanted=new[-1])
            self._at("cut the queue")
            write_state(self._file, state)
        ids = [
            one
            for one in tickets.ids_after(conn, dataset.id, state.cursor)
            if one <= state.cursor_wanted and not answers.any_of(conn, one)
        ]
        name = f"queue-{state.cursor:012}-{state.cursor_wanted:012}.jsonl"
        self._at("spool the queue")
        with tempfiles.replacing(self._spool / name) as out:
            for ticket in (tickets.get(conn, one) for one in ids):
                line = {**ticket.extra, "text": ticket.text, "meta": dict(ticket.meta)}
                out.write(json.dumps(line).encode() + b"\n")
        self._at("note the queue")
        write_state(self._file, replace(state, cursor=state.cursor_wanted))

    def _arrived(self) -> list[Path]:
        """Return the files of the folder that nobody is writing any more, by name."""
        if not self._plan.input.folder:
            return []
        folder = self._plan.path(self._plan.input.folder)
        folder.mkdir(parents=True, exist_ok=True)
        before = time.time() - self._plan.input.quiet
        return [
            one
            for one in sorted(folder.iterdir())
            if one.is_file()
            and not one.is_symlink()
            and not one.name.startswith(".")
            and one.stat().st_mtime <= before
        ]

    # --- a file -----------------------------------------------------------------------------

    def _take_in(self, conn: Connection, path: Path, done: Round, *, spooled: bool) -> None:
        """Predict what is sure of a file, load the rest, and put the file away."""
        named = f"{_plain(path.stem)}-{_digest(path)}"
        output = self._plan.path(self._plan.predict.output) / f"{named}.jsonl"
        self._at("predict")
        try:
            self._predict(conn, path, output, done)
        except (DataError, UsageError) as error:
            done.problems.append(f"{path.name}: {error}")
            self._put_away(path, path.parent / "failed" / f"{named}{path.suffix}")
            return
        done.files += 1
        self._at("put away")
        if spooled:
            path.unlink()
        else:
            self._put_away(path, path.parent / "done" / f"{named}{path.suffix}")

    def _predict(self, conn: Connection, path: Path, output: Path, done: Round) -> None:
        dataset = datasets.get(conn, self._plan.dataset)
        classifier = self._classifier()
        bad: list[BadLine] = []
        predicted = waiting = 0
        with tempfiles.replacing(output) as out:
            for records in batches(read(str(path), bad.append)):
                sure, rest = self._split(classifier, records)
                if classifier is not None and sure:
                    form = form_for(output, classifier.task, classifier.labels, None)
                    said = ([one for one, _ in sure], [one for _, one in sure])
                    out.write(form.encode(classifier.task, *said))
                tickets.add_some(conn, dataset.id, rest)
                predicted, waiting = predicted + len(sure), waiting + len(rest)
            self._at("write the predictions")
        if not predicted:
            output.unlink()
        if bad and not predicted + waiting:
            raise DataError(f"{path.name}: no line can be read; {bad[0]}")
        done.predicted, done.waiting = done.predicted + predicted, done.waiting + waiting
        done.bad += len(bad)
        done.problems += [str(one) for one in bad[:3]]

    def _split(
        self, classifier: Classifier | None, records: Sequence[Record]
    ) -> tuple[list[tuple[Record, Classified]], list[Record]]:
        """Return the records whose prediction goes out, with it, and those that wait."""
        if classifier is None:
            return [], list(records)
        said = classifier.predict([one.text for one in records])
        least = self._plan.predict.confidence
        pairs = list(zip(records, said, strict=True))
        sure = [pair for pair in pairs if confidence(classifier.task, pair[1]) >= least]
        rest = [one for one, about in pairs if confidence(classifier.task, about) < least]
        return sure, rest

    def _classifier(self) -> Classifier | None:
        """Return the version in use; None before the first."""
        folder = versions_folder(self._database, self._plan.dataset)
        number = versions.current(folder)
        if number is None:
            return None
        if self._loaded is None or self._loaded[0] != number:
            self._loaded = number, versions.load(folder, number)
        return self._loaded[1]

    def _put_away(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        tempfiles.sync_folder(target.parent)

    # --- the model --------------------------------------------------------------------------

    def _train(self, done: Round) -> None:
        """Train the next version if it is due, in a process of its own."""
        state, plan = read_state(self._file), self._plan.train
        folder = versions_folder(self._database, self._plan.dataset)
        in_use = versions.current(folder)
        known = [one for one in versions.versions(folder) if one.number == in_use]
        since = max(state.tried, known[0].newest if known else 0)
        last = max(state.tried_at, known[0].at if known else 0.0)
        with closing(schema.open_readonly(self._database)) as conn, foreseen(self._database):
            dataset = datasets.get(conn, self._plan.dataset)
            newest = answers.newest(conn, dataset.id)
            new = answers.count_after(conn, dataset.id, since)
        by_number = bool(plan.answers) and new >= plan.answers
        by_time = bool(plan.hours) and new > 0 and time.time() - last >= plan.hours * 3600
        if not by_number and not by_time:
            return
        self._at("train")
        words = [sys.executable, "-P", "-m", "txtal", "--db", str(self._database), "-q", "train"]
        words += ["--json", *(["--if-better"] if plan.if_better else []), "--", self._plan.dataset]
        with logs.path().open("a", encoding="utf-8") as log:
            ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=log, check=False)
        self._at("note the training")
        write_state(self._file, replace(state, tried=newest, tried_at=time.time()))
        if ran.returncode:
            done.problems.append(f"training ended with exit code {ran.returncode}; see the log")
        elif (now := versions.current(folder)) != in_use:
            done.trained = now

    def _deploy(self, done: Round) -> None:
        """Have the link show the version in use: a copy that is whole before anybody sees it."""
        if not self._plan.deploy.folder:
            return
        folder = versions_folder(self._database, self._plan.dataset)
        number = versions.current(folder)
        link = self._plan.path(self._plan.deploy.folder)
        kept = link.with_name(f"{link.name}.versions")
        target = kept / f"{number}"
        if number is None or (link.is_symlink() and link.resolve() == target.resolve()):
            return
        try:
            self._at("copy the version")
            if not target.exists():
                with replaced_folder(target) as made:
                    shutil.copytree(folder / f"{number}", made, dirs_exist_ok=True)
            self._at("exchange the link")
            _exchange(link, target)
        except (OSError, TxtalError) as error:
            said = error.strerror or error if isinstance(error, OSError) else error
            done.problems.append(f"{link}: can't deploy there: {said}")
            return
        done.deployed = number
        others = sorted((one for one in kept.iterdir() if one.name.isdigit()), key=_age)
        for old in others[: -self._plan.deploy.keep]:
            if old != target:
                shutil.rmtree(old, ignore_errors=True)


def _exchange(link: Path, target: Path) -> None:
    """Have a link point elsewhere, in one step. Raises OSError where something else is there."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(f"{link.name} is there and no link; name another in deploy.folder")
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(Path(target.parent.name) / target.name, target_is_directory=True)
    try:
        new.replace(link)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    tempfiles.sync_folder(link.parent)


def confidence(task: Task, said: Classified) -> float:
    """Return the probability of the predicted label, or of the least sure of several."""
    values = said.probabilities.values()
    if task in ("multilabel", "binary"):
        return min((max(one, 1 - one) for one in values), default=0.0)
    return max(values, default=0.0)


def _age(folder: Path) -> float:
    return folder.stat().st_mtime


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]


def _plain(name: str) -> str:
    return _PLAIN.sub("_", name)[:80] or "_"


def _folder_name(plan: WatchPlan) -> str:
    """Return a name of a plan's own: two plans of one dataset don't share what they remember."""
    said = f"{plan.base}\0{plan.input}\0{plan.dataset}"
    return f"{_plain(plan.dataset)}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"

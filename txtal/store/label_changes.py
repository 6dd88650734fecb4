"""Changing a label scheme that has answers: each change is logged, and can be undone.

No change touches an answer. A rename gives the label's id another name; a merge is a note that one
label stands for another, heeded whenever answers are read; a retired label is no longer offered. A
split undoes answers, as an annotator's own undo would, so that their tickets are shown again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from txtal.errors import UsageError
from txtal.store import answers, labels
from txtal.store.sqlite import Connection, transaction
from txtal.text import normalise_label
from txtal.types import Label, LabelChange, Relabelled, Scheme, Task, grades


def change(conn: Connection, dataset_id: int, wanted: LabelChange, annotator: str) -> Relabelled:
    """Make a change, in one transaction. Returns what it did to answers.

    Raises UsageError, with nothing changed, for what can't be done.
    """
    with transaction(conn):
        return _ChangingScheme(conn, dataset_id, annotator).make(wanted)


_BY = "by"
"""Who made a change; labels from a session's own list have none, and aren't undone."""


class _ChangingScheme:
    """The labels of a dataset while one change is made, inside the caller's transaction."""

    def __init__(self, conn: Connection, dataset_id: int, annotator: str) -> None:
        self._conn = conn
        self._dataset = dataset_id
        self._annotator = annotator
        self._scheme: Scheme = labels.scheme(conn, dataset_id)

    def make(self, wanted: LabelChange) -> Relabelled:
        if self._scheme.task == "binary" and wanted.action not in ("rename", "describe", "undo"):
            raise UsageError("a binary dataset has one label: it can be renamed and described")
        if self._scheme.task == "rating" and wanted.action not in ("describe", "undo"):
            raise UsageError(
                f"the grades of a rating are the numbers {self._grades()}, in this order: they can "
                "be described, and nothing else"
            )
        if wanted.action == "undo":
            return self._undo()
        if wanted.action == "add":
            name = normalise_label(wanted.name)
            if wanted.task and not (self._scheme.labels or self._scheme.former):
                self._set_task(wanted.task)
            self._log("add", self._add(name, wanted.description), {"name": name})
            return Relabelled()
        label = self._label(wanted.label)
        match wanted.action:
            case "rename":
                self._rename(label, normalise_label(wanted.name))
            case "describe":
                self._describe(label, wanted.description)
            case "merge":
                self._merge(label, self._label(wanted.into))
            case "retire":
                self._retire(label)
            case "split":
                names = tuple(dict.fromkeys(map(normalise_label, wanted.names)))
                return self._split(label, names)
        return Relabelled()

    # --- the changes ------------------------------------------------------------------------

    def _add(self, name: str, description: str = "") -> int:
        """A new label, or a retired one of this name back again."""
        former = {label.name: label.id for label in self._scheme.former}
        if name in former:
            if former[name] in labels.merged_on_purpose(self._conn, self._dataset):
                raise UsageError(
                    f"{name} was merged into another label; `txtal label undo` separates them"
                )
            self._set(former[name], "retired", 0)
            return former[name]
        self._check_name(name)
        return labels.insert(self._conn, self._dataset, name, description)

    def _rename(self, label: Label, name: str) -> None:
        self._check_name(name)
        self._set(label.id, "name", name)
        self._log("rename", label.id, {"from": label.name, "to": name})

    def _describe(self, label: Label, description: str) -> None:
        self._set(label.id, "description", description)
        self._log("describe", label.id, {"from": label.description, "to": description})

    def _merge(self, label: Label, into: Label) -> None:
        if label.id == into.id:
            raise UsageError(f"{label.name} can't be merged into itself")
        self._set(label.id, "retired", 1)
        self._log("merge", label.id, {"into": into.id})

    def _retire(self, label: Label) -> None:
        if len(self._scheme.labels) == 1:
            raise UsageError(f"{label.name} is the only label left")
        self._set(label.id, "retired", 1)
        self._log("retire", label.id, {})

    def _split(self, label: Label, names: Sequence[str]) -> Relabelled:
        if len(names) < 2:
            raise UsageError(f"name the labels that {label.name} becomes, two or more of them")
        there = {found.name: found.id for found in self._scheme.labels}
        added = [self._add(name) for name in names if name not in there]
        if label.name not in names:
            self._set(label.id, "retired", 1)
        taken = [
            answer
            for answer in answers.standing(self._conn, self._dataset)
            if answer.verdict == "accept" and label.id in answer.labels
        ]
        session = self._session("split")
        for answer in taken:
            answers.reopen(self._conn, self._dataset, session, answer)
        detail = {"into": list(names), "added": added, "undone": [answer.id for answer in taken]}
        self._log("split", label.id, detail)
        return Relabelled(undone=tuple(taken))

    # --- taking back ------------------------------------------------------------------------

    def _undo(self) -> Relabelled:
        """Undo the newest change that stands."""
        standing = [
            event
            for event in labels.events(self._conn, self._dataset)
            if _BY in event.detail and event.action != "undo" and not event.undone
        ]
        if not standing:
            raise UsageError("no change of the labels is left to undo")
        event, done = standing[-1], Relabelled()
        detail: dict[str, object] = {"undoes": event.id}
        match event.action:
            case "add":
                self._retire_again(event.label)
            case "rename":
                self._check_name(event.detail["from"])
                self._set(event.label, "name", event.detail["from"])
            case "describe":
                self._set(event.label, "description", event.detail["from"])
            case "merge" | "retire":
                self._set(event.label, "retired", 0)
            case "split":
                detail["parts"] = event.detail["added"]
                done = self._unsplit(event)
        self._log("undo", event.label, detail)
        return done

    def _retire_again(self, label_id: int) -> None:
        if [label.id for label in self._scheme.labels] == [label_id]:
            raise UsageError("can't undo that: a dataset needs one label")
        self._set(label_id, "retired", 1)

    def _unsplit(self, event: labels.Event) -> Relabelled:
        """Give the label its answers back, but for tickets that were answered since.

        What was answered with a part since counts as the label: the undo is logged with the parts,
        and :func:`txtal.store.labels.merged` goes by that.
        """
        parts = set(event.detail["added"])
        for label_id in parts:
            self._set(label_id, "retired", 1)
        self._set(event.label, "retired", 0)
        standing = answers.standing(self._conn, self._dataset)
        there = {(answer.ticket_id, answer.annotator) for answer in standing}
        session = self._session("undo")
        restored = []
        for answer in answers.by_id(self._conn, event.detail["undone"]):
            if (answer.ticket_id, answer.annotator) not in there:
                answers.append(self._conn, self._dataset, session, replace(answer, id=0))
                restored.append(answer)
        counted = sum(not parts.isdisjoint(answer.labels) for answer in standing)
        return Relabelled(restored=tuple(restored), counted=counted)

    # --- the parts --------------------------------------------------------------------------

    def _grades(self) -> str:
        return grades.span([label.name for label in self._scheme.labels])

    def _label(self, label_id: int) -> Label:
        try:
            return self._scheme.label(label_id)
        except KeyError:
            raise UsageError("that label is no longer in the scheme") from None

    def _check_name(self, name: str) -> None:
        for label in self._scheme.labels:
            if label.name == name:
                raise UsageError(f"there is a label {name} already; `label merge` joins two labels")
        if any(label.name == name for label in self._scheme.former):
            raise UsageError(f"{name} is the name of a retired label; `label add` brings it back")

    def _set_task(self, task: Task) -> None:
        if answers.newest(self._conn, self._dataset) and task != self._scheme.task:
            given = answers.standing(self._conn, self._dataset)
            if any(answer.verdict != "ignore" for answer in given):
                raise UsageError(f"there are {self._scheme.task} answers; it can't become {task}")
        self._conn.execute("UPDATE dataset SET task = ? WHERE id = ?", (task, self._dataset))

    def _set(self, label_id: int, column: str, value: object) -> None:
        self._conn.execute(f"UPDATE label SET {column} = ? WHERE id = ?", (value, label_id))

    def _log(self, action: str, label_id: int, detail: Mapping[str, object]) -> None:
        made = {**detail, _BY: self._annotator}
        labels.log(self._conn, self._dataset, label_id, action, made)

    def _session(self, what: str) -> int:
        return answers.open_session(self._conn, self._dataset, self._annotator, f"label {what}")

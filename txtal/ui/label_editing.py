"""Actions that change the labels: on the marked one, or on the one whose name is typed.

In the line mode what stands behind ``>`` says what it becomes: ``label rename refund > refunds``.
"""

from __future__ import annotations

from functools import partial

from txtal.errors import UsageError
from txtal.text import look_alike, normalise_label
from txtal.types import Label, LabelChange, Task
from txtal.ui import words
from txtal.ui.modes import Purpose
from txtal.ui.shell import Shell


def pick(shell: Shell, typed: str) -> None:
    """Find a label by typing."""
    shell.pick("answer", typed)


def about(shell: Shell, typed: str) -> None:
    """Show what a label is for."""
    label = shell.label_at(typed)
    if label is not None:
        shell.describe_label(label)


def rename(shell: Shell, typed: str) -> None:
    """Give a label another name."""
    label, rest = _meant(shell, typed)
    if label is not None:
        shell.type_line("rename", label.name, label.id, rest)


def describe(shell: Shell, typed: str) -> None:
    """Give a label a description."""
    label, rest = _meant(shell, typed)
    if label is not None:
        shell.type_line("describe", label.description, label.id, rest)


def split(shell: Shell, typed: str) -> None:
    """Divide a label into others."""
    label, rest = _meant(shell, typed)
    if label is not None:
        shell.type_line("split", "", label.id, rest)


def merge(shell: Shell, typed: str) -> None:
    """Make a label a part of another."""
    label, rest = _meant(shell, typed)
    if label is not None:
        shell.pick("merge", rest, label.id)


def retire(shell: Shell, typed: str) -> None:
    """Offer a label no longer."""
    label = shell.label_at(typed)
    if label is not None:
        name = words.label_name(label.name)
        wanted = LabelChange("retire", label.id)
        shell.confirm(
            f"Retire {name}? Its answers are kept.",
            partial(change, shell, wanted, f"retired {name}"),
        )


def restore(shell: Shell, typed: str) -> None:
    """Undo the last change of the labels."""
    change(shell, LabelChange("undo"), "undid the last change of the labels")


def add(shell: Shell, typed: str) -> None:
    """Add a label."""
    change(shell, LabelChange("add", name=typed), f"added {words.label_name(typed)}")


def _meant(shell: Shell, typed: str) -> tuple[Label | None, str]:
    """The label, and what was typed behind ``>``."""
    name, _, rest = typed.partition(">")
    return shell.label_at(name.strip()), rest.strip()


# --- once there is an answer to what was asked --------------------------------------------------


def merge_into(shell: Shell, subject: int, label: int) -> None:
    """Merge a label into the one that was picked."""
    names = shell.session.scheme.names
    part, whole = (words.label_name(names[i]) for i in (subject, label))
    shell.confirm(
        f"Merge {part} into {whole}? Answers with {part} count as {whole} then.",
        partial(
            change,
            shell,
            LabelChange("merge", subject, into=label),
            f"merged {part} into {whole}",
        ),
    )


def answer_with_new(shell: Shell, name: str) -> None:
    """Add the label that was typed, and answer with it."""
    try:
        name = normalise_label(name)
    except UsageError as error:
        shell.labels_changed(str(error), undoable=False)
        return
    if shell.session.policy.open_task and not shell.session.scheme.labels:
        shell.choose(
            f"{words.label_name(name)} is the first label. May one ticket have several labels?",
            partial(_begin_with, shell, name, "multilabel"),
            partial(_begin_with, shell, name, "exclusive"),
        )
        return
    twin = look_alike(name, shell.session.scheme.names.values())
    alike = f", which looks like {words.label_name(twin)}," if twin else ","
    does = "choose it" if shell.session.scheme.task == "multilabel" else "answer with it"
    shell.confirm(
        f"Add the label {words.label_name(name)}{alike} and {does}?",
        lambda: shell.save(lambda: _add_and_choose(shell, name)),
    )


def _begin_with(shell: Shell, name: str, task: Task) -> None:
    shell.save(lambda: _add_and_choose(shell, name, task))


def _add_and_choose(shell: Shell, name: str, task: Task | None = None) -> None:
    """Add the label unless that was done already, and only the answer had to wait."""
    session = shell.session
    if name not in (label.name for label in session.scheme.labels):
        _try(shell, LabelChange("add", name=name, task=task), f"added {words.label_name(name)}")
    added = next((label.id for label in session.scheme.labels if label.name == name), None)
    if added is not None:
        session.choose(added)


def keep(shell: Shell, purpose: Purpose, subject: int, text: str) -> None:
    """A line was typed: a comment, a new name or description, or the names a label becomes."""
    if purpose == "comment":
        shell.session.current.comment = text
        shell.echo("noted" if text else "no comment")
        return
    if not text:
        return
    name = words.label_name(shell.session.scheme.names[subject])
    if purpose == "rename":
        said = f"renamed {name} to {words.label_name(text)}"
        change(shell, LabelChange("rename", subject, name=text), said)
    elif purpose == "describe":
        change(shell, LabelChange("describe", subject, description=text), "noted")
    else:
        parts = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        shell.confirm(
            f"Split {name} into {words.label_name(', '.join(parts))}? Its tickets are shown "
            "again, after this one.",
            partial(change, shell, LabelChange("split", subject, names=parts), f"split {name}"),
        )


def change(shell: Shell, wanted: LabelChange, said: str) -> None:
    """Change the labels, and tell so or why not."""
    shell.save(partial(_try, shell, wanted, said))


def _try(shell: Shell, wanted: LabelChange, said: str) -> None:
    try:
        done = shell.session.change_labels(wanted)
    except UsageError as error:
        shell.labels_changed(str(error), undoable=False)
    else:
        said = "; ".join([said, *words.of_answers(done)])
        shell.labels_changed(said, undoable=wanted.action != "undo")

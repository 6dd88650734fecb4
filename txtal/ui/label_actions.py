"""The actions on the labels themselves, in the list of labels: rows of the table of actions."""

from __future__ import annotations

from txtal.types import Task
from txtal.ui import label_editing
from txtal.ui.keys import Action
from txtal.ui.modes import Mode

_NAMED: tuple[Task, ...] = ("exclusive", "multilabel")
_PICKER: tuple[Mode, ...] = ("picker",)

LABEL_ACTIONS: tuple[Action, ...] = (
    Action(
        "about",
        ("tab",),
        "show the selected label's description and examples",
        "about",
        6,
        modes=_PICKER,
        line="about NAME",
        do=label_editing.about,
    ),
    Action(
        "rename",
        ("c-r",),
        "rename the selected label",
        "rename",
        3,
        modes=_PICKER,
        tasks=_NAMED,
        line="label rename OLD > NEW",
        do=label_editing.rename,
    ),
    Action(
        "describe",
        ("c-e",),
        "describe the selected label",
        modes=_PICKER,
        line="label describe NAME > TEXT",
        do=label_editing.describe,
    ),
    Action(
        "merge",
        ("c-g",),
        "merge the selected label into another",
        "merge",
        2,
        modes=_PICKER,
        tasks=_NAMED,
        line="label merge NAME > INTO",
        do=label_editing.merge,
    ),
    Action(
        "split",
        ("c-s",),
        "split the selected label, and show its tickets again",
        "split",
        2,
        modes=_PICKER,
        tasks=_NAMED,
        line="label split NAME > A, B",
        do=label_editing.split,
    ),
    Action(
        "retire",
        ("c-t",),
        "retire the selected label, keep its answers",
        "retire",
        1,
        modes=_PICKER,
        tasks=_NAMED,
        line="label retire NAME",
        do=label_editing.retire,
    ),
    Action(
        "add",
        (),
        "add a label, or bring a retired one back",
        tasks=_NAMED,
        line="label add NAME",
        do=label_editing.add,
    ),
    Action(
        "restore",
        ("c-x",),
        "undo the last change of the labels",
        modes=_PICKER,
        line="label undo",
        do=label_editing.restore,
    ),
)

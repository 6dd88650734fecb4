"""Keys of the annotator's own: a preset, and what a configuration file puts in its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from txtal.errors import UsageError
from txtal.recipes.extensions import Extras, Key
from txtal.text import clean
from txtal.types import TASKS
from txtal.ui import extensions
from txtal.ui.actions import ACTIONS
from txtal.ui.keys import ANY, GRADES, Action, available
from txtal.ui.modes import MODES

Keymap = Mapping[str, Sequence[str]]
"""The keys of some actions, by their names."""

PRESETS: Mapping[str, Keymap] = {
    "prodigy": {},
    "vi": {
        "down": ("j", "down"),
        "up": ("k", "up"),
        "cluster": ("b",),
        "page_down": ("c-f", "pagedown"),
        "page_up": ("c-b", "pageup"),
        "redraw": ("c-l",),
    },
    "emacs": {
        "down": ("c-n", "down"),
        "up": ("c-p", "up"),
        "page_down": ("c-v", "pagedown"),
        "undo": ("u", "backspace", "c-_"),
        "search": ("s", "c-s"),
        "redo": ("c-y",),
        "cancel": ("escape", "c-g"),
        "no": ("n", "escape", "c-g"),
        "close": ("escape", "?", "q", "enter", "c-g"),
        "left": ("left", "c-b"),
        "right": ("right", "c-f"),
        "home": ("home", "c-a"),
        "end": ("end", "c-e"),
        "delete": ("delete", "c-d"),
        "clear": ("c-u", "c-k"),
        "merge": ("c-o",),
        "describe": ("c-y",),
    },
}
"""Prodigy's keys are the default."""

_FIXED = frozenset({"interrupt", "suspend", *(a.name for a in ACTIONS if ANY in a.keys)})
_FIXED_KEYS = frozenset({"c-c", "c-z", *GRADES})
_NAMED = re.compile(
    r"c-[a-z_]|f1?\d|enter|escape|tab|backspace|delete|insert|home|end|page(up|down)"
    r"|up|down|left|right"
)


_WHAT_IS_A_KEY = (
    "a key is one character, or such as enter, escape, space, tab, up, pagedown, f5, c-n"
)


def mapped(
    keymap: Keymap, preset: str = "prodigy", extras: Extras | None = None
) -> tuple[Action, ...]:
    """The table of keys with a preset's and the annotator's own in their places, and the recipe's.

    Raises UsageError for an action or key that there isn't, and for a key with two meanings.
    """
    if preset not in PRESETS:
        raise UsageError(f"no keymap is called {preset}; there are: {', '.join(PRESETS)}")
    wanted = {**PRESETS[preset], **{name: _keys(name, keys) for name, keys in keymap.items()}}
    actions = tuple(
        replace(action, keys=tuple(wanted[action.name])) if action.name in wanted else action
        for action in ACTIONS
    )
    actions += tuple(_added(extras)) if extras else ()
    _check(actions)
    return actions


def _added(extras: Extras) -> Iterator[Action]:
    """The recipe's keys."""
    for name, one in extras.pressed:
        if not is_key(one.key):
            raise UsageError(f"the recipe's key {one.key!r} is none; {_WHAT_IS_A_KEY}")
        said = one.help if isinstance(one, Key) else one.title
        yield Action(
            name,
            (one.key,),
            clean(said),
            clean(one.hint),
            keep=6,
            line=one.key,
            do=partial(extensions.press, one),
        )


def _keys(name: str, keys: Sequence[str]) -> tuple[str, ...]:
    names = {one.name for one in ACTIONS if one.keys and one.name not in (*_FIXED, "label")}
    if name not in names:
        raise UsageError(
            f"keymap: no action {name} can be mapped; there are: {', '.join(sorted(names))}"
        )
    keys = tuple(" " if key == "space" else key for key in keys)
    bad = [key for key in keys if not is_key(key)]
    if bad or not keys:
        raise UsageError(
            f"keymap: {name} can't be {', '.join(bad) or 'without a key'}; {_WHAT_IS_A_KEY}"
        )
    return keys


def is_key(key: str) -> bool:
    """Whether something can be put on this key."""
    return bool(len(key) == 1 or _NAMED.fullmatch(key)) and key not in _FIXED_KEYS


def _check(actions: tuple[Action, ...]) -> None:
    for mode in MODES:
        for task in TASKS:
            here = list(available(mode, task, actions))
            used = Counter(key for action in here for key in action.keys)
            for key, times in used.items():
                if times > 1 and key != ANY:
                    both = " and ".join(action.name for action in here if key in action.keys)
                    raise UsageError(f"keymap: the key {key} would be {both}")

"""Settings by flag, environment, dataset, project file and user file, in this order.

What is kept with a dataset are the options that it was labelled with last; see KEPT.

The project's file is ``txtal.toml`` in the current folder, the user's ``config.toml`` in the folder
the platform has for such. Both are data: nothing in them can make txtal load code.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from txtal.errors import UsageError
from txtal.formats.toml import quoted, read_toml

PROJECT_FILE = Path("txtal.toml")
_LARGEST = 16 << 10
"""Bytes of a file of settings: more of them, nested, would keep the parser busy for minutes."""

USER_FILE = "TXTAL_CONFIG"
"""The environment variable that names another user file."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Something a configuration file may say."""

    name: str
    kind: type
    default: object
    help: str
    variable: str = ""
    """The environment variable that goes before the files."""
    whole: bool = False
    """Of the whole program, and not of sessions alone."""
    kept: bool = False
    """Kept with the dataset that it was given for."""


SETTINGS = (
    Setting("db", str, "txtal.db", "the database file", "TXTAL_DB", whole=True),
    Setting("annotator", str, "your login name", "your name", "TXTAL_ANNOTATOR"),
    Setting("plain", bool, False, "line by line", "TXTAL_PLAIN"),
    Setting("theme", str, "auto", "auto, night, peat, paper, linen or mono", "TXTAL_THEME"),
    Setting("preset", str, "prodigy", "all other keys: prodigy, vi or emacs"),
    Setting("keys", str, "auto", "the labels' keys: auto, fixed, ranked or mnemonic", kept=True),
    Setting("guidelines", str, "", "a Markdown file to show with g", kept=True),
    Setting("patterns", str, "", "a file of words to highlight", kept=True),
    Setting("patterns_share", float, 0.0, "fraction that matches the patterns", kept=True),
    Setting("rules", str, "", "a file of rules that vote, .toml or .jsonl", kept=True),
    Setting("suggest_budget", int, "no limit", "tickets to ask --suggest for", kept=True),
    Setting("keymap", dict, {}, "a table of actions with their keys"),
    Setting("strategy", str, "auto", "how tickets are picked", kept=True),
    Setting("vectors", str, "auto", "text vectors", kept=True),
    Setting("lang", str, "auto", "language of the texts", kept=True),
    Setting("spacy", str, "", "a spaCy pipeline instead of the language's", kept=True),
    Setting("audit", float, 0.1, "fraction of tickets picked at random", kept=True),
    Setting("names", bool, True, "learn from the labels' names", kept=True),
    Setting("seed", int, 0, "seed for all random choices"),
)

KEPT = frozenset(setting.name for setting in SETTINGS if setting.kept)
"""Names of the options that are kept with a dataset."""

_ALTERNATIVES = {"lang": "spacy", "spacy": "lang", "strategy": "band"}
"""Options whose kept value doesn't hold while another one is given."""

_REPLACED = {"lang": "spacy"}
"""What is kept no longer once another option is given: a pipeline would go before the language."""


CODE = ".py"
"""How the name of a file of code ends, which runs only in sessions that name it."""

_ONLY_WITH = {"suggest_budget": "suggest"}
"""Options whose kept value holds only where another one is given."""


def is_code(name: str, value: object) -> bool:
    """Whether a setting names code, which neither a dataset nor a file of settings may do."""
    return name == "rules" and str(value).lower().endswith(CODE)


def recalled(kept: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """Return those of the kept values that hold when these options are given."""
    return {
        name: value
        for name, value in kept.items()
        if name in KEPT
        and name not in given
        and _ALTERNATIVES.get(name) not in given
        and (name not in _ONLY_WITH or _ONLY_WITH[name] in given)
        and not is_code(name, value)
    }


def replaced(given: Collection[str]) -> list[str]:
    """Return the names of the settings that are kept no longer when these options are given."""
    return [old for new, old in _REPLACED.items() if new in given and old not in given]


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting's value, and who said so."""

    setting: Setting
    value: object
    origin: str


def user_file() -> Path:
    """Where the user's own settings are, if they have any."""
    named = os.environ.get(USER_FILE)
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("txtal", appauthor=False) / "config.toml"


def from_files() -> dict[str, Origin]:
    """What the files say, the project's before the user's. Raises UsageError for a bad file."""
    return {one.setting.name: one for path in (user_file(), PROJECT_FILE) for one in _read(path)}


def everything(kept: Mapping[str, Any] | None = None, dataset: str = "") -> list[Origin]:
    """Every setting with its value, but for flags, and where it comes from.

    ``kept`` are the settings of a dataset of this name.
    """
    found = from_files()
    for setting in SETTINGS:
        if kept and setting.kept and setting.name in kept:
            found[setting.name] = Origin(setting, kept[setting.name], f"dataset {dataset}")
    return [_origin(setting, found) for setting in SETTINGS]


def _origin(setting: Setting, found: Mapping[str, Origin]) -> Origin:
    said = os.environ.get(setting.variable, "") if setting.variable else ""
    if said:
        return Origin(setting, said, setting.variable)
    return found.get(setting.name, Origin(setting, setting.default, "default"))


def defaults(recipes: Iterable[str]) -> dict[str, Any]:
    """The files' settings as click's default map: those of sessions under each such command."""
    found = from_files()
    whole = {name: one.value for name, one in found.items() if one.setting.whole}
    rest = {name: one.value for name, one in found.items() if _is_option(one.setting)}
    return {**whole, **dict.fromkeys(recipes, rest)} if found else {}


def keymap() -> dict[str, Sequence[str]]:
    """The keys that the files give to actions. Raises UsageError when they are no keys."""
    said = from_files().get("keymap")
    given = said.value if said and isinstance(said.value, dict) else {}
    found: dict[str, Sequence[str]] = {}
    for name, value in given.items():
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise UsageError(
                f"{said.origin if said else ''}: {name} must be a key or a list of them"
                f" (got {quoted(value)})"
            )
        found[name] = keys
    return found


def _is_option(setting: Setting) -> bool:
    """A session has an option of this name."""
    return not setting.whole and setting.kind is not dict


def _read(path: Path) -> Iterator[Origin]:
    try:
        if not path.exists():
            return
    except OSError as error:
        raise UsageError(
            f"{path}: can't be read: {error.strerror}; {USER_FILE} names another file of settings"
        ) from error
    said = read_toml(path, _LARGEST)
    known = {setting.name: setting for setting in SETTINGS}
    for name, value in said.items():
        if name not in known:
            raise UsageError(f"{path}: no setting is called {name}; there are: {', '.join(known)}")
        if not _fits(value, known[name].kind):
            wanted = _KINDS[known[name].kind]
            raise UsageError(f"{path}: {name} must be {wanted} (got {quoted(value)})")
        if isinstance(value, str) and "\0" in value:
            raise UsageError(f"{path}: {name} holds a NUL, which no name and no option may hold")
        if is_code(name, value):
            raise UsageError(f"{path}: {name} may not name code; give {value} by --{name}")
        yield Origin(known[name], value, str(path))


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


_KINDS = {
    dict: "a table",
    str: "text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
}

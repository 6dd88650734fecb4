"""Options that a dataset remembers: given once, they hold until they are given again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import click
from click.core import ParameterSource

from txtal import config
from txtal.cli.output import Console
from txtal.errors import TxtalError

_FILES = {"guidelines", "patterns", "rules"}
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class KeptOptions:
    """A command's options, with what its dataset remembers."""

    values: Mapping[str, Any]
    """To be used: as given, else as kept, else by the files and the defaults."""
    given: Mapping[str, str | float]
    """Those of them to be kept with the dataset from now on."""
    notices: tuple[str, ...]
    """What to say of it once the session begins."""


def with_kept(context: click.Context, values: Mapping[str, Any], console: Console) -> KeptOptions:
    """Fill in what the dataset named in ``values`` keeps."""
    mine = [name for name in values if name in config.KEPT]
    every = {name for name in values if context.get_parameter_source(name) in _GIVEN}
    fleeting = [name for name in mine if name in every and _is_pipe(values[name])]
    code = [name for name in mine if name in every and config.is_code(name, values[name])]
    given = {name: _plain(values[name]) for name in mine if name in every - {*fleeting, *code}}
    dataset = values.get("dataset")
    kept = _kept(console, dataset) if isinstance(dataset, str) and mine else {}
    held = {name: value for name, value in config.recalled(kept, every).items() if name in mine}
    missing = {name for name in _FILES & held.keys() if not Path(str(held[name])).is_file()}
    recalled = {name: value for name, value in held.items() if name not in missing}
    notices = [
        f"{held[name]}: kept with {dataset} as its {name}, and no longer there; left out"
        for name in sorted(missing)
    ]
    notices += [f"{name}: read from a pipe, so not kept with {dataset}" for name in fleeting]
    notices += [
        f"{values[name]}: code, so not kept with {dataset}; give --{name} each time"
        for name in code
    ]
    if isinstance(dataset, str) and "suggest" in values and not values["suggest"]:
        notices += _silent_commands(console, dataset)
    if recalled:
        notices.append(f"as kept with {dataset}: {listed(recalled)}")
    parameters = {param.name: param for param in context.command.params}
    filled = {
        name: parameters[name].type_cast_value(context, value) for name, value in recalled.items()
    }
    return KeptOptions({**values, **filled}, given, tuple(notices))


def _kept(console: Console, dataset: str) -> Mapping[str, Any]:
    """The dataset's settings; none where there is no such dataset, or it can't be read yet."""
    from txtal.store import datasets, settings

    try:
        with console.read() as conn:
            return settings.kept(conn, datasets.get(conn, dataset).id)
    except TxtalError:
        return {}


def _silent_commands(console: Console, dataset: str) -> list[str]:
    """Name the commands that suggested labels before: one runs only when somebody says so."""
    from txtal.store import datasets, votes

    try:
        with console.read() as conn:
            found = votes.sources(conn, datasets.get(conn, dataset).id)
    except TxtalError:
        return []
    names = [one.name for one in found if one.kind == "command"]
    return [
        f"{name} suggested labels for {dataset}; to have it go on: {_again(name)}" for name in names
    ]


def _again(name: str) -> str:
    cut = "…" in name  # only its beginning is known
    return f"--suggest {'and the whole command' if cut else quote(name)}"


def _is_pipe(value: Any) -> bool:
    """Whether it is a file that can be read only once, such as the output of a command."""
    return isinstance(value, Path) and value.exists() and not value.is_file()


def _plain(value: Any) -> str | float:
    """As it is kept: a file by its whole path, for tomorrow's folder may be another."""
    if isinstance(value, Path):
        return str(value.absolute())
    return "" if value is None else value


def listed(settings: Mapping[str, object]) -> str:
    """``strategy margin, vectors lexical``."""
    return ", ".join(
        f"{name} {value if value != '' else 'none'}" for name, value in settings.items()
    )

"""Who said it: a bad value from a file of settings is reported with the file and its key.

click knows only options, and the code behind them only values; whoever looks for the fault looks
for the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click
from click.core import ParameterSource

from txtal import config
from txtal.errors import TxtalError, UsageError


def bad_parameter(error: click.ClickException) -> str:
    """Return what is wrong with a value that no option gave; empty where one did.

    It comes from a file of settings or from an environment variable.
    """
    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return ""
    origin = _origin(error.ctx, error.param)
    return f"{origin}: {error.message.removesuffix('.')}" if origin else ""


def with_origins(error: TxtalError, context: click.Context) -> None:
    """Add to an error which of the values that it shows stand in a file of settings."""
    said = str(error)
    found = [note for note in _notes(context) if note.said_in(said)]
    if found:
        error.args = (f"{said} ({', '.join(map(str, found))})",)


class _Note:
    """A value that a file of settings gave to a command."""

    def __init__(self, name: str, value: object, origin: str) -> None:
        self._name, self._value, self._origin = name, value, origin

    def __str__(self) -> str:
        value = "" if isinstance(self._value, dict) else f" = {json.dumps(self._value)}"
        return f"{self._name}{value} stands in {self._origin}"

    def said_in(self, message: str) -> bool:
        """Whether a message is about the value, or about the setting."""
        shown = rf"(?<!\w){re.escape(str(self._value))}(?!\w)"
        return bool(str(self._value) and re.search(shown, message)) or message.startswith(
            (f"{self._name} ", f"{self._name}: ")
        )


def _notes(context: click.Context) -> Iterator[_Note]:
    try:
        files = config.from_files()
    except UsageError:  # which is what the error says
        return
    if "keymap" in files and context.parent is not None:
        yield _Note("keymap", files["keymap"].value, files["keymap"].origin)
    for param in context.command.params:
        name = param.name or ""
        if name in files and context.get_parameter_source(name) == ParameterSource.DEFAULT_MAP:
            yield _Note(name, files[name].value, files[name].origin)


def _origin(context: click.Context, param: click.Parameter) -> str:
    name = param.name or ""
    match context.get_parameter_source(name):
        case ParameterSource.ENVIRONMENT:
            return str(param.envvar)
        case ParameterSource.DEFAULT_MAP:
            return f"{config.from_files()[name].origin}: {name}"
        case _:
            return ""

"""Who said it: a bad value from a file of settings is reported with the file and its key.

click knows only options, and the code behind them only values; whoever looks for the fault looks
for the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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


@contextmanager
def with_origins(context: click.Context) -> Iterator[None]:
    """Add to an error that is raised which of the values that it shows stand in a settings file."""
    try:
        yield
    except TxtalError as error:
        said = str(error)
        found = [note for note in _notes(context) if note.said_in(said)]
        if found:
            error.args = (f"{said} ({', '.join(map(str, found))})",)
        raise


@dataclass(frozen=True, slots=True)
class _Note:
    """A value that a file of settings gave to a command."""

    name: str
    value: object
    origin: str
    is_path: bool = False

    def __str__(self) -> str:
        value = "" if isinstance(self.value, dict) else f" = {json.dumps(self.value)}"
        return f"{self.name}{value} is set in {self.origin}"

    def said_in(self, message: str) -> bool:
        """Whether a message is about the setting, or about its value: by name, or a quoted word.

        A number, or a word like ``en``, may as well be part of another's name.
        """
        begins = [f"{self.name} ", f"{self.name}: "]
        if self.is_path:
            begins += [f"{self.value} ", f"{self.value}: "]
        quoted = isinstance(self.value, str) and repr(self.value) in message
        return quoted or message.startswith(tuple(begins))


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
            is_path = isinstance(param.type, click.Path)
            yield _Note(name, files[name].value, files[name].origin, is_path)


def _origin(context: click.Context, param: click.Parameter) -> str:
    name = param.name or ""
    match context.get_parameter_source(name):
        case ParameterSource.ENVIRONMENT:
            return str(param.envvar)
        case ParameterSource.DEFAULT_MAP:
            return f"{config.from_files()[name].origin}: {name}"
        case _:
            return ""

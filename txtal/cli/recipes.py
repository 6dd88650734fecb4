"""Recipes as commands: a typed signature becomes arguments and options."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click

from txtal.cli.errors import guarded
from txtal.cli.kept import with_kept
from txtal.cli.options import (
    Commas,
    annotator_of,
    dataset_names,
    hook_options,
    hooks_given,
    reading_options,
    taken_reading,
)
from txtal.cli.output import Console, put, put_json
from txtal.cli.sections import SectionedCommand
from txtal.cli.threads import one_thread
from txtal.errors import RecipeError
from txtal.recipes import recipe as finding
from txtal.recipes.recipe import Recipe, RecipeFunction
from txtal.store import DEFAULT_PATH
from txtal.ui.themes import THEMES


def command_of(function: RecipeFunction) -> click.Command:
    """A click command that calls the recipe and runs what it returns.

    Raises RecipeError for a signature that can't be a command line.
    """
    params = [_param(function, name, hint) for name, hint in _hints(function).items()]
    names = [param.name for param in params]
    taken = {flag for param in params for flag in param.opts}
    reading = [one for one in reading_options(labels=False) if not taken & {*one.opts}]
    read_as = [one.name for one in reading if one.name is not None]
    params += [*reading, *_SESSION_OPTIONS, *hook_options()]

    @click.pass_context
    def call(context: click.Context, /, **values: Any) -> int:
        console = context.find_object(Console) or Console(DEFAULT_PATH)
        chosen = with_kept(context, values, console)
        arguments = {name: chosen.values[name] for name in names if name is not None}
        made = finding.call(function, arguments)
        if not isinstance(made, Recipe):
            raise RecipeError(
                f"{finding.file_of(function)}: {function.__name__} must return a Recipe, "
                f"not {type(made).__name__}"
            )
        from txtal import config
        from txtal.launch import Invocation
        from txtal.launch import run as launch

        invocation = Invocation(
            database=console.database,
            annotator=annotator_of(context, values["annotator"]),
            plain=values["plain"],
            recipe=finding.name_of(function),
            code=finding.file_of(function),
            theme=values["theme"],
            preset=values["preset"],
            keymap=config.keymap(),
            given=chosen.given,
            notices=chosen.notices,
            reading=taken_reading({name: values[name] for name in read_as}),
            hooks=hooks_given(values),
        )
        code = launch(made, invocation, console)
        context.exit(code)

    name = finding.name_of(function)
    return SectionedCommand(
        name,
        params=params,
        callback=call,
        help=inspect.getdoc(function),
        context_settings={"help_option_names": ["-h", "--help"]},
    )


_SESSION_OPTIONS: list[click.Parameter] = [
    click.Option(
        ["--annotator"], envvar="TXTAL_ANNOTATOR", help="Your name.  [default: your login name]"
    ),
    click.Option(
        ["--plain"], is_flag=True, help="Line-by-line mode, for screen readers and scripts."
    ),
    click.Option(
        ["--preset"],
        type=click.Choice(("prodigy", "vi", "emacs")),
        default="prodigy",
        metavar="NAME",
        help="Key bindings: prodigy, vi or emacs.",
    ),
    click.Option(
        ["--theme"],
        type=click.Choice(THEMES),
        envvar="TXTAL_THEME",
        default="auto",
        metavar="THEME",
        help="Colours: auto, night or peat for dark, paper or linen for light, mono.",
    ),
]


def _hints(function: RecipeFunction) -> dict[str, Any]:
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    missing = [name for name in inspect.signature(function).parameters if name not in hints]
    if missing:
        raise RecipeError(
            f"{finding.file_of(function)}: parameter {missing[0]!r} of {function.__name__} "
            "has no type; a recipe's types make its command line"
        )
    return hints


def _param(function: RecipeFunction, name: str, hint: Any) -> click.Parameter:
    """One parameter: positional unless it is keyword-only, a list or a flag."""
    parameter = inspect.signature(function).parameters[name]
    hint, notes = _split(hint)
    flags = [note for note in notes if note.startswith("-")]
    text = " ".join(note for note in notes if not note.startswith("-")) or None
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    kind, many = _kind(function, name, hint)
    option = many or flags or hint is bool or parameter.kind is inspect.Parameter.KEYWORD_ONLY
    if not option:
        return click.Argument(
            [name],
            type=kind,
            required=required,
            default=default,
            shell_complete=dataset_names if name == "dataset" else None,
        )
    dashed = "--" + name.replace("_", "-")
    if hint is bool and default:
        dashed += f"/--no-{name.replace('_', '-')}"  # what is on can be put off
    return click.Option(
        [name, dashed, *flags],
        type=kind,
        is_flag=hint is bool,
        required=required,
        default=None if many else default,
        callback=_joined(default or []) if many else None,
        multiple=many,
        show_default=default not in (None, "", False) and not many,
        help=text,
    )


def _split(hint: Any) -> tuple[Any, list[str]]:
    """The bare type, and the strings of ``Annotated[type, "-l", "help"]``."""
    if get_origin(hint) is not Annotated:
        return hint, []
    bare, *notes = get_args(hint)
    return bare, [note for note in notes if isinstance(note, str)]


def _kind(function: RecipeFunction, name: str, hint: Any) -> tuple[click.ParamType[Any], bool]:
    """The click type of a hint, and whether it is a list."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        hint = inner[0] if len(inner) == 1 else hint
    if get_origin(hint) is Literal:
        return click.Choice([str(choice) for choice in get_args(hint)]), False
    if get_origin(hint) in (list, Sequence):
        return Commas(), True
    simple: dict[Any, click.ParamType[Any]] = {
        str: click.STRING,
        int: click.INT,
        float: click.FLOAT,
        bool: click.BOOL,
        Path: click.Path(path_type=Path),
    }
    if hint not in simple:
        raise RecipeError(
            f"{finding.file_of(function)}: parameter {name!r} of {function.__name__} has type "
            f"{hint}; a recipe takes str, int, float, bool, Path, Literal and list[str]"
        )
    return simple[hint], False


def _joined(default: list[str]) -> Any:
    """A callback that joins the lists of a repeated option."""

    def join(
        context: click.Context, param: click.Parameter, values: Sequence[list[str]]
    ) -> list[str]:
        joined = [item for value in values for item in value]
        if not joined and param.required:
            raise click.MissingParameter(ctx=context, param=param)
        return joined or list(default)

    return join


def shipped_command(name: str) -> click.Command:
    """A command made from the recipe of this name that ships; only its file is loaded."""
    file = finding.shipped_folder() / f"{name}.py"
    (function,) = finding.in_module(finding.load_file(file))
    return command_of(function)


def script(function: RecipeFunction) -> None:
    """Make a recipe file a script: ``if __name__ == "__main__": script(my_recipe)``."""
    command = command_of(function)
    command.params.insert(
        0,
        click.Option(
            ["--db"],
            type=click.Path(path_type=Path),
            envvar="TXTAL_DB",
            default=DEFAULT_PATH,
            show_default=True,
            expose_value=False,
            help="The database file.",
            callback=lambda context, _, path: setattr(context, "obj", Console(path)),
        ),
    )
    one_thread()
    sys.exit(guarded(lambda: command.main(standalone_mode=False)))


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("recipe")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(context: click.Context, recipe: str, arguments: tuple[str, ...]) -> None:
    """Run your own recipe: FILE.py, or FILE.py:NAME if it holds several.

    ARGUMENTS are the recipe's own; `txtal run FILE.py --help` shows them.
    A recipe is code: it runs with your rights.
    """
    if recipe in ("-h", "--help"):
        click.echo(context.get_help())
        return
    target, _, wanted = recipe.partition(".py:")
    functions = finding.find(target + ".py" if wanted else recipe)
    if wanted:
        functions = [f for f in functions if finding.name_of(f) == wanted]
    names = ", ".join(finding.name_of(f) for f in functions)
    if len(functions) != 1:
        raise RecipeError(
            f"{recipe}: holds several recipes ({names}); name one as FILE.py:NAME"
            if functions
            else f"{recipe}: no such recipe in that file"
        )
    command = command_of(functions[0])
    # A child of the group, as any command is: `run` would put its own arguments into the usage.
    with command.make_context(
        f"run {recipe}", list(arguments), parent=context.parent, default_map=context.default_map
    ) as inner:
        command.invoke(inner)


@click.command("recipes")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def recipes(as_json: bool) -> None:
    """List the recipes that ship with txtal and those that installed packages add."""
    rows = [
        {"name": finding.name_of(f), "from": "txtal", "does": _summary(f)}
        for f in finding.shipped()
    ]
    # Not imported until they are run, so what they do isn't known here.
    rows += [{"name": p.name, "from": p.value, "does": ""} for p in finding.registered()]
    if as_json:
        put_json(rows)
    else:
        width = max(len(row["name"]) for row in rows)
        for row in rows:
            put(f"{row['name']:{width}}  {row['does'] or row['from']}")


def _summary(function: RecipeFunction) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]

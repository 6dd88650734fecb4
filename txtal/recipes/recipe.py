"""Recipes: plain functions that compose the parts of a session and return them.

A recipe's typed signature and docstring become its options and help on the command line; see
docs/recipes.md. A recipe is code and runs with its user's rights, so one is loaded only from a file
that the user names, from the folder that ships with txtal, or from an installed package that
declares the entry point ``txtal.recipes``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from txtal.errors import RecipeError, TxtalError, UsageError
from txtal.recipes.parts import PARTS, LabelOptions, ModelOptions, QuestionOptions, ScreenOptions
from txtal.types import UNRANKED, Record, Stream

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import ModuleType

_MARK = "__txtal_recipe__"


@dataclass(frozen=True, slots=True, init=False)
class Recipe:
    """Describes a session: a dataset, its tickets, and four groups of options.

    You can pass and read every option of the groups as if it were the recipe's own:
    ``Recipe("shop", "shop.jsonl", strategy="margin").strategy`` is ``"margin"``, the same as
    ``.model.strategy``. You can also pass a whole group, as ``model=ModelOptions(...)``, to share
    it between recipes; options that are passed singly override it.
    """

    dataset: str
    tickets: str | Path | Iterable[Record] | None
    """A SOURCE to load first (a path, ``-`` or ``dataset:NAME``), or records made by the recipe."""
    scheme: LabelOptions
    questions: QuestionOptions
    model: ModelOptions
    screen: ScreenOptions

    def __init__(
        self,
        dataset: str,
        tickets: str | Path | Iterable[Record] | None = None,
        **options: Any,
    ) -> None:
        parts = {part: options.pop(part, None) or kind() for part, kind in PARTS.items()}
        for name, value in options.items():
            if name not in _PART_OF:
                raise TypeError(f"a Recipe has no option {name!r}{_like(name)}")
            part = _PART_OF[name]
            parts[part] = replace(parts[part], **{name: value})
        for name, value in {"dataset": dataset, "tickets": tickets, **parts}.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in _PART_OF:
            return getattr(getattr(self, _PART_OF[name]), name)
        raise AttributeError(f"a Recipe has no option {name!r}{_like(name)}")

    def check(self) -> None:
        """Refuse what can't work, before anything is loaded. Raises UsageError or EngineError."""
        self.scheme.check()
        self.questions.check(self.scheme, self.model)
        self.model.check()
        if self.questions.stream:
            self._check_arriving(self.questions.stream)
        if self.questions.order not in UNRANKED:
            self.model.check_names()

    @property
    def quota(self) -> Path | None:
        """The file of patterns whose tickets are shown in a quota of their own, if any."""
        return self.screen.patterns if self.questions.patterns_share else None

    def _check_arriving(self, stream: Stream) -> None:
        """Refuse tickets that can't arrive one by one."""
        named = isinstance(self.tickets, str | Path)
        if stream.follow and (not named or self.tickets == "-"):
            raise UsageError("--follow needs a file that grows; for standard input use --stream")
        if self.tickets is not None and not named:
            raise UsageError("records made by a recipe can't be a stream: name a file, or -")
        if str(self.tickets).startswith("dataset:"):
            raise UsageError("a dataset can't be a stream: its tickets are all there already")


_PART_OF = {one.name: part for part, kind in PARTS.items() for one in fields(kind)}
"""Which part each option belongs to."""


def _like(name: str) -> str:
    """Which option may have been meant, in words."""
    from difflib import get_close_matches

    near = get_close_matches(name, _PART_OF, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _signature() -> Signature:
    """All options, as ``help(Recipe)`` and editors show them."""
    own = list(signature(Recipe.__init__).parameters.values())[1:-1]
    options = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for kind in PARTS.values()
        for parameter in signature(kind).parameters.values()
    ]
    return Signature([*own, *options])


setattr(Recipe, "__signature__", _signature())  # noqa: B010 - it isn't a declared attribute


RecipeFunction = Callable[..., Recipe]
F = TypeVar("F", bound=RecipeFunction)


def recipe(name: str) -> Callable[[F], F]:
    """Mark a function as the recipe called ``name``; the function itself is returned unchanged."""

    def mark(function: F) -> F:
        setattr(function, _MARK, name)
        return function

    return mark


def name_of(function: RecipeFunction) -> str:
    """The name given to :func:`recipe`."""
    return str(getattr(function, _MARK))


def file_of(function: RecipeFunction) -> Path:
    """The file a recipe was written in; the learner loads it for what it registers."""
    return Path(function.__code__.co_filename).resolve()


def in_module(module: ModuleType) -> list[RecipeFunction]:
    """The recipes a module defines, in order."""
    return [
        value
        for value in vars(module).values()
        if callable(value) and hasattr(value, _MARK) and value.__module__ == module.__name__
    ]


def load_file(path: Path) -> ModuleType:
    """Run the recipe file the user named, as a module; once, however often it is asked for.

    Raises RecipeError that says where in the file the fault is.
    """
    path = path.resolve()
    if not path.is_file():
        raise RecipeError(f"{path}: no such recipe file")
    from importlib import util

    name = f"txtal_recipe_{path.stem}_{abs(hash(str(path)))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{path}: not a Python file; a recipe's name ends in .py")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RecipeError(f"{path}{_line(error, path)}: {_say(error)}") from error
    return module


def call(function: RecipeFunction, arguments: Mapping[str, object]) -> object:
    """What the recipe returns. Raises RecipeError that says where in its file a fault is."""
    try:
        return function(**arguments)
    except TxtalError:
        raise
    except Exception as error:
        path = file_of(function)
        raise RecipeError(f"{path}{_line(error, path)}: {_say(error)}") from error


def records_of(made: Iterable[object], path: Path) -> Iterator[Record]:
    """Yield the records of a recipe's own. Raises RecipeError that says where a fault is."""
    try:
        for number, record in enumerate(made, start=1):
            if not isinstance(record, Record):
                raise RecipeError(
                    f"{path}: ticket {number} is a {type(record).__name__}; `tickets` takes a "
                    "SOURCE, or an iterable of txtal.Record"
                )
            yield record
    except TxtalError:
        raise
    except Exception as error:
        raise RecipeError(f"{path}{_line(error, path)}: {_say(error)}") from error


def _line(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f":{error.lineno}"
    import traceback

    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f":{lines[-1]}" if lines else ""


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def shipped_folder() -> Path:
    """Where the shipped recipes are: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parents[1]
    installed = here / "_recipes"
    return installed if installed.is_dir() else here.parent / "recipes"


def shipped() -> list[RecipeFunction]:
    """The recipes that ship with txtal, by file name."""
    files = sorted(shipped_folder().glob("*.py"))
    return [function for file in files for function in in_module(load_file(file))]


def load_code(code: str | Path | None) -> None:
    """Load what registers names that a command may be given: the shipped recipes, and a file."""
    shipped()
    if code:
        load_file(Path(code))


def registered() -> list[EntryPoint]:
    """Recipes that installed packages declare; listed without importing them."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group="txtal.recipes"), key=lambda point: point.name)


def find(target: str) -> list[RecipeFunction]:
    """The recipes in a file (``FILE.py``), or the one an installed package registers by name.

    Raises RecipeError when there is none.
    """
    if target.endswith(".py"):
        functions = in_module(load_file(Path(target)))
        if not functions:
            raise RecipeError(f"{target}: no function in it is marked with @recipe")
        return functions
    for point in registered():
        if point.name == target:
            return [point.load()]
    raise RecipeError(
        f"no recipe called {target!r}: name a .py file, or see `txtal recipes` for those there are"
    )

"""Recipes: plain functions that compose the parts of a sitting and return them.

A recipe's typed signature and docstring become its options and help on the command line; see
docs/recipes.md. A recipe is code and runs with its user's rights, so one is loaded only from a file
that the user names, from the folder that ships with txtal, or from an installed package that
declares the entry point ``txtal.recipes``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from txtal.errors import RecipeError, TxtalError
from txtal.types import LabelKeys, LearnerSettings, Record, Stream, Task

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import ModuleType

    from txtal.recipes.extensions import Key, Panel, Styled
    from txtal.session.protocols import OnAnswer, Validate
    from txtal.session.questions import Order
    from txtal.types import Ticket

_MARK = "__txtal_recipe__"
_DEFAULTS = LearnerSettings()


@dataclass(frozen=True, slots=True)
class Recipe:
    """The parts of a sitting, as a recipe returns them."""

    dataset: str
    tickets: str | Path | Iterable[Record] | None = None
    """A SOURCE to load first (a path, ``-`` or ``dataset:NAME``), or records made by the recipe."""
    labels: Sequence[str | tuple[str, str]] = ()
    """Names, or (name, description); added to those the dataset has."""
    labels_from: Path | None = None
    """A file of more of them, one a line: name, tab, description."""
    rating: str | None = None
    """In the place of labels the grades of a scale, such as ``1-5``."""
    task: Task | None = None
    """None keeps the dataset's; a new one is binary with a single label, else exclusive."""
    vectoriser: str = _DEFAULTS.vectoriser
    strategy: str = _DEFAULTS.strategy
    audit: float = _DEFAULTS.audit
    recheck: float = 0.0
    """Share of questions that are the annotator's own earlier ones, asked again blindly."""
    overlap: float = 0.0
    """Share of tickets, the same for all with the same share, that every annotator is asked."""
    stop_gain: float = 1.0
    """Points of macro-F1 by 100 more answers below which it is said that it may be time to stop."""
    stop_at: float | None = None
    """The accuracy at which it is said."""
    robust: bool = False
    """Whether fits leave out answers that are next to impossible by a model of the others."""
    seed: int = _DEFAULTS.seed
    engine: str = _DEFAULTS.compute.engine
    """``dask`` vectorises and sweeps on the workers of ``scheduler``; see docs/scale.md."""
    scheduler: str | None = _DEFAULTS.compute.scheduler
    order: Order = "ranking"
    """``file`` asks in the order of loading and starts no learner; ``suspects`` looks again at
    answers that are probably wrong."""
    synthesise: float = 0.0
    """Share of questions that are of texts composed of tickets', marked as synthetic."""
    stream: Stream | None = None
    """Tickets arrive from ``tickets`` while the session is on, instead of being loaded first."""
    label_keys: LabelKeys = "auto"
    guidelines: Path | None = None
    """A Markdown file that the annotator can call up."""
    welcome: str = ""
    """Shown until the first key."""
    on_answer: OnAnswer | None = None
    """Called with (ticket, answer) after each answer is on disk. What it raises is shown and
    logged, and the session goes on; the same holds of all below."""
    render: Callable[[Ticket], Styled] | None = None
    """What is shown of a ticket in the place of its text and meta."""
    keys: Sequence[Key] = ()
    panels: Sequence[Panel] = ()
    validate: Validate | None = None
    """Called with (ticket, draft) before an answer is recorded; says why it won't do, or None."""
    patterns: Path | None = None
    """A file of words and phrases to be highlighted; see :mod:`txtal.recipes.patterns`."""


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

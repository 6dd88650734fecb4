"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from txtal.api.annotator import default_annotator as default_annotator
from txtal.api.annotator import whole
from txtal.engine import ENGINES
from txtal.store import DEFAULT_PATH
from txtal.vectors.table import forms

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.types import LearnerSettings

F = TypeVar("F", bound=Callable[..., Any])


class Commas(click.ParamType[list[str]]):
    """``bug,praise`` as a list; may be given more than once."""

    name = "A,B,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        if isinstance(value, list):
            return value
        return [part.strip() for part in str(value).split(",") if part.strip()]


class FieldNames(click.ParamType[tuple[str, ...]]):
    """``subject,description``: fields in their order. A name may hold spaces, but no comma."""

    name = "A,B,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


def _field_options() -> list[click.Option]:
    from txtal.formats.imports import IMPORTS

    return [
        click.Option(
            ["--text", "text_fields"],
            type=FieldNames(),
            default=(),
            help="Fields of SOURCE that make the text, joined in this order, as in "
            "subject,description.  [default: text]",
        ),
        click.Option(
            ["--id", "id_field"],
            metavar="FIELD",
            default="",
            help="Field with the id of each ticket.",
        ),
        click.Option(
            ["--meta", "meta_fields"],
            type=FieldNames(),
            default=(),
            help="Fields to show beneath the text.",
        ),
        click.Option(
            ["--thread", "thread_field"],
            metavar="FIELD",
            default="",
            help="Field with the messages before the text, shown above it.",
        ),
        click.Option(
            ["--columns"],
            type=FieldNames(),
            default=(),
            help="Names of the columns of a table without a header, in their order.",
        ),
        click.Option(
            ["--encoding"],
            metavar="NAME",
            default="",
            help="Encoding of SOURCE, such as windows-1251.  [default: detected]",
        ),
        click.Option(
            ["--from", "import_format"],
            metavar="FORMAT",
            default="",
            help=f"Format of SOURCE, where its name doesn't say: {', '.join(IMPORTS.names)}.",
        ),
    ]


def _label_options() -> list[click.Option]:
    return [
        click.Option(
            ["--label", "label_fields"],
            type=FieldNames(),
            default=(),
            help="Field that holds the label; columns of 1 and 0 if it is several.",
        ),
        click.Option(
            ["--labels", "labels_fields"],
            type=FieldNames(),
            default=(),
            help="Field that may hold several labels.",
        ),
        click.Option(
            ["--separator"],
            metavar="MARK",
            default="",
            help="Separator of several labels in a field; none: one label per field.",
        ),
    ]


def reading_options(*, labels: bool) -> list[click.Option]:
    """The options that say how a SOURCE is read; with ``labels`` also those of its answers."""
    text, *others = _field_options()
    return [text, *(_label_options() if labels else []), *others]


def reading(*, labels: bool) -> Callable[[F], F]:
    """The same for a command; the function is given what they say as ``reading``."""

    def add(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **values: Any) -> Any:
            return function(*args, reading=taken_reading(values), **values)

        known = getattr(call, "__click_params__", [])
        call.__click_params__ = [*known, *reversed(reading_options(labels=labels))]  # type: ignore[attr-defined]
        return cast(F, call)

    return add


def taken_reading(values: dict[str, Any]) -> Reading:
    """What the options say, taken out of the values of a command line."""
    from txtal.formats.imports import IMPORTS
    from txtal.formats.reading import Reading

    row = values.pop("import_format", "")
    if row:
        IMPORTS.named(row)
    return Reading(
        text=values.pop("text_fields", ()),
        label=values.pop("label_fields", ()),
        labels=values.pop("labels_fields", ()),
        id=values.pop("id_field", ""),
        meta=values.pop("meta_fields", ()),
        thread=values.pop("thread_field", ""),
        separator=values.pop("separator", ""),
        columns=values.pop("columns", ()),
        encoding=values.pop("encoding", ""),
        format=row,
    )


def gathered(kind: type, name: str) -> Callable[[F], F]:
    """Hand a command those of its options that a dataclass has fields for as one, called ``name``.

    Goes right above the function, below the options.
    """
    names = [one.name for one in fields(kind)]

    def add(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **values: Any) -> Any:
            group = kind(**{one: values.pop(one) for one in names})
            return function(*args, **{name: group}, **values)

        return cast(F, call)

    return add


_PIPELINE = (
    click.option(
        "--lang",
        default="auto",
        show_default=True,
        help="Language of the texts; auto: detected.",
    ),
    click.option("--spacy", help="Use this spaCy pipeline instead of --lang."),
    click.option(
        "--code",
        type=click.Path(path_type=Path),
        help="Recipe file that defines strategies or vectorisers.",
    ),
)


def pipeline(command: F) -> F:
    """--lang, --spacy and --code."""
    for option in reversed(_PIPELINE):
        command = option(command)
    return command


def features(command: F) -> F:
    """--vectors and what :func:`pipeline` has; see :func:`txtal.vectors.spec.spec_of`."""
    vectors = click.option(
        "--vectors",
        default="auto",
        show_default=True,
        help=f"Text vectors: {', '.join(forms())}; join with +.",
    )
    return vectors(pipeline(command))


names = click.option(
    "--names/--no-names",
    default=True,
    show_default=True,
    help="Learn from the labels' names and descriptions, too.",
)


_ENGINE = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="local",
        show_default=True,
        help="Compute on this machine or on Dask workers.",
    ),
    click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://HOST:8786."),
)


def engine(command: F) -> F:
    """--engine and --scheduler; see :func:`txtal.engine.open_engine`."""
    for option in reversed(_ENGINE):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """The values of the options of :func:`features`."""

    vectors: str
    lang: str
    spacy: str | None
    code: Path | None

    @property
    def spec(self) -> str:
        """The vectoriser's spec."""
        from txtal.vectors.spec import spec_of

        return spec_of(self.vectors, self.lang, self.spacy)

    def settings(self, context: click.Context, dataset: str, **more: Any) -> LearnerSettings:
        """Return a learner's settings for the dataset, see :func:`spec_as_taught`, and others."""
        from txtal.types import LearnerSettings

        code = str(self.code) if self.code else None
        return LearnerSettings(spec_as_taught(context, dataset, self), code=code, **more)


def spec_as_taught(context: click.Context, dataset: str, wanted: FeatureOptions) -> str:
    """The spec in the words of the options; without a word, as the dataset is labelled.

    That is by what is kept with it, or by its newest revision: those features are cached. Raises
    UsageError when there is no such dataset.
    """
    from txtal.learner.taught import taught_spec

    named = (context.get_parameter_source(name) for name in ("vectors", "lang", "spacy"))
    if any(source is not ParameterSource.DEFAULT for source in named):
        return wanted.spec
    with context.obj.read() as conn:
        return taught_spec(conn, dataset)


def names_as_taught(context: click.Context, dataset: str, given: bool = True) -> bool:
    """Whether to learn from the labels' names: as given, else as is kept with the dataset.

    Raises UsageError when there is no such dataset.
    """
    from txtal.learner.taught import taught_names

    if context.get_parameter_source("names") not in (None, ParameterSource.DEFAULT):
        return given
    with context.obj.read() as conn:
        return taught_names(conn, dataset)


def dataset_names(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """Completes the name of a dataset; nothing where the database can't be read."""
    return [name for name in _read(context, _datasets) if name.startswith(begun)]


def label_names(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """Completes the name of a label of the dataset named before it."""
    name = context.params.get("dataset", "")
    return [
        one for one in _read(context, lambda conn: _labels(conn, name)) if one.startswith(begun)
    ]


def _read(context: click.Context, ask: Callable[[Any], list[str]]) -> list[str]:
    from contextlib import closing

    from txtal.errors import TxtalError
    from txtal.store import schema

    path = context.find_root().params.get("db") or DEFAULT_PATH
    try:
        with closing(schema.open_readonly(path)) as conn:
            return ask(conn)
    except TxtalError:
        return []


def _datasets(conn: Any) -> list[str]:
    from txtal.store import datasets

    return datasets.names(conn)


def _labels(conn: Any, dataset: str) -> list[str]:
    from txtal.store import datasets

    return [label.name for label in datasets.get(conn, dataset).scheme.labels]


def annotator_of(context: click.Context, given: str | None) -> str:
    """The annotator that an option names, be it by the environment; else the login name."""
    if given and context.get_parameter_source("annotator") is not ParameterSource.COMMANDLINE:
        given = whole(given)
    return given or default_annotator()


_HOOKS = {
    "answer": "each answer and undo",
    "train": "each new version",
    "stop": "a reason to stop labelling",
    "drift": "drift",
}


def hook_options() -> list[click.Option]:
    """Return ``--on-answer`` and its like, which the dataset keeps."""
    return [
        click.Option(
            [f"--on-{event}"],
            metavar="COMMAND|URL",
            help=f"Send {what} to a command or URL from now on; '' stops it.",
        )
        for event, what in _HOOKS.items()
    ]


def hooks_given(values: Mapping[str, Any]) -> dict[str, str]:
    """Return whom to tell, by the event, of those options that were given."""
    return {event: values[f"on_{event}"] for event in _HOOKS if values[f"on_{event}"] is not None}

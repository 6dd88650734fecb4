"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from txtal.engine import ENGINES
from txtal.store import DEFAULT_PATH
from txtal.vectors.table import forms

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


_PIPELINE = (
    click.option("--lang", default="en", show_default=True, help="Language of the texts."),
    click.option("--spacy", help="An installed spaCy pipeline instead of --lang."),
    click.option(
        "--code",
        type=click.Path(path_type=Path),
        help="A recipe file to load for the strategies and vectorisers it registers.",
    ),
)


def pipeline(command: F) -> F:
    """--lang, --spacy and --code."""
    for option in reversed(_PIPELINE):
        command = option(command)
    return command


def features(command: F) -> F:
    """--vectors and what :func:`pipeline` has; see :func:`spec_of`."""
    vectors = click.option(
        "--vectors",
        default="auto",
        show_default=True,
        help=f"Features: {', '.join(forms())}; several with +.",
    )
    return vectors(pipeline(command))


_ENGINE = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="local",
        show_default=True,
        help="Where it is worked out: here, or by the workers of a Dask scheduler.",
    ),
    click.option("--scheduler", metavar="ADDRESS", help="Of the engine dask: tcp://HOST:8786."),
)


def engine(command: F) -> F:
    """--engine and --scheduler; see :func:`txtal.engine.open_engine`."""
    for option in reversed(_ENGINE):
        command = option(command)
    return command


def spec_of(vectors: str, lang: str, spacy: str | None) -> str:
    """The vectoriser's spec in the words of the options."""
    return f"{vectors}@{spacy or lang}"


def spec_as_taught(
    context: click.Context, dataset: str, vectors: str, lang: str, spacy: str | None
) -> str:
    """The spec in the words of the options; without a word, as the dataset is labelled.

    That is by what is kept with it, or by its newest revision: those features are cached. Raises
    UsageError when there is no such dataset.
    """
    from txtal.store import datasets, revisions, settings

    named = (context.get_parameter_source(name) for name in ("vectors", "lang", "spacy"))
    if any(source is not ParameterSource.DEFAULT for source in named):
        return spec_of(vectors, lang, spacy)
    with context.obj.read() as conn:
        dataset_id = datasets.get(conn, dataset).id
        kept = settings.kept(conn, dataset_id)
        latest = revisions.latest(conn, dataset_id)
    if kept.keys() & {"vectors", "lang", "spacy"}:
        vectors, lang = str(kept.get("vectors", vectors)), str(kept.get("lang", lang))
        return spec_of(vectors, lang, str(kept.get("spacy", "")) or None)
    return latest[1].vectoriser if latest else spec_of(vectors, lang, spacy)


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


def default_annotator() -> str:
    """The user's login name, or ``annotator`` where the system knows none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "annotator"

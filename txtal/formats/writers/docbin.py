"""Answers as spaCy trains on them: a DocBin, and a config with which ``spacy train`` runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from txtal.errors import UsageError
from txtal.formats.atomic import write_atomically
from txtal.formats.exports import Target
from txtal.formats.rows import Row, Written, ticket_id
from txtal.formats.writers.training import Example, Examples
from txtal.types import ONE_OF

CONFIG = "config.cfg"


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a doc for each example, its ``cats`` 1 for labels that apply and 0 for the others.

    Raises UsageError for a language that spaCy doesn't know.
    """
    import spacy
    from spacy.tokens import DocBin

    try:
        tokenise = spacy.blank(target.lang).make_doc
    except (ImportError, OSError):
        raise UsageError(
            f"spaCy knows no language {target.lang!r}; name another with --lang"
        ) from None
    names = [label.name for label in target.scheme.labels]
    docs, examples = DocBin(store_user_data=True), Examples(rows)
    for example in examples:
        docs.add(_doc(example, tokenise, names))
    with target.binary() as file:
        file.write(docs.to_bytes())
    return examples.written


def _doc(example: Example, tokenise: Any, names: list[str]) -> Any:
    doc = tokenise(example.text)
    doc.cats = {name: float(name in example.labels) for name in names}
    key = ticket_id(example.row.ticket)
    if key is not None:
        # A DocBin's whole numbers have 64 bits at most.
        fits = not isinstance(key, int) or key.bit_length() < 64
        doc.user_data["id"] = key if fits else str(key)
    return doc


def write_config(target: Target, parts: Mapping[str, Path]) -> None:
    """Write a config beside the first two parts with which ``spacy train`` trains on them.

    A text classifier for its language: ``textcat`` where one label applies, else
    ``textcat_multilabel``.
    """
    from spacy.cli.init_config import init_config

    train, dev, *_ = parts.values()
    pipe = "textcat" if target.scheme.task in ONE_OF else "textcat_multilabel"
    made = init_config(lang=target.lang, pipeline=[pipe], optimize="efficiency", gpu=False)
    made["paths"]["train"], made["paths"]["dev"] = str(train.resolve()), str(dev.resolve())
    with write_atomically(train.with_name(CONFIG)) as out:
        out.write(made.to_str())

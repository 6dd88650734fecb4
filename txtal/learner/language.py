"""The features a learner goes by: where no language is given, with that of the dataset's texts.

Once there is a model version, its language holds: other tokens would be other features.
"""

from __future__ import annotations

from dataclasses import replace

from txtal.store import datasets, revisions, tickets
from txtal.store.sqlite import Connection
from txtal.vectors.language import TEXTS, in_language
from txtal.vectors.spec import DETECTED, Spec, parse, resolve, sentence_reader


def spec_of(conn: Connection, dataset: str, vectoriser: str) -> tuple[Spec, str]:
    """Return the spec with its language, and what the annotator should know of that, or "".

    Raises UsageError for a bad spec or dataset.
    """
    wanted = parse(vectoriser)
    if wanted.pipeline != DETECTED:
        return wanted, ""
    dataset_id = datasets.get(conn, dataset).id
    latest = revisions.latest(conn, dataset_id)
    if latest and latest[1].vectoriser:
        return replace(wanted, pipeline=parse(latest[1].vectoriser).pipeline), ""
    ids = tickets.ids_after(conn, dataset_id)
    some = ids[:: max(1, len(ids) // TEXTS)][:TEXTS].tolist()
    return in_language(wanted, tickets.texts(conn, some))


def opening(conn: Connection, dataset: str, vectoriser: str) -> tuple[Spec, str]:
    """Return the spec with its language, and what a session says of the features when it opens.

    A first session also says which sentence model reads behind it. Raises as :func:`spec_of`.
    """
    spoken, of_language = spec_of(conn, dataset, vectoriser)
    new = revisions.latest(conn, datasets.get(conn, dataset).id) is None
    reader = sentence_reader(vectoriser) if new else ""
    return spoken, "; ".join(filter(None, (of_language, reader)))


def resolved(conn: Connection, dataset: str, vectoriser: str) -> Spec:
    """Return the spec with its language and its blocks. Raises as :func:`spec_of`, and
    LearnerError when what it needs isn't installed.
    """
    return resolve(spec_of(conn, dataset, vectoriser)[0])[0]

"""spaCy's DocBin in: the texts of its docs, and their cats."""

from __future__ import annotations

from txtal.errors import DataError
from txtal.formats.reading import Rows, Source


def read(source: Source) -> Rows:
    """The text and the cats of each doc. Raises DataError for a file that is no DocBin."""
    path = source.file
    import spacy
    from spacy.tokens import DocBin

    try:
        docs = DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
        for number, doc in enumerate(docs, start=1):
            yield number, {"text": doc.text, "cats": dict(doc.cats)}
    except (ValueError, KeyError, OSError, TypeError, AttributeError) as error:
        raise DataError(
            f"{source.name} isn't a spaCy DocBin, or is damaged: {type(error).__name__}"
        ) from None

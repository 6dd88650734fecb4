"""A database and its datasets, for use from Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from txtal.api.annotator import default_annotator
from txtal.errors import UsageError
from txtal.learner import taught
from txtal.store import DEFAULT_PATH, datasets, gold, schema, tickets
from txtal.store.sqlite import Connection, foreseen
from txtal.types import Answer, Classified, Dataset, Record, Task, Ticket, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from txtal.api.labelling import Asked, Labelling
    from txtal.api.training import Trained
    from txtal.classifier.classifier import Classifier
    from txtal.classifier.versions import Version
    from txtal.formats.rows import ExportRow, Written
    from txtal.store.tickets import Loaded


def open_database(path: Path | str = DEFAULT_PATH, *, create: bool = False) -> Database:
    """Return the database at ``path``; one of an older txtal is upgraded.

    Raises DatabaseError if there is none and ``create`` is false, or if it can't be used.
    """
    with _opened(Path(path), create=create):
        pass
    return Database(Path(path))


@contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[Connection]:
    """Open the database for writing, converting SQLite's errors to txtal's."""
    conn = schema.open_database(path, create=create)
    try:
        with foreseen(path):
            yield conn
    finally:
        conn.close()


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    conn = schema.open_readonly(path)
    try:
        with foreseen(path):
            yield conn
    finally:
        conn.close()


class Database(Mapping[str, "LabelledDataset"]):
    """The datasets in a file, by name. The file isn't kept open between calls."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, name: str) -> LabelledDataset:
        """Return a dataset. Raises KeyError if there is none with this name."""
        if name not in list(self):
            raise KeyError(name)
        return LabelledDataset(self.path, name)

    def __iter__(self) -> Iterator[str]:
        """Yield the datasets' names, in order of creation."""
        with _reading(self.path) as conn:
            return iter(datasets.names(conn))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def create(
        self, name: str, labels: Sequence[str] = (), task: Task | None = None
    ) -> LabelledDataset:
        """Create a dataset, or add labels to an existing one.

        Raises UsageError if the dataset has answers and ``task`` would change.
        """
        with _opened(self.path) as conn:
            datasets.prepare(conn, name, [(label, "") for label in labels], task)
        return LabelledDataset(self.path, name)

    def __repr__(self) -> str:
        return f"txtal.open({str(self.path)!r})"


class LabelledDataset:
    """A dataset: its tickets, its answers and its model.

    All methods raise DatabaseError if the file can't be used, and UsageError if the dataset was
    renamed or dropped.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self._labelling: Labelling | None = None
        self._loaded: tuple[int, Classifier] | None = None
        """The last classifier used, with the number of its version."""

    def __repr__(self) -> str:
        return f"txtal.open({str(self.path)!r})[{self.name!r}]"

    def __len__(self) -> int:
        """Count the tickets."""
        with self._reading() as (conn, dataset):
            return tickets.count(conn, dataset.id)

    @property
    def task(self) -> Task:
        """``exclusive``, ``multilabel``, ``binary`` or ``rating``."""
        with self._reading() as (_, dataset):
            return dataset.scheme.task

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in their order."""
        with self._reading() as (_, dataset):
            return tuple(label.name for label in dataset.scheme.labels)

    # --- tickets and answers ----------------------------------------------------------------

    def tickets(self) -> Iterator[Ticket]:
        """Yield every ticket, in order of loading."""
        with self._reading() as (conn, dataset):
            for ticket_id in tickets.ids_after(conn, dataset.id):
                yield tickets.get(conn, ticket_id)

    def add(self, texts: Iterable[str | Record]) -> Loaded:
        """Add tickets in one transaction. A text that is already there is counted, not added.

        Raises DataError for an empty text.
        """
        records = [Record(one) if isinstance(one, str) else one for one in texts]
        if not all(one.text.strip() for one in records):
            raise UsageError("a ticket needs a text: one of these is empty")
        with _opened(self.path) as conn:
            return tickets.add(conn, datasets.get(conn, self.name).id, records)

    def answers(self, *, every: bool = False) -> list[dict[str, Any]]:
        """Return a record for each answered ticket, with the keys of a JSONL export.

        With ``every``, returns every annotator's answer instead of one answer per ticket.
        """
        from txtal.formats.writers.full import full

        with self._reading() as (conn, dataset):
            return [full(row) for row in _rows(conn, dataset, every=every)]

    def answers_frame(self, *, every: bool = False) -> pd.DataFrame:
        """Return the answers as a pandas frame. Raises UsageError if pandas isn't installed."""
        try:
            import pandas as pd
        except ImportError:
            raise UsageError(
                "a frame needs pandas: `pip install pandas`, or use answers()"
            ) from None
        return pd.DataFrame.from_records(self.answers(every=every))

    def export(self, output: Path | str, format: str | None = None) -> Written:  # noqa: A002
        """Write the answers to a file or folder, in ``format`` or the format of the name's ending.

        The output is replaced in one step. Raises UsageError for an unknown format.
        """
        from functools import partial

        from txtal.formats.atomic import write_atomically
        from txtal.formats.exports import Target, chosen

        path = Path(output)
        row = chosen(format, path)
        with self._reading() as (conn, dataset):
            target = Target(
                dataset.scheme,
                path,
                partial(write_atomically, path),
                has_ids=partial(tickets.have_ids, conn, dataset.id),
                whole_ids=partial(tickets.have_whole_ids, conn, dataset.id),
            )
            return row.write(_rows(conn, dataset), target)

    def stats(self) -> dict[str, Any]:
        """Return the dataset's statistics, as ``txtal stats --json`` prints them."""
        from txtal.api import summary

        with self._reading() as (conn, _):
            return summary.of(conn, self.name)

    # --- the model --------------------------------------------------------------------------

    def train(
        self,
        output: Path | str | None = None,
        *,
        vectors: str | None = None,
        if_better: bool = False,
        robust: bool = False,
    ) -> Trained:
        """Fit the classifier and keep it as the version in use; see :func:`.training.train`."""
        from txtal.api.training import train

        with self._reading() as (conn, _):
            settings = taught.taught_settings(conn, self.name, vectors, robust=robust)
        folder = Path(output) if output is not None else None
        return train(self.path, self.name, settings, output=folder, if_better=if_better)

    def versions(self) -> list[Version]:
        """Return every version that was trained, oldest first."""
        from txtal.api.folders import versions_folder
        from txtal.classifier import versions

        return versions.versions(versions_folder(self.path, self.name))

    def classifier(self, version: int | None = None) -> Classifier:
        """Return the classifier in use, or of another version.

        Raises UsageError if none was trained, ModelError if it can't be read.
        """
        from txtal.api.folders import versions_folder
        from txtal.classifier import versions

        folder = versions_folder(self.path, self.name)
        number = versions.current(folder) if version is None else version
        if number is None:
            raise UsageError(f"{self.name}: no model yet: train() makes one")
        if self._loaded is None or self._loaded[0] != number:
            self._loaded = number, versions.load(folder, number)
        return self._loaded[1]

    def predict(self, texts: Sequence[str], version: int | None = None) -> list[Classified]:
        """Return the labels and probabilities of each text; raises as :meth:`classifier`."""
        return self.classifier(version).predict(texts) if texts else []

    # --- labelling --------------------------------------------------------------------------

    def session(
        self,
        annotator: str | None = None,
        *,
        strategy: str = "auto",
        audit: float = 0.1,
        seed: int = 0,
        vectors: str | None = None,
        model: bool = True,
    ) -> Labelling:
        """Return a session for a ``with`` block; with ``model=False`` tickets are picked at random.

        Raises UsageError if the dataset has no labels.
        """
        from dataclasses import replace

        from txtal.api.labelling import start

        with self._reading() as (conn, _):
            settings = taught.taught_settings(conn, self.name, vectors)
        settings = replace(settings, strategy=strategy, audit=audit, seed=seed)
        return start(self.path, self.name, annotator or default_annotator(), settings, model=model)

    def ask(self) -> Asked | None:
        """Return the next ticket to answer, or None if none is open. Begins a session if needed."""
        if self._labelling is None:
            self._labelling = self.session()
        return self._labelling.ask()

    def answer(self, *labels: str, verdict: Verdict = "accept", comment: str = "") -> Answer:
        """Record the answer to the ticket that :meth:`ask` returned; it is on disk on return.

        Raises UsageError before the first :meth:`ask`, and for an invalid answer.
        """
        if self._labelling is None:
            raise UsageError("there is no ticket to answer: call ask() first")
        return self._labelling.answer(*labels, verdict=verdict, comment=comment)

    def undo(self) -> None:
        """Undo the newest answer of this session; its ticket is shown again."""
        if self._labelling is not None:
            self._labelling.undo()

    def close(self) -> None:
        """End the session that :meth:`ask` began, if any."""
        if self._labelling is not None:
            self._labelling.close()
            self._labelling = None

    def _reading(self) -> AbstractContextManager[tuple[Connection, Dataset]]:
        return _reading_dataset(self.path, self.name)


@contextmanager
def _reading_dataset(path: Path, name: str) -> Iterator[tuple[Connection, Dataset]]:
    with _reading(path) as conn:
        yield conn, datasets.get(conn, name)


def _rows(conn: Connection, dataset: Dataset, *, every: bool = False) -> Iterator[ExportRow]:
    from txtal.api.rows import rows_of

    wanted = gold.EVERYTHING if every else gold.Selection()
    found = gold.read(conn, dataset, wanted)
    return rows_of(((one, one.gold.answer) for one in found if one.gold.answer), dataset)

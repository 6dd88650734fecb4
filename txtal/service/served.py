"""A dataset as it is served: its model, its desk, its jobs, and what the store says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from txtal.api import others, summary
from txtal.api.folders import versions_folder
from txtal.classifier import versions
from txtal.errors import DataError
from txtal.reports import dataset as report
from txtal.service.desk import AnswerDesk
from txtal.service.jobs import Jobs
from txtal.service.looks import DriftClock, NewTickets
from txtal.service.metrics import Sample
from txtal.service.model import ServedModel
from txtal.store import (
    answer_feed,
    datasets,
    effort,
    history,
    leases,
    outbox,
    revisions,
    schema,
    stats,
    tickets,
)
from txtal.store.sqlite import Connection, foreseen
from txtal.types import Record


@dataclass(frozen=True, slots=True)
class ServedDataset:
    """What a request about one dataset is answered from. Raises DatabaseError, UsageError."""

    database: Path
    name: str
    model: ServedModel
    desk: AnswerDesk
    jobs: Jobs
    drift: DriftClock

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with closing(schema.open_readonly(self.database)) as conn, foreseen(self.database):
            yield conn

    def predict(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return the version and its prediction of each text. Raises Refusal without a model."""
        version, said = self.model.predict(texts)
        return {
            "dataset": self.name,
            "version": version,
            "predictions": [
                {"labels": one.labels, "probabilities": one.probabilities} for one in said
            ],
        }

    def enqueue(self, given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Load tickets; a text that is there is counted, not added. On disk when this returns."""
        records = [Record(one["text"], one.get("meta", {})) for one in given]
        with closing(schema.open_database(self.database)) as conn, foreseen(self.database):
            dataset = datasets.get(conn, self.name)
            loaded = tickets.add_some(conn, dataset.id, records)
            ids = [tickets.find(conn, dataset.id, one.text) for one in records]
        return {"dataset": self.name, **asdict(loaded), "tickets": ids}

    def answers(self, after: int, limit: int) -> dict[str, Any]:
        """Return rows of the answer log above a cursor, and the next cursor."""
        with self._reading() as conn:
            found = answer_feed.after(conn, datasets.get(conn, self.name).id, after, limit)
        return {
            "dataset": self.name,
            "answers": found,
            "cursor": found[-1]["id"] if found else after,
        }

    def check(self) -> None:
        """Raise DatabaseError where the database can't be read, UsageError without the dataset."""
        with self._reading() as conn:
            datasets.check(conn, self.name)

    def stats(self) -> dict[str, Any]:
        """Return what ``txtal stats --json`` prints."""
        with self._reading() as conn:
            return summary.of(conn, self.name)

    def models(self) -> dict[str, Any]:
        """Return the versions, which is in use, and which is loaded here."""
        folder = versions_folder(self.database, self.name)
        return {
            "dataset": self.name,
            "current": versions.current(folder),
            "loaded": self.model.version,
            "versions": [asdict(one) for one in versions.versions(folder)],
        }

    def page(self) -> str:
        """Return the report as a page."""
        with self._reading() as conn:
            told = history.of(conn, self.name)
            cost = effort.of(conn, told.dataset.id, told.standing)
            voting = others.of(conn, told.dataset)
        return report.page(told, cost, None, metadata.version("txtal"), voting=voting)

    def samples(self) -> Iterator[Sample]:
        """Yield what a monitor wants to know."""
        of = {"dataset": self.name}
        with self._reading() as conn:
            dataset = datasets.get(conn, self.name)
            yield "txtal_queue_open", of, leases.open_count(conn, dataset.id)
            yield "txtal_tickets", of, tickets.count(conn, dataset.id)
            for verdict, number in stats.verdicts(conn, dataset.id).items():
                yield "txtal_answers", {**of, "verdict": verdict}, number
            headline = revisions.headline(conn, dataset.id)
            waiting, dead = outbox.counts(conn, dataset.id)
        yield "txtal_hooks_waiting", of, waiting
        yield "txtal_hooks_dead", of, dead
        yield "txtal_sessions", of, len(self.desk)
        version = versions.current(versions_folder(self.database, self.name))
        if version is not None:
            yield "txtal_model_version", of, version
        if headline is not None:
            yield "txtal_estimate", of, headline.value
            yield "txtal_estimate_low", of, headline.low
            yield "txtal_estimate_high", of, headline.high
        training = self.jobs.newest("train")
        yield "txtal_training", of, training is not None and training.state == "running"
        drift = self.jobs.newest_done("drift")
        if drift is not None and isinstance(drift.result, dict) and "noticed" in drift.result:
            yield "txtal_drift", of, bool(drift.result["noticed"])
            yield "txtal_drift_far", of, float(drift.result["share_far"])
            yield "txtal_drift_looked", of, drift.started

    def tend(self) -> None:
        """Do what is due by itself: end the sessions of those who are gone, look for drift."""
        self.desk.sweep()
        if self.drift.is_due(self._new_tickets):
            self.jobs.start("drift")

    def _new_tickets(self) -> NewTickets:
        with self._reading() as conn:
            return NewTickets(*tickets.around_answers(conn, datasets.get(conn, self.name).id))

    def close(self) -> None:
        """End sessions and jobs."""
        self.desk.close()
        self.jobs.close()


def served(
    database: Path,
    names: Sequence[str],
    failed: Any,
    *,
    learner: bool = True,
    drift_seconds: float = 0.0,
) -> dict[str, ServedDataset]:
    """Return the datasets to serve, by name; all there are where none is named.

    ``drift_seconds`` are between two looks for drift at least; 0: there are none.
    Raises UsageError for one that isn't there, DataError where there is none at all.
    """
    with closing(schema.open_database(database)) as conn, foreseen(database):
        for name in names:
            datasets.check(conn, name)
        wanted = list(dict.fromkeys(names)) or datasets.names(conn)
    if not wanted:
        raise DataError(f"{database}: holds no dataset yet; `txtal load NAME FILE` makes one")
    return {
        name: ServedDataset(
            database,
            name,
            ServedModel(versions_folder(database, name), failed),
            AnswerDesk(database, name, model=learner),
            Jobs(database, name),
            DriftClock(drift_seconds),
        )
        for name in wanted
    }

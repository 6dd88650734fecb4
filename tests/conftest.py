"""Fixtures every test may use: a database on disk, and a session on it without a screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.sessions import session_of
from txtal.session.session import Session
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Advised, Cluster, Dataset, Explanation, LearnerStatus, Ranking, Record, Task

settings.register_profile("busy", deadline=None)  # how long an example takes is no one's fault
settings.load_profile("busy")

DATA = Path(os.environ.get("TXTAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(autouse=True)
def _private_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own log or database."""
    monkeypatch.setenv("TXTAL_LOG", str(tmp_path / "txtal.log"))
    monkeypatch.setenv("TXTAL_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("TXTAL_HOOKS", str(tmp_path / "hooks.json"))
    monkeypatch.delenv("TXTAL_DB", raising=False)
    monkeypatch.delenv("TXTAL_ANNOTATOR", raising=False)


@pytest.fixture
def real_data() -> Path:
    """The folder of real labelled text."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set TXTAL_DATA to where it is")
    return DATA


class StillLearner:
    """A learner that says what a test gives it, and remembers its pokes."""

    def __init__(self) -> None:
        self.status = LearnerStatus("ready")
        self.pokes: list[int] = []
        self.explanation: Explanation | None = None
        self.cluster: Cluster | None = None
        self.advice: Advised | None = None
        self.advised = 0
        self.notices: list[str] = []
        self.whys: list[tuple[int, int]] = []
        self.gathered: list[int] = []
        self.rankings: list[Ranking] = []

    def poke(self, newest: int) -> None:
        self.pokes.append(newest)

    def explain(self, ticket_id: int, label_id: int) -> None:
        self.whys.append((ticket_id, label_id))

    def gather(self, ticket_id: int) -> None:
        self.gathered.append(ticket_id)

    def advise(self) -> None:
        self.advised += 1

    def poll(self) -> Ranking | None:
        return self.rankings.pop(0) if self.rankings else None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "txtal.db"


@pytest.fixture
def conn(path: Path) -> Iterator[Connection]:
    connection = schema.open_database(path, create=True)
    yield connection
    connection.close()


MakeDataset = Callable[..., Dataset]


@pytest.fixture
def make_dataset(conn: Connection) -> MakeDataset:
    def make(
        texts: list[str], labels: str = "refund,praise", task: Task | None = None, name: str = "d"
    ) -> Dataset:
        dataset = datasets.prepare(conn, name, [(one, "") for one in labels.split(",")], task)
        tickets.add(conn, dataset.id, [Record(text) for text in texts])
        return dataset

    return make


@pytest.fixture
def make_session(conn: Connection, path: Path) -> Callable[..., Session]:
    def make(dataset: Dataset, annotator: str = "ann", **options: object) -> Session:
        ledger = StoreLedger(conn, path, dataset, annotator=annotator)
        session = session_of(ledger, dataset.scheme, **options)  # type: ignore[arg-type]
        session.begin()
        return session

    return make

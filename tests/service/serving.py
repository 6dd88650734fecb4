"""A service in this process, with a token for each scope, and a dataset that has a model."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

import txtal
from txtal.service import app, run
from txtal.store import schema, tokens

LABELS = ("delivery", "praise")
TEXTS = [f"the parcel {n} is late again" for n in range(12)] + [
    f"thank you, what a lovely shop {n}" for n in range(12)
]


def label_of(text: str) -> str:
    return "delivery" if "parcel" in text else "praise"


def make(path: Path, name: str = "shop", *, answered: int = 0, trained: bool = False) -> None:
    """Make a database with a dataset, some of it answered."""
    made = txtal.open(path, create=True).create(name, LABELS)
    made.add(TEXTS)
    with made.session("ann", model=False) as session:
        for _ in range(answered):
            asked = session.ask()
            assert asked is not None
            session.answer(label_of(asked.text))
    if trained:
        made.train(vectors="lexical")


@dataclass
class Served:
    """A service, and what asks it."""

    path: Path
    client: TestClient
    log: io.StringIO
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[scope]}"}

    def get(self, url: str, scope: str = "read", **params: Any) -> Any:
        return self.client.get(url, params=params, headers=self.headers(scope))

    def post(self, url: str, body: Any, scope: str = "admin") -> Any:
        return self.client.post(url, json=body, headers=self.headers(scope))

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@contextmanager
def serving(
    path: Path, *names: str, limits: app.Limits | None = None, drift_seconds: float = 0.0
) -> Iterator[Served]:
    """Serve a database in this process."""
    with closing(schema.open_database(path)) as conn:
        made = {scope: tokens.add(conn, scope, [scope], None) for scope in tokens.SCOPES}
    wanted = run.Serving(
        path, names, limits=limits or app.Limits(), learner=False, drift_seconds=drift_seconds
    )
    service = run.service_of(wanted)
    log = io.StringIO()
    service = app.Service(service.served, service.access, service.limits, log)
    with TestClient(app.application(service), raise_server_exceptions=False) as client:
        yield Served(path, client, log, made)


def copied(source: Path, folder: Path) -> Path:
    """Copy a database with its models."""
    for one in source.parent.iterdir():
        if one.is_dir():
            shutil.copytree(one, folder / one.name)
        else:
            shutil.copy2(one, folder / one.name)
    return folder / source.name

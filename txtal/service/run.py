"""The process that serves: sockets, slow clients, signals."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from asyncio import Transport
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from txtal import logs
from txtal.errors import UsageError
from txtal.hooks import courier
from txtal.service.access import Access
from txtal.service.app import Limits, Service, application, write_line
from txtal.service.served import served
from txtal.store import schema, tokens
from txtal.store.sqlite import foreseen
from txtal.store.tokens import Token

HEADER_SECONDS = 10.0
"""In which a connection's first request has to arrive, but for its body."""

KEEP_SECONDS = 30
"""For which a connection is kept without a request."""

MOST_CONNECTIONS = 500

_LONGEST_HEADERS = 16 << 10
"""Bytes of a request's line and headers."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where it listens."""

    host: str = "127.0.0.1"
    port: int = 8473
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served, and how."""

    database: Path
    datasets: Sequence[str] = ()
    address: Address = field(default_factory=Address)
    limits: Limits = field(default_factory=Limits)
    learner: bool = True
    """Whether tickets are picked by a model; else at random."""
    drift_seconds: float = 3600.0
    """Between two looks for drift at least; 0: none by itself."""
    own: Sequence[Token] = ()
    """Tokens of this run alone."""


class ImpatientProtocol(H11Protocol):
    """HTTP, but a connection on which no request arrives is closed."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        begun: object = self.cycle  # which is None until a request's headers are there
        if begun is None and not self.transport.is_closing():
            self.transport.close()


def service_of(serving: Serving) -> Service:
    """Return what requests are answered with. Raises UsageError, DatabaseError, DataError."""
    made = served(
        serving.database,
        serving.datasets,
        logs.record,
        learner=serving.learner,
        drift_seconds=serving.drift_seconds,
    )

    def read() -> Sequence[Token]:
        with (
            closing(schema.open_readonly(serving.database)) as conn,
            foreseen(serving.database),
        ):
            return tokens.every(conn)

    def deliver(over: threading.Event) -> None:
        trouble = logs.Trouble()
        while not over.is_set():
            with trouble.survived():
                courier.deliver_due(serving.database)
            over.wait(courier.LOOK_SECONDS)

    return Service(made, Access(read, serving.own), serving.limits, sys.stderr, courier=deliver)


def config_of(serving: Serving, service: Service, **options: Any) -> uvicorn.Config:
    """Return how it is run."""
    where = serving.address
    return uvicorn.Config(
        application(service),
        host=where.host,
        port=where.port,
        ssl_certfile=where.certificate,
        ssl_keyfile=where.key,
        http=ImpatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_SECONDS,
        timeout_graceful_shutdown=10,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_LONGEST_HEADERS,
        **options,
    )


def run(serving: Serving, started: Callable[[int], object]) -> int:
    """Serve until a signal ends it; ``started`` is called with the port. Returns the exit code.

    Raises UsageError for an address that can't be listened on.
    """
    _log_as_json(sys.stderr)
    service = service_of(serving)
    listening = _socket(serving.address)
    started(listening.getsockname()[1])
    server = uvicorn.Server(config_of(serving, service))
    server.run(sockets=[listening])
    return 0


class _JsonLog(logging.Handler):
    """Writes what the server has to say as lines of JSON, like those of requests."""

    def __init__(self, log: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message, without a traceback, which might quote a text."""
        write_line(self._log, {"level": record.levelname.lower(), "said": record.getMessage()})


def _log_as_json(log: TextIO) -> None:
    logger = logging.getLogger("uvicorn")
    logger.handlers = [_JsonLog(log)]
    logger.propagate = False


def _socket(where: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        return socket.create_server((where.host, where.port), family=family)
    except OSError as error:
        raise UsageError(
            f"--host {where.host} --port {where.port}: can't listen there: {error.strerror}"
        ) from None

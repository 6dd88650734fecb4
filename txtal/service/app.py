"""The application: requests checked, answered, counted and logged, in one place for all of them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TextIO

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from txtal import logs
from txtal.errors import DatabaseError, LockedError, TxtalError, UsageError
from txtal.service import metrics, schemas
from txtal.service.access import Access
from txtal.service.endpoints import ENDPOINTS, Asking, Endpoint, Reply, usage_refusal
from txtal.service.openapi import document
from txtal.service.refusals import Refusal
from txtal.service.served import ServedDataset

REFRESH_SECONDS = 30
"""After which the page loads itself again."""

TEND_SECONDS = 15.0

_KINDS = {"html": "text/html; charset=utf-8", "text": metrics.CONTENT_TYPE}

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may take."""

    body: int = 4 << 20
    """Bytes."""
    seconds: float = 20.0
    """In which the body has to arrive."""


@dataclass(frozen=True, slots=True)
class Service:
    """What requests are answered with."""

    served: Mapping[str, ServedDataset]
    access: Access
    limits: Limits = field(default_factory=Limits)
    log: TextIO | None = None
    """Where a line is written for each request; None: nowhere."""
    requests: metrics.RequestCounts = field(default_factory=metrics.RequestCounts)
    courier: Callable[[threading.Event], object] | None = None
    """Delivers to hooks, in a thread, until the event is set."""


def application(service: Service) -> Starlette:
    """Return the application. It closes what is served when it ends."""
    described, named = (
        Response(orjson.dumps(document(names)), media_type="application/json", headers=_ALWAYS)
        for names in ((), tuple(service.served))
    )

    async def openapi(request: Request) -> Response:
        with suppress(Refusal, DatabaseError):
            service.access.checked(request, "read")
            return named
        return described

    routes = [Route("/openapi.json", openapi, methods=["GET"])]
    by_path: dict[str, list[Endpoint]] = {}
    for one in ENDPOINTS:
        by_path.setdefault(one.path, []).append(one)
    for path, several in by_path.items():
        methods = [one.method for one in several]
        routes.append(Route(path, _handler(service, path, several), methods=methods))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tending = asyncio.create_task(_tend(service))
        over = threading.Event()
        if service.courier is not None:
            threading.Thread(target=service.courier, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            over.set()
            tending.cancel()
            for one in service.served.values():
                await run_in_threadpool(one.close)

    app = Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(_Unambiguous)])
    app.router.redirect_slashes = False  # the address would be what the request says is the host's
    app.add_exception_handler(HTTPException, _unknown)
    return app


class _Unambiguous:
    """Refuses requests that say twice where they end: a proxy may have read another end.

    RFC 9112, 6.1: such a request may be an attempt to smuggle another one past it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            names = {name for name, _ in scope["headers"]}
            if b"content-length" in names and b"transfer-encoding" in names:
                refusal = Refusal(
                    400, "give Content-Length or Transfer-Encoding", {"Connection": "close"}
                )
                await _refused(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _tend(service: Service) -> None:
    """Do what is due by itself, every now and then."""
    troubles = {name: logs.Trouble() for name in service.served}
    while True:
        await asyncio.sleep(TEND_SECONDS)
        for name, one in service.served.items():
            with troubles[name].survived():
                await run_in_threadpool(one.tend)


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _refused(Refusal(status, "no such endpoint or method; see /openapi.json", headers))


def _handler(
    service: Service, path: str, several: Sequence[Endpoint]
) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a path's requests."""
    by_method = {one.method: one for one in several}

    async def handle(request: Request) -> Response:
        began = time.perf_counter()
        endpoint = by_method[request.method if request.method != "HEAD" else "GET"]
        asked: list[Asking] = []
        try:
            asking = await _checked(service, endpoint, request)
            asked.append(asking)
            if endpoint.direct(asking):
                reply = endpoint.answer(asking)
            else:
                reply = await run_in_threadpool(endpoint.answer, asking)
            response = _response(reply)
        except ClientDisconnect:
            response = Response(status_code=499)
        except Exception as error:  # noqa: BLE001 - each is answered, and logged without its words
            response = _refused(_refusal(error))
        seconds = time.perf_counter() - began
        name = f"{request.method} {path}"
        service.requests.add(name, response.status_code, seconds)
        if service.log is not None:
            token = asked[0].token.name if asked and asked[0].token else None
            _log(service.log, name, response.status_code, seconds, token)
        return response

    return handle


async def _checked(service: Service, endpoint: Endpoint, request: Request) -> Asking:
    """Return the request as an endpoint takes it. Raises Refusal."""
    token = service.access.checked(request, endpoint.scope) if endpoint.scope else None
    for name, value in request.query_params.multi_items():
        if name not in endpoint.query:
            raise Refusal(
                422, f"this takes no parameters but {', '.join(endpoint.query) or 'none'}"
            )
        wanted = endpoint.query[name]
        if wanted["type"] == "string":
            _check(value, wanted, name)
    query = dict(request.query_params.items())
    if len(query) != len(request.query_params.multi_items()):
        raise Refusal(422, "a parameter is given twice")
    body: Mapping[str, object] = {}
    if endpoint.body is not None:
        body = await _body(request, service.limits)
        _check(body, endpoint.body, "body")
    return Asking(token, service.served, service.requests, request.path_params, query, body)


def _check(value: object, schema: schemas.Schema, where: str) -> None:
    for fault in schemas.faults(value, schema, where):
        raise Refusal(422, fault)


async def _body(request: Request, limits: Limits) -> Mapping[str, object]:
    """Return the JSON of a request. Raises Refusal for one that is too large, slow or none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "the body must be application/json")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(415, "the body must not be packed", {"Accept-Encoding": "identity"})
    try:
        async with asyncio.timeout(limits.seconds):
            raw = await _read(request, limits.body)
    except TimeoutError:
        raise Refusal(408, "the body took too long", {"Connection": "close"}) from None
    try:
        body: Mapping[str, object] = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(400, "the body is no JSON in UTF-8") from None
    return body


async def _read(request: Request, most: int) -> bytes:
    too_large = Refusal(413, f"the body may have {most} bytes", {"Connection": "close"})
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > most:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def _refusal(error: Exception) -> Refusal:
    """Return how a failure is answered: never with words that may quote a ticket."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, UsageError):
        return usage_refusal(error)
    logs.record(error)
    if isinstance(error, LockedError):
        return Refusal(503, "another process is writing; try again", {"Retry-After": "1"})
    if isinstance(error, DatabaseError):
        return Refusal(503, "the database can't be used now; the service's log says why")
    if isinstance(error, TxtalError):
        return Refusal(500, "it failed; the service's log says why")
    return Refusal(500, f"internal error ({type(error).__name__}); the service's log says where")


def _response(reply: Reply) -> Response:
    headers = dict(_ALWAYS)
    if reply.status == 204:
        return Response(status_code=204, headers=headers)
    if reply.kind == "json":
        return Response(_dumped(reply.value), reply.status, headers, media_type="application/json")
    if reply.kind == "html":
        headers["Refresh"] = f"{REFRESH_SECONDS}"
        headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
        )
    headers["Content-Type"] = _KINDS[reply.kind]
    return Response(reply.value, reply.status, headers)


def _dumped(value: object) -> bytes:
    """Return JSON; a ticket's meta may hold numbers that are too large for the fast way."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def _refused(refusal: Refusal) -> Response:
    body = orjson.dumps({"error": refusal.said})
    headers = {**_ALWAYS, **refusal.headers}
    return Response(body, refusal.status, headers, media_type="application/json")


def _log(log: TextIO, request: str, status: int, seconds: float, token: str | None) -> None:
    """Write who made which request, but no text of it."""
    told = {"request": request, "status": status, "ms": round(1000 * seconds, 1), "token": token}
    write_line(log, told)


def write_line(log: TextIO, told: Mapping[str, object]) -> None:
    """Write a line of JSON, with the time."""
    with suppress(OSError, ValueError):  # a log that can't be written stops no request
        log.write(json.dumps({"at": round(time.time(), 3), **told}) + "\n")
        log.flush()

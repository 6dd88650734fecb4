"""The OpenAPI document, made of the table of endpoints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from txtal.service.endpoints import ENDPOINTS, Endpoint

_SAID = {
    204: "No ticket is open.",
    400: "The body is no JSON, or the request can't be read.",
    401: "No valid token.",
    403: "The token is for another scope, or another annotator.",
    404: "No such dataset.",
    408: "The body took too long to arrive.",
    409: "Not as things stand.",
    413: "The body is too large.",
    415: "The body must be application/json.",
    422: "The values don't fit.",
    429: "Too many annotators at once.",
    503: "The database is locked by another process, or can't be used; try again.",
}

_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}


def document() -> dict[str, Any]:
    """Return the description of every endpoint, as OpenAPI 3.0."""
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for one in ENDPOINTS:
        paths[one.path][one.method.lower()] = _operation(one)
    return {
        "openapi": "3.0.3",
        "info": {"title": "txtal", "version": metadata.version("txtal")},
        "paths": dict(paths),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": one.summary,
        "operationId": f"{one.method.lower()}{re.sub(r'[^a-z]+', '_', one.path)}".strip("_"),
        "parameters": list(_parameters(one)),
        "responses": {str(status): _response(status) for status in sorted(_statuses(one))},
        "security": [{"token": []}] if one.scope else [],
    }
    if one.scope:
        operation["description"] = f"Takes a token with the scope `{one.scope}`."
    operation["responses"][str(one.success)] = {
        "description": "Done.",
        "content": {one.kind: {"schema": {}}},
    }
    if one.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": one.body}},
        }
    return operation


def _parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, schema in one.query.items():
        yield {"name": name, "in": "query", "schema": schema}


def _statuses(one: Endpoint) -> set[int]:
    always = {400, 422, 503} if one.scope or one.body else {400}
    return {
        *always,
        *one.refusals,
        *((401, 403) if one.scope else ()),
        *((408, 413, 415) if one.body is not None else ()),
    }


def _response(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _SAID[status]}
    if status != 204:
        told["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return told

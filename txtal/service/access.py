"""Who asks, by the token of a request, and whether they may."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Sequence

from starlette.requests import Request

from txtal.service.refusals import Refusal
from txtal.store.tokens import Token, matching

FRESH_SECONDS = 1.0
"""How long a revoked token may still be taken."""

_LONGEST = 1_000
"""Characters of a token's header that are looked at."""


class Access:
    """The tokens that are known now, read again every second.

    ``read`` returns those of the database; ``own`` are of this process alone.
    """

    def __init__(self, read: Callable[[], Sequence[Token]], own: Sequence[Token] = ()) -> None:
        self._read = read
        self._own = own
        self._known: Sequence[Token] = ()
        self._read_at = float("-inf")

    def checked(self, request: Request, scope: str) -> Token:
        """Return who asks. Raises Refusal: 401 for no token that holds, 403 for another scope.

        What is said is the same for a wrong, an expired and a revoked token.
        """
        token = matching(self._now(), _given(request, passwords=scope == "read"))
        if token is None or token.expired:
            raise Refusal(
                401,
                "a valid token is needed: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": 'Basic realm="txtal", charset="UTF-8"'},
            )
        if not token.allows(scope):
            raise Refusal(403, f"this token is not for the scope {scope}")
        return token

    def _now(self) -> Sequence[Token]:
        now = time.monotonic()
        if now - self._read_at > FRESH_SECONDS:
            self._known = (*self._own, *self._read())
            self._read_at = now
        return self._known


def _given(request: Request, *, passwords: bool) -> str:
    """Return the token of a request; empty where there is none.

    A browser asks for a password, and sends it with every request, those that other pages make too:
    so it is taken only for what changes nothing.
    """
    header = request.headers.get("authorization", "")[:_LONGEST]
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic" and passwords and request.method in ("GET", "HEAD"):
        try:
            said = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return ""
        return said.partition(":")[2]
    return ""

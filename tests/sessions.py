"""Sessions for tests and benchmarks, from options without the dataclasses around them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from txtal.session.protocols import Ledger
from txtal.session.session import Session
from txtal.session.setup import Background, Hooks, Policy
from txtal.types import Scheme


def session_of(ledger: Ledger, scheme: Scheme, **options: Any) -> Session:
    """Return a session that has not begun."""
    parts = [
        kind(**{one.name: options.pop(one.name) for one in fields(kind) if one.name in options})
        for kind in (Policy, Background, Hooks)
    ]
    return Session(ledger, scheme, *parts, **options)  # type: ignore[arg-type]

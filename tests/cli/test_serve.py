"""``txtal serve`` and ``txtal token`` as words of a command line; the service has its own tests."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tests.cli.driving import Program


@pytest.fixture
def quick(tmp_path: Path) -> Program:
    made = Program(tmp_path).quick
    made.file("t.jsonl", [{"text": "late"}])
    made.ok("load", "d", "t.jsonl")
    return made


def test_without_the_extra_it_says_how_to_get_it(
    quick: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    ran = quick("serve", "d")
    assert (ran.code, ran.complaint) == (
        2,
        "serving needs an extra: pip install 'txtal[serve]'",
    )


def test_without_a_token_or_a_terminal_it_does_not_begin(quick: Program) -> None:
    ran = quick("serve", "d")
    assert (ran.code, "txtal token add" in ran.complaint) == (2, True)


def test_what_cannot_be_served_is_refused(quick: Program, tmp_path: Path) -> None:
    quick.ok("token", "add", "me", "--scope", "admin")
    assert "no dataset called 'e'" in quick("serve", "e").err
    certificate = tmp_path / "cert.pem"
    certificate.write_text("")
    assert "--tls-key" in quick("serve", "d", "--tls-cert", str(certificate)).err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "can't listen there" in quick("serve", "d", "--port", f"{port}").err


def test_tokens_are_made_listed_and_revoked(quick: Program) -> None:
    made = quick.ok("token", "add", "portal", "--scope", "predict", "--scope", "answer").out.strip()
    other = quick.ok("token", "add", "short", "--days", "0.5").out.strip()
    assert made.startswith("txtal_")
    assert len({made, other}) == 2
    listed = quick.json("token", "list", "--json")
    assert [(one["name"], one["scopes"], one["expired"]) for one in listed] == [
        ("portal", ["answer", "predict"], False),
        ("short", ["read"], False),
    ]
    assert made not in quick.ok("token", "list").out
    assert "there is a token called portal" in quick("token", "add", "portal").err
    for name in ("a b", "", "a/b", "ä", "x" * 65):
        assert quick("token", "add", name).code == 2, name
    quick.ok("token", "revoke", "portal")
    assert "no token is called 'portal'" in quick("token", "revoke", "portal").err

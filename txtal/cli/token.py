"""``txtal token``: who may use the service, and for what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from txtal.cli.output import Console, put, put_json, put_table
from txtal.errors import UsageError
from txtal.store.tokens import SCOPES

if TYPE_CHECKING:
    from txtal.store.tokens import Token

_DAY = 86_400.0


@click.group("token")
def command() -> None:
    """Let programs and people use `txtal serve`.

    A token is shown once, when it is made. The database holds only its hash.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("read",),
    show_default=True,
    help="What it may do; repeat it for several. admin may do everything.",
)
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="Days until it expires.  [default: never]",
)
@click.pass_obj
def add(console: Console, name: str, scopes: tuple[str, ...], days: float | None) -> None:
    """Make a token called NAME and print it, this once.

    Answers given with it are NAME's; it may also answer as NAME/SOMEBODY.
    """
    from txtal.store import tokens

    expires = None if days is None else time.time() + days * _DAY
    with console.open(create=True) as conn:
        made = tokens.add(conn, name, scopes, expires)
    console.say(f"{name}: for {', '.join(scopes)}; copy it now, it is never shown again")
    put(made)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(console: Console, as_json: bool) -> None:
    """List the tokens, with what they are for and until when."""
    from txtal.store import tokens

    with console.read() as conn:
        found = tokens.every(conn)
    if as_json:
        put_json(
            [
                {
                    "name": one.name,
                    "scopes": sorted(one.scopes),
                    "created": one.created,
                    "expires": one.expires,
                    "expired": one.expired,
                }
                for one in found
            ]
        )
        return
    rows = [(one.name, ", ".join(sorted(one.scopes)), _until(one)) for one in found]
    put_table(("token", "scopes", "expires"), rows, words=(0, 1, 2))


def _until(token: Token) -> str:
    if token.expires is None:
        return "never"
    until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(token.expires))
    return f"{until} (over)" if token.expired else until


@command.command("revoke")
@click.argument("name")
@click.pass_obj
def revoke(console: Console, name: str) -> None:
    """Make the token called NAME worthless, for running services too."""
    from txtal.store import tokens

    if not name:
        raise UsageError("name the token to revoke")
    with console.open() as conn:
        tokens.revoke(conn, name)
    console.say(f"{name}: revoked")

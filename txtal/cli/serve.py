"""``txtal serve``."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console
from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.store.tokens import Token

_LOCAL = ("127.0.0.1", "localhost", "::1")
_RUN_SECONDS = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Listening:
    """Where it listens, and what a request may hold."""

    host: str
    port: int
    tls_cert: Path | None
    tls_key: Path | None
    max_body: float
    drift_every: float


@click.command("serve")
@click.argument("datasets", nargs=-1, shell_complete=dataset_names)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8473,
    show_default=True,
    help="Port to listen on.",
)
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificate, to serve HTTPS.",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The certificate's key.",
)
@click.option(
    "--max-body",
    type=click.FloatRange(min=0.001, max=1000),
    default=4.0,
    show_default=True,
    help="The largest body of a request, in megabytes.",
)
@click.option(
    "--drift-every",
    type=click.FloatRange(min=0, max=10_000),
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="Look for drift so often when tickets came, for /metrics; 0: never.",
)
@click.option("--no-model", is_flag=True, help="Pick tickets at random, without training.")
@click.pass_obj
@options.gathered(Listening, "listening")
def command(
    console: Console, datasets: tuple[str, ...], listening: Listening, no_model: bool
) -> int:
    """Serve DATASETS over HTTP: predictions, the labelling queue, figures.

    Without names, every dataset of the database is served. Requests need a token, which `txtal
    token add` makes. /openapi.json describes them all; / is the report as a page, which a browser
    asks the token for as the password.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise UsageError("serving needs an extra: pip install 'txtal[serve]'") from None
    from txtal.service import run
    from txtal.service.app import Limits

    if (listening.tls_cert is None) != (listening.tls_key is None):
        raise UsageError("--tls-cert and --tls-key go together: give both")
    serving = run.Serving(
        console.database,
        datasets,
        run.Address(listening.host, listening.port, listening.tls_cert, listening.tls_key),
        Limits(body=round(listening.max_body * 1_000_000)),
        learner=not no_model,
        drift_seconds=3600 * listening.drift_every,
        own=_own_token(console),
    )
    scheme = "https" if listening.tls_cert else "http"
    if listening.host not in _LOCAL and listening.tls_cert is None:
        console.say(
            "others can reach this address, and tokens travel unencrypted: use --tls-cert, or a "
            "proxy with TLS before it"
        )

    def started(port: int) -> None:
        console.say(f"serving on {scheme}://{listening.host}:{port}; Ctrl-C ends it")

    return run.run(serving, started)


def _own_token(console: Console) -> list[Token]:
    """Return a token of this run alone, shown on the terminal, where the database has none.

    Raises UsageError where there is no terminal: it would be written into a log.
    """
    from txtal.store import tokens

    with console.open() as conn:
        if any(not one.expired for one in tokens.every(conn)):
            return []
    if not sys.stderr.isatty():
        raise UsageError(
            "there are no tokens yet: `txtal token add NAME --scope predict` makes one"
        )
    made, now = tokens.new_token(), time.time()
    console.say(f"there are no tokens yet; one for this run alone: {made}")
    return [
        tokens.Token(
            "terminal", tokens.digest_of(made), frozenset({"admin"}), now, now + _RUN_SECONDS
        )
    ]

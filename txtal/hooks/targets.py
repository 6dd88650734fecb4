"""Delivering to a command or an address, and the signature by which the receiver knows it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from txtal.errors import UsageError

URL_SECONDS = 10.0
COMMAND_SECONDS = 30.0
"""In which they have to be done."""


class DeliveryError(Exception):
    """It wasn't delivered; the words say why, and quote nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is delivered."""

    event: str
    delivery: int
    body: bytes
    """JSON."""
    secret: str

    def marks(self, now: float | None = None) -> dict[str, str]:
        """Return what comes with the body: the event, the delivery's number, and the signature."""
        stamp = str(int(time.time() if now is None else now))
        return {
            "event": self.event,
            "delivery": str(self.delivery),
            "timestamp": stamp,
            "signature": signature(self.secret, stamp, self.body),
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of ``TIMESTAMP.BODY``, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_url(target: str) -> bool:
    """Whether it is an address, and no command."""
    return target.startswith(("http://", "https://"))


def check(option: str, target: str) -> None:
    """Raise UsageError for what is neither an address nor a command."""
    if is_url(target):
        try:
            fine = bool(urlsplit(target).hostname) and urlsplit(target).port != 0
        except ValueError:
            fine = False
        if not fine or not target.isascii() or any(one <= " " for one in target):
            raise UsageError(f"{option}: no address that can be reached: {target!r}")
        return
    try:
        words = shlex.split(target)
    except ValueError as error:
        raise UsageError(f"{option} {target!r}: {error}") from None
    if not words or "\0" in target or "://" in words[0]:
        raise UsageError(f"{option} needs a command, or an address with http:// or https://")


def deliver(target: str, parcel: Parcel) -> None:
    """Hand it over. Raises DeliveryError when the receiver doesn't say that it has it."""
    if is_url(target):
        _post(target, parcel)
    else:
        _run(target, parcel)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the address that the user named is sent anything."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """Follow none."""


class _Deadline:
    """Cuts a connection off once its time is over, however little arrives however often.

    The time-out of a socket is for each piece that it waits for.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _opener(deadline: _Deadline) -> urllib.request.OpenerDirector:
    """Return what opens addresses without redirects, and is cut off by the deadline."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, req)

    return urllib.request.build_opener(_NoRedirect, PlainHandler, SecureHandler)


def _post(url: str, parcel: Parcel) -> None:
    marks = {f"X-Txtal-{name.title()}": value for name, value in parcel.marks().items()}
    request = urllib.request.Request(
        url,
        parcel.body,
        {"Content-Type": "application/json", "User-Agent": "txtal", **marks},
        method="POST",
    )
    with _Deadline(URL_SECONDS) as deadline:
        try:
            status = _status(_opener(deadline), request)
        except DeliveryError:
            if not deadline.passed:
                raise
    if deadline.passed:
        raise DeliveryError(f"no answer in {URL_SECONDS:g} s")
    if not 200 <= status < 300:
        raise DeliveryError(f"it answered with status {status}")


def _status(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> int:
    """Return what it answers. Raises DeliveryError."""
    try:
        with opener.open(request, timeout=URL_SECONDS) as reply:
            found: int = reply.status
            return found
    except urllib.error.HTTPError as error:
        error.close()
        raise DeliveryError(f"it answered with status {error.code}") from None
    except TimeoutError:
        raise DeliveryError(f"no answer in {URL_SECONDS:g} s") from None
    except urllib.error.URLError as error:
        raise DeliveryError(_reason(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(_reason(error)) from None


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {URL_SECONDS:g} s"
    if isinstance(error, OSError) and error.strerror:
        return f"can't be reached: {error.strerror}"
    return f"can't be reached ({type(error).__name__})"


def _run(command: str, parcel: Parcel) -> None:
    words = shlex.split(command)
    marks = {f"TXTAL_{name.upper()}": value for name, value in parcel.marks().items()}
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(marks),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "can't be run"
        raise DeliveryError(f"{words[0]}: {said}") from None
    try:
        with suppress(BrokenPipeError):
            process.communicate(parcel.body, COMMAND_SECONDS)
        process.wait(COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"it took longer than {COMMAND_SECONDS:g} s") from None
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # it, and whatever it has started
        process.wait()
    if process.returncode:
        raise DeliveryError(f"it ended with exit code {process.returncode}")


def _environment(marks: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **marks}

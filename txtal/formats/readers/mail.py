"""Mail in: a mailbox, a Maildir folder, a message. The text is the subject and the body below."""

from __future__ import annotations

import email
import email.policy
import mailbox
from collections.abc import Callable
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from typing import IO, Any, cast

from txtal.errors import DataError
from txtal.formats.markup import plain_text
from txtal.formats.reading import Fields, Rows, Source


def read_mbox(source: Source) -> Rows:
    """The messages of a mailbox; those without a text are reported."""
    path = source.file
    try:
        box = mailbox.mbox(path, factory=_parsed, create=False)  # type: ignore[arg-type]
        keys = box.keys()
    except (OSError, mailbox.Error) as error:
        raise DataError(f"{source.name} can't be read: {error}") from None
    if not keys and path.stat().st_size:
        raise DataError(f"{source.name} isn't a mailbox: no line begins with 'From '")
    for number, key in enumerate(keys, start=1):
        yield from _record(source, number, lambda key=key: box[key])  # type: ignore[misc]


def read_maildir(source: Source) -> Rows:
    """The messages of a Maildir folder by name; those without a text are reported."""
    box = mailbox.Maildir(source.file, factory=_parsed, create=False)  # type: ignore[arg-type]
    for number, key in enumerate(sorted(box.keys()), start=1):
        yield from _record(source, number, lambda key=key: box[key])  # type: ignore[misc]


def read_message(source: Source) -> Rows:
    """The one message of a file."""
    data = source.stream.read()
    yield from _record(
        source, 1, lambda: email.message_from_bytes(data, policy=email.policy.default)
    )


def _parsed(file: IO[Any]) -> Any:
    return email.message_from_binary_file(file, policy=email.policy.default)


def _record(source: Source, number: int, get: Callable[[], Message]) -> Rows:
    try:
        fields = _fields(cast(EmailMessage, get()))
    except Exception as error:  # noqa: BLE001 - mail is as broken as who sends it
        source.bad(number, f"a message that can't be read: {type(error).__name__}")
        return
    if fields.get("text"):
        yield number, fields
    else:
        source.bad(number, "a message without a text")


def _fields(message: EmailMessage) -> Fields:
    subject = str(message["subject"] or "").strip()
    body = _body(message)
    meta = {
        "subject": subject,
        "from": str(message["from"] or ""),
        "date": _date(message),
    }
    return {
        "text": "\n\n".join(part for part in (subject, body) if part),
        "meta": {key: value for key, value in meta.items() if value},
        **({"id": str(message["message-id"]).strip()} if message["message-id"] else {}),
    }


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, KeyError, UnicodeError):  # a charset that nobody knows
        data = part.get_payload(decode=True)
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
    text = plain_text(text) if part.get_content_subtype() == "html" else text
    return text.replace("\r\n", "\n").strip()


def _date(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(str(message["date"])).isoformat()
    except (TypeError, ValueError):
        return ""

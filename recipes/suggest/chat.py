"""What the suggesting commands share: JSON lines in and out, and a chat model behind an address.

Only the standard library. The key comes from the environment and is sent to the address alone.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from typing import Any

TRIES = 5
"""Of a request that is refused for the time being."""

WAIT = 1.0
"""Seconds before the second try; twice as long before each after it."""


def options(doc: str | None) -> ArgumentParser:
    """The command line of a chat model."""
    parser = ArgumentParser(description=doc)
    parser.add_argument("--url", help="address up to /v1")
    parser.add_argument("--model", help="name of the model")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one request")
    return parser


def answer_lines(label: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each line of standard input by one on standard output, at once."""
    for line in sys.stdin:
        ticket = json.loads(line)
        print(json.dumps({"id": ticket["id"], **label(ticket)}), flush=True)


def prompt(ticket: dict[str, Any]) -> str:
    """What the model is asked."""
    several = ticket["task"] == "multilabel"
    lines = ["Classify the message. The labels are:"]
    lines += [
        f"- {one['name']}" + (f": {one['description']}" if one["description"] else "")
        for one in ticket["labels"]
    ]
    for one in ticket.get("examples", []):
        lines.append(f"Message: {one['text']!r} has the label {one['label']!r}.")
    what = '"labels": [all that apply]' if several else '"label": the one that applies, or null'
    lines.append(f"Message: {ticket['text']!r}")
    lines.append(
        f"Answer with one JSON object and nothing else: {{{what}, "
        '"confidence": from 0 to 1, "reason": a few words}'
    )
    return "\n".join(lines)


def of_reply(text: str) -> dict[str, Any]:
    """The first JSON object in a reply; one that abstains where there is none."""
    start = text.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:] if start >= 0 else "")
    except ValueError:
        return {"label": None, "reason": "no JSON in the reply"}
    keys = ("label", "labels", "confidence", "reason")
    kept = {key: found[key] for key in keys if key in found}
    return kept if "label" in kept or "labels" in kept else {"label": None, **kept}


def asked(options: Namespace, key: str, ticket: dict[str, Any]) -> dict[str, Any]:
    """Ask the model about a ticket; it abstains when the address can't answer."""
    body = {
        "model": options.model,
        "messages": [{"role": "user", "content": prompt(ticket)}],
        "temperature": 0,
    }
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(
        options.url.rstrip("/") + "/chat/completions", json.dumps(body).encode(), headers
    )
    wait = WAIT
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=options.timeout) as reply:
                content = json.load(reply)["choices"][0]["message"]["content"]
            return of_reply(str(content))
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429, 500, 502, 503, 504) or attempt == TRIES - 1:
                return {"label": None, "reason": f"the server answered {error.code}"}
            with suppress(ValueError):
                wait = max(wait, float(error.headers.get("Retry-After", 0)))
        except (OSError, TimeoutError) as error:
            if attempt == TRIES - 1:
                return {"label": None, "reason": f"no answer: {type(error).__name__}"}
        except (ValueError, KeyError, IndexError, TypeError):
            return {"label": None, "reason": "the server's answer isn't a chat completion"}
        time.sleep(wait)
        wait *= 2
    return {"label": None, "reason": "no answer"}

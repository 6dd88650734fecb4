"""Which languages and pipelines spaCy has here, found without importing it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from txtal.errors import UsageError

_LANGUAGE = re.compile(r"[a-z]{2,3}")


def check(name: str) -> None:
    """Raise UsageError when there is no such language or pipeline."""
    if is_language(name):
        if not has_language(name) and not _spacy_knows(name):
            raise UsageError(no_language(name))
    elif folder_of(name) is None:
        raise UsageError(not_installed(name))


def has_language(code: str) -> bool:
    """Return whether spaCy has rules of its own for a language by this code."""
    found = find_spec("spacy")
    return bool(found and found.origin and (Path(found.origin).parent / "lang" / code).is_dir())


def _spacy_knows(code: str) -> bool:
    """Return whether it takes the code for another, as ``deu`` for ``de``; a process asks it."""
    asked = subprocess.run(
        [sys.executable, "-P", "-c", _ASK, code], capture_output=True, check=False
    )
    return asked.returncode == 0


_ASK = "import sys, spacy.util as u; sys.exit(not u.find_matching_language(sys.argv[1]))"


def no_language(code: str) -> str:
    """Return the message for a code that spaCy doesn't know."""
    return (
        f"spaCy knows no language {code!r}; use --lang xx, which splits any language at spaces and"
        " punctuation"
    )


def not_installed(name: str) -> str:
    """Return the message for a pipeline that isn't installed."""
    return (
        f"no spaCy pipeline {name!r} is installed; install it with python -m spacy download {name},"
        " or use a language code such as --lang en"
    )


def is_language(name: str) -> bool:
    """Return whether ``name`` means a language's blank pipeline, not an installed package."""
    return _LANGUAGE.fullmatch(name) is not None


def has_vectors(name: str) -> bool:
    """Return whether the installed pipeline has word vectors; spaCy isn't imported to find out."""
    return bool(meta(name).get("vectors", {}).get("width"))


def versions(name: str) -> list[str]:
    """Return what changes when the tokens or vectors of ``name`` may have."""
    folder = folder_of(name)
    # A folder can be trained again without a new version number.
    changed = (folder / "meta.json").stat().st_mtime_ns if folder else 0
    return [version("spacy"), str(meta(name).get("version", "")), str(changed)]


def folder_of(name: str) -> Path | None:
    """Return the folder with the pipeline's meta.json; None when there isn't one."""
    if is_language(name):
        return None
    found = find_spec(name) if name.isidentifier() else None
    folder = Path(found.origin).parent if found and found.origin else Path(name)
    return folder if (folder / "meta.json").is_file() else None


def meta(name: str) -> dict[str, Any]:
    """Return the pipeline's meta.json; empty when there is none that can be read."""
    folder = folder_of(name)
    if folder is None:
        return {}
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return meta if isinstance(meta, dict) else {}

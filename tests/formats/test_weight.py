"""What reading and writing may load: neither numbers, models, a screen nor a database."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "sklearn", "spacy", "prompt_toolkit", "sqlite_utils", "click")


@pytest.mark.parametrize(
    ("module", "also"),
    [("formats.exports", ("murmurhash", "orjson")), ("formats.source", ("murmurhash",)),
     ("formats.labelled", ("murmurhash",)), ("text", ("orjson", "gzip"))],
)  # fmt: skip
def test_import_is_light(module: str, also: tuple[str, ...]) -> None:
    code = f"import sys, txtal.{module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {*HEAVY, *also}

"""Fuzzes what reads a line and what makes text safe to show.

python -m tests.faults.fuzz                        # both, ten minutes each
python -m tests.faults.fuzz clean --seconds 5

With atheris (``pip install -e .[fuzz]``), which looks for new paths through the code; without it,
hypothesis draws the bytes, and finds less.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with atheris.instrument_imports(include=["txtal"]) if atheris else nullcontext():
    from txtal.formats.fields import ChosenFields, RowFault, recorder
    from txtal.formats.lines import BadLine
    from txtal.formats.readers import jsonl
    from txtal.formats.reading import Reading, Source
    from txtal.text import clean

LEAKS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}
MAX_LINE = 2000


def read_lines(data: bytes) -> None:
    """Every line is a record that can be written again, or bad for a reason, or blank."""
    bad: list[BadLine] = []
    stream = io.BufferedReader(io.BytesIO(data))
    source = Source("in.jsonl", stream, bad.append, Reading(max_line=MAX_LINE))
    record_of = recorder(ChosenFields())
    found = []
    for number, fields in jsonl.read(source):
        try:
            found.append(record_of(fields))
        except RowFault as fault:
            source.bad(number, str(fault))
    for record in found:
        assert record.text.strip()
        line = json.dumps({"text": record.text, **record.meta, **record.extra}, allow_nan=False)
        assert json.loads(line)
        record.text.encode()
    numbers = [one.line for one in bad]
    assert len(set(numbers)) == len(numbers)
    for one in bad:
        assert not set(map(unicodedata.category, clean(str(one)))) & (LEAKS - {"Cf"})
    # Nothing is dropped in silence.
    assert len(found) + len(bad) == sum(1 for line in data.split(b"\n") if line.rstrip())


def clean_text(data: bytes) -> None:
    """Nothing is left that a terminal obeys or hides, and cleaning twice changes nothing."""
    if data[:1] == b"\0":  # any two bytes are half a character, or a whole one
        text = data[1:][: len(data) - 1 & ~1].decode("utf-16-le", "surrogatepass")
    else:
        text = data.decode("utf-8", "surrogateescape")
    for newlines in (False, True):
        shown = clean(text, newlines=newlines)
        assert clean(shown, newlines=newlines) == shown
        kept = JOINERS | ({"\n"} if newlines else set())
        leaked = [
            char for char in shown if unicodedata.category(char) in LEAKS and char not in kept
        ]
        assert not leaked, leaked


TARGETS: dict[str, Callable[[bytes], None]] = {"lines": read_lines, "clean": clean_text}

SEEDS = {
    "lines": b'{"text": "a", "meta": {"n": 1e9}, "x": [null, "\\ud83d\\ude00"]}\n\n{"text": 1}\n',
    "clean": "\x1b]52;c;aGk=\x07 \u202eabc\u2066 e\u0301\u0301 \U0001f469\u200d\U0001f4bb".encode(),
}


def fuzz(name: str, seconds: int) -> None:
    """Run one target; ends the process, with another code than 0 at the first failure."""
    if atheris:
        folder = Path(tempfile.mkdtemp(prefix="txtal-fuzz-"))
        (folder / "seed").write_bytes(SEEDS[name])
        options = [f"-max_total_time={seconds}", "-max_len=4096", "-print_final_stats=1"]
        quiet = ["-verbosity=0", f"-artifact_prefix={folder}/"]
        atheris.Setup([name, *options, *quiet, str(folder)], TARGETS[name])
        atheris.Fuzz()
        return
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    until = time.monotonic() + seconds
    tried = 0

    @settings(
        max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "replace"))))
    def one(data: bytes) -> None:
        nonlocal tried
        tried += 1
        TARGETS[name](data)

    while time.monotonic() < until:
        one()
    print(f"stat::number_of_executed_units: {tried}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", nargs="*", help="lines, clean; both if none is named")
    parser.add_argument("--seconds", type=int, default=600, help="for each target; 600")
    words = parser.parse_args()
    names = words.target or list(TARGETS)
    if len(names) == 1:
        TARGETS[names[0]](SEEDS[names[0]])
        fuzz(names[0], words.seconds)
        return 0
    # Each in a process of its own: atheris never comes back from its loop.
    command = [sys.executable, "-m", "tests.faults.fuzz", "--seconds", str(words.seconds)]
    codes = []
    for name in names:
        print(f"{name}, with {'atheris' if atheris else 'hypothesis'}", flush=True)
        codes.append(subprocess.run([*command, name], check=False).returncode)
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main())

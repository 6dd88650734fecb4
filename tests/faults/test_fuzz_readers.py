"""The fuzzer of every reader finds nothing, and what it found once is read or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import fuzz_readers
from tests.faults.conftest import Tries, many
from tests.faults.fuzz_readers import crash_of, crashes, targets


@pytest.mark.parametrize(
    ("name", "file"), [pytest.param(*one, id=one[1].name) for one in fuzz_readers.kept()]
)
def test_what_crashed_once_does_no_more(name: str, file: Path, tries: Tries) -> None:
    with tries.one(file):
        assert crash_of(targets()[name](), file.read_bytes()) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", targets())
def test_a_short_run(name: str, tries: Tries) -> None:
    target = targets()[name]()
    for data, error in crashes(target, seed=many(1, 2), tries=many(150, 5000)):
        with tries.one(data[:300]):
            assert error is None, repr(error)


def test_a_crash_is_noticed(tries: Tries) -> None:
    """The fuzzer would tell: a reader that falls over every other input is found out."""
    with tries.one():
        bad = fuzz_readers.Target(lambda data: data.decode("ascii"), (b"plain text",), (KeyError,))
        found = [error for _, error in crashes(bad, seed=0, tries=200)]
        assert any(isinstance(one, UnicodeDecodeError) for one in found)
        assert crash_of(bad, b"plain") is None

"""The fuzzers of tests.faults.fuzz find nothing; ten minutes each by their own command."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.driving import REPOSITORY
from tests.faults.conftest import Tries, many

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("target", ["lines", "clean"])
def test_a_short_run(target: str, tries: Tries, tmp_path_factory: pytest.TempPathFactory) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.fuzz", target, "--seconds", str(many(3, 60))],
        capture_output=True,
        cwd=REPOSITORY,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    with tries.one(target):
        assert ran.returncode == 0, ran.stderr[-3000:]
    units = re.search(r"number_of_executed_units: (\d+)", ran.stdout + ran.stderr)
    assert units
    tries.tries = int(units[1])

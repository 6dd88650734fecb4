"""The pictures in the docs are what the program draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PICTURES = Path(__file__).parents[1] / "docs" / "pictures.py"


@pytest.mark.slow
def test_no_picture_is_stale() -> None:
    ran = subprocess.run(
        [sys.executable, str(PICTURES), "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
